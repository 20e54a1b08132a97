"""Costs by series: all that a row tells beside its day and its numbers says to which series it belongs.

A filter looks at each series once instead of once a day, and sums are added up from the series' own. Rows that report
different measures are of different series, so that a sum is unknown exactly where its rows are; so are rows that take
back, so that amounts of both signs can be told apart.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise

import numpy as np
import polars as pl

from store.records import Window

MEASURES = (
    "billed_cost", "credits_applied", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens",
    "usage_quantity", "requests",
)  # fmt: skip
OF_ROWS = {"day", *MEASURES, "net_cost", "list_cost"}
"""Columns of cost rows that do not tell the series; list prices are in no table."""
MOST_PLACES = 12
"""Per row; a series that has a cost each day needs one."""
SERIES, REPORTED = "series", "reported"
PLACES = 2**22
"""More than the calendar has days: a series' number times this, plus the day's, orders rows by series and day."""
NET = (pl.col("billed_cost") - pl.col("credits_applied")).alias("net_cost")


@dataclass(frozen=True, slots=True)
class Spend:
    """What a filter leaves over of the costs of a window and of the one before it; money in nano-dollars.

    `sums`: the rows added up over the days of either window, told apart by `is_current`; `first_day` is the first with
    a row. `bills`: billed cost per account and day of the window, whatever is filtered but the provider. Both have the
    columns that tell a series, `bills` account and provider alone. `first` is the day on which the window before, or
    without it the window, begins.
    """

    window: Window
    first: date
    sums: pl.DataFrame
    bills: pl.DataFrame
    _days: pl.LazyFrame | None
    _of: "CostSeries"
    _known: dict[tuple[str, ...], pl.DataFrame] = field(default_factory=dict)

    def narrowed(self, keep: pl.Expr) -> "Spend":
        """The series for which an expression over what tells them holds."""
        kept = self._of.where(keep)
        days = None if self._days is None else self._days.filter(pl.lit(kept).gather(pl.col(SERIES)))
        return replace(self, sums=self.sums.filter(kept[self.sums[SERIES]]), _days=days, _known={})

    def rows(self) -> pl.DataFrame:
        """The cost rows themselves, of the window alone."""
        return self._of.rows(self.window, self.sums[SERIES].unique())

    def alone(self) -> "Spend":
        """Without the window before."""
        return replace(self, first=self.window.start, sums=self.sums.filter("is_current"), _known={})

    def by_day(self, by: Sequence[str]) -> pl.DataFrame:
        """A line per group and a column, named by its ISO date, per day with any cost: net cost, null without a row.

        Added up once: cards, chart and table ask for the same.
        """
        if (groups := tuple(by)) not in self._known:
            self._known[groups] = self._by_day(by)
        return self._known[groups]

    def _by_day(self, by: Sequence[str]) -> pl.DataFrame:
        span = Window(self.first, self.window.end)
        if self._days is None:
            return self._of.by_day(span, by, self.sums[SERIES].unique())
        known = set(self._days.collect_schema())
        days = [name for name in map(date.isoformat, span.days()) if name in known]
        if self._days is self._of.days:
            return self._of.all_by_day(by).select(*by, *days)
        return _added_up(self._days, by, days)


class CostSeries:
    """The cost rows of a span, ordered by series and day.

    Of their numbers the running totals are kept: a period's sum is the difference of two of them, however long it is.
    """

    def __init__(self, costs: pl.DataFrame, named: Callable[[pl.DataFrame], pl.DataFrame] | None = None) -> None:
        """`costs` are rows of `packed.COST_SCHEMA`; `named` adds columns to the lines that tell the series."""
        told = [name for name in costs.columns if name not in OF_ROWS]
        grouped = costs.lazy().group_by(*told, _reported()).agg("day", *MEASURES).with_row_index(SERIES).collect()
        series = grouped.select(SERIES, REPORTED, *told)
        self._series = series if named is None else named(series)
        rows = grouped.select(SERIES, "day", *MEASURES).explode("day", *MEASURES)
        places = rows.select(_place()).to_series()
        if not places.is_sorted():  # those of the database are
            rows, places = rows.sort(SERIES, "day"), places.sort()
        self._rows, self._totals, self._places = rows.select(SERIES, "day"), _running_totals(rows), places.to_numpy()
        self.days = _by_day(rows, self._series).lazy() if _is_dense(rows, series.height) else None
        self._all_by_day: dict[tuple[str, ...], pl.DataFrame] = {}
        self._begins: dict[date, pl.Series] = {}
        self._bills = _bills(costs, self._series)

    def within(self, window: Window) -> Spend:
        """All costs of a window and of the one before it."""
        both = Window(window.previous.start, window.end)
        starts = [self._begin(day) for day in (both.start, window.start, window.end)]
        parts = [self._between(first, end) for first, end in pairwise(starts)]
        sums = pl.concat(
            part.with_columns(pl.lit(is_current).alias("is_current"))
            for part, is_current in zip(parts, (False, True), strict=True)
        )
        return Spend(
            window,
            both.start,
            self._told(sums),
            self._bills.filter(_within(window)),
            self.days,
            self,
        )

    def where(self, keep: pl.Expr) -> pl.Series:
        """Of each series whether an expression over what tells them holds."""
        return self._series.with_columns(keep.alias("kept"))["kept"]

    def rows(self, window: Window, series: pl.Series) -> pl.DataFrame:
        """The cost rows of some series in a window, with `net_cost`."""
        inside = _within(window)
        if series.len() < self._series.height:
            inside &= pl.col(SERIES).is_in(series.implode())
        numbers = self._totals.select(pl.all().diff().slice(1))
        return self._told(pl.concat([self._rows, numbers], how="horizontal").filter(inside).with_columns(NET))

    def by_day(self, window: Window, by: Sequence[str], series: pl.Series) -> pl.DataFrame:
        """`Spend.by_day` of some series, from their rows."""
        sums = self.rows(window, series).group_by(*by, "day").agg(pl.col("net_cost").sum())
        if not by:
            return pl.DataFrame({day.isoformat(): [net] for day, net in sums.iter_rows()})
        return sums.pivot(on="day", index=by, values="net_cost", aggregate_function="sum")

    def all_by_day(self, by: Sequence[str]) -> pl.DataFrame:
        """`Spend.by_day` of all series and all days, added up once for all periods; needs `days`."""
        assert self.days is not None
        if (groups := tuple(by)) not in self._all_by_day:
            days = [name for name in self.days.collect_schema() if name not in self._series.columns]
            self._all_by_day[groups] = _added_up(self.days, by, days)
        return self._all_by_day[groups]

    def _begin(self, day: date) -> pl.Series:
        """Of each series the place of its first row that is not before the day. Most periods share their days."""
        if day not in self._begins:
            wanted = pl.select(pl.int_range(self._series.height).alias(SERIES), pl.lit(day).alias("day"))
            self._begins[day] = pl.Series(np.searchsorted(self._places, wanted.select(_place()).to_series().to_numpy()))
        return self._begins[day]

    def _between(self, first: pl.Series, end: pl.Series) -> pl.DataFrame:
        """A line per series with a row from one place to before the other: its sums, `first_day` and `net_cost`."""
        some = first < end
        first, end = first.filter(some), end.filter(some)
        before, through = self._totals[first], self._totals[end]
        sums = through.select(pl.col(name) - before[name] for name in MEASURES).with_columns(NET)
        return pl.concat([self._rows[first].rename({"day": "first_day"}), sums], how="horizontal")

    def _told(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Lines of numbers with what tells their series beside them; null is what the series does not report."""
        told = pl.concat([self._series[lines[SERIES]], lines.drop(SERIES)], how="horizontal")
        return told.with_columns(_if_reported(name) for name in MEASURES)


def _within(window: Window) -> pl.Expr:
    return pl.col("day").is_between(window.start, window.end, closed="left")


def _reported() -> pl.Expr:
    """A number that tells which measures a row has, and whether it takes back."""
    bits = [*[pl.col(name).is_not_null() for name in MEASURES], pl.col("billed_cost") < 0]
    return pl.sum_horizontal(bit.cast(pl.UInt16) * 2**place for place, bit in enumerate(bits)).alias(REPORTED)


def _if_reported(name: str) -> pl.Expr:
    """A sum of a measure, null where the rows of the series do not have it."""
    return pl.when(pl.col(REPORTED) & (1 << MEASURES.index(name)) != 0).then(name).alias(name)


def _place() -> pl.Expr:
    """A number that orders rows by series and day."""
    return pl.col(SERIES).cast(pl.Int64) * PLACES + pl.col("day").to_physical()


def _running_totals(rows: pl.DataFrame) -> pl.DataFrame:
    """Of each measure the sum of all rows before: a line per row, and one more."""
    totals = rows.select(pl.col(MEASURES).fill_null(0).cum_sum())
    return pl.concat([totals.clear(1).fill_null(0), totals], rechunk=True)


def _is_dense(rows: pl.DataFrame, series: int) -> bool:
    """Whether a place for every series on every day takes not much more than the rows do."""
    return series * rows["day"].n_unique() <= MOST_PLACES * max(rows.height, 100_000)


def _by_day(rows: pl.DataFrame, series: pl.DataFrame) -> pl.DataFrame:
    net = rows.select(SERIES, "day", NET)
    days = net.pivot(on="day", index=SERIES, values="net_cost", aggregate_function="sum").sort(SERIES)
    return pl.concat([series, days.drop(SERIES)], how="horizontal")


def _added_up(lines: pl.LazyFrame, by: Sequence[str], days: Sequence[str]) -> pl.DataFrame:
    sums = pl.col(days).sum()
    return (lines.group_by(by).agg(sums) if by else lines.select(sums)).collect()


def _bills(costs: pl.DataFrame, series: pl.DataFrame) -> pl.DataFrame:
    billed = costs.lazy().group_by("account_id", "day").agg(pl.col("billed_cost").sum()).collect()
    return billed.join(series.select("account_id", "provider").unique(), on="account_id", how="left")
