"""Net cost day by day: for charts, and for a small line beside each figure."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from store.frames import NANOS
from store.metrics.rows import plain
from store.records import Window
from store.series import Spend


def day_sums(spend: Spend, by: Sequence[str]) -> pl.DataFrame:
    """A line per group and a column per day of both windows, named by its ISO date: net nano-dollars, 0 without a row.

    Texts are `String`. Without `by` all is one group.
    """
    days = [day.isoformat() for window in (spend.window.previous, spend.window) for day in window.days()]
    found = spend.by_day(by).with_columns(plain())
    absent = [pl.lit(0, pl.Int64).alias(day) for day in days if day not in found.columns]
    return found.with_columns(absent).select(*by, pl.col(days).fill_null(0))


def daily(spend: Spend, by: str) -> pl.DataFrame:
    """Net nano-dollars per day and value of `by`, both windows, ordered; days without cost are absent.

    Columns `day`, `by`, `is_current`, `net_cost`.
    """
    days = day_sums(spend, [by]).unpivot(index=by, variable_name="day", value_name="net_cost")
    day = pl.col("day").str.to_date("%Y-%m-%d")
    return (
        days.filter(pl.col("net_cost") != 0)
        .select(day, by, (day >= spend.window.start).alias("is_current"), "net_cost")
        .sort("day", by)
    )


def trends(sums: pl.DataFrame, by: Sequence[str], window: Window) -> pl.DataFrame:
    """Per group, `trend`: net US dollars of each day of the window in order, 0 without a row; `sums` are `day_sums`."""
    days = pl.Series("trend", dollars(sums, window), dtype=pl.Array(pl.Float64, window.length))
    return sums.select(*by, days.arr.to_list())


def dollars(sums: pl.DataFrame, window: Window) -> npt.NDArray[np.float64]:
    """Net US dollars of each line of `day_sums` on each day of a window: lines × days."""
    return sums.select(day.isoformat() for day in window.days()).to_numpy() / NANOS
