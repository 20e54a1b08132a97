"""Which lines of a table moved far outside their own past.

Modified z-scores: the distance from the median in median absolute deviations, and mean absolute deviations where
those are zero (https://www.itl.nist.gov/div898/handbook/eda/section3/eda35h.htm).
"""

from collections.abc import Sequence

import polars as pl

from store.metrics.rows import plain
from store.metrics.trends import day_sums, dollars
from store.series import Spend

ABOVE, BELOW, USUAL = "above", "below", "usual"
FARTHEST = 3.5
"""Spreads from the past that are still usual, as Iglewicz and Hoaglin advise."""
LEAST_SPREAD = 0.1
"""Of the median day: a perfectly even past does not make every cent an outlier."""
LEAST_DAYS = 7
"""Days of past without which nothing is judged."""
LEAST_DOLLARS = 1
"""Over the whole window: trifles are not outliers."""
FROM_MEDIAN_DEVIATION = 1.4826
FROM_MEAN_DEVIATION = 1.2533
"""Factors that make either deviation a standard deviation where the days are distributed normally."""


def outliers(spend: Spend, by: Sequence[str], sums: pl.DataFrame | None = None) -> pl.DataFrame:
    """Per group with a row in the window, `outlier`: `above`, `below` or `usual`; null with too short a past.

    `sums` are `day_sums` of the groups, if they are known already. A group's past are the days from its first row
    before the window on, days without a row being zero. Its daily average in the window is an outlier when it lies more
    than `FARTHEST` spreads beyond both the median and the average of those days: beyond both, since weekends pull them
    apart, and one dear day of the past moves the average alone.
    """
    window = spend.window
    lines = (day_sums(spend, by) if sums is None else sums).join(_begun(spend, by), on=by, how="inner")
    past = pl.concat_list(dollars(window.previous)).list.slice(
        (pl.col("first_day") - window.previous.start).dt.total_days()
    )
    beyond = pl.col("now") - pl.col("now").clip(
        pl.min_horizontal("median", "mean"), pl.max_horizontal("median", "mean")
    )
    is_far = (beyond.abs() > FARTHEST * pl.col("spread")) & (beyond.abs() * window.length >= LEAST_DOLLARS)
    word = pl.when(~is_far).then(pl.lit(USUAL)).when(beyond > 0).then(pl.lit(ABOVE)).otherwise(pl.lit(BELOW))
    return (
        lines.select(*by, past.alias("past"), (pl.sum_horizontal(dollars(window)) / window.length).alias("now"))
        .with_columns(
            pl.col("past").list.len().alias("days"),
            pl.col("past").list.median().alias("median"),
            pl.col("past").list.mean().alias("mean"),
        )
        .with_columns(_spread())
        .select(*by, pl.when(pl.col("days") >= LEAST_DAYS).then(word).otherwise(None).alias("outlier"))
    )


def _begun(spend: Spend, by: Sequence[str]) -> pl.DataFrame:
    """Per group with a row in the window, the first day before it with a row, or null."""
    before = pl.when(~pl.col("is_current")).then("first_day")
    groups = spend.sums.lazy().group_by(by).agg(before.min(), pl.col("is_current").any())
    return groups.filter("is_current").drop("is_current").with_columns(plain()).collect()


def _spread() -> pl.Expr:
    """How far the days of the `past` usually are from their `median`."""
    away = (pl.col("past") - pl.col("median")).list.eval(pl.element().abs())
    of_median, of_mean = away.list.median() * FROM_MEDIAN_DEVIATION, away.list.mean() * FROM_MEAN_DEVIATION
    spread = pl.when(of_median > 0).then(of_median).otherwise(of_mean)
    return pl.max_horizontal(spread, pl.col("median").abs() * LEAST_SPREAD).alias("spread")
