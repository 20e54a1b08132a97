"""The sentence above a chart: what happened to spend, and what did most of it."""

import polars as pl

from pages.parts.numbers import figure, percent
from store.records import Window

STEADY = 0.01
MOSTLY = 0.5


def headline(days: pl.DataFrame, by: str, window: Window, *, compared: bool) -> tuple[str, str | None]:
    """The sentence, and the value of `by` that it names, or None. `days` is `metrics.daily` of both windows.

    A driver is named when it alone makes at least half of the whole change.
    """
    parts = days.group_by(by).agg(
        pl.col("net_cost").filter(pl.col("is_current")).sum().alias("now"),
        pl.col("net_cost").filter(~pl.col("is_current")).sum().alias("before"),
    )
    now, before = int(parts["now"].sum()), int(parts["before"].sum())
    length = "one day" if window.length == 1 else f"{window.length} days"
    if not compared or before <= 0:
        return f"{figure(now)} in {length}", None
    ratio = (now - before) / before
    if abs(ratio) < STEADY:
        return f"Spend held steady at {figure(now)} in {length}", None
    verb = "rose" if ratio > 0 else "fell"
    moved = parts.with_columns((pl.col("now") - pl.col("before")).alias("moved")).sort(
        [pl.col("moved") * (1 if ratio > 0 else -1), pl.col(by)], descending=[True, False]
    )
    driver = moved.row(0, named=True)
    sentence = f"Spend {verb} {percent(abs(ratio))}"
    if parts.height > 1 and driver["moved"] / (now - before) >= MOSTLY:
        return sentence, str(driver[by])
    return sentence, None
