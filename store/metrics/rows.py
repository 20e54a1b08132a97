"""Which rows count, and which the filter asks for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial, reduce
from operator import or_

import polars as pl
import polars.selectors as cs

from store.records import Window

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


def left_out(elsewhere: pl.DataFrame) -> pl.DataFrame:
    """Per gateway and provider behind it, the current billed nano-dollars of `billed_elsewhere`, largest first.

    Columns `provider`, `upstream`, `billed_cost`; input is `chosen`.
    """
    current = elsewhere.lazy().filter("is_current")
    sums = current.group_by("provider", "upstream").agg(pl.col("billed_cost").sum()).with_columns(plain()).collect()
    return sums.sort("billed_cost", "provider", "upstream", descending=[True, False, False])


def chosen(costs: pl.DataFrame, asked: CostFilter) -> pl.DataFrame:
    """The rows of the window and the one before it that the filter asks for, with `is_current` beside them."""
    keep = pl.col("day").is_between(asked.window.previous.start, asked.window.end, closed="left")
    if asked.providers:
        keep &= pl.col("provider").is_in(list(asked.providers))
    for column, value in (("workspace", asked.workspace), ("api_key_id", asked.api_key), ("model", asked.model)):
        if value:
            keep &= pl.col(column) == value
    if needle := asked.search.strip().lower():
        keep &= contains(needle, SEARCHED)
    return costs.filter(keep).with_columns((pl.col("day") >= asked.window.start).alias("is_current"))


def contains(needle: str, columns: tuple[str, ...]) -> pl.Expr:
    """Whether any of the columns has the lower-case text in it, letter case aside, taken literally."""
    return pl.map_batches(list(columns), partial(_has, needle), return_dtype=pl.Boolean, is_elementwise=True)


def _has(needle: str, columns: Sequence[pl.Series]) -> pl.Series:
    """Categorical columns share their categories: each text is looked into once, and a row only by its number."""
    texts = [_contain(needle, values) for values in columns if values.dtype == pl.String]
    coded = [values for values in columns if isinstance(values.dtype, pl.Categorical)]
    if coded:
        hits = _contain(needle, pl.Categorical().categories.to_series())
        texts += [hits.gather(values.cat.physical()).fill_null(value=False) for values in coded]
    return reduce(or_, texts)


def _contain(needle: str, texts: pl.Series) -> pl.Series:
    return texts.str.to_lowercase().str.contains(needle, literal=True).fill_null(value=False)


def plain() -> pl.Expr:
    """Every categorical column as `String`, for lines: few, and joined with other frames."""
    return (cs.categorical() | cs.enum()).cast(pl.String)
