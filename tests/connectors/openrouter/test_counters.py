"""A standard key alone: the daily total of one key, by the difference of its counters."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from connectors.base import Reading, Remembered
from connectors.errors import CredentialLacksBilling, ProviderUnavailable, UnexpectedResponse
from connectors.openrouter import MAY_COUNT_TWICE, check, fetch, resume
from connectors.openrouter_counters import ONLY_TOTALS
from connectors.openrouter_session import OpenRouterSession
from store.records import Statement, Window
from tests.connectors.openrouter.wire import KEY_ID, counters, refused, session

MONDAY = date(2026, 11, 16)
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (MONDAY + timedelta(days=number) for number in range(1, 5))


def reading(day: date, life: str, daily: str, api_key_id: str = KEY_ID) -> Reading:
    return Reading(day=day, api_key_id=api_key_id, shown={"usage": Decimal(life), "usage_daily": Decimal(daily)})


def statement(now: OpenRouterSession, *readings: Reading) -> Statement:
    """What a sync reads that has these readings in its saved data."""
    first = resume(now, Remembered(readings=readings))
    assert first is not None
    return fetch(now, Window(first, now.counters().day + timedelta(days=1)))


def told(found: Statement) -> list[tuple[date, Decimal, str]]:
    return [(cost.day, cost.billed_cost, cost.variant) for cost in found.costs]


def test_the_first_reading_knows_today_and_says_what_it_does_not_know() -> None:
    found = statement(counters(TUESDAY, "103.50", "1.00", usage_weekly="7.50", usage_monthly="40.00"))
    assert told(found) == [(TUESDAY, Decimal(1), "")]
    assert found.window == Window(TUESDAY, WEDNESDAY)
    assert found.listed_workspaces is None
    assert [(key.api_key_id, key.hint) for key in found.api_keys] == [(KEY_ID, "sk-or-v1-abc...123")]
    assert found.notes[0] == ONLY_TOTALS
    assert "$39.00 since 2026-11-01" in found.notes[1]


def test_one_reading_a_day_gives_every_day_exactly() -> None:
    found = statement(counters(TUESDAY, "103.50", "1.00"), reading(MONDAY, "100.00", "4.00"))
    assert told(found) == [(MONDAY, Decimal("6.50"), ""), (TUESDAY, Decimal("1.00"), "")]
    assert {cost.cost_basis for cost in found.costs} == {"reported"}
    assert found.costs[0].requests is found.costs[0].input_tokens is None


def test_the_rows_carry_the_counters_that_the_next_reading_continues() -> None:
    found = statement(counters(TUESDAY, "103.50", "1.00"), reading(MONDAY, "100.00", "4.00"))
    printed = {cost.day: {line.label: line.amount for line in cost.line_items} for cost in found.costs}
    assert printed == {
        MONDAY: {"usage": Decimal(100), "usage_daily": Decimal(4)},
        TUESDAY: {"usage": Decimal("103.5"), "usage_daily": Decimal(1)},
    }


def test_yesterday_is_told_again_at_every_reading_of_today() -> None:
    found = statement(
        counters(TUESDAY, "104.50", "2.00"), reading(MONDAY, "100.00", "4.00"), reading(TUESDAY, "103.50", "1.00")
    )
    assert told(found) == [(MONDAY, Decimal("6.50"), ""), (TUESDAY, Decimal("2.00"), "")]


def test_days_without_a_reading_are_together_exact_and_say_so() -> None:
    now = counters(FRIDAY, "120.00", "2.00", usage_weekly="24.00", usage_monthly="60.00")
    found = statement(now, reading(MONDAY, "100.00", "4.00"))
    assert told(found) == [
        (MONDAY, Decimal(4), ""),
        (THURSDAY, Decimal(18), "2026-11-16 to 2026-11-19"),
        (FRIDAY, Decimal(2), ""),
    ]
    assert [cost.cost_basis for cost in found.costs] == ["reported", "allocated", "reported"]
    assert any("Not read on 2026-11-16 to 2026-11-19" in note for note in found.notes)
    assert sum(cost.billed_cost for cost in found.costs) == Decimal(120) - Decimal(96)


def test_the_beginning_of_a_week_or_month_inside_a_gap_narrows_it() -> None:
    saturday, next_tuesday = date(2026, 11, 28), date(2026, 12, 1)
    now = counters(next_tuesday, "150", "3", usage_weekly="13", usage_monthly="3")
    found = statement(now, reading(saturday, "130", "2"))
    assert told(found) == [
        (saturday, Decimal(2), ""),
        (date(2026, 11, 29), Decimal(7), "2026-11-28 to 2026-11-29"),
        (date(2026, 11, 30), Decimal(10), ""),
        (next_tuesday, Decimal(3), ""),
    ]


def test_a_silent_gap_costs_nothing_and_needs_no_note() -> None:
    now = counters(FRIDAY, "100.00", "0", usage_weekly="4", usage_monthly="4")
    found = statement(now, reading(MONDAY, "100.00", "4.00"))
    assert told(found) == [(MONDAY, Decimal(4), ""), (FRIDAY, Decimal(0), "")]
    assert not [note for note in found.notes if "Not read on" in note]


def test_a_life_that_shrank_begins_a_new_count() -> None:
    assert told(statement(counters(TUESDAY, "3.50", "1.00"), reading(MONDAY, "100.00", "4.00"))) == [
        (TUESDAY, Decimal("1.00"), "")
    ]


def test_readings_of_another_key_are_not_continued() -> None:
    other = reading(MONDAY, "100.00", "4.00", api_key_id="6" * 64)
    assert told(statement(counters(TUESDAY, "103.50", "1.00"), other)) == [(TUESDAY, Decimal("1.00"), "")]


def test_a_reading_of_stale_counters_after_midnight_is_left_out() -> None:
    with pytest.raises(ProviderUnavailable, match="not been reset"):
        statement(counters(TUESDAY, "100.20", "4.20"), reading(MONDAY, "100.00", "4.00"))


def test_a_correction_between_two_readings_changes_the_day() -> None:
    found = statement(
        counters(TUESDAY, "103.00", "5.00"), reading(MONDAY, "98.00", "4.00"), reading(TUESDAY, "101", "1")
    )
    assert told(found) == [(MONDAY, Decimal(4), ""), (TUESDAY, Decimal(5), "")]


def test_days_that_the_counters_can_not_know_are_an_error_never_a_zero() -> None:
    with pytest.raises(UnexpectedResponse, match="nothing of days before"):
        fetch(counters(TUESDAY, "103.50", "1.00"), Window(MONDAY, WEDNESDAY))


def test_use_of_own_keys_is_named_and_not_counted() -> None:
    found = statement(counters(TUESDAY, "103.50", "1.00", byok_usage_monthly="9.75"))
    assert sum(cost.billed_cost for cost in found.costs) == 1
    assert any("$9.75 at providers whose keys you brought" in note for note in found.notes)


def test_a_standard_key_is_linked_with_a_word_on_what_is_missing_and_on_the_account_it_may_belong_to() -> None:
    identity = check(counters(TUESDAY, "1", "1"))
    assert (identity.organization_id, identity.notes) == (None, (ONLY_TOTALS, MAY_COUNT_TWICE))


def test_counters_without_a_date_belong_to_no_day() -> None:
    http = session(lambda path, query, body: refused(200, {"data": {}}), date_header=None)
    with pytest.raises(UnexpectedResponse, match="no Date"):
        fetch(http, Window(MONDAY, TUESDAY))


def test_a_standard_key_given_as_management_key_is_named() -> None:
    http = counters(TUESDAY, "1", "1")
    http.has_management_slot = True
    with pytest.raises(CredentialLacksBilling, match="Wrong key type"):
        check(http)
