"""Saved views: kept under a name, opened from another page, handed on by their link. And where numbers come from."""

import re

from playwright.sync_api import expect

from tests.e2e.conftest import Serve, Visit
from tests.e2e.serving import Installation, Server

NAME = "Week of gpt"
LAST_WEEK = "17 Nov – 23 Nov 2026 (UTC)"


def test_a_view_is_saved_opened_from_another_page_and_handed_on_by_its_link(
    linked: Installation, serve: Serve, visit: Visit
) -> None:
    server = serve(linked)
    visitor = visit(server)
    visitor.open("/models?search=gpt")
    visitor.choose("Period", "Last 7 days")
    chosen = visitor.grid("models").read()
    visitor.button("Views").click()
    link = visitor.page.get_by_test_id("stCode").locator("code").inner_text().strip()
    visitor.page.get_by_role("textbox", name="Save this view as").fill(NAME)
    with visitor.redrawing():
        visitor.button("Save view").click()
    expect(visitor.button(NAME)).to_be_visible()

    other = visit(server)
    assert link.startswith(f"{server.url}/models?")
    other.open(link.removeprefix(server.url))
    expect(other.text(LAST_WEEK)).to_be_visible()
    assert other.grid("models").read() == chosen

    other.open("/workspaces")
    other.button("Views").click()
    other.button(NAME).click()
    other.arrive("Models")
    expect(other.text(LAST_WEEK)).to_be_visible()
    expect(other.page.get_by_role("searchbox", name="Search")).to_have_value("gpt")
    assert other.grid("models").read() == chosen
    other.page.go_back()
    other.arrive("Workspaces")
    expect(other.page).to_have_url(f"{server.url}/workspaces")


def test_methodology_tells_what_is_exact_and_what_is_missing_per_provider(server: Server, visit: Visit) -> None:
    visitor = visit(server)
    visitor.open("/")
    visitor.follow("Methodology")
    box = visitor.page.locator(".st-key-methodology-openai")
    expect(box).to_contain_text("linked")
    for word in ("Exact", "Not told", "Delay"):
        expect(box.get_by_text(re.compile(f"^{word}"), exact=False).first).to_be_visible()
