from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pages.parts.states import account_state, worst

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
ACCOUNT = {"linked": True, "paused": False}


def run(status: str = "succeeded", error: str | None = None, hours: float | None = 1) -> dict[str, Any]:
    last = None if hours is None else NOW - timedelta(hours=hours)
    return {"status": status, "error_kind": error, "last_success": last}


@pytest.mark.parametrize(
    ("account", "newest", "word", "tone"),
    [
        ({}, run(), "ok", "good"),
        ({}, None, "waiting", "busy"),
        ({"paused": True}, None, "paused", "quiet"),
        ({"paused": True}, run("failed", "provider_unavailable"), "paused", "quiet"),
        ({"linked": False}, run(), "unlinked", "quiet"),
        ({}, run("queued", hours=None), "syncing", "busy"),
        ({}, run("running"), "syncing", "busy"),
        ({}, run("failed", "provider_unavailable"), "failed", "bad"),
        ({}, run("failed", "credential_rejected"), "re-link", "bad"),
        ({}, run("failed", "credential_lacks_billing"), "re-link", "bad"),
        ({"paused": True}, run("failed", "credential_unreadable"), "re-link", "bad"),
        ({}, run("partial", "rate_limited"), "partial", "amber"),
        ({}, run("interrupted", "interrupted"), "interrupted", "amber"),
        ({}, run(hours=25), "stale", "amber"),
    ],
)
def test_an_account_is_in_one_state(account: dict[str, Any], newest: Any, word: str, tone: str) -> None:
    found = account_state({**ACCOUNT, **account}, newest, NOW)
    assert (found.word, found.tone) == (word, tone)


def test_the_state_that_needs_a_person_most_speaks_for_the_provider() -> None:
    states = [account_state(ACCOUNT, newest, NOW) for newest in (run(), run("failed"), run(hours=25))]
    assert worst(states).word == "failed"
    assert worst([]).word == "not linked"
