"""Saving a statement: the only place where cost data enters the database."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any

import polars as pl
from sqlalchemy import Connection, Table, delete, func, insert, select, update

from store.directory import merge_api_keys, merge_workspaces
from store.engine import Store
from store.leases import keep_lease
from store.models import Account, ControlTotal, DailyCost, Restatement
from store.packed import STORED_SCHEMA, pack_days
from store.records import CostRecord, Statement, Window, from_nanos, to_micros, to_nanos
from store.tables import changed, insert_rows, rows_of, table

KEY = ("day", "workspace_id", "api_key_id", "model", "variant", "upstream")
MADE: dict[str, Callable[[CostRecord], int | str | None]] = {
    "billed_cost": lambda cost: to_nanos(cost.billed_cost),
    "list_cost": lambda cost: None if cost.list_cost is None else to_nanos(cost.list_cost),
    "credits_applied": lambda cost: to_nanos(cost.credits_applied) if cost.credits_applied else 0,
    "usage_quantity": lambda cost: None if cost.usage_quantity is None else to_micros(cost.usage_quantity),
    "line_items": lambda cost: _printed(cost) if cost.line_items else None,
}
"""Columns whose stored value is not that of the record."""


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
        is_newest = account["covered_to"] is None or statement.window.end >= account["covered_to"]
        merge_workspaces(connection, account_id, statement, now, renames=is_newest)
        merge_api_keys(connection, account_id, statement, now)
        connection.execute(
            update(table(Account))
            .where(table(Account).c.id == account_id)
            .values(
                covered_from=window.start,
                covered_to=window.end,
                finished_to=_finished(account, statement.window, today or now.date()),
            )
        )
        changed(connection)
    return Saved(len(statement.costs), len(statement.workspaces), len(statement.api_keys), restated)


def _joined(account: dict[str, Any], window: Window) -> Window:
    """The covered range with the window added; it stays one unbroken range.

    A window after a gap begins a new range: days before the gap stay saved, but are no longer claimed whole.
    """
    start, end = account["covered_from"], account["covered_to"]
    if start is None or window.start > end:
        return window
    if window.end < start:
        raise ValueError(f"{window} does not touch the covered days {start} to {end}")
    return Window(min(start, window.start), max(end, window.end))


def _finished(account: dict[str, Any], window: Window, today: date) -> date:
    """The day before which every covered day was over when it was last saved."""
    known: date | None = account["finished_to"]
    over = min(window.end, today)
    if known is None or window.start > account["covered_to"]:
        return over
    return known if window.start > known else max(known, over)


def _in_window(chosen: Table, account_id: int, window: Window) -> Any:
    return (chosen.c.account_id == account_id) & (chosen.c.day >= window.start) & (chosen.c.day < window.end)


def _saved_totals(connection: Connection, account_id: int, window: Window) -> dict[date, int]:
    """Billed nano-dollars per saved day."""
    costs = table(DailyCost)
    total = func.sum(costs.c.billed_cost).label("total")
    query = select(costs.c.day, total).where(_in_window(costs, account_id, window)).group_by(costs.c.day)
    return {row.day: to_nanos(Decimal(row.total)) for row in connection.execute(query)}


def _replace_days(connection: Connection, account_id: int, statement: Statement) -> None:
    """Rows go to the driver as it takes them, in the order of the table: a quarter of the time of typed inserts."""
    costs, controls = table(DailyCost), table(ControlTotal)
    connection.execute(delete(costs).where(_in_window(costs, account_id, statement.window)))
    connection.execute(delete(controls).where(_in_window(controls, account_id, statement.window)))
    rows = _rows(account_id, statement)
    stored = rows.with_columns(pl.col("day").dt.to_string("iso"))
    insert_rows(connection, costs.name, rows.columns, zip(*[column.to_list() for column in stored], strict=True))
    pack_days(connection, account_id, statement.window, rows)
    if statement.control_totals:
        connection.execute(
            insert(controls),
            [
                {"account_id": account_id, "day": day, "billed_cost": total}
                for day, total in statement.control_totals.items()
                if day in statement.window
            ],
        )


def _rows(account_id: int, statement: Statement) -> pl.DataFrame:
    """The statement's costs as `packed.STORED_SCHEMA`, ordered by the primary key."""
    made = {
        name: [account_id] * len(statement.costs)
        if name == "account_id"
        else list(map(MADE.get(name) or attrgetter(name), statement.costs))
        for name in STORED_SCHEMA
    }
    return pl.DataFrame(made, schema=STORED_SCHEMA).sort(KEY)


def _printed(cost: CostRecord) -> str:
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
