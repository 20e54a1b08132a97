"""Looking for trouble: one finding per thing looked at, each with the next step where something is wrong."""

import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import and_, func, or_, select, update

from settings import Settings, endpoints
from store.accounts import accounts, credential_of
from store.cost_rows import every_packed_day, is_packed_well
from store.engine import Store, free_bytes
from store.errors import StoreError
from store.events import LATEST_DAYS, OTHER
from store.leases import is_leased
from store.metering_rows import GIVEN_UP, ROWS
from store.models import ControlTotal, DailyCost, DataVersion, Lease, MeteredCost, SyncRun
from store.records import from_nanos, to_nanos
from store.revisions import version
from store.runs import latest_runs
from store.tables import rows_of, table

LEAST_FREE_BYTES = 200_000_000
STALE_AFTER = timedelta(hours=24)
LISTED = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `next_step` is empty where nothing is to be done."""

    level: Literal["ok", "warn", "error"]
    what: str
    detail: str
    next_step: str = ""


def diagnose(store: Store, chosen: Settings, now: datetime) -> list[Finding]:
    """All findings, in the order to mend them. Changes nothing and never shows a secret."""
    checks: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("database", lambda: _database(store)),
        ("integrity", lambda: _integrity(store)),
        ("writable", lambda: _writable(store)),
        ("disk space", lambda: _disk_space(store, chosen)),
        ("secret key", lambda: _secret_key(store)),
        ("credentials", lambda: _credentials(store)),
        ("last sync", lambda: _last_syncs(store, now)),
        ("leases", lambda: _leftovers(store, now)),
        ("day totals", lambda: _day_totals(store)),
        ("packed days", lambda: _packed_days(store)),
        ("metered labels", lambda: _metered_labels(store, now)),
        ("settings", lambda: _settings(chosen)),
    )
    found: list[Finding] = []
    for what, check in checks:
        try:
            found.extend(check())
        except StoreError as fault:
            found.append(Finding("error", what, f"{fault.message} {fault.likely_cause}", fault.resolution))
    return found


def _database(store: Store) -> Iterator[Finding]:
    place = "PostgreSQL" if store.sqlite_path is None else f"SQLite file {store.sqlite_path}"
    yield Finding("ok", "database", f"{place}, schema version {version(store)}")


def _integrity(store: Store) -> Iterator[Finding]:
    if store.sqlite_path is None:
        yield Finding("ok", "integrity", "left to the PostgreSQL server, which checks its own pages")
        return
    with store.read() as connection:
        faults = [str(row[0]) for row in connection.exec_driver_sql(f"PRAGMA integrity_check({LISTED})")]
        orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if faults == ["ok"] and not orphans:
        yield Finding("ok", "integrity", "every page and every reference of the file is sound")
    else:
        said = "; ".join(faults) if faults != ["ok"] else f"{len(orphans)} rows refer to rows that do not exist"
        yield Finding(
            "error",
            "integrity",
            f"the database file is damaged: {said[:300]}",
            "Stop the server, move the database file aside and restore the latest backup.",
        )


def _writable(store: Store) -> Iterator[Finding]:
    versions = table(DataVersion)
    with store.write() as connection:
        connection.execute(update(versions).values(version=versions.c.version))
    yield Finding("ok", "writable", "a transaction was written")


def _disk_space(store: Store, chosen: Settings) -> Iterator[Finding]:
    try:
        free = free_bytes(chosen.data_dir)
        size = 0 if store.sqlite_path is None else store.sqlite_path.stat().st_size
    except OSError as fault:
        yield Finding("warn", "disk space", f"unknown: {chosen.data_dir}: {fault.strerror}", "Make the data folder.")
        return
    detail = f"{free / 1e9:,.1f} GB free, the database has {size / 1e9:,.3f} GB"
    if free < max(LEAST_FREE_BYTES, 2 * size):
        yield Finding(
            "warn", "disk space", detail, "Free some space: a backup or a migration needs twice the database."
        )
    else:
        yield Finding("ok", "disk space", detail)


def _secret_key(store: Store) -> Iterator[Finding]:
    path = store.sealer.key_file
    if path is None:
        yield Finding("ok", "secret key", "given by SPENDGLASS_SECRET_KEY")
        return
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as fault:
        yield Finding("error", "secret key", f"{path}: {fault.strerror}", "Put the key file back, or re-link accounts.")
        return
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Finding("warn", "secret key", f"{path} can be read by others (mode {mode:o})", f"chmod 600 {path}")
    else:
        yield Finding("ok", "secret key", f"{path}, for its owner only")


def _credentials(store: Store) -> Iterator[Finding]:
    linked = accounts(store, linked_only=True)
    for account in linked:
        try:
            credential_of(store, account["id"])
        except StoreError as fault:
            detail = f"{_title(account)}: {fault.message} {fault.likely_cause}"
            yield Finding("error", "credentials", detail, fault.resolution)
        else:
            yield Finding("ok", "credentials", f"{_title(account)}: opens")
    if not linked:
        yield Finding("warn", "credentials", "no account is linked", "Link one: `python cli.py link PROVIDER`.")


def _title(account: dict[str, Any]) -> str:
    return f"account {account['id']} ({account['provider']}, {account['name']})"


def _last_syncs(store: Store, now: datetime) -> Iterator[Finding]:
    latest = latest_runs(store)
    for account in accounts(store, linked_only=True):
        last = latest.get(account["id"])
        if account["paused"]:
            yield Finding("ok", "last sync", f"{_title(account)}: paused")
        elif last is None:
            yield Finding(
                "warn", "last sync", f"{_title(account)}: never synced", "Start the server, or `cli.py sync`."
            )
        else:
            yield _last_sync(_title(account), last, now)


def _last_sync(title: str, last: dict[str, Any], now: datetime) -> Finding:
    good = last["last_success"]
    since = "never succeeded" if good is None else f"last succeeded {good:%Y-%m-%d %H:%M} UTC"
    detail = f"{title}: {last['status']}, {since}"
    if last["status"] in {"failed", "partial", "interrupted"}:
        cause = f". {last['message'] or ''} {last['likely_cause'] or ''}".rstrip(" .")
        level: Literal["warn", "error"] = "error" if last["status"] == "failed" else "warn"
        return Finding(level, "last sync", f"{detail}{cause}", last["resolution"] or "Open Sync Logs.")
    if last["status"] == "succeeded" and now - good > STALE_AFTER:
        return Finding("warn", "last sync", detail, "Start the server: it syncs on its own.")
    return Finding("ok", "last sync", detail)


def _leftovers(store: Store, now: datetime) -> Iterator[Finding]:
    """Leases and runs whose process is gone."""
    runs = table(SyncRun)
    with store.read() as connection:
        leased = connection.execute(select(table(Lease).c.account_id)).scalars().all()
        running = rows_of(connection, select(runs.c.id, runs.c.account_id).where(runs.c.status == "running"))
        live = {account_id for account_id in leased if is_leased(connection, account_id, now)}
    for account_id in sorted(set(leased) - live):
        yield Finding(
            "warn", "leases", f"account {account_id} is held by a process that is gone", "Nothing: it is freed."
        )
    for run in running:
        if run["account_id"] not in live:
            detail = f"run {run['id']} of account {run['account_id']} was cut off"
            yield Finding("warn", "leases", detail, "Nothing: the next start of the server closes it.")
    if live or not (leased or running):
        yield Finding("ok", "leases", f"{len(live)} syncs at work")


def _day_totals(store: Store) -> Iterator[Finding]:
    """Saved days against the providers' own totals; a row rounds to half a nano-dollar."""
    costs, own = table(DailyCost), table(ControlTotal)
    total, count = func.coalesce(func.sum(costs.c.billed_cost), 0), func.count(costs.c.day)
    query = (
        select(own.c.account_id, own.c.day, own.c.billed_cost.label("own"), total.label("total"), count.label("rows"))
        .join_from(own, costs, and_(own.c.account_id == costs.c.account_id, own.c.day == costs.c.day), isouter=True)
        .group_by(own.c.account_id, own.c.day, own.c.billed_cost)
        .order_by(own.c.account_id, own.c.day)
    )
    with store.read() as connection:
        days = rows_of(connection, query)
    different = [day for day in days if 2 * abs(to_nanos(day["own"]) - to_nanos(day["total"])) > day["rows"] + 1]
    for day in different[:LISTED]:
        missing = from_nanos(to_nanos(day["own"]) - to_nanos(day["total"]))
        yield Finding(
            "error",
            "day totals",
            f"account {day['account_id']}, {day['day']}: rows miss the provider's own total by ${missing:f}",
            f"Read the day again: `python cli.py sync {day['account_id']} --since {day['day']}`.",
        )
    detail = f"{len(days) - len(different)} of {len(days)} days equal the providers' own totals"
    yield Finding("error" if different else "ok", "day totals", detail, "See above." if different else "")


def _packed_days(store: Store) -> Iterator[Finding]:
    """The copies that pages read, against the rows they are copies of."""
    days = every_packed_day(store)
    different = [(account_id, day) for account_id, day in days if not is_packed_well(store, account_id, day)]
    for account_id, day in different[:LISTED]:
        yield Finding(
            "error",
            "packed days",
            f"account {account_id}, {day}: pages read a copy that is not what the database holds",
            f"Read the day again: `python cli.py sync {account_id} --since {day}`.",
        )
    detail = f"{len(days) - len(different)} of {len(days)} days kept packed equal their rows"
    yield Finding("error" if different else "ok", "packed days", detail, "See above." if different else "")


def _metered_labels(store: Store, now: datetime) -> Iterator[Finding]:
    """Whether clients call things by so many names that not all can be kept (see `metering_rows`)."""
    saved = table(MeteredCost)
    unnamed = or_(*[saved.c[name] == OTHER for name in GIVEN_UP])
    recent = saved.c.day >= now.date() - timedelta(days=LATEST_DAYS)
    query = select(func.count(saved.c.day.distinct()), func.sum(saved.c.events)).where(recent, unnamed)
    with store.read() as connection:
        days, calls = connection.execute(query).one()
    if not days:
        yield Finding("ok", "metered labels", "every metered call is kept under the names that its client gave")
        return
    yield Finding(
        "warn",
        "metered labels",
        f"{calls:,} metered calls are counted under {OTHER}, as {days} of the last days had over {ROWS:,} names each",
        "Let clients name application, workspace and key the same at every call: no id of a request or a customer.",
    )


def _settings(chosen: Settings) -> Iterator[Finding]:
    given = sorted(f"SPENDGLASS_{name.upper()}" for name in chosen.model_fields_set)
    yield Finding("ok", "settings", f"set: {', '.join(given)}" if given else "all at their defaults")
    if chosen.sync_minutes == 0:
        yield Finding("warn", "settings", "SPENDGLASS_SYNC_MINUTES is 0: nothing syncs by itself", "Unset it.")
    for name in endpoints():
        yield Finding("warn", "settings", f"{name} replaces the provider's own address", f"Unset {name} unless meant.")
