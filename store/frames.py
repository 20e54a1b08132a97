"""From SQL to Polars: typed frames over Arrow, one shared frame per window and data version.

Money is whole nano-dollars (`Int64`), quantities are whole millionths (`Int64`); sums of both are exact.
"""

import sqlite3
from datetime import date
from pathlib import Path
from typing import Any

import adbc_driver_postgresql.dbapi
import adbc_driver_sqlite.dbapi
import polars as pl
from sqlalchemy import select

from store.engine import Store, read_only_uri
from store.errors import StoreError, explained
from store.models import Account, ApiKey, ControlTotal, DataVersion, SyncRun
from store.names import all_names
from store.records import Window, to_nanos
from store.tables import rows_of, table

NANOS = 1_000_000_000
MICROS = 1_000_000
UNATTRIBUTED_NAME = "Unattributed"
BATCH_ROWS = 100_000_000

Schema = dict[str, pl.DataType | type[pl.DataType]]

COST_SCHEMA: Schema = {
    "day": pl.Date,
    "account_id": pl.Int64,
    "workspace_id": pl.String,
    "api_key_id": pl.String,
    "model": pl.String,
    "variant": pl.String,
    "upstream": pl.String,
    "billed_cost": pl.Int64,
    "list_cost": pl.Int64,
    "credits_applied": pl.Int64,
    "cost_basis": pl.String,
    "input_tokens": pl.Int64,
    "cached_input_tokens": pl.Int64,
    "cache_write_tokens": pl.Int64,
    "output_tokens": pl.Int64,
    "usage_quantity": pl.Int64,
    "usage_unit": pl.String,
    "requests": pl.Int64,
}
ACCOUNT_SCHEMA: Schema = {"account_id": pl.Int64, "provider": pl.String, "account": pl.String}
WORKSPACE_SCHEMA: Schema = {
    "account_id": pl.Int64,
    "workspace_id": pl.String,
    "workspace": pl.String,
    "workspace_names": pl.String,
}
KEY_SCHEMA: Schema = {
    "account_id": pl.Int64,
    "api_key_id": pl.String,
    "api_key_hint": pl.String,
    "api_key_name": pl.String,
    "api_key_status": pl.String,
    "api_key_owner": pl.String,
    "api_key_workspace_id": pl.String,
    "created_at": pl.Datetime("us", "UTC"),
    "last_used_at": pl.Datetime("us", "UTC"),
}


def data_version(store: Store) -> int:
    """Counts up with every change of what pages show."""
    versions = table(DataVersion)
    with store.read() as connection:
        return int(connection.execute(select(versions.c.version)).scalar_one())


def read_costs(store: Store, window: Window) -> pl.DataFrame:
    """Cost rows of a window with the names of their account, workspace and key joined in, ordered by day and grain.

    Columns: those of `COST_SCHEMA`, then provider, account, workspace, workspace_names (every name it ever had),
    api_key_hint, api_key_name, api_key_status, and `net_cost` = billed − credits, all money in nano-dollars.
    """
    names = read_names(store)
    columns = ", ".join(COST_SCHEMA)
    ids = ", ".join(str(int(account_id)) for account_id in names["account"]["account_id"])
    if not ids:
        return _named(pl.DataFrame(schema=COST_SCHEMA), names)
    sql = (
        f"SELECT {columns} FROM daily_cost WHERE account_id IN ({ids}) "  # noqa: S608  own columns, integer ids
        f"AND day >= {{0}} AND day < {{1}}"
    )
    return _named(_query(store, sql, (window.start, window.end)), names)


def _query(store: Store, sql: str, days: tuple[date, date]) -> pl.DataFrame:
    try:
        if store.sqlite_path is not None:
            found = _query_sqlite(store.sqlite_path, sql.format("?", "?"), [day.isoformat() for day in days])
        else:
            found = _query_postgresql(store, sql.format("$1", "$2"), list(days))
    except (adbc_driver_sqlite.dbapi.Error, adbc_driver_postgresql.dbapi.Error) as fault:
        raise explained(fault) from fault
    return found


def _query_sqlite(path: Path, sql: str, parameters: list[str]) -> pl.DataFrame:
    """The driver guesses types from its first batch of rows, so all rows are one batch."""
    with adbc_driver_sqlite.dbapi.connect(read_only_uri(path)) as connection, connection.cursor() as cursor:
        cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": BATCH_ROWS})
        cursor.execute(sql, parameters)
        found = pl.from_arrow(cursor.fetch_arrow_table())
    assert isinstance(found, pl.DataFrame)
    return found.with_columns(pl.col("day").cast(pl.String).str.to_date("%Y-%m-%d")).cast(pl.Schema(COST_SCHEMA))


def _query_postgresql(store: Store, sql: str, parameters: list[date]) -> pl.DataFrame:
    url = store.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with adbc_driver_postgresql.dbapi.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        found = pl.from_arrow(cursor.fetch_arrow_table())
    assert isinstance(found, pl.DataFrame)
    return found.cast(pl.Schema(COST_SCHEMA))


def read_names(store: Store) -> dict[str, pl.DataFrame]:
    """The dimension frames `account`, `workspace`, `api_key` by their ids."""
    accounts, keys = table(Account), table(ApiKey)
    with store.read() as connection:
        account_rows = rows_of(
            connection, select(accounts.c.id.label("account_id"), accounts.c.provider, accounts.c.name.label("account"))
        )
        workspace_rows = all_names(connection)
        key_rows = rows_of(connection, select(keys))
    workspaces = [{**row, "workspace": row["display_name"], "workspace_names": row["names"]} for row in workspace_rows]
    api_keys = [
        {
            **row,
            "api_key_hint": row["hint"],
            "api_key_name": row["name"],
            "api_key_status": row["status"],
            "api_key_owner": row["owner"],
            "api_key_workspace_id": row["workspace_id"],
        }
        for row in key_rows
    ]
    return {
        "account": _frame(account_rows, ACCOUNT_SCHEMA),
        "workspace": _frame(workspaces, WORKSPACE_SCHEMA),
        "api_key": _frame(api_keys, KEY_SCHEMA),
    }


def _frame(rows: list[dict[str, Any]], schema: Schema) -> pl.DataFrame:
    """The rows ordered by their ids; databases differ in the order of text."""
    found = pl.DataFrame([{name: row[name] for name in schema} for row in rows], schema=schema)
    return found.sort([name for name in ("account_id", "workspace_id", "api_key_id") if name in schema])


def _named(costs: pl.DataFrame, names: dict[str, pl.DataFrame]) -> pl.DataFrame:
    keys = names["api_key"].select("account_id", "api_key_id", "api_key_hint", "api_key_name", "api_key_status")
    return (
        costs.join(names["account"], on="account_id", how="left")
        .join(names["workspace"], on=["account_id", "workspace_id"], how="left")
        .join(keys, on=["account_id", "api_key_id"], how="left")
        .with_columns(
            pl.when(pl.col("workspace_id") == "")
            .then(pl.lit(UNATTRIBUTED_NAME))
            .otherwise(pl.coalesce("workspace", "workspace_id"))
            .alias("workspace"),
            pl.coalesce("workspace_names", "workspace_id").alias("workspace_names"),
            (pl.col("billed_cost") - pl.col("credits_applied")).alias("net_cost"),
        )
        .sort("day", "account_id", "workspace_id", "api_key_id", "model", "variant", "upstream")
    )


def read_keys(names: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Every known key that is not deleted, with the names of its account and workspace."""
    return (
        names["api_key"]
        .filter(pl.col("api_key_status") != "deleted")
        .rename({"api_key_workspace_id": "workspace_id"})
        .join(names["account"], on="account_id", how="left")
        .join(names["workspace"], on=["account_id", "workspace_id"], how="left")
        .with_columns(pl.coalesce("workspace", "workspace_id").alias("workspace"))
        .drop("api_key_owner", "created_at")
    )


def read_controls(store: Store, window: Window) -> pl.DataFrame:
    """The providers' own day totals: account_id, day, control_total in nano-dollars."""
    chosen = table(ControlTotal)
    query = select(chosen).where(chosen.c.day >= window.start, chosen.c.day < window.end)
    query = query.order_by(chosen.c.account_id, chosen.c.day)
    with store.read() as connection:
        rows = rows_of(connection, query)
    return pl.DataFrame(
        [{**row, "control_total": to_nanos(row["billed_cost"])} for row in rows],
        schema={"account_id": pl.Int64, "day": pl.Date, "control_total": pl.Int64},
    )


def covered_days(store: Store) -> dict[str, tuple[Window, ...]]:
    """The days of which each provider's own bill is in the store, by its slug; unlinked accounts that kept data too."""
    accounts = table(Account)
    query = select(accounts.c.provider, accounts.c.covered_from, accounts.c.covered_to).order_by(accounts.c.id)
    covered: dict[str, tuple[Window, ...]] = {}
    with store.read() as connection:
        for provider, start, end in connection.execute(query.where(accounts.c.covered_from.is_not(None))):
            covered[provider] = (*covered.get(provider, ()), Window(start, end))
    return covered


def read_runs(store: Store, limit: int | None = 2000) -> list[dict[str, Any]]:
    """The newest sync runs first, each with its account's provider and name."""
    runs, accounts = table(SyncRun), table(Account)
    query = (
        select(runs, accounts.c.provider, accounts.c.name.label("account"))
        .join(accounts, runs.c.account_id == accounts.c.id)
        .order_by(runs.c.id.desc())
    )
    with store.read() as connection:
        return rows_of(connection, query.limit(limit) if limit else query)


def is_healthy(store: Store) -> bool:
    """Whether the database answers."""
    try:
        data_version(store)
    except (StoreError, sqlite3.Error):
        return False
    return True
