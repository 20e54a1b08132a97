from datetime import date

import pytest

from pages.parts.period import window_of
from store.records import Window

TODAY = date(2026, 3, 20)


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        ("7d", date(2026, 3, 14), date(2026, 3, 21)),
        ("30d", date(2026, 2, 19), date(2026, 3, 21)),
        ("90d", date(2025, 12, 21), date(2026, 3, 21)),
        ("month", date(2026, 3, 1), date(2026, 3, 21)),
        ("last-month", date(2026, 2, 1), date(2026, 3, 1)),
        ("year", date(2026, 1, 1), date(2026, 3, 21)),
    ],
)
def test_a_preset_ends_with_today_or_with_the_last_month(period: str, start: date, end: date) -> None:
    assert window_of(period, TODAY) == Window(start, end)


def test_a_custom_range_includes_both_days_in_either_order() -> None:
    days = (date(2026, 3, 9), date(2026, 3, 2))
    assert window_of("custom", TODAY, days) == Window(date(2026, 3, 2), date(2026, 3, 10))


def test_a_range_being_picked_is_its_first_day() -> None:
    assert window_of("custom", TODAY, (date(2026, 3, 9),)) == Window(date(2026, 3, 9), date(2026, 3, 10))


def test_last_month_in_january_is_december() -> None:
    assert window_of("last-month", date(2026, 1, 5)) == Window(date(2025, 12, 1), date(2026, 1, 1))
