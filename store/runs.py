"""The log of syncs: asking for one, following it, ending it, and finding those that a crash cut off."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from store.engine import Store
from store.errors import UnknownName
from store.leases import is_leased
from store.models import Account, ControlTotal, DailyCost, Lease, Restatement, SyncRun
from store.records import Window, to_nanos
from store.tables import changed, rows_of, table

OPEN = ("queued", "running")


def request_sync(store: Store, account_id: int, trigger: str, now: datetime) -> int:
    """The id of a queued or running sync of the account; queues one when there is none. A double click is one run.

    Raises `UnknownName` when there is no such account.
    """
    runs = table(SyncRun)
    with store.write() as connection:
        lock = select(table(Account).c.id).where(table(Account).c.id == account_id).with_for_update()
        if connection.execute(lock).first() is None:
            raise UnknownName(
                f"There is no account {account_id}.",
                likely_cause="It was unlinked with its data.",
                resolution="`python cli.py accounts` lists all ids.",
            )
        mine = select(runs).where(runs.c.account_id == account_id, runs.c.status.in_(OPEN)).order_by(runs.c.id)
        for run in rows_of(connection, mine):
            if run["status"] == "queued" or is_leased(connection, account_id, now):
                return int(run["id"])
        return _insert(connection, account_id, trigger, "queued", now)


def _insert(connection: Connection, account_id: int, trigger: str, status: str, now: datetime) -> int:
    values = {"account_id": account_id, "trigger": trigger, "status": status, "queued_at": now}
    result = connection.execute(insert(table(SyncRun)).values(**_defaults(), **values))
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])


def _defaults() -> dict[str, Any]:
    fresh = SyncRun(account_id=0, trigger="", status="", queued_at=datetime.min)  # noqa: DTZ901  not stored
    return fresh.model_dump(exclude={"id", "account_id", "trigger", "status", "queued_at"})


def begin_run(store: Store, account_id: int, trigger: str, now: datetime) -> int:
    """Start a run, taking up a queued one; a run found running is marked interrupted.

    Only for the holder of the account's lease: whatever else is running then has died.
    """
    runs = table(SyncRun)
    with store.write() as connection:
        mine = runs.c.account_id == account_id
        connection.execute(update(runs).where(mine, runs.c.status == "running").values(**_interrupted(now)))
        queued = rows_of(connection, select(runs).where(mine, runs.c.status == "queued").order_by(runs.c.id))
        run_id = int(queued[0]["id"]) if queued else _insert(connection, account_id, trigger, "queued", now)
        connection.execute(update(runs).where(runs.c.id == run_id).values(status="running", started_at=now))
        changed(connection)
    return run_id


def _interrupted(now: datetime) -> dict[str, Any]:
    return {
        "status": "interrupted",
        "ended_at": now,
        "error_kind": "interrupted",
        "message": "The sync was cut off before it ended. All windows it had saved are whole.",
        "likely_cause": "The process was killed, the machine restarted, or it ran out of memory.",
        "resolution": "Nothing to do: the next sync goes on from the last saved day.",
    }


def mark_interrupted(store: Store, now: datetime) -> int:
    """Close the runs whose process has died; returns how many."""
    runs = table(SyncRun)
    with store.write() as connection:
        running = rows_of(connection, select(runs).where(runs.c.status == "running"))
        dead = [run["id"] for run in running if not is_leased(connection, run["account_id"], now)]
        if dead:
            connection.execute(update(runs).where(runs.c.id.in_(dead)).values(**_interrupted(now)))
            changed(connection)
        return len(dead)


def interrupt_open_runs(connection: Connection, now: datetime) -> None:
    """Close every run not ended, within the caller's transaction; for content whose processes are elsewhere."""
    runs = table(SyncRun)
    connection.execute(update(runs).where(runs.c.status.in_(OPEN)).values(**_interrupted(now)))


def update_run(store: Store, run_id: int, **values: Any) -> None:
    """Write the progress or the end of a run. Only a run still running takes it."""
    runs = table(SyncRun)
    with store.write() as connection:
        connection.execute(update(runs).where(runs.c.id == run_id, runs.c.status == "running").values(**values))
        if "status" in values:
            changed(connection)


def run(store: Store, run_id: int) -> dict[str, Any]:
    """One run as a dictionary of its columns; raises `UnknownName` when there is none of that id."""
    runs = table(SyncRun)
    with store.read() as connection:
        found = rows_of(connection, select(runs).where(runs.c.id == run_id))
    if found:
        return found[0]
    raise UnknownName(
        f"There is no sync run {run_id}.",
        likely_cause="Its account was unlinked with its data.",
        resolution="Open Sync Logs for the runs there are.",
    )


def queued_accounts(store: Store) -> list[int]:
    """Accounts with a sync asked for and not begun, oldest first."""
    runs = table(SyncRun)
    with store.read() as connection:
        query = select(runs.c.account_id).where(runs.c.status == "queued").order_by(runs.c.id)
        return list(dict.fromkeys(connection.execute(query).scalars()))


def latest_runs(store: Store) -> dict[int, dict[str, Any]]:
    """The newest run of each account, with `last_success`: when the newest succeeded one ended, or None."""
    runs = table(SyncRun)
    newest = select(func.max(runs.c.id)).group_by(runs.c.account_id)
    success = (
        select(runs.c.account_id, func.max(runs.c.ended_at).label("at"))
        .where(runs.c.status == "succeeded")
        .group_by(runs.c.account_id)
    )
    with store.read() as connection:
        ended = {row["account_id"]: row["at"] for row in rows_of(connection, success)}
        return {
            row["account_id"]: {**row, "last_success": ended.get(row["account_id"])}
            for row in rows_of(connection, select(runs).where(runs.c.id.in_(newest)))
        }


def restatements(store: Store, run_id: int) -> list[dict[str, Any]]:
    """The finished days a run found changed: day, before, after in US dollars, oldest first."""
    chosen = table(Restatement)
    query = select(chosen.c.day, chosen.c.before, chosen.c.after).where(chosen.c.run_id == run_id)
    with store.read() as connection:
        return rows_of(connection, query.order_by(chosen.c.day))


def cost_since(store: Store, account_id: int, since: datetime) -> Decimal:
    """US dollars that the account's syncs queued since then have cost at the provider."""
    runs = table(SyncRun)
    with store.read() as connection:
        costs = connection.execute(
            select(runs.c.sync_cost).where(runs.c.account_id == account_id, runs.c.queued_at >= since)
        ).scalars()
        return sum(costs, Decimal(0))


def control_totals(store: Store, account_id: int, window: Window) -> dict[date, int]:
    """The provider's own day totals as last saved, in nano-dollars; days without a cost are absent."""
    chosen = table(ControlTotal)
    condition = (chosen.c.account_id == account_id) & (chosen.c.day >= window.start) & (chosen.c.day < window.end)
    with store.read() as connection:
        found = connection.execute(select(chosen.c.day, chosen.c.billed_cost).where(condition)).all()
    return {day: nanos for day, amount in found if (nanos := to_nanos(amount))}


def credits_applied(store: Store, account_id: int, window: Window) -> dict[date, int]:
    """Credits of the saved rows per day, in nano-dollars; days without credits are absent."""
    costs = table(DailyCost)
    condition = (costs.c.account_id == account_id) & (costs.c.day >= window.start) & (costs.c.day < window.end)
    total = func.sum(costs.c.credits_applied).label("total")
    with store.read() as connection:
        found = connection.execute(select(costs.c.day, total).where(condition).group_by(costs.c.day)).all()
    return {day: nanos for day, amount in found if (nanos := to_nanos(Decimal(amount)))}


def holder(store: Store, account_id: int) -> str:
    """Who holds the account's lease; empty when nobody does."""
    leases = table(Lease)
    with store.read() as connection:
        return connection.execute(select(leases.c.holder).where(leases.c.account_id == account_id)).scalar() or ""
