from datetime import date
from typing import Any

from pages.parts.covered import covered_days, gaps, is_comparable
from store.records import Window

TODAY = date(2026, 3, 20)
WINDOW = Window(date(2026, 3, 1), date(2026, 3, 21))


def account(start: date | None, end: date | None = date(2026, 3, 21)) -> dict[str, Any]:
    return {"covered_from": start, "covered_to": None if start is None else end}


def test_a_comparison_needs_the_whole_window_before_from_every_account() -> None:
    full, half = account(date(2026, 2, 9)), account(date(2026, 2, 10))
    assert is_comparable([full], WINDOW)
    assert not is_comparable([full, half], WINDOW)
    assert not is_comparable([account(None)], WINDOW)


def test_what_was_not_read_is_named() -> None:
    late = account(date(2026, 3, 5))
    behind = account(date(2026, 1, 1), date(2026, 3, 18))
    never = account(None)
    full = account(date(2026, 1, 1))
    assert gaps([late, behind, never, full], WINDOW, TODAY) == [
        (late, "days before 5 Mar 2026 have not been read"),
        (behind, "days from 18 Mar 2026 on have not been read"),
        (never, "no day has been read yet"),
    ]


def test_days_to_come_are_no_gap() -> None:
    assert gaps([account(date(2026, 1, 1))], Window(date(2026, 3, 1), date(2026, 4, 1)), TODAY) == []


def test_covered_days_reach_from_the_first_to_the_last_of_all() -> None:
    accounts = [account(date(2026, 2, 1), date(2026, 3, 1)), account(date(2026, 1, 1), date(2026, 2, 1)), account(None)]
    assert covered_days(accounts) == Window(date(2026, 1, 1), date(2026, 3, 1))
    assert covered_days([account(None)]) is None
