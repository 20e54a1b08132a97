"""What stands around the pages: freshness, refreshing, warnings, and the states before and between data."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import streamlit
from sqlalchemy import update
from streamlit import config
from streamlit.testing.v1 import AppTest

from pages.parts.shell import freshness, read_accounts
from settings import settings
from store.accounts import set_paused
from store.db import Store
from store.models import SyncRun
from store.runs import latest_runs, update_run
from store.tables import table
from tests.pages.conftest import OpenPage, destination, finish, shown, tables
from tests.store.cast import begin, bill, cost, link, march

PAGES = ("providers.py", "models.py", "api_keys.py", "workspaces.py", "sync_logs.py", "accounts.py")


def ended(store: Store, account_id: int, **values: Any) -> None:
    """Rewrite how the account's newest sync ended."""
    runs = table(SyncRun)
    with store.write() as connection:
        connection.execute(update(runs).where(runs.c.id == latest_runs(store)[account_id]["id"]).values(**values))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_without_an_account(empty_store: Store, open_page: OpenPage, page: str) -> None:
    app = open_page(page)
    assert not tables(app)
    assert not app.error


def test_nothing_linked_teaches_and_leads_to_the_form(empty_store: Store, open_page: OpenPage) -> None:
    app = open_page()
    assert app.subheader[0].value == "No account is linked yet"
    app.button(key="teach-link").click().run()
    assert destination(app) == "./accounts"
    assert open_page("accounts.py").subheader[0].value == "Link your first provider"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_data_and_how_fresh_it_is(seeded: Store, open_page: OpenPage, page: str) -> None:
    app = open_page(page)
    assert tables(app)
    assert not app.error
    assert not app.warning


def test_freshness_is_that_of_the_oldest_account(seeded: Store, now: datetime) -> None:
    ended(seeded, 2, ended_at=now - timedelta(hours=5))
    assert freshness(read_accounts(seeded, now), now) == "synced 5 h ago"
    set_paused(seeded, 2, paused=True)
    assert freshness(read_accounts(seeded, now), now) == "synced 1 h ago"
    link(seeded, now, organization="org-3")
    assert freshness(read_accounts(seeded, now), now) == "first sync not complete"


def test_refresh_asks_for_a_sync_of_every_account_that_is_not_paused(
    seeded: Store, open_page: OpenPage, now: datetime
) -> None:
    set_paused(seeded, 2, paused=True)
    app = open_page()
    app.button(key="refresh").click().run()
    newest = latest_runs(seeded)
    assert (newest[1]["status"], newest[1]["trigger"]) == ("queued", "manual")
    assert newest[2]["status"] == "succeeded"
    assert app.button(key="refresh").disabled


def test_progress_is_shown_while_a_sync_runs(seeded: Store, open_page: OpenPage, now: datetime) -> None:
    syncing = begin(seeded, now, organization="org-3", name="Third")
    update_run(seeded, syncing.run_id, windows_planned=4, windows_saved=1, cost_rows=1204)
    bars = open_page().get("progress")
    assert [bar.proto.value for bar in bars] == [25]
    assert bars[0].proto.text == "**OpenAI** · Third: 1 of 4 parts read, 1,204 cost rows"


def test_the_first_sync_shows_what_comes(empty_store: Store, open_page: OpenPage, now: datetime) -> None:
    begin(empty_store, now)
    app = open_page()
    assert "The first sync is on its way. The newest days come first." in [text.value for text in app.markdown]
    assert not app.metric


def test_a_period_without_costs_names_the_days_that_were_read(seeded: Store, open_page: OpenPage) -> None:
    app = open_page()
    app.selectbox(key="period").set_value("7d").run()
    app.multiselect(key="provider").select("anthropic").run()
    assert app.subheader[0].value == "No cost in this period"
    assert any("1 Dec 2025 – 20 Mar 2026" in text.value for text in app.markdown)
    app.button(key="empty-reset").click().run()
    assert shown(app).height == 2


def test_filters_that_leave_nothing_say_so(seeded: Store, open_page: OpenPage) -> None:
    app = open_page()
    app.text_input(key="search").input("no such thing").run()
    assert app.subheader[0].value == "No cost matches these filters"


def test_a_failed_sync_says_why_and_what_next(seeded: Store, open_page: OpenPage, now: datetime) -> None:
    ended(
        seeded, 1, status="failed", error_kind="provider_unavailable", message="No answer.", likely_cause="An outage.",
        resolution="Wait.",
    )  # fmt: skip
    app = open_page()
    said = app.error[0].value
    assert "failed" in said
    for part in ("No answer", "Likely cause: An outage", "Next step: Wait"):
        assert part in said.replace("\\", "")
    assert shown(app)["state"].to_list() == ["failed", "ok"]


def test_many_troubles_fold_under_one_line_that_names_them_the_worst_first(
    seeded: Store, open_page: OpenPage, now: datetime
) -> None:
    third = begin(seeded, now, organization="org-3", name="Third")
    finish(third, bill(march(1, 20), cost(15, "1")))
    ended(seeded, 1, status="partial")
    ended(seeded, 2, ended_at=now - timedelta(hours=25))
    assert not open_page().expander
    ended(seeded, third.run_id, status="failed", error_kind="credential_rejected")
    app = open_page()
    assert [box.label.replace("\\", "") for box in app.expander] == [
        "**3 accounts are not up to date**: Third re-link, openai team partial, anthropic team stale"
    ]
    assert ("re-link" in app.expander[0].error[0].value, len(app.expander[0].warning)) == (True, 2)


def test_a_lost_key_asks_for_linking_again(seeded: Store, open_page: OpenPage) -> None:
    ended(seeded, 1, status="failed", error_kind="credential_unreadable")
    assert "re-link" in open_page().error[0].value


def test_numbers_older_than_a_day_are_called_stale(seeded: Store, open_page: OpenPage, now: datetime) -> None:
    ended(seeded, 1, ended_at=now - timedelta(hours=25))
    assert "stale" in open_page().warning[0].value


def test_days_not_read_yet_are_named(seeded: Store, open_page: OpenPage, now: datetime) -> None:
    third = begin(seeded, now, organization="org-3", name="Third")
    finish(third, bill(march(15, 20), cost(15, "1")))
    app = open_page()
    assert any("days before 15 Mar 2026 have not been read" in caption.value for caption in app.caption)
    assert app.metric[0].delta == "—"


def test_demo_data_is_labelled(seeded: Store, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Demo data" not in str([text.value for text in open_page().markdown])
    monkeypatch.setenv("SPENDGLASS_DEMO", "1")
    settings.cache_clear()
    assert "Demo data" in str([text.value for text in open_page().markdown])


def test_a_server_others_can_reach_without_a_login_warns(
    seeded: Store, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = streamlit.get_option
    monkeypatch.setattr(streamlit, "get_option", lambda name: "0.0.0.0" if name == "server.address" else asked(name))
    assert "without a login" in open_page().warning[0].value


def reconciled(app: AppTest) -> str:
    return next(str(caption.value) for caption in app.caption if "Reconciled" in caption.value)


def test_a_note_counts_the_days_that_equal_the_providers_total(seeded: Store, open_page: OpenPage) -> None:
    said = reconciled(open_page())
    assert "4 of 4 account days equal the provider's own total" in said
    assert "\\$7\\.00" in said


def test_the_reconciled_note_does_not_follow_the_search(seeded: Store, open_page: OpenPage) -> None:
    app = open_page()
    app.text_input(key="search").input("mini").run()
    assert "4 of 4" in reconciled(app)


def test_the_server_is_for_this_machine_and_tells_browsers_nothing_of_errors() -> None:
    assert config.get_option("server.address") == "127.0.0.1"
    assert config.get_option("client.showErrorDetails") == "none"
    assert config.get_option("browser.gatherUsageStats") is False
