"""Linking through the form: wrong keys are explained, the right one is read at once, and neither is ever seen again."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from demo.openai_api import ADMIN_KEY, EXPIRED_KEY, PROJECT_KEY
from tests.e2e.conftest import Serve, Visit
from tests.e2e.provider import Provider
from tests.e2e.serving import Installation
from tests.e2e.visiting import PAGES, Visitor

STORED = "() => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
TYPED = "() => [...document.querySelectorAll('input')].map(input => input.value).join(' ')"


@pytest.fixture
def empty(provider: Provider, tmp_path: Path) -> Installation:
    return Installation(tmp_path / "data", provider)


def give(visitor: Visitor, key: str) -> None:
    visitor.page.get_by_role("textbox", name="Admin key").fill(key)
    visitor.button("Check and link").click()


def traces(visitor: Visitor, key: str) -> list[str]:
    """Where the inner part of a key, without what a hint may show, can be found in the browser."""
    secret = key[12:-4]
    places = {
        "page": visitor.page.content() + visitor.page.evaluate(TYPED),
        "storage": visitor.page.evaluate(STORED),
        "addresses": " ".join(visitor.record.urls),
        "console": " ".join(text for _, text, _ in visitor.record.console),
        "answers": b" ".join(visitor.record.received).decode("utf-8", "replace"),
    }
    return [name for name, text in places.items() if secret in text]


def test_a_project_key_is_refused_with_what_to_do_and_never_echoed(
    empty: Installation, serve: Serve, visit: Visit
) -> None:
    server = serve(empty)
    visitor = visit(server)
    visitor.open("/accounts")
    give(visitor, PROJECT_KEY)
    expect(visitor.alerts()).to_contain_text("project key")
    expect(visitor.alerts()).to_contain_text("Likely cause:")
    expect(visitor.alerts()).to_contain_text("Create an organization admin key (sk-admin-…)")
    visitor.settle()
    expect(visitor.page.get_by_role("textbox", name="Admin key")).to_have_value("")
    assert visitor.record.received
    assert traces(visitor, PROJECT_KEY) == []
    assert PROJECT_KEY[12:-4] not in server.log
    assert empty.rows("SELECT * FROM account") == []


def test_an_expired_key_is_refused_by_the_provider_and_nothing_is_linked(
    empty: Installation, serve: Serve, visit: Visit
) -> None:
    server = serve(empty)
    visitor = visit(server)
    visitor.open("/accounts")
    give(visitor, EXPIRED_KEY)
    expect(visitor.alerts()).to_contain_text("OpenAI does not know this key")
    expect(visitor.alerts()).to_contain_text("Next step:")
    assert traces(visitor, EXPIRED_KEY) == []
    assert empty.rows("SELECT * FROM account") == []


def test_an_admin_key_is_linked_and_its_bill_appears_without_a_reload(
    empty: Installation, provider: Provider, serve: Serve, visit: Visit
) -> None:
    server = serve(empty)
    visitor = visit(server)
    visitor.open("/accounts")
    provider.shut(passing=3)
    give(visitor, ADMIN_KEY)
    expect(visitor.text("The first sync has been asked for")).to_be_visible()
    expect(visitor.text(re.compile("1 of [0-9]+ parts read"))).to_be_visible()
    visitor.page.get_by_role("navigation").get_by_role("link", name="Providers").click()
    expect(visitor.text(re.compile("1 of [0-9]+ parts read"))).to_be_visible()
    expect(visitor.button("Refresh Data")).to_be_disabled()
    provider.open()
    expect(visitor.text("synced just now")).to_be_visible()
    expect(visitor.button("Refresh Data")).to_be_enabled()
    visitor.settle()
    assert visitor.metric("Net cost").startswith("$")
    visitor.grid("providers").expect_rows(1)
    for title in PAGES.values():
        visitor.follow(title)
        assert traces(visitor, ADMIN_KEY) == []
    assert ADMIN_KEY[12:-4] not in server.log
    assert ADMIN_KEY.encode() not in (empty.folder / "spendglass.db").read_bytes()
    runs = empty.rows('SELECT "trigger", status FROM sync_run')
    assert runs == [{"trigger": "link", "status": "succeeded"}]
