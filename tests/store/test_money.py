"""Dollars to whole nano-dollars and back, exactly or not at all."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from store.frames import read_costs
from store.models import DailyCost
from store.records import (
    LARGEST_AMOUNT,
    LARGEST_NANOS,
    CostRecord,
    LineItem,
    Statement,
    WorkspaceRecord,
    from_nanos,
    to_micros,
    to_nanos,
)
from tests.store.cast import Syncing, bill, cost, day, march, rows


@pytest.mark.parametrize(
    ("dollars", "nanos"),
    [
        ("0.000000123", 123),
        ("1234567.1234567891234567890123", 1_234_567_123_456_789),
        ("0.0000000005", 0),
        ("0.0000000015", 2),
        ("0.0000000025", 2),
        ("0.00000000250000000000000000000000000000001", 3),
        ("-0.0000000015", -2),
        ("-3.1", -3_100_000_000),
        ("9223372036.854775807", LARGEST_NANOS),
        ("-9223372036.854775807", -LARGEST_NANOS),
        ("1E+3", 10**12),
        ("-0", 0),
    ],
)
def test_dollars_become_whole_nano_dollars_with_halves_to_even(dollars: str, nanos: int) -> None:
    assert to_nanos(Decimal(dollars)) == nanos


def test_the_decimal_context_of_the_caller_changes_nothing() -> None:
    with localcontext(prec=5, rounding="ROUND_UP"):
        assert to_nanos(Decimal("0.00000000049")) == 0
        assert to_micros(Decimal("123.4567894")) == 123_456_789


@given(st.integers(-LARGEST_NANOS, LARGEST_NANOS))
def test_nano_dollars_come_back_the_same(nanos: int) -> None:
    assert to_nanos(from_nanos(nanos)) == nanos


@pytest.mark.parametrize("dollars", ["9223372036.8547758075", "-9223372037", "1E+400", "NaN", "sNaN", "Infinity"])
def test_what_the_store_cannot_hold_is_refused_in_words(dollars: str) -> None:
    with pytest.raises(ValueError, match="more than the store can hold"):
        to_nanos(Decimal(dollars))


@pytest.mark.parametrize("field", ["billed_cost", "list_cost", "credits_applied", "usage_quantity"])
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1E+400", "9300000000000000000"])
def test_a_record_takes_no_number_that_the_store_cannot_hold(field: str, value: str) -> None:
    values = {"day": day(1), "model": "m", "billed_cost": Decimal(1), field: Decimal(value)}
    with pytest.raises(ValidationError):
        CostRecord(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [-1, 2**63])
def test_a_record_takes_no_count_that_the_store_cannot_hold(count: int) -> None:
    with pytest.raises(ValidationError):
        cost(1, "1", requests=count)


def test_amounts_at_the_ends_of_the_range_are_saved_and_read_exactly(sync: Syncing) -> None:
    ends = [LARGEST_AMOUNT, -LARGEST_AMOUNT, Decimal("0.000000123"), Decimal("-0.000000001")]
    sync.save(bill(march(1, 4), *[cost(1 + n, str(end), list_cost=end) for n, end in enumerate(ends)]))
    assert sorted(rows(sync.store, DailyCost, "billed_cost")) == sorted(ends)
    frame = read_costs(sync.store, march(1, 4))
    assert frame["billed_cost"].to_list() == [LARGEST_NANOS, -LARGEST_NANOS, 123, -1]
    assert frame["list_cost"].to_list() == frame["billed_cost"].to_list()


def test_sums_over_many_tiny_rows_are_exact(sync: Syncing) -> None:
    costs = [cost(1, "0.000000123", model=f"m{n}") for n in range(4999)]
    sync.save(bill(march(1, 1), *costs, cost(1, "1234567.1", model="big")))
    total = read_costs(sync.store, march(1, 1))["billed_cost"].sum()
    assert from_nanos(total) == Decimal("1234567.1") + 4999 * Decimal("0.000000123")


def test_text_no_database_takes_is_replaced_where_it_stands(sync: Syncing) -> None:
    odd = "a\0b\ud800c 😀"
    sync.save(
        bill(
            march(1, 1),
            cost(1, "1", model=odd, line_items=(LineItem(label=odd, amount=Decimal(1)),)),
            workspaces=(WorkspaceRecord(workspace_id="w1", name=odd),),
        )
    )
    frame = read_costs(sync.store, march(1, 1))
    assert frame["model"].to_list() == frame["workspace"].to_list() == ["a\ufffdb\ufffdc 😀"]


def test_rows_that_miss_the_control_total_by_a_nano_dollar_are_refused() -> None:
    exact = {day(1): Decimal("0.1000000003")}
    assert Statement(window=march(1, 1), costs=(cost(1, "0.1"),), control_totals=exact).control_total == exact[day(1)]
    with pytest.raises(ValidationError, match=r"miss the provider's own total by 0\.000000001"):
        Statement(window=march(1, 1), costs=(cost(1, "0.1"),), control_totals={day(1): Decimal("0.100000001")})
    with pytest.raises(ValidationError, match="miss the provider's own total by -1"):
        Statement(window=march(1, 2), costs=(cost(2, "1"),), control_totals={day(1): Decimal(0)})


def test_a_statement_has_each_grain_once_and_within_its_window() -> None:
    with pytest.raises(ValidationError, match="share workspace, key, model and variant"):
        bill(march(1, 1), cost(1, "1"), cost(1, "2"))
    assert len(bill(march(1, 1), cost(1, "1"), cost(1, "2", upstream="anthropic")).costs) == 2
    with pytest.raises(ValidationError, match="outside the window"):
        bill(march(1, 1), cost(2, "1"))
