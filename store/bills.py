"""Bills held against each other: whether two accounts, of which the provider names no organization, are one.

Two keys of one organization read the same bill, and linked twice every dollar of it would count twice.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import BigInteger, func, select, type_coerce

from store.engine import Store
from store.models import DailyCost
from store.records import Window
from store.tables import table

COMPARED_DAYS = 31
SETTLED_DAYS = 3
"""The newest days are not compared: providers still add to them after they were saved."""
TELLING_TOTALS = 8
"""Different day totals that two bills must share to be taken for one. Work that repeats every week makes seven at most,
so that two organizations with the same timetable are not taken for one."""

Bill = Counter[tuple[date, str]]
"""Billed nano-dollars by day and model."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """All days that two bills share, and how many different totals these have; zero totals do not count."""

    days: tuple[date, ...]
    totals: int

    @property
    def is_telling(self) -> bool:
        return self.totals >= TELLING_TOTALS


def compared_window(today: date) -> Window:
    """The settled days that bills are held against each other by."""
    end = today - timedelta(days=SETTLED_DAYS)
    return Window(end - timedelta(days=COMPARED_DAYS), end)


def likeness(store: Store, account: Mapping[str, Any], bill: Bill, window: Window) -> Likeness:
    """How an account's saved bill is like another, read over the window; no total where one day or model differs."""
    days = tuple(day for day in window.days() if account["covered_from"] <= day < account["finished_to"])
    saved = _on(days, _saved_bill(store, account["id"], window))
    if saved != _on(days, bill):
        return Likeness(days, 0)
    totals: Counter[date] = Counter()
    for (day, _), nanos in saved.items():
        totals[day] += nanos
    return Likeness(days, len(set(totals.values()) - {0}))


def _on(days: Sequence[date], bill: Bill) -> dict[tuple[date, str], int]:
    return {place: nanos for place, nanos in bill.items() if nanos and place[0] in days}


def _saved_bill(store: Store, account_id: int, window: Window) -> Bill:
    costs = table(DailyCost)
    query = (
        select(costs.c.day, costs.c.model, func.sum(type_coerce(costs.c.billed_cost, BigInteger)))
        .where(costs.c.account_id == account_id, costs.c.day >= window.start, costs.c.day < window.end)
        .group_by(costs.c.day, costs.c.model)
    )
    with store.read() as connection:
        return Counter({(day, model): int(nanos) for day, model, nanos in connection.execute(query)})
