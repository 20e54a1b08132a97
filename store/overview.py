"""The accounts as people ask for them: is each one well, how far does it reach, what is to be done."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from store.accounts import accounts
from store.db import Store
from store.runs import OPEN, latest_runs

STALE_AFTER = timedelta(hours=24)
RELINK = frozenset({"credential_rejected", "credential_lacks_billing", "credential_unreadable"})

StateWord = Literal[
    "ok", "syncing", "waiting", "re-link", "failed", "interrupted", "partial", "stale", "paused", "unlinked"
]


def overview(store: Store, now: datetime) -> list[dict[str, Any]]:
    """All accounts with `state`, `last_success`, and the newest run's message, likely_cause and resolution.

    `state` is that of `account_state`. `covered_to` is the last covered day, included.
    """
    latest = latest_runs(store)
    rows = []
    for account in accounts(store):
        run = latest.get(account["id"])
        covered_to = account["covered_to"]
        rows.append(
            {
                **{name: account[name] for name in ("id", "provider", "name", "hint", "organization_id", "paused")},
                "state": account_state(account, run, now),
                "covered_from": account["covered_from"],
                "covered_to": None if covered_to is None else covered_to - timedelta(days=1),
                "last_success": run and run["last_success"],
                **{name: run and run[name] for name in ("message", "likely_cause", "resolution")},
            }
        )
    return rows


def account_state(account: Mapping[str, Any], run: Mapping[str, Any] | None, now: datetime) -> StateWord:
    """How an account is, in one word; `run` is its newest sync with `last_success`, None before the first.

    `waiting` was never synced, `re-link` needs another key, `interrupted` was cut off by a crash, `partial` stopped
    half-way, `stale` had no success for a day. A key that is refused says so even while the account is paused.
    """
    if not account["linked"]:
        return "unlinked"
    if run is None:
        return "paused" if account["paused"] else "waiting"
    last = run["last_success"]
    states: tuple[tuple[bool, StateWord], ...] = (
        (run["status"] in OPEN, "syncing"),
        (run["error_kind"] in RELINK, "re-link"),
        (account["paused"], "paused"),
        (run["status"] == "failed", "failed"),
        (run["status"] == "interrupted", "interrupted"),
        (run["status"] == "partial", "partial"),
        (last is None or now - last > STALE_AFTER, "stale"),
    )
    return next((state for is_so, state in states if is_so), "ok")
