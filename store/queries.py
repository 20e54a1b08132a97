"""The tables that pages show and exports write: one function each, from a store and a filter to a frame."""

from collections.abc import Callable

import polars as pl

from store import metrics
from store.cost_rows import cost_rows
from store.engine import Store
from store.frames import UNATTRIBUTED_NAME, covered_days, named, read_keys, read_names, read_runs
from store.metered import read_metered
from store.metrics import CostFilter
from store.metrics.coverage import MODEL_COVERAGE_COLUMNS, listed, model_coverage, seen
from store.metrics.findings import with_metering
from store.metrics.named_coverage import covered_keys, workspace_coverage
from store.packed import Schema
from store.records import Window, to_nanos
from store.series import CostSeries, Spend

RUN_SCHEMA: Schema = {
    "id": pl.Int64, "provider": pl.String, "account": pl.String, "trigger": pl.String, "status": pl.String,
    "queued_at": pl.Datetime("us", "UTC"), "started_at": pl.Datetime("us", "UTC"), "ended_at": pl.Datetime("us", "UTC"),
    "from_day": pl.Date, "to_day": pl.Date, "windows_planned": pl.Int64, "windows_saved": pl.Int64,
    "workspaces": pl.Int64, "api_keys": pl.Int64, "cost_rows": pl.Int64, "restated_days": pl.Int64,
    "http_requests": pl.Int64, "sync_cost": pl.Int64, "bytes_billed": pl.Int64, "error_kind": pl.String,
    "message": pl.String, "likely_cause": pl.String, "resolution": pl.String, "notes": pl.String,
}  # fmt: skip


def parted_series(store: Store, span: Window) -> tuple[CostSeries, CostSeries]:
    """The named costs of a span: those that count as spend, then those that another bill holds."""
    names, covered = read_names(store), covered_days(store)
    costs = cost_rows(store, span, names["account"]["account_id"].to_list())
    parts = metrics.spending(costs, covered), metrics.billed_elsewhere(costs, covered)
    spent, elsewhere = (CostSeries(part, lambda series: named(series, names)) for part in parts)
    return spent, elsewhere


def parted_spend(store: Store, window: Window) -> tuple[Spend, Spend]:
    """The two parts of `parted_series` of a window and the one before it."""
    spent, elsewhere = parted_series(store, Window(window.previous.start, window.end))
    return spent.within(window), elsewhere.within(window)


def known_spend(store: Store, asked: CostFilter) -> tuple[Spend, Spend]:
    """`parted_spend`, without the window before unless every account asked for was read for all of it.

    Half a period to compare with is worse than none.
    """
    chosen = [
        window
        for provider, windows in covered_days(store).items()
        for window in windows
        if not asked.providers or provider in asked.providers
    ]
    spent, elsewhere = parted_spend(store, asked.window)
    if chosen and all(window.start <= asked.window.previous.start for window in chosen):
        return spent, elsewhere
    return spent.alone(), elsewhere.alone()


def _of_costs(table: Callable[[Spend, CostFilter], pl.DataFrame]) -> Callable[..., pl.DataFrame]:
    def query(store: Store, asked: CostFilter, spend: Spend | None = None) -> pl.DataFrame:
        return table(metrics.chosen(known_spend(store, asked)[0] if spend is None else spend, asked), asked)

    return query


def key_findings(
    store: Store,
    window: Window,
    parted: tuple[Spend, Spend] | None = None,
    names: dict[str, pl.DataFrame] | None = None,
    metered: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """`metrics.key_findings` of all keys with what metering says of them.

    `parted` is `parted_spend` of the window, `names` is `frames.read_names` and `metered` is `read_metered` of the
    window at least, read where they are not given.
    """
    spend, elsewhere = parted_spend(store, window) if parted is None else parted
    found = metrics.key_findings(spend, elsewhere, (names or read_names(store))["api_key"])
    told = read_metered(store, window) if metered is None else metered
    if told["api_key"].max() in {None, ""}:
        return found  # no client names a key, so that nothing is known of any
    return with_metering(found, covered_keys(spend.sums, told, CostFilter(window=window)))


def api_key_lines(names: dict[str, pl.DataFrame], asked: CostFilter, spend: Spend, found: pl.DataFrame) -> pl.DataFrame:
    """`metrics.api_keys` of all findings, idle keys included.

    `names` is `frames.read_names`, `spend` is what `metrics.chosen` leaves, `found` is `key_findings`.
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
    return metrics.api_keys(spend, asked, known, found)


def api_keys(store: Store, asked: CostFilter, spend: Spend | None = None) -> pl.DataFrame:
    """The API Keys table, idle keys included. `spend` is all of the window's."""
    parted = known_spend(store, asked) if spend is None else (spend, spend.narrowed(pl.lit(value=False)))
    found = key_findings(store, asked.window, parted)
    lines = api_key_lines(read_names(store), asked, metrics.chosen(parted[0], asked), found)
    return metrics.of_finding(lines, asked.finding).select(metrics.API_KEY_COLUMNS)


def covered_workspaces(store: Store, window: Window, parted: tuple[Spend, Spend] | None = None) -> pl.DataFrame:
    """`metrics.workspace_coverage` of all workspaces; `parted` is `parted_spend` of the window."""
    spend, elsewhere = parted_spend(store, window) if parted is None else parted
    told = seen(read_metered(store, Window(window.previous.start, window.end)), elsewhere)
    return workspace_coverage(spend.sums, told, CostFilter(window=window))


def workspaces(store: Store, asked: CostFilter, spend: Spend | None = None) -> pl.DataFrame:
    """The Workspaces table. `spend` is all of the window's spend."""
    parted = known_spend(store, asked) if spend is None else (spend, spend.narrowed(pl.lit(value=False)))
    covered = covered_workspaces(store, asked.window, parted)
    return metrics.workspaces(metrics.chosen(parted[0], asked), asked, covered)


def coverage(store: Store, asked: CostFilter, spend: Spend | None = None) -> pl.DataFrame:
    """The Coverage table. Only the provider narrows what is held against the bill; the search keeps models."""
    del spend
    spent, elsewhere = known_spend(store, asked)
    told = seen(read_metered(store, Window(asked.window.previous.start, asked.window.end)), elsewhere)
    bill = metrics.chosen(spent, CostFilter(window=asked.window, providers=asked.providers))
    return listed(model_coverage(bill.sums, told, asked), asked)


def sync_logs(store: Store, asked: CostFilter, spend: Spend | None = None) -> pl.DataFrame:
    """Every sync run asked for within the window, newest first unless asked otherwise."""
    del spend
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
    "models": _of_costs(lambda spend, asked: metrics.models(spend, asked).select(metrics.MODEL_COLUMNS)),
    "api_keys": api_keys,
    "workspaces": workspaces,
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
