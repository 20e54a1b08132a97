"""Which lines of a table moved far outside their own past.

Modified z-scores: the distance from the median in median absolute deviations, and mean absolute deviations where
those are zero (https://www.itl.nist.gov/div898/handbook/eda/section3/eda35h.htm).
"""

import polars as pl

from store.frames import NANOS
from store.metrics.rows import plain
from store.metrics.trends import day_sums
from store.records import Window

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


def outliers(rows: pl.DataFrame, by: list[str], window: Window) -> pl.DataFrame:
    """Per group with a row in the window, `outlier`: `above`, `below` or `usual`; null with too short a past.

    `rows` are cost rows of the window and the one before it. A group's past are the days from its first row before
    the window on, days without a row being zero. Its daily average in the window is an outlier when it lies more than
    `FARTHEST` spreads beyond both the median and the average of those days: beyond both, since weekends pull them
    apart, and one dear day of the past moves the average alone.
    """
    sums = day_sums(rows, by)
    in_window = pl.col("day").is_between(window.start, window.end, closed="left")
    daily = (pl.col("net_cost").sum() / NANOS / window.length).alias("now")
    both = sums.filter(in_window).group_by(by).agg(daily).join(_past(sums, by, window), on=by, how="left")
    low, high = pl.min_horizontal("median", "mean"), pl.max_horizontal("median", "mean")
    beyond = pl.col("now") - pl.col("now").clip(low, high)
    is_far = (beyond.abs() > FARTHEST * pl.col("spread")) & (beyond.abs() * window.length >= LEAST_DOLLARS)
    word = pl.when(~is_far).then(pl.lit(USUAL)).when(beyond > 0).then(pl.lit(ABOVE)).otherwise(pl.lit(BELOW))
    is_judged = pl.col("days") >= LEAST_DAYS
    return both.select(*by, pl.when(is_judged).then(word).otherwise(None).alias("outlier")).with_columns(plain())


def _past(sums: pl.DataFrame, by: list[str], window: Window) -> pl.DataFrame:
    """Per group with a day before the window: how many `days`, their `median` and `mean`, and their `spread`."""
    before = sums.filter(pl.col("day") < window.start)
    days = pl.date_ranges("first", pl.lit(window.start), closed="left").alias("day")
    known = before.group_by(by).agg(pl.col("day").min().alias("first")).select(*by, days).explode("day")
    dollars = pl.col("net_cost").fill_null(0) / NANOS
    of_median = (dollars - dollars.median()).abs().median() * FROM_MEDIAN_DEVIATION
    of_mean = (dollars - dollars.median()).abs().mean() * FROM_MEAN_DEVIATION
    return (
        known.join(before, on=[*by, "day"], how="left")
        .group_by(by)
        .agg(
            pl.len().alias("days"),
            dollars.median().alias("median"),
            dollars.mean().alias("mean"),
            of_median.alias("of_median"),
            of_mean.alias("of_mean"),
        )
        .with_columns(
            pl.max_horizontal(
                pl.when(pl.col("of_median") > 0).then("of_median").otherwise("of_mean"),
                pl.col("median").abs() * LEAST_SPREAD,
            ).alias("spread")
        )
    )
