"""Which rows count, and which the filter asks for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from store.records import Window

SEARCHED = ("workspace", "workspace_names", "workspace_id", "api_key_hint", "api_key_name", "api_key_id", "model")


@dataclass(frozen=True, slots=True, kw_only=True)
class CostFilter:
    """What a page or an export asks for. Empty fields do not filter.

    `search` keeps cost rows whose workspace (by any name it ever had), key or model contains the text; the cost range
    keeps table rows by their billed US dollars. `workspace` is a display name, `api_key` an id, `model` a model.
    """

    window: Window
    providers: tuple[str, ...] = ()
    search: str = ""
    workspace: str = ""
    api_key: str = ""
    model: str = ""
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


def left_out(elsewhere: pl.DataFrame) -> pl.DataFrame:
    """Per gateway and provider behind it, the current billed nano-dollars of `billed_elsewhere`, largest first.

    Columns `provider`, `upstream`, `billed_cost`; input is `chosen`.
    """
    sums = elsewhere.filter("is_current").group_by("provider", "upstream").agg(pl.col("billed_cost").sum())
    return sums.sort("billed_cost", "provider", "upstream", descending=[True, False, False])


def chosen(costs: pl.DataFrame, asked: CostFilter) -> pl.DataFrame:
    """The rows of the window and the one before it that the filter asks for, with `is_current` beside them."""
    keep = pl.col("day").is_between(asked.window.previous.start, asked.window.end, closed="left")
    if asked.providers:
        keep &= pl.col("provider").is_in(list(asked.providers))
    for column, value in (("workspace", asked.workspace), ("api_key_id", asked.api_key), ("model", asked.model)):
        if value:
            keep &= pl.col(column) == value
    found = costs.filter(keep)
    if needle := asked.search.strip().lower():
        found = found.filter(contains(needle, SEARCHED))
    return found.with_columns((pl.col("day") >= asked.window.start).alias("is_current"))


def contains(needle: str, columns: tuple[str, ...]) -> pl.Expr:
    """Whether any of the columns has the lower-case text in it, letter case aside, taken literally."""
    return pl.any_horizontal(
        pl.col(column).str.to_lowercase().str.contains(needle, literal=True).fill_null(value=False)
        for column in columns
    )
