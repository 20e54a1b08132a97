"""The accounts as people ask for them: is each one well, how far does it reach, what is to be done."""

from datetime import datetime, timedelta
from typing import Any

from store.accounts import accounts
from store.db import Store
from store.runs import latest_runs

STALE_AFTER = timedelta(hours=24)


def overview(store: Store, now: datetime) -> list[dict[str, Any]]:
    """All accounts with `state`, `last_success`, and the newest run's message, likely_cause and resolution.

    States: `ok`, `syncing`, `new` (never synced), `partial`, `failed`, `stale` (no success for a day), `paused`,
    `unlinked`. `covered_to` is the last covered day, included.
    """
    latest = latest_runs(store)
    rows = []
    for account in accounts(store):
        run = latest.get(account["id"])
        covered_to = account["covered_to"]
        rows.append(
            {
                **{name: account[name] for name in ("id", "provider", "name", "hint", "organization_id", "paused")},
                "state": _state(account, run, now),
                "covered_from": account["covered_from"],
                "covered_to": None if covered_to is None else covered_to - timedelta(days=1),
                "last_success": run and run["last_success"],
                **{name: run and run[name] for name in ("message", "likely_cause", "resolution")},
            }
        )
    return rows


def _state(account: dict[str, Any], run: dict[str, Any] | None, now: datetime) -> str:
    status = None if run is None else run["status"]
    good = None if run is None else run["last_success"]
    states = (
        ("unlinked", not account["linked"]),
        ("syncing", status in {"queued", "running"}),
        ("paused", account["paused"]),
        ("new", run is None),
        ("failed", status == "failed"),
        ("partial", status == "partial"),
        ("stale", good is None or now - good > STALE_AFTER),
    )
    return next((state for state, is_so in states if is_so), "ok")
