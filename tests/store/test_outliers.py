"""Lines far outside their own past; money in nano-dollars, `D` is one dollar."""

from typing import Any

import polars as pl
import pytest

from store.frames import NANOS
from store.metrics import outliers
from store.metrics.outliers import LEAST_DAYS
from store.metrics.trends import day_sums, trends
from store.records import Window
from tests.store.cast import day, march
from tests.store.test_metrics import frame, row, spend

D = NANOS
WINDOW = march(16, 30)
"""Fifteen days; the period before begins on the first of March."""


def rows(**daily: dict[int, float]) -> pl.DataFrame:
    """Dollars by day of March, per model."""
    return frame(*[row(on, dollars, model=name) for name, days in daily.items() for on, dollars in days.items()])


def word(rows: pl.DataFrame, window: Window = WINDOW) -> Any:
    return words(rows, window).get("m", "no line")


def words(rows: pl.DataFrame, window: Window = WINDOW) -> dict[str, Any]:
    return dict(outliers(spend(rows, window), ["model"]).iter_rows())


def days(first: int, last: int, *dollars: float) -> dict[int, float]:
    """The dollars over and over from the first day to the last."""
    return {on: dollars[(on - first) % len(dollars)] for on in range(first, last + 1)}


UNEVEN = days(1, 15, 10, 12, 9, 11, 8)
"""Median and average 10; the median deviation is 1, so that a spread is 1.48 dollars."""


@pytest.mark.parametrize(
    ("dollars", "said"), [(10, "usual"), (15, "usual"), (15.5, "above"), (5, "usual"), (4.5, "below"), (0, "below")]
)
def test_a_line_is_usual_within_three_and_a_half_spreads_of_its_past(dollars: float, said: str) -> None:
    assert word(rows(m=UNEVEN | days(16, 30, dollars))) == said


def test_an_even_past_has_a_spread_of_a_tenth() -> None:
    even = days(1, 15, 10)
    assert word(rows(m=even | days(16, 30, 13.4))) == "usual"
    assert word(rows(m=even | days(16, 30, 13.6))) == "above"


def test_free_days_do_not_make_the_same_week_an_outlier() -> None:
    week = (100, 102, 98, 101, 1, 1, 1)
    assert word(rows(m=days(1, 30, *week)), Window(day(15), day(29))) == "usual"


def test_one_dear_day_of_the_past_does_not_make_a_usual_period_cheap() -> None:
    assert word(rows(m=UNEVEN | {7: 900.0} | days(16, 30, 10))) == "usual"


def test_one_dear_day_of_now_is_an_outlier_although_the_others_are_usual() -> None:
    assert word(rows(m=UNEVEN | days(16, 30, 10) | {20: 900.0})) == "above"


def test_days_without_a_row_count_as_zero_after_the_first_row() -> None:
    assert word(rows(m={1: 30.0, 8: 30.0, 20: 60.0})) == "usual"
    assert word(rows(m={1: 30.0, 8: 30.0, 20: 600.0})) == "above"


def test_a_past_that_is_too_short_judges_nothing() -> None:
    first = 16 - LEAST_DAYS
    assert word(rows(m=days(first, 15, 10) | {20: 900.0})) == "above"
    assert word(rows(m=days(first + 1, 15, 10) | {20: 900.0})) is None
    assert word(rows(m={20: 900.0})) is None


def test_trifles_are_usual_whatever_their_ratio() -> None:
    assert word(rows(m=days(1, 15, 0.001) | days(16, 30, 0.06))) == "usual"
    assert word(rows(m=days(1, 15, 0.001) | days(16, 30, 0.07))) == "above"


def test_a_line_without_a_row_in_the_window_has_no_word() -> None:
    assert word(rows(m=UNEVEN)) == "no line"


def test_each_line_is_judged_by_its_own_past() -> None:
    both = rows(m=UNEVEN | days(16, 30, 60), other=days(1, 15, 60) | days(16, 30, 60))
    assert words(both) == {"m": "above", "other": "usual"}
    assert outliers(spend(both, WINDOW), ["model"]).schema["model"] == pl.String


def test_the_series_of_a_line_are_judged_together() -> None:
    """A first row of one part begins the past of the whole line."""
    parts = [row(on, 5, model="m", api_key_id=key) for key in ("a", "b") for on in range(1 if key == "a" else 12, 16)]
    now = [row(20, 900, model="m", api_key_id="b")]
    assert word(frame(*parts, *now)) == "above"
    assert word(frame(*[part for part in parts if part["api_key_id"] == "b"], *now)) is None


def test_an_empty_frame_has_no_line() -> None:
    nothing = spend(frame(), WINDOW)
    assert outliers(nothing, ["model"]).columns == ["model", "outlier"]
    assert trends(day_sums(nothing, ["model"]), ["model"], WINDOW).columns == ["model", "trend"]


def test_a_trend_has_a_place_for_every_day_of_the_window() -> None:
    costs = spend(rows(m={15: 9.0, 16: 2.0, 18: -1.0}, other={17: 4.0}, past={3: 1.0}), march(16, 18))
    found = dict(trends(day_sums(costs, ["model"]), ["model"], march(16, 18)).iter_rows())
    assert found == {"m": [2.0, 0.0, -1.0], "other": [0.0, 4.0, 0.0], "past": [0.0, 0.0, 0.0]}
