"""Saving a statement: the only place where cost data enters the database."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, update

from store.db import Store
from store.leases import keep_lease
from store.models import Account, ApiKey, ControlTotal, DailyCost, Restatement, Workspace
from store.names import note_provider_names
from store.records import CostRecord, Statement, Window, from_nanos, to_nanos
from store.tables import changed, rows_of, table

COST_FIELDS = tuple(name for name in CostRecord.model_fields if name != "line_items")


@dataclass(frozen=True, slots=True)
class Saved:
    """What a save changed."""

    cost_rows: int
    workspaces: int
    api_keys: int
    restated_days: int


def save_statement(
    store: Store,
    account_id: int,
    statement: Statement,
    *,
    run_id: int,
    holder: str,
    now: datetime,
    today: date | None = None,
) -> Saved:
    """Replace the statement's days by its rows, in one transaction with the covered range.

    `today` is the UTC day on which the statement was read, by default that of `now`: a statement read before midnight
    and saved after it holds a day that was not over.
    Saving twice equals saving once. Every change to a day that was over when it was last saved goes to `restatement`.
    Raises `LeaseLost` when `holder` no longer holds the account, `StoreError` when the database refuses; either way
    nothing is changed.
    """
    with store.write() as connection:
        keep_lease(connection, account_id, holder, now)
        account = rows_of(connection, select(table(Account)).where(table(Account).c.id == account_id))[0]
        window = _joined(account, statement.window)
        before = _saved_totals(connection, account_id, statement.window)
        _replace_days(connection, account_id, statement)
        restated = _record_restatements(connection, account, statement, before, run_id)
        _merge_workspaces(connection, account_id, statement, now)
        _merge_api_keys(connection, account_id, statement, now)
        finished = min(statement.window.end, today or now.date())
        connection.execute(
            update(table(Account))
            .where(table(Account).c.id == account_id)
            .values(
                covered_from=window.start,
                covered_to=window.end,
                finished_to=max(finished, account["finished_to"] or finished),
            )
        )
        changed(connection)
    return Saved(len(statement.costs), len(statement.workspaces), len(statement.api_keys), restated)


def _joined(account: dict[str, Any], window: Window) -> Window:
    """The covered range with the window added; it stays one unbroken range.

    A window that begins after a gap begins a new range: days before the gap stay saved, but are no longer claimed whole.
    """
    start, end = account["covered_from"], account["covered_to"]
    if start is None or window.start > end:
        return window
    if window.end < start:
        raise ValueError(f"{window} does not touch the covered days {start} to {end}")
    return Window(min(start, window.start), max(end, window.end))


def _in_window(chosen: Table, account_id: int, window: Window) -> Any:
    return (chosen.c.account_id == account_id) & (chosen.c.day >= window.start) & (chosen.c.day < window.end)


def _saved_totals(connection: Connection, account_id: int, window: Window) -> dict[date, int]:
    """Billed nano-dollars per saved day."""
    costs = table(DailyCost)
    total = func.sum(costs.c.billed_cost).label("total")
    query = select(costs.c.day, total).where(_in_window(costs, account_id, window)).group_by(costs.c.day)
    return {row.day: to_nanos(Decimal(row.total)) for row in connection.execute(query)}


def _replace_days(connection: Connection, account_id: int, statement: Statement) -> None:
    costs, controls = table(DailyCost), table(ControlTotal)
    connection.execute(delete(costs).where(_in_window(costs, account_id, statement.window)))
    connection.execute(delete(controls).where(_in_window(controls, account_id, statement.window)))
    if statement.costs:
        ordered = sorted(statement.costs, key=lambda cost: cost.grain)
        connection.execute(insert(costs), [_cost_row(account_id, cost) for cost in ordered])
    if statement.control_totals:
        connection.execute(
            insert(controls),
            [
                {"account_id": account_id, "day": day, "billed_cost": total}
                for day, total in statement.control_totals.items()
                if day in statement.window
            ],
        )


def _cost_row(account_id: int, cost: CostRecord) -> dict[str, Any]:
    row = {name: getattr(cost, name) for name in COST_FIELDS}
    row["account_id"] = account_id
    row["line_items"] = _printed(cost)
    return row


def _printed(cost: CostRecord) -> str | None:
    if not cost.line_items:
        return None
    return json.dumps(
        [
            {
                "label": line.label,
                "amount": format(line.amount, "f"),
                "quantity": None if line.quantity is None else format(line.quantity, "f"),
                "unit": line.unit,
            }
            for line in cost.line_items
        ],
        ensure_ascii=False,
        separators=(",", ":"),
    )


def _record_restatements(
    connection: Connection, account: dict[str, Any], statement: Statement, before: dict[date, int], run_id: int
) -> int:
    if account["covered_from"] is None or account["finished_to"] is None:
        return 0
    after = _saved_totals(connection, account["id"], statement.window)
    restated = [
        {
            "run_id": run_id,
            "account_id": account["id"],
            "day": day,
            "before": from_nanos(before.get(day, 0)),
            "after": from_nanos(after.get(day, 0)),
        }
        for day in statement.window.days()
        if account["covered_from"] <= day < min(account["covered_to"], account["finished_to"])
        and before.get(day, 0) != after.get(day, 0)
    ]
    if restated:
        connection.execute(insert(table(Restatement)), restated)
    return len(restated)


def _merge_workspaces(connection: Connection, account_id: int, statement: Statement, now: datetime) -> None:
    """Remember every workspace listed or billed; one no longer listed stays as it was."""
    spaces = table(Workspace)
    known = {
        row["workspace_id"]: row for row in rows_of(connection, select(spaces).where(spaces.c.account_id == account_id))
    }
    listed = {record.workspace_id: record.model_dump() for record in statement.workspaces}
    billed = {cost.workspace_id for cost in statement.costs} | {key.workspace_id for key in statement.api_keys}
    _upsert(connection, spaces, "workspace_id", account_id, known, listed, billed - {""}, now)
    note_provider_names(connection, account_id, {key: row["name"] for key, row in listed.items() if row["name"]}, now)


def _merge_api_keys(connection: Connection, account_id: int, statement: Statement, now: datetime) -> None:
    """Remember every key listed or billed; a known key missing from a complete list is `deleted`."""
    keys = table(ApiKey)
    known = {row["api_key_id"]: row for row in rows_of(connection, select(keys).where(keys.c.account_id == account_id))}
    listed = {record.api_key_id: record.model_dump() for record in statement.api_keys}
    homes = {cost.api_key_id: cost.workspace_id for cost in statement.costs if cost.api_key_id}
    _upsert(connection, keys, "api_key_id", account_id, known, listed, set(homes), now)
    complete = statement.listed_workspaces
    for key_id in (known.keys() | homes.keys()) - listed.keys():
        home = known.get(key_id, {}).get("workspace_id") or homes.get(key_id, "")
        values = {"workspace_id": home}
        if complete is not None and home in complete:
            values["status"] = "deleted"
        _set(connection, keys, (keys.c.account_id == account_id) & (keys.c.api_key_id == key_id), values)


def _upsert(
    connection: Connection,
    chosen: Table,
    key: str,
    account_id: int,
    known: dict[str, dict[str, Any]],
    listed: dict[str, dict[str, Any]],
    billed: Iterable[str],
    now: datetime,
) -> None:
    """Insert the new, refresh the listed. A value the provider no longer says never erases one it said before."""
    fresh = [
        {"account_id": account_id, key: name, "first_seen": now, "last_seen": now, **_said(listed.get(name, {}))}
        for name in sorted((set(billed) | listed.keys()) - known.keys())
    ]
    for row in fresh:
        connection.execute(insert(chosen), row)
    for name in listed.keys() & known.keys():
        condition = (chosen.c.account_id == account_id) & (chosen.c[key] == name)
        values = {field: value for field, value in _said(listed[name]).items() if known[name][field] != value}
        _set(connection, chosen, condition, {**values, "last_seen": now})


def _said(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


def _set(connection: Connection, chosen: Table, condition: Any, values: dict[str, Any]) -> None:
    connection.execute(update(chosen).where(condition).values(**values))
