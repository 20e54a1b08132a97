"""One sync of one account: take its lease, keep it while the account is read, write down how it ended."""

import logging
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from account_sync import AccountSync, Clock
from connectors.errors import ConnectorError
from store import runs
from store.db import Store
from store.errors import LeaseLost, StoreError
from store.leases import HEARTBEAT_SECONDS, drop_lease, keep_lease, new_holder, take_lease

LOG = logging.getLogger("spendglass.sync")


def utc_now() -> datetime:
    return datetime.now(UTC)


def sync_account(
    store: Store,
    account_id: int,
    *,
    trigger: str,
    since: date | None = None,
    clock: Clock = utc_now,
    report: Callable[[dict[str, Any]], None] = lambda _: None,
) -> dict[str, Any] | None:
    """Sync one account now; returns its finished run, or None when another live process is syncing it.

    `since` reads that day and all later ones again, and nothing older. Raises `StoreError` only when the run itself
    cannot be written down (disk full, read-only database).
    """
    holder = new_holder()
    if not take_lease(store, account_id, holder, clock()):
        return None
    try:
        run_id = runs.begin_run(store, account_id, trigger, clock())
        with _heartbeat(store, account_id, holder, clock) as lost:
            sync = AccountSync(store, account_id, holder, run_id, clock, report, clock().date(), lost)
            _run_to_end(sync, since)
    finally:
        drop_lease(store, account_id, holder)
    return runs.run(store, run_id)


def _run_to_end(sync: AccountSync, since: date | None) -> None:
    try:
        sync.run(since)
    except (ConnectorError, StoreError) as fault:
        sync.end(
            "partial" if sync.progress.saved else "failed",
            error_kind=fault.kind,
            message=fault.message,
            likely_cause=fault.likely_cause,
            resolution=fault.resolution,
        )
    except Exception as fault:  # noqa: BLE001  one account must not stop the others
        LOG.error("sync of account %s: %s\n%s", sync.account_id, type(fault).__name__, _places(fault))  # noqa: TRY400
        sync.end(
            "partial" if sync.progress.saved else "failed",
            error_kind="internal_error",
            message=f"Spendglass met a fault of its own ({type(fault).__name__}). The window at hand was not saved.",
            likely_cause="A case nobody thought of, in the provider's answer or in Spendglass.",
            resolution="Update Spendglass; if it stays, report it with the lines the server printed for this run.",
        )
    else:
        sync.end("succeeded")
    finally:
        if sync.session is not None:
            sync.session.close()


def _places(fault: Exception) -> str:
    """Where a fault happened, without its text: a text may quote what must not be logged."""
    return "".join(traceback.format_tb(fault.__traceback__))


@contextmanager
def _heartbeat(store: Store, account_id: int, holder: str, clock: Clock) -> Iterator[threading.Event]:
    """Keeps the lease alive beside the sync; the event is set once another process has taken over."""
    lost, done = threading.Event(), threading.Event()

    def beat() -> None:
        while not done.wait(HEARTBEAT_SECONDS):
            try:
                with store.write() as connection:
                    keep_lease(connection, account_id, holder, clock())
            except LeaseLost:
                lost.set()
                return
            except StoreError as fault:
                LOG.warning("heartbeat of account %s: %s", account_id, fault.message)

    beating = threading.Thread(target=beat, name=f"lease-{account_id}", daemon=True)
    beating.start()
    try:
        yield lost
    finally:
        done.set()
        beating.join()
