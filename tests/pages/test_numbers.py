from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.parts import numbers
from store.records import Window, from_nanos

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("dollars", "said"),
    [
        ("1234.56", "$1,234.56"),
        ("0", "$0.00"),
        ("0.000000001", "< $0.01"),
        ("0.0099", "< $0.01"),
        ("-0.001", "> −$0.01"),
        ("-12.5", "−$12.50"),
        ("1234567.891", "$1,234,567.89"),
    ],
)
def test_money_is_said_in_full(dollars: str, said: str) -> None:
    assert numbers.money(Decimal(dollars)) == said


@given(st.integers(-(2**62), 2**62))
def test_money_that_is_not_zero_is_never_shown_as_zero(nanos: int) -> None:
    shown = (numbers.money(from_nanos(nanos)), numbers.figure(nanos))
    assert all((text == "$0.00") == (nanos == 0) for text in shown)


def test_a_figure_above_a_million_is_shortened() -> None:
    assert numbers.figure(1_234_567_890_000_000) == "$1.23M"
    assert numbers.figure(-2_000_000_000_000_000) == "−$2.00M"


def test_not_reported_nothing_to_compare_and_zero_are_three_things() -> None:
    assert numbers.count(None) == "N/A"
    assert numbers.change(None) == "—"
    assert numbers.count(0) == "0"


@pytest.mark.parametrize(
    ("number", "said"),
    [(950, "950"), (12_400, "12.4K"), (999_999, "1.0M"), (12_400_000, "12.4M"), (30_600_000_000, "30.6B")],
)
def test_counts_are_said_short(number: int, said: str) -> None:
    assert numbers.count(number) == said


@pytest.mark.parametrize(
    ("ratio", "said"), [(0.123, "↑ 12.3 %"), (-0.04, "↓ 4.0 %"), (0.0, "0.0 %"), (12.5, "↑ 1,250 %")]
)
def test_a_change_carries_its_arrow(ratio: float, said: str) -> None:
    assert numbers.change(ratio) == said


def test_a_percentage_rounds_neither_to_all_nor_to_nothing() -> None:
    assert [numbers.percent(ratio) for ratio in (0.999, 1.0, 0.001, 0.0)] == ["> 99 %", "100 %", "< 1 %", "0 %"]


def test_a_tiny_price_is_not_shown_as_free() -> None:
    assert [numbers.unit_price(price) for price in (0.0, 1.76634, -3.2, 0.01, None)] == [
        "$0.0000", "$1.7663", "−$3.2000", "$0.0100", "N/A",
    ]  # fmt: skip


def test_prices_below_a_cent_keep_three_digits() -> None:
    prices = (0.00999999, 0.0025, 0.000015, 0.0000123456, -0.00015, 0.00000001, -0.00000001)
    assert [numbers.unit_price(price) for price in prices] == [
        "$0.0100", "$0.0025", "$0.000015", "$0.0000123", "−$0.00015", "< $0.0000001", "> −$0.0000001",
    ]  # fmt: skip


def test_days_are_written_as_people_write_ranges() -> None:
    assert numbers.days(Window(date(2026, 3, 1), date(2026, 4, 1))) == "1 Mar – 31 Mar 2026"
    assert numbers.days(Window(date(2025, 12, 1), date(2026, 1, 1))) == "1 Dec – 31 Dec 2025"
    assert numbers.days(Window(date(2025, 12, 31), date(2026, 1, 2))) == "31 Dec 2025 – 1 Jan 2026"
    assert numbers.days(Window(date(2026, 3, 1), date(2026, 3, 2))) == "1 Mar 2026"


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=4), "4 min ago"),
        (timedelta(hours=3, minutes=59), "3 h ago"),
        (timedelta(days=3), "3 days ago"),
    ],
)
def test_age_is_said_in_one_unit(passed: timedelta, said: str) -> None:
    assert numbers.ago(NOW - passed, NOW) == said
