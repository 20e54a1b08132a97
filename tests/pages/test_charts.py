from datetime import date, datetime, timedelta
from typing import Any

import plotly.graph_objects as go
import polars as pl
import pytest

from pages.parts.charts import MOST_SERIES, daily_costs, inked, previous_total, ranked, series, unchecked
from pages.parts.headline import headline
from store.frames import NANOS
from store.records import Window

WINDOW = Window(date(2026, 3, 18), date(2026, 3, 21))
TODAY = date(2026, 3, 20)


def days(*rows: tuple[int, str, int]) -> pl.DataFrame:
    """Rows of (day from the window's first, model, whole dollars); negative days lie in the window before."""
    return pl.DataFrame(
        [
            {
                "day": WINDOW.start + timedelta(days=at),
                "model": name,
                "net_cost": dollars * NANOS,
                "is_current": at >= 0,
            }
            for at, name, dollars in rows
        ]
    )


def drawn(frame: pl.DataFrame, **more: Any) -> Any:
    return daily_costs(frame, "model", WINDOW, today=TODAY, colours={"a": "#111111"}, **more)


def is_valid(figure: go.Figure) -> bool:
    """Whether Plotly, which the product does not ask, has nothing against any property; it raises otherwise."""
    checked = go.Figure(figure.to_dict())
    return len(checked.data) == len(figure.data) > 0


def test_every_property_of_the_chart_is_one_that_plotly_knows() -> None:
    with pytest.raises(ValueError, match="Invalid"):
        is_valid(unchecked([{"type": "bar", "colour": "#111111"}], {}))
    assert is_valid(inked(drawn(days((0, "a", 5), (2, "a", 1), (-1, "b", 2))), "light"))


def test_every_day_has_a_place_and_days_without_cost_are_zero() -> None:
    assert series(days((0, "a", 1), (2, "a", 3), (-1, "a", 9)), "model", WINDOW, ["a"]) == {"a": [NANOS, 0, 3 * NANOS]}


def test_the_largest_stands_first_and_equal_ones_by_name() -> None:
    assert ranked(days((0, "b", 2), (1, "c", 5), (2, "a", 2), (-1, "z", 99)), "model") == ["c", "a", "b"]


def test_the_eighth_series_and_those_after_it_are_other_and_no_cent_is_lost() -> None:
    frame = days(*[(0, f"m{rank}", 20 - rank) for rank in range(9)])
    bars = [trace for trace in drawn(frame).data if trace.type == "bar"]
    assert len(bars) == MOST_SERIES
    assert [bar.name for bar in bars][-1] == "Other"
    assert sum(sum(bar.y) for bar in bars) == sum(20 - rank for rank in range(9))


def test_seven_series_need_no_other() -> None:
    bars = [trace for trace in drawn(days(*[(0, f"m{rank}", 9) for rank in range(7)])).data if trace.type == "bar"]
    assert "Other" not in [bar.name for bar in bars]


def test_a_model_called_other_keeps_its_colour_and_its_money() -> None:
    bars = [trace for trace in drawn(days((0, "Other", 4), (0, "a", 1))).data if trace.type == "bar"]
    assert [(bar.name, sum(bar.y)) for bar in bars] == [("Other", 4), ("a", 1)]


def test_the_period_before_is_drawn_on_the_same_days() -> None:
    frame = days((0, "a", 1), (-3, "a", 7), (-1, "b", 2))
    assert previous_total(frame, WINDOW) == [7 * NANOS, 0, 2 * NANOS]
    line = next(trace for trace in drawn(frame).data if trace.name == "Previous period")
    assert list(line.x) == list(WINDOW.days())
    assert line.customdata[0] == "$7.00 on 15 Mar"


def test_the_axis_holds_the_days_of_the_period_and_no_other() -> None:
    assert drawn(days((0, "a", 1))).layout.xaxis.range == (datetime(2026, 3, 17, 12), datetime(2026, 3, 20, 12))  # noqa: DTZ001


def test_an_unknown_past_is_not_drawn() -> None:
    assert "Previous period" not in [trace.name for trace in drawn(days((0, "a", 1)), compared=False).data]


def test_only_today_is_hatched_and_called_partial() -> None:
    figure = drawn(days((0, "a", 1), (2, "a", 1)))
    assert list(figure.data[0].marker.pattern.shape) == ["", "", "/"]
    assert [note.text for note in figure.layout.annotations] == ["partial"]


def test_the_hover_shows_each_part_and_the_sum() -> None:
    figure = drawn(days((0, "a", 1), (0, "b", 2)))
    total = next(trace for trace in figure.data if "Sum" in trace.name)
    assert total.customdata[0] == "$3.00"
    assert figure.layout.hovermode == "x unified"


def test_a_hostile_name_reaches_the_chart_as_text() -> None:
    name = drawn(days((0, "<a href='x'>y</a>", 1))).data[0].name
    assert name == "&lt;a href=&#x27;x&#x27;&gt;y&lt;/a&gt;"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([(-1, "a", 100), (0, "a", 118)], ("Spend rose 18 %", None)),
        ([(-1, "a", 100), (-1, "b", 10), (0, "a", 120), (0, "b", 12)], ("Spend rose 20 %", "a")),
        ([(-1, "a", 100), (-1, "b", 100), (0, "a", 100), (0, "b", 50)], ("Spend fell 25 %", "b")),
        ([(-1, "a", 100), (0, "a", 100)], ("Spend held steady at $100.00 in 3 days", None)),
        ([(0, "a", 5)], ("$5.00 in 3 days", None)),
        (
            [(-1, "a", 9), (-1, "b", 9), (-1, "c", 9), (0, "a", 12), (0, "b", 12), (0, "c", 12)],
            ("Spend rose 33 %", None),
        ),
    ],
)
def test_the_headline_says_what_happened_and_what_did_most_of_it(rows: Any, said: Any) -> None:
    assert headline(days(*rows), "model", WINDOW, compared=True) == said


def test_the_headline_compares_with_nothing_unknown() -> None:
    frame = days((-1, "a", 1), (0, "a", 5))
    assert headline(frame, "model", WINDOW, compared=False) == ("$5.00 in 3 days", None)
