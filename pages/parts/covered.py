"""Which days are known: what a total may be compared with, and what it lacks."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pages.parts.numbers import full_day
from store.records import Window

Account = Mapping[str, Any]


def covered_days(accounts: Sequence[Account]) -> Window | None:
    """From the first to the last day that any of the accounts has been read for; None before the first sync."""
    known = [row for row in accounts if row["covered_from"] is not None]
    if not known:
        return None
    return Window(min(row["covered_from"] for row in known), max(row["covered_to"] for row in known))


def is_comparable(accounts: Sequence[Account], window: Window) -> bool:
    """Whether every account with data has been read for the whole window before this one."""
    known = [row for row in accounts if row["covered_from"] is not None]
    return bool(known) and all(row["covered_from"] <= window.previous.start for row in known)


def gaps(accounts: Sequence[Account], window: Window, today: date) -> list[tuple[Account, str]]:
    """Per account, the days of the window, up to today, that have not been read: what the total lacks."""
    found = []
    last = min(window.last_day, today)
    for row in accounts:
        start, end = row["covered_from"], row["covered_to"]
        if start is None:
            found.append((row, "no day has been read yet"))
        elif window.start < start and last >= window.start:
            found.append((row, f"days before {full_day(start)} have not been read"))
        elif end <= last:
            found.append((row, f"days from {full_day(max(end, window.start))} on have not been read"))
    return found
