"""Refresh Data, and what the pages say when a sync fails or is long ago."""

import re
from datetime import timedelta

from playwright.sync_api import expect

from demo.faults import Fault
from tests.e2e.conftest import Serve, Visit
from tests.e2e.provider import Provider
from tests.e2e.serving import Installation

AT_WORK = re.compile("asking the provider|[0-9]+ of [0-9]+ parts? read|waiting for the server")
RUNS = 'SELECT id, status, "trigger" FROM sync_run ORDER BY id'
KEY_REFUSED = '{"error": {"message": "Incorrect API key provided: sk-admin-****.", "code": "invalid_api_key"}}'


def test_a_double_click_on_refresh_is_one_sync_that_people_can_watch(
    linked: Installation, provider: Provider, serve: Serve, visit: Visit
) -> None:
    server = serve(linked, ahead=timedelta(hours=3))
    before = linked.rows(RUNS)
    provider.shut()
    visitor = visit(server)
    visitor.open("/")
    expect(visitor.text("synced 3 h ago")).to_be_visible()
    visitor.button("Refresh Data").dblclick()
    expect(visitor.text(AT_WORK)).to_be_visible()
    expect(visitor.button("Refresh Data")).to_be_disabled()
    provider.open()
    expect(visitor.text("synced just now")).to_be_visible()
    expect(visitor.button("Refresh Data")).to_be_enabled()
    expect(visitor.text(AT_WORK)).to_have_count(0)
    fresh = linked.rows(RUNS)[len(before) :]
    assert [(run["status"], run["trigger"]) for run in fresh] == [("succeeded", "manual")]

    visitor.settle()
    visitor.button("View Sync Logs").click()
    visitor.arrive("Sync Logs")
    log = visitor.grid("sync_logs").read()
    assert log.column("Number")[0] == str(fresh[0]["id"])
    assert log.column("Status")[0] == "succeeded"
    assert log.column("Started by")[0] == "manual"
    visitor.grid("sync_logs").opener(0).click()
    expect(visitor.text(f"Sync {fresh[0]['id']} of OpenAI")).to_be_visible()


def test_a_refused_key_is_told_with_cause_and_next_step_while_the_data_stays(
    linked: Installation, provider: Provider, serve: Serve, visit: Visit
) -> None:
    server = serve(linked)
    visitor = visit(server)
    visitor.open("/")
    spent = visitor.metric("Net cost")
    provider.faults.add(Fault(kind="status", status=401, times=0, text=KEY_REFUSED))
    visitor.button("Refresh Data").click()
    alert = visitor.alerts().filter(has_text="re-link")
    expect(alert).to_contain_text("OpenAI does not know this key")
    expect(alert).to_contain_text("Likely cause: The key is mistyped, revoked or expired.")
    expect(alert).to_contain_text("Next step: Create a new key at the provider and re-link the account.")
    visitor.settle()
    assert visitor.metric("Net cost") == spent
    assert visitor.grid("providers").read().column("State") == ["re-link"]
    visitor.follow("Sync Logs")
    assert visitor.grid("sync_logs").read().column("Status")[0] == "failed"

    provider.faults.clear()
    visitor.follow("Providers")
    visitor.button("Refresh Data").click()
    expect(visitor.alerts()).to_have_count(0)
    expect(visitor.button("Refresh Data")).to_be_enabled()
    visitor.settle()
    assert visitor.grid("providers").read().column("State") == ["ok"]
    assert visitor.metric("Net cost") == spent


def test_old_numbers_are_called_stale_until_they_are_refreshed(
    linked: Installation, serve: Serve, visit: Visit
) -> None:
    server = serve(linked, ahead=timedelta(days=2))
    visitor = visit(server)
    visitor.open("/")
    expect(visitor.alerts()).to_contain_text("stale. The numbers are older than a day.")
    expect(visitor.text("synced 2 days ago")).to_be_visible()
    assert visitor.grid("providers").read().column("State") == ["stale"]
    visitor.button("Refresh Data").click()
    expect(visitor.alerts()).to_have_count(0)
    expect(visitor.text("synced just now")).to_be_visible()
