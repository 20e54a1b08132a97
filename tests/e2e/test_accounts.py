"""Looking after a link: pausing, resuming, unlinking with and without the data, linking again."""

from playwright.sync_api import expect

from demo.openai_api import ADMIN_KEY
from tests.e2e.conftest import Serve, Visit
from tests.e2e.serving import Installation
from tests.e2e.visiting import Visitor

COSTS = "SELECT count(*) AS found FROM daily_cost"
KEYS = "SELECT id FROM account WHERE sealed_credential IS NOT NULL"


def give_key(visitor: Visitor, verb: str) -> None:
    visitor.page.get_by_role("textbox", name="Admin key").fill(ADMIN_KEY)
    visitor.button(verb).click()


def test_a_paused_account_says_so_and_is_left_alone_until_it_is_resumed(
    linked: Installation, serve: Serve, visit: Visit
) -> None:
    visitor = visit(serve(linked))
    visitor.open("/accounts")
    visitor.button("Pause").click()
    expect(visitor.text("Paused; it syncs only when asked to.")).to_be_visible()
    expect(visitor.button("Resume")).to_be_visible()
    visitor.settle()
    visitor.follow("Providers")
    assert visitor.grid("providers").read().column("State") == ["paused"]
    visitor.follow("AI Accounts")
    visitor.button("Resume").click()
    expect(visitor.button("Pause")).to_be_visible()
    assert linked.rows("SELECT paused FROM account") == [{"paused": 0}]


def test_an_account_unlinked_with_its_data_kept_still_shows_its_costs_and_can_be_linked_again(
    linked: Installation, serve: Serve, visit: Visit
) -> None:
    visitor = visit(serve(linked))
    visitor.open("/")
    spent = visitor.metric("Net cost")
    visitor.follow("AI Accounts")
    visitor.button("Unlink").click()
    visitor.button("Unlink and keep data").click()
    expect(visitor.text("Unlinked; its data was kept and is no longer updated.")).to_be_visible()
    assert linked.rows(KEYS) == []
    visitor.settle()
    visitor.follow("Providers")
    assert visitor.metric("Net cost") == spent
    assert visitor.grid("providers").read().column("State") == ["unlinked"]
    expect(visitor.button("Refresh Data")).to_have_count(0)

    visitor.follow("AI Accounts")
    visitor.button("Re-link").click()
    give_key(visitor, "Check and re-link")
    expect(visitor.button("Unlink")).to_be_visible()
    expect(visitor.text("Last complete sync just now.")).to_be_visible()
    assert len(linked.rows(KEYS)) == 1
    visitor.settle()
    visitor.follow("Providers")
    assert visitor.metric("Net cost") == spent


def test_an_account_is_unlinked_with_its_data_only_when_that_was_chosen_and_confirmed(
    linked: Installation, serve: Serve, visit: Visit
) -> None:
    before = linked.rows(COSTS)
    visitor = visit(serve(linked))
    visitor.open("/accounts")
    visitor.button("Unlink").click()
    visitor.page.get_by_text("Delete its data").click()
    expect(visitor.button("Unlink and delete data")).to_be_visible()
    visitor.button("Cancel").click()
    expect(visitor.button("Unlink and delete data")).to_have_count(0)
    assert linked.rows(COSTS) == before

    visitor.button("Unlink").click()
    visitor.page.get_by_text("Delete its data").click()
    visitor.button("Unlink and delete data").click()
    expect(visitor.text("Link your first provider")).to_be_visible()
    assert linked.rows(COSTS) == [{"found": 0}]
    assert linked.rows("SELECT * FROM account") == []
    visitor.settle()
    visitor.follow("Providers")
    expect(visitor.text("No account is linked yet")).to_be_visible()
