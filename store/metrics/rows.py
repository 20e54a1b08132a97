"""Which rows count, and which the filter asks for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

import polars as pl
import polars.selectors as cs

from store.records import Window
from store.series import Spend

SEARCHED = ("workspace", "workspace_names", "workspace_id", "api_key_hint", "api_key_name", "api_key_id", "model")


@dataclass(frozen=True, slots=True, kw_only=True)
class CostFilter:
    """What a page or an export asks for. Empty fields do not filter.

    `search` keeps cost rows whose workspace (by any name it ever had), key or model contains the text; the cost range
    keeps table rows by their billed US dollars. `workspace` is a display name, `api_key` an id, `model` a model;
    `finding` keeps the keys that have it (see `findings.FINDINGS`).
    """

    window: Window
    providers: tuple[str, ...] = ()
    search: str = ""
    workspace: str = ""
    api_key: str = ""
    model: str = ""
    finding: str = ""
    min_cost: Decimal | None = None
    max_cost: Decimal | None = None
    sort: str = ""
    descending: bool = True


def spending(costs: pl.DataFrame, covered: Mapping[str, Iterable[Window]]) -> pl.DataFrame:
    """The rows that are spend: a gateway's rows are not, on days of which the bill of the provider behind it is here.

    `covered` are the days of each provider's own bill (see `frames.covered_days`).
    """
    return costs.filter(~_is_billed_elsewhere(covered))


def billed_elsewhere(costs: pl.DataFrame, covered: Mapping[str, Iterable[Window]]) -> pl.DataFrame:
    """The rows that `spending` leaves out, because the bill of the provider behind the gateway holds their cost."""
    return costs.filter(_is_billed_elsewhere(covered))


def _is_billed_elsewhere(covered: Mapping[str, Iterable[Window]]) -> pl.Expr:
    days = [
        (pl.col("upstream") == provider) & pl.col("day").is_between(window.start, window.end, closed="left")
        for provider, windows in covered.items()
        for window in windows
    ]
    return pl.any_horizontal(days) if days else pl.lit(value=False)


def left_out(elsewhere: Spend) -> pl.DataFrame:
    """Per gateway and provider behind it, the current billed nano-dollars of `billed_elsewhere`, largest first.

    Columns `provider`, `upstream`, `billed_cost`.
    """
    current = elsewhere.sums.lazy().filter("is_current")
    sums = current.group_by("provider", "upstream").agg(pl.col("billed_cost").sum()).with_columns(plain()).collect()
    return sums.sort("billed_cost", "provider", "upstream", descending=[True, False, False])


def chosen(costs: Spend, asked: CostFilter) -> Spend:
    """The costs that the filter asks for."""
    keep = []
    if asked.providers:
        of_providers = pl.col("provider").is_in(list(asked.providers))
        costs = replace(costs, bills=costs.bills.filter(of_providers))
        keep.append(of_providers)
    for column, value in (("workspace", asked.workspace), ("api_key_id", asked.api_key), ("model", asked.model)):
        if value:
            keep.append(pl.col(column) == value)
    if needle := asked.search.strip().lower():
        keep.append(_found_in_rows(needle))
    return costs.narrowed(pl.all_horizontal(keep)) if keep else costs


def _found_in_rows(needle: str) -> pl.Expr:
    """`contains` for the categorical columns of cost rows: each different text is looked into once.

    Texts are sought before the rows: a Polars expression that calls back into Python can stop all sessions for good,
    when its worker waits for the interpreter that another session holds while waiting for a worker.
    """
    texts = pl.Categorical().categories.to_series()
    hits = texts.filter(texts.str.to_lowercase().str.contains(needle, literal=True)).cast(pl.Categorical).implode()
    return pl.any_horizontal(pl.col(column).is_in(hits).fill_null(value=False) for column in SEARCHED)


def contains(needle: str, columns: tuple[str, ...]) -> pl.Expr:
    """Whether any of the columns has the lower-case text in it, letter case aside, taken literally."""
    return pl.any_horizontal(
        pl.col(column).cast(pl.String).str.to_lowercase().str.contains(needle, literal=True).fill_null(value=False)
        for column in columns
    )


def plain() -> pl.Expr:
    """Every categorical column as `String`, for lines: few, and joined with other frames."""
    return (cs.categorical() | cs.enum()).cast(pl.String)
