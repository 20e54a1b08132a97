"""The tables that pages show and exports write: one function each, from a store and a filter to a frame."""

from collections.abc import Callable

import polars as pl

from store import metrics
from store.engine import Store
from store.frames import Schema, covered_days, read_costs, read_keys, read_names, read_runs
from store.metrics import CostFilter
from store.records import Window, to_nanos

RUN_SCHEMA: Schema = {
    "id": pl.Int64, "provider": pl.String, "account": pl.String, "trigger": pl.String, "status": pl.String,
    "queued_at": pl.Datetime("us", "UTC"), "started_at": pl.Datetime("us", "UTC"), "ended_at": pl.Datetime("us", "UTC"),
    "from_day": pl.Date, "to_day": pl.Date, "windows_planned": pl.Int64, "windows_saved": pl.Int64,
    "workspaces": pl.Int64, "api_keys": pl.Int64, "cost_rows": pl.Int64, "restated_days": pl.Int64,
    "http_requests": pl.Int64, "sync_cost": pl.Int64, "bytes_billed": pl.Int64, "error_kind": pl.String,
    "message": pl.String, "likely_cause": pl.String, "resolution": pl.String, "notes": pl.String,
}  # fmt: skip


def parted_rows(store: Store, window: Window) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Cost rows of a window and the one before it: those that count as spend, then those that another bill holds."""
    costs, covered = read_costs(store, Window(window.previous.start, window.end)), covered_days(store)
    return metrics.spending(costs, covered), metrics.billed_elsewhere(costs, covered)


def spending_rows(store: Store, window: Window) -> pl.DataFrame:
    """The first of `parted_rows`; the frame that all cost tables start from."""
    return parted_rows(store, window)[0]


def _of_costs(table: Callable[[pl.DataFrame, CostFilter], pl.DataFrame]) -> Callable[..., pl.DataFrame]:
    def query(store: Store, asked: CostFilter, rows: pl.DataFrame | None = None) -> pl.DataFrame:
        return table(metrics.chosen(spending_rows(store, asked.window) if rows is None else rows, asked), asked)

    return query


def api_keys(store: Store, asked: CostFilter, rows: pl.DataFrame | None = None) -> pl.DataFrame:
    """The API Keys table, idle keys included."""
    rows = metrics.chosen(spending_rows(store, asked.window) if rows is None else rows, asked)
    idle = read_keys(read_names(store))
    if asked.providers:
        idle = idle.filter(pl.col("provider").is_in(list(asked.providers)))
    if asked.workspace:
        idle = idle.filter(pl.col("workspace") == asked.workspace)
    if asked.api_key:
        idle = idle.filter(pl.col("api_key_id") == asked.api_key)
    if needle := asked.search.strip().lower():
        idle = idle.filter(metrics.contains(needle, tuple(name for name in metrics.SEARCHED if name != "model")))
    if asked.model:
        idle = idle.clear()
    return metrics.api_keys(rows, asked, idle)


def sync_logs(store: Store, asked: CostFilter, rows: pl.DataFrame | None = None) -> pl.DataFrame:
    """Every sync run asked for within the window, newest first unless asked otherwise."""
    del rows
    runs = read_runs(store, limit=None)
    found = pl.DataFrame(
        [{**{name: run[name] for name in RUN_SCHEMA}, "sync_cost": to_nanos(run["sync_cost"])} for run in runs],
        schema=RUN_SCHEMA,
    ).filter(pl.col("queued_at").dt.date().is_between(asked.window.start, asked.window.end, closed="left"))
    if asked.providers:
        found = found.filter(pl.col("provider").is_in(list(asked.providers)))
    if needle := asked.search.strip().lower():
        found = found.filter(metrics.contains(needle, ("account", "status", "message", "notes")))
    return found.sort(asked.sort or "id", descending=asked.descending, nulls_last=True)


QUERIES: dict[str, Callable[..., pl.DataFrame]] = {
    "providers": _of_costs(metrics.providers),
    "models": _of_costs(metrics.models),
    "api_keys": api_keys,
    "workspaces": _of_costs(metrics.workspaces),
    "costs": _of_costs(metrics.costs),
    "sync_logs": sync_logs,
}
SORTABLE: dict[str, tuple[str, ...]] = {
    "providers": metrics.PROVIDER_COLUMNS,
    "models": metrics.MODEL_COLUMNS,
    "api_keys": metrics.API_KEY_COLUMNS,
    "workspaces": metrics.WORKSPACE_COLUMNS,
    "costs": metrics.COST_COLUMNS,
    "sync_logs": tuple(RUN_SCHEMA),
}
