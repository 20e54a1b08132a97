"""The command line's verb that syncs accounts now."""

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

from store import accounts
from store.db import Store, open_store
from store.errors import StoreError
from syncing import sync_account, utc_now
from verbs.endings import WrongUseError
from verbs.printing import print_json

LONGEST_WAIT_SECONDS = 600
PARALLEL_SYNCS = 8


def sync(asked: argparse.Namespace) -> int:
    store = open_store()
    linked = [row for row in accounts.accounts(store) if row["linked"]]
    chosen = [_chosen(store, linked, account_id) for account_id in dict.fromkeys(asked.ids)]
    if not asked.ids:
        chosen = [row for row in linked if not row["paused"]]
        if not chosen:
            print("No account is linked and running. `python cli.py link PROVIDER` links one.", file=sys.stderr)
    if asked.since is not None and asked.since > utc_now().date():
        raise WrongUseError(f"--since {asked.since} lies in the future (days are UTC).")
    with ThreadPoolExecutor(PARALLEL_SYNCS) as pool:
        ended = list(pool.map(lambda row: _sync_one(store, row, asked.since), chosen))
    if asked.json:
        print_json(ended)
    else:
        for row, run in zip(chosen, ended, strict=True):
            print(_told(row, run))
    return 0 if all(run["status"] == "succeeded" for run in ended) else 1


def _chosen(store: Store, linked: list[dict[str, Any]], account_id: int) -> dict[str, Any]:
    for row in linked:
        if row["id"] == account_id:
            return row
    known = accounts.account(store, account_id)
    raise WrongUseError(f"Account {account_id} ({known['name']}) is not linked any more; link it again first.")


def _sync_one(store: Store, account: dict[str, Any], since: date | None) -> dict[str, Any]:
    def report(values: dict[str, Any]) -> None:
        if sys.stderr.isatty():
            text = f"{account['name']}: {values['windows_saved']} of {values['windows_planned']} windows"
            print(f"{text}, {values['cost_rows']} cost rows", file=sys.stderr)

    for attempt in range(LONGEST_WAIT_SECONDS * 2):
        run = sync_account(store, account["id"], trigger="cli", since=since, report=report)
        if run is not None:
            return run
        if attempt == 0:
            print(f"{account['name']}: another process is syncing this account; waiting for it.", file=sys.stderr)
        time.sleep(0.5)
    raise StoreError(
        f"Account {account['id']} was being synced by another process for ten minutes.",
        likely_cause="A long first sync, or a process that hangs.",
        resolution="See Sync Logs for its progress, or stop that process and sync again.",
    )


def _told(account: dict[str, Any], run: dict[str, Any]) -> str:
    days = f"{run['from_day']} to {run['to_day']}" if run["from_day"] else "no days"
    text = f"{account['id']} {account['name']}: {run['status']}, {days}, {run['cost_rows']} cost rows"
    if run["restated_days"]:
        text += f", {run['restated_days']} restated days"
    if run["message"]:
        text += f"\n  {run['message']}\n  Likely cause: {run['likely_cause']}\n  Next step: {run['resolution']}"
    return text
