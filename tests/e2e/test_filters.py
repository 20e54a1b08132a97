"""Filters: they choose what is shown, the address carries them, and they stay from page to page."""

import re

from playwright.sync_api import expect

from tests.e2e.conftest import Visit
from tests.e2e.serving import Server
from tests.e2e.visiting import Visitor

LAST_WEEK = "17 Nov – 23 Nov 2026 (UTC)"
USUAL = "25 Oct – 23 Nov 2026 (UTC)"


def pick_week(visitor: Visitor) -> None:
    visitor.choose("Period", "Last 7 days")
    expect(visitor.text(LAST_WEEK)).to_be_visible()


def search(visitor: Visitor, text: str) -> None:
    with visitor.redrawing():
        visitor.page.get_by_role("searchbox", name="Search").fill(text)
    expect(visitor.page).to_have_url(re.compile(f"search={text}"))


def bound(visitor: Visitor, label: str, amount: str, said: str) -> None:
    """Set one end of the cost range."""
    button = visitor.page.locator(".st-key-cost-range").get_by_role("button")
    button.click()
    field = visitor.page.get_by_role("spinbutton", name=label)
    field.fill(amount)
    with visitor.redrawing():
        field.press("Enter")
    expect(button).to_contain_text(said)
    visitor.page.keyboard.press("Escape")


def test_all_filters_stand_in_the_address_and_a_fresh_browser_shows_the_same_table(
    server: Server, visit: Visit
) -> None:
    visitor = visit(server)
    visitor.open("/models")
    whole = visitor.grid("models").read()
    visitor.choose("Providers", "OpenAI")
    visitor.page.keyboard.press("Escape")
    pick_week(visitor)
    search(visitor, "gpt")
    bound(visitor, "At least, US$", "50", "$50.00")
    bound(visitor, "At most, US$", "900", "$900.00")
    visitor.choose("Sort by", "Requests")
    visitor.choose("Order", "Ascending")
    for part in ("provider=OpenAI", "min_cost=50", "max_cost=900", "sort=Requests", "order=Ascending"):
        expect(visitor.page).to_have_url(re.compile(part))
    chosen = visitor.grid("models").read()
    assert 1 < len(chosen.rows) < len(whole.rows)
    assert all("gpt" in model for model in chosen.column("Model"))
    assert all(50 <= float(billed) <= 900 for billed in chosen.column("Billed, US$"))

    other = visit(server)
    other.open(visitor.page.url.removeprefix(server.url))
    assert other.grid("models").read() == chosen
    expect(other.text(LAST_WEEK)).to_be_visible()
    assert other.page.get_by_role("searchbox", name="Search").input_value() == "gpt"


def test_a_custom_range_stands_in_the_address_and_a_fresh_browser_shows_it(server: Server, visit: Visit) -> None:
    visitor = visit(server)
    visitor.open("/models")
    visitor.choose("Period", "Custom range")
    start = visitor.page.get_by_role("group", name=re.compile("start date"))
    end = visitor.page.get_by_role("group", name=re.compile("end date"))
    for group, month, day in ((start, "10", "05"), (end, "10", "09")):
        group.get_by_role("spinbutton", name=re.compile("^month")).press_sequentially(month)
        group.get_by_role("spinbutton", name=re.compile("^day")).press_sequentially(day)
    visitor.page.keyboard.press("Escape")
    expect(visitor.text("5 Oct – 9 Oct 2026 (UTC)")).to_be_visible()
    expect(visitor.page).to_have_url(re.compile("2026-10-05.*2026-10-09"))
    visitor.settle()
    chosen = visitor.grid("models").read()

    other = visit(server)
    other.open(visitor.page.url.removeprefix(server.url))
    expect(other.text("5 Oct – 9 Oct 2026 (UTC)")).to_be_visible()
    assert other.grid("models").read() == chosen


def test_filters_stay_from_page_to_page_until_they_are_reset(server: Server, visit: Visit) -> None:
    visitor = visit(server)
    visitor.open("/models")
    pick_week(visitor)
    search(visitor, "astra")
    visitor.grid("models").expect_rows(1)
    visitor.follow("API Keys")
    expect(visitor.text(LAST_WEEK)).to_be_visible()
    expect(visitor.page.get_by_role("searchbox", name="Search")).to_have_value("astra")
    expect(visitor.page).to_have_url(re.compile("search=astra"))
    visitor.follow("AI Accounts")
    visitor.follow("Models")
    expect(visitor.text(LAST_WEEK)).to_be_visible()
    visitor.grid("models").expect_rows(1)
    visitor.button("Reset").click()
    expect(visitor.text(USUAL)).to_be_visible()
    expect(visitor.page).to_have_url(f"{server.url}/models")
    expect(visitor.page.get_by_role("searchbox", name="Search")).to_have_value("")
    expect(visitor.button("Reset")).to_be_disabled()


def test_filters_that_leave_nothing_over_say_so_and_offer_the_way_back(server: Server, visit: Visit) -> None:
    visitor = visit(server)
    visitor.open("/models?search=nothing-is-called-so")
    expect(visitor.text("No cost matches these filters")).to_be_visible()
    visitor.button("Reset filters").click()
    visitor.grid("models").expect_rows(16)
