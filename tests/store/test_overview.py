from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from store.accounts import set_paused, unlink
from store.db import Store
from store.overview import account_state, overview
from store.runs import request_sync, update_run
from tests.store.cast import begin, bill, cost, link, march

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
ACCOUNT = {"linked": True, "paused": False}


def run(status: str = "succeeded", error: str | None = None, hours: float | None = 1) -> dict[str, Any]:
    last = None if hours is None else NOW - timedelta(hours=hours)
    return {"status": status, "error_kind": error, "last_success": last}


@pytest.mark.parametrize(
    ("account", "newest", "word"),
    [
        ({}, run(), "ok"),
        ({}, None, "waiting"),
        ({"paused": True}, None, "paused"),
        ({"paused": True}, run("failed", "provider_unavailable"), "paused"),
        ({"linked": False}, run(), "unlinked"),
        ({"linked": False}, run("failed", "credential_rejected"), "unlinked"),
        ({}, run("queued", hours=None), "syncing"),
        ({"paused": True}, run("running"), "syncing"),
        ({}, run("failed", "provider_unavailable"), "failed"),
        ({}, run("failed", "credential_rejected"), "re-link"),
        ({}, run("partial", "credential_lacks_billing"), "re-link"),
        ({"paused": True}, run("failed", "credential_unreadable"), "re-link"),
        ({}, run("partial", "rate_limited"), "partial"),
        ({}, run("interrupted", "interrupted"), "interrupted"),
        ({}, run(hours=24), "ok"),
        ({}, run(hours=25), "stale"),
    ],
)
def test_an_account_is_in_one_state(account: dict[str, Any], newest: Any, word: str) -> None:
    assert account_state({**ACCOUNT, **account}, newest, NOW) == word


def test_the_overview_follows_an_account_from_its_link_to_its_end(store: Store, now: datetime) -> None:
    account_id = link(store, now, provider="fal", organization="org-9")
    assert [(row["id"], row["state"], row["last_success"]) for row in overview(store, now)] == [
        (account_id, "waiting", None)
    ]
    request_sync(store, account_id, "manual", now)
    assert overview(store, now)[0]["state"] == "syncing"
    set_paused(store, account_id, paused=True)
    unlink(store, account_id, keep_data=True, now=now)
    assert overview(store, now)[0]["state"] == "unlinked"


def test_the_overview_tells_the_last_day_read_and_the_newest_advice(store: Store, now: datetime) -> None:
    syncing = begin(store, now)
    syncing.save(bill(march(1, 20), cost(10, "1")))
    update_run(
        store, syncing.run_id, status="failed", ended_at=now, error_kind="credential_rejected",
        message="The key was refused.", likely_cause="It was revoked.", resolution="Make a new one.",
    )  # fmt: skip
    found = overview(store, now)[0]
    assert (found["state"], found["covered_from"], found["covered_to"]) == (
        "re-link", march(1, 20).start, march(1, 20).last_day
    )  # fmt: skip
    assert (found["message"], found["likely_cause"], found["resolution"]) == (
        "The key was refused.", "It was revoked.", "Make a new one."
    )  # fmt: skip
