"""Net cost day by day: a small line beside each figure, and what outliers are judged by."""

import polars as pl

from store.frames import NANOS
from store.metrics.rows import plain
from store.records import Window


def day_sums(rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Net nano-dollars per group and day; days without a row are absent, texts are as in the rows."""
    return rows.lazy().group_by(*by, "day").agg(pl.col("net_cost").sum()).collect(engine="streaming")


def trends(rows: pl.DataFrame, by: list[str], window: Window) -> pl.DataFrame:
    """Per group with a row in the window, `trend`: net US dollars of each of its days in order, 0 without a row.

    `rows` are cost rows or `day_sums` of them.
    """
    sums = day_sums(rows, by).filter(pl.col("day").is_between(window.start, window.end, closed="left"))
    days = pl.DataFrame({"day": list(window.days())}, schema={"day": pl.Date})
    filled = sums.select(by).unique().join(days, how="cross").join(sums, on=[*by, "day"], how="left")
    dollars = pl.col("net_cost").sort_by("day").fill_null(0) / NANOS
    return filled.group_by(by).agg(dollars.alias("trend")).with_columns(plain())
