"""A bill that AWS writes on while it is read: which total its days get, and what it costs to find out."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from connectors.bedrock import control, credited, fetch
from store.records import Statement
from tests.connectors.bedrock.wire import (
    ACCOUNT,
    DAY,
    ONE_DAY,
    OTHER_ACCOUNT,
    OWN,
    TWO_DAYS,
    Answer,
    Line,
    StagedSession,
    Wish,
    bill,
)

USAGE = "USE1-NovaLite-input-tokens"
NEXT_DAY = DAY + timedelta(days=1)


def line(amount: str, **more: Any) -> Line:
    return Line(OWN, USAGE, amount, "10", "1K tokens", **more)


def in_turn(*bills: Answer) -> Answer:
    """Another bill for each question of costs; the last one stays."""
    rest: Iterator[Answer] = iter(bills)
    current = next(rest)

    def answer(operation: str, wish: Wish) -> Any:
        nonlocal current
        found = current(operation, wish)
        if operation == "GetCostAndUsage":
            current = next(rest, current)
        return found

    return answer


def read(*bills: Answer) -> tuple[Statement, list[Any]]:
    session = StagedSession(in_turn(*bills))
    statement = fetch(session, TWO_DAYS)
    return statement, [wish for operation, wish in session.asked if operation == "GetCostAndUsage"]


def billed(statement: Statement) -> list[tuple[str, Decimal, Decimal]]:
    return [(cost.model, cost.billed_cost, cost.credits_applied) for cost in statement.costs]


def test_a_day_that_has_grown_takes_the_total_of_its_rows_for_one_request_of_that_day() -> None:
    old = line("7")
    bills = (bill(old, line(amount, day=NEXT_DAY)) for amount in ("1", "1.5", "2.25"))
    statement, asked = read(*bills)
    assert billed(statement) == [("nova-lite", 7, 0), ("nova-lite", Decimal("1.5"), 0)]
    assert statement.control_totals == {DAY: 7, NEXT_DAY: Decimal("1.5")}
    assert statement.notes == ()
    assert len(asked) == 3
    assert asked[2]["TimePeriod"] == {"Start": "2026-11-11", "End": "2026-11-12"}
    assert [group["Key"] for group in asked[2]["GroupBy"]] == ["LINKED_ACCOUNT", "RECORD_TYPE"]


def test_all_accounts_that_have_grown_share_that_request() -> None:
    bills = (bill(line(amount), line(amount, account=OTHER_ACCOUNT)) for amount in ("1", "1.5", "2", "3"))
    statement, asked = read(*bills)
    assert [cost.billed_cost for cost in statement.costs] == [Decimal("1.5"), 2]
    assert statement.control_totals == {DAY: Decimal("3.5")}
    assert (statement.notes, len(asked)) == ((), 4)


def test_a_bill_that_stands_still_is_asked_for_nothing_more() -> None:
    _, asked = read(bill(line("1")))
    assert len(asked) == 2


def test_a_total_that_differs_and_has_not_moved_keeps_its_remainder() -> None:
    statement, asked = read(bill(line("15"), sums={"Usage": "15.25"}))
    assert billed(statement) == [("bedrock-general", Decimal("0.25"), 0), ("nova-lite", 15, 0)]
    assert statement.control_totals == {DAY: Decimal("15.25")}
    assert "by $0.25; booked as unattributed" in statement.notes[0]
    assert len(asked) == 3


def test_rows_beyond_where_the_total_has_moved_to_are_told_by_the_newest_total() -> None:
    before, after = (bill(line("15"), sums={"Usage": total}) for total in ("5", "6"))
    statement, _ = read(before, bill(line("15")), after)
    assert statement.control_totals == {DAY: 6}
    assert f"rows of account {ACCOUNT} miss AWS's own total by $-9" in statement.notes[0]


def test_a_bill_that_shrinks_and_credits_that_grow_are_settled_likewise() -> None:
    bills = (
        bill(line(cost), line(credit, record_type="Credit"))
        for cost, credit in (("5", "-1"), ("4", "-1"), ("4", "-2"), ("3", "-3"))
    )
    statement, asked = read(*bills)
    assert billed(statement) == [("nova-lite", 4, 2)]
    assert (statement.control_totals, statement.notes, len(asked)) == ({DAY: 4}, (), 4)


def test_costs_and_credits_of_each_day_come_from_the_same_sums() -> None:
    session = StagedSession(
        bill(
            line("5"),
            line("-2", record_type="Credit"),
            line("-0.5", record_type="Bundled Discount"),
            line("-9", record_type="Refund"),
            line("1", record_type="Credit", day=NEXT_DAY),
        )
    )
    assert control(session, TWO_DAYS) == {DAY: 5}
    assert credited(session, TWO_DAYS) == {DAY: Decimal("2.5"), NEXT_DAY: -1}
    assert credited(session, ONE_DAY) == {DAY: Decimal("2.5")}
    assert len(session.asked) == 2
