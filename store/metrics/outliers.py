"""Which lines of a table moved far outside their own past.

Modified z-scores: the distance from the median in median absolute deviations, and mean absolute deviations where
those are zero (https://www.itl.nist.gov/div898/handbook/eda/section3/eda35h.htm).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from store.metrics.rows import plain
from store.metrics.trends import day_sums, dollars
from store.series import Spend

Amounts = npt.NDArray[Any]

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
    lines = (day_sums(spend, by) if sums is None else sums).join(_begun(spend, by), on=by, how="inner")
    window = spend.window
    begun = lines["first_day"].to_numpy()
    now = dollars(lines, window).mean(axis=1)
    days = np.array(list(window.previous.days()), dtype="datetime64[D]")
    past = np.where(days >= begun[:, None], dollars(lines, window.previous), np.nan)
    known = (days >= begun[:, None]).sum(axis=1)
    medians = _medians(past, known)
    beyond = now - np.clip(now, *np.sort([medians, _means(past, known)], axis=0))
    spreads = _spreads(past, known, medians)
    is_far = (np.abs(beyond) > FARTHEST * spreads) & (np.abs(beyond) * window.length >= LEAST_DOLLARS)
    judged = pl.DataFrame({"is_known": known >= LEAST_DAYS, "is_far": is_far, "beyond": beyond})
    word = pl.when(~pl.col("is_far")).then(pl.lit(USUAL)).when(pl.col("beyond") > 0).then(pl.lit(ABOVE))
    outlier = pl.when("is_known").then(word.otherwise(pl.lit(BELOW))).alias("outlier")
    return lines.select(*by).hstack(judged.select(outlier))


def _begun(spend: Spend, by: Sequence[str]) -> pl.DataFrame:
    """Per group with a row in the window, the first day before it with a row, or null."""
    before = pl.when(~pl.col("is_current")).then("first_day")
    groups = spend.sums.lazy().group_by(by).agg(before.min(), pl.col("is_current").any())
    return groups.filter("is_current").drop("is_current").with_columns(plain()).collect()


def _spreads(past: Amounts, known: Amounts, medians: Amounts) -> Amounts:
    """Per line, how far its days usually are from their median."""
    away = np.abs(past - medians[:, None])
    of_median, of_mean = _medians(away, known) * FROM_MEDIAN_DEVIATION, _means(away, known) * FROM_MEAN_DEVIATION
    return np.maximum(np.where(of_median > 0, of_median, of_mean), np.abs(medians) * LEAST_SPREAD)


def _medians(lines: Amounts, known: Amounts) -> Amounts:
    """Of each line's known values, the others being NaN; 0 where none is. NumPy's own takes line after line."""
    ordered = np.sort(lines, axis=1)  # NaN last
    middle = [np.take_along_axis(ordered, (np.maximum(known + off, 0) // 2)[:, None], axis=1) for off in (-1, 0)]
    found: Amounts = np.nan_to_num(np.hstack(middle).mean(axis=1))
    return found


def _means(lines: Amounts, known: Amounts) -> Amounts:
    found: Amounts = np.nansum(lines, axis=1) / np.maximum(known, 1)
    return found
