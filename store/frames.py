"""From SQL to Polars: typed frames over Arrow, one shared frame per window and data version.

Money is whole nano-dollars (`Int64`), quantities are whole millionths (`Int64`); sums of both are exact.
"""

from typing import Any

import polars as pl
import polars.selectors as cs
from sqlalchemy import select

from store.cost_rows import cost_rows
from store.engine import Store
from store.models import Account, ApiKey, ControlTotal, DataVersion, SyncRun
from store.names import all_names
from store.packed import Schema
from store.records import Window, to_nanos
from store.series import NET
from store.tables import rows_of, table

NANOS = 1_000_000_000
MICROS = 1_000_000
UNATTRIBUTED_NAME = "Unattributed"

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
    "first_seen": pl.Datetime("us", "UTC"),
}


def data_version(store: Store) -> int:
    """Counts up with every change of what pages show."""
    versions = table(DataVersion)
    with store.read() as connection:
        return int(connection.execute(select(versions.c.version)).scalar_one())


def read_costs(store: Store, window: Window) -> pl.DataFrame:
    """Cost rows of a window with the names of their account, workspace and key joined in, ordered by account, day and
    the rest of the grain.

    Columns: those of `cost_rows.COST_SCHEMA`, then provider, account, workspace, workspace_names (every name it ever
    had), api_key_hint, api_key_name, api_key_status, and `net_cost` = billed − credits, all money in nano-dollars. Text
    is categorical: comparing, grouping and joining it works on small numbers; `metrics.sums` gives plain text again.
    """
    names = read_names(store)
    costs = cost_rows(store, window, names["account"]["account_id"].to_list())
    return named(costs, names).with_columns(NET)


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


def named(costs: pl.DataFrame, names: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Lines with account_id, workspace_id and api_key_id with the names of all three, as `read_costs` has them."""
    accounts, workspaces, keys = (frame.with_columns(cs.string().cast(pl.Categorical)) for frame in names.values())
    keys = keys.select("account_id", "api_key_id", "api_key_hint", "api_key_name", "api_key_status")
    return (
        costs.join(accounts, on="account_id", how="left", maintain_order="left")
        .join(workspaces, on=["account_id", "workspace_id"], how="left", maintain_order="left")
        .join(keys, on=["account_id", "api_key_id"], how="left", maintain_order="left")
        .with_columns(
            pl.when(pl.col("workspace_id") == "")
            .then(pl.lit(UNATTRIBUTED_NAME, pl.Categorical))
            .otherwise(pl.coalesce("workspace", "workspace_id"))
            .alias("workspace"),
            pl.coalesce("workspace_names", "workspace_id").alias("workspace_names"),
        )
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
