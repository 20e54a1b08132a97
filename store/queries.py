"""The tables that pages show and exports write: one function each, from a store and a filter to a frame."""

from collections.abc import Callable

import polars as pl

from store import metrics
from store.engine import Store
from store.frames import UNATTRIBUTED_NAME, covered_days, read_costs, read_keys, read_names, read_runs
from store.metered import read_metered
from store.metrics import CostFilter
from store.metrics.coverage import MODEL_COVERAGE_COLUMNS, key_coverage, listed, model_coverage, seen
from store.metrics.findings import with_metering
from store.packed import Schema
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


def known_rows(store: Store, asked: CostFilter) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`parted_rows`, without the window before unless every account asked for was read for all of it.

    Half a period to compare with is worse than none.
    """
    chosen = [
        window
        for provider, windows in covered_days(store).items()
        for window in windows
        if not asked.providers or provider in asked.providers
    ]
    rows, elsewhere = parted_rows(store, asked.window)
    if chosen and all(window.start <= asked.window.previous.start for window in chosen):
        return rows, elsewhere
    return _since(rows, asked.window), _since(elsewhere, asked.window)


def _since(rows: pl.DataFrame, window: Window) -> pl.DataFrame:
    return rows.filter(pl.col("day") >= window.start)


def _of_costs(table: Callable[[pl.DataFrame, CostFilter], pl.DataFrame]) -> Callable[..., pl.DataFrame]:
    def query(store: Store, asked: CostFilter, rows: pl.DataFrame | None = None) -> pl.DataFrame:
        return table(metrics.chosen(known_rows(store, asked)[0] if rows is None else rows, asked), asked)

    return query


def key_findings(store: Store, window: Window, parted: tuple[pl.DataFrame, pl.DataFrame] | None = None) -> pl.DataFrame:
    """`metrics.key_findings` of all keys with what metering says of them; `parted` is `parted_rows` of the window."""
    rows, elsewhere = parted_rows(store, window) if parted is None else parted
    found = metrics.key_findings(rows, elsewhere, read_names(store)["api_key"], window)
    asked = CostFilter(window=window)
    told = seen(read_metered(store, Window(window.previous.start, window.end)), elsewhere)
    return with_metering(found, key_coverage(metrics.chosen(rows, asked), told, asked))


def api_key_lines(
    names: dict[str, pl.DataFrame], asked: CostFilter, rows: pl.DataFrame, found: pl.DataFrame
) -> pl.DataFrame:
    """`metrics.api_keys` of all findings, idle keys included.

    `names` is `frames.read_names`, `rows` are those of `metrics.chosen`, `found` is `key_findings`.
    """
    known = read_keys(names).with_columns(pl.col("workspace").replace("", UNATTRIBUTED_NAME))
    if asked.providers:
        known = known.filter(pl.col("provider").is_in(list(asked.providers)))
    if asked.workspace:
        known = known.filter(pl.col("workspace") == asked.workspace)
    if asked.api_key:
        known = known.filter(pl.col("api_key_id") == asked.api_key)
    if needle := asked.search.strip().lower():
        known = known.filter(metrics.contains(needle, tuple(name for name in metrics.SEARCHED if name != "model")))
    if asked.model:
        known = known.clear()
    return metrics.api_keys(rows, asked, known, found)


def api_keys(store: Store, asked: CostFilter, rows: pl.DataFrame | None = None) -> pl.DataFrame:
    """The API Keys table, idle keys included. `rows` are all of the window's spend."""
    parted = known_rows(store, asked) if rows is None else (rows, rows.clear())
    found = key_findings(store, asked.window, parted)
    lines = api_key_lines(read_names(store), asked, metrics.chosen(parted[0], asked), found)
    return metrics.of_finding(lines, asked.finding).select(metrics.API_KEY_COLUMNS)


def coverage(store: Store, asked: CostFilter, rows: pl.DataFrame | None = None) -> pl.DataFrame:
    """The Coverage table. Only the provider narrows what is held against the bill; the search keeps models."""
    del rows
    spent, elsewhere = known_rows(store, asked)
    told = seen(read_metered(store, Window(asked.window.previous.start, asked.window.end)), elsewhere)
    bill = metrics.chosen(spent, CostFilter(window=asked.window, providers=asked.providers))
    return listed(model_coverage(bill, told, asked), asked)


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
    "models": _of_costs(lambda rows, asked: metrics.models(rows, asked).select(metrics.MODEL_COLUMNS)),
    "api_keys": api_keys,
    "workspaces": _of_costs(metrics.workspaces),
    "costs": _of_costs(metrics.costs),
    "coverage": coverage,
    "sync_logs": sync_logs,
}
SORTABLE: dict[str, tuple[str, ...]] = {
    "providers": metrics.PROVIDER_COLUMNS,
    "models": metrics.MODEL_COLUMNS,
    "api_keys": metrics.API_KEY_COLUMNS,
    "workspaces": metrics.WORKSPACE_COLUMNS,
    "costs": metrics.COST_COLUMNS,
    "coverage": MODEL_COVERAGE_COLUMNS,
    "sync_logs": tuple(RUN_SCHEMA),
}
