"""The bill of one standard key, from its running counters.

A key tells what it has spent in its life and on the running UTC day. Life less day is what it had spent at midnight,
and the difference of two such midnights is exactly what the days between cost. The earlier midnight is in the saved
data: the row of each day keeps the counters as they were printed when it was last read.

    Monday 18:00    life 100.00, day 4.00   →  96.00 at midnight
    Tuesday 09:00   life 103.50, day 1.00   → 102.50 at midnight: Monday cost 6.50
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from connectors.base import Reading
from connectors.errors import ProviderUnavailable, UnexpectedResponse
from connectors.openrouter_feeds import GENERAL
from connectors.openrouter_session import Counters, OpenRouterSession
from store.records import MICRO, ApiKeyRecord, CostRecord, LineItem, Statement, Window, to_nanos

LIFETIME, TODAY = "usage", "usage_daily"
"""Printed lines, named like OpenRouter's members."""
ONLY_TOTALS = (
    "Read with a standard key alone: the exact daily total of this one key, by the difference of its counters. Models, "
    "tokens, requests, workspaces and other keys are unknown; a management key shows them."
)


def first_day(session: OpenRouterSession) -> date:
    """The first day whose cost is known: that of the newest saved counters before today, else today."""
    base = _base(session)
    return base.day if base else session.counters().day


def counted(session: OpenRouterSession, window: Window) -> Statement:
    """The key's total per day. A day it can not know is an error, never a zero."""
    now = session.counters()
    if window.start < first_day(session):
        raise UnexpectedResponse(
            f"OpenRouter tells a standard key nothing of days before {first_day(session)}.",
            likely_cause="The key was linked on that day, or its counters went back.",
            resolution="Give a management key to read the last 365 days.",
        )
    costs = tuple(cost for cost in _costs(session) if cost.day in window)
    blocks = [cost for cost in costs if cost.variant]
    notes = [ONLY_TOTALS]
    notes += [
        f"Not read on {cost.variant}: these days together cost what stands on them, but which day cost how much is "
        f"unknown; what no reading saw, ${cost.billed_cost:f}, is booked on {cost.day}."
        for cost in blocks
    ]
    if _base(session) is None:
        notes.append(
            f"Before {now.day} only the month is known: ${now.month - now.today:f} since {now.day.replace(day=1)}, on "
            "days that OpenRouter does not tell, and not part of any total here."
        )
    if now.byok_month:
        notes.append(
            f"This month the key also used ${now.byok_month:f} at providers whose keys you brought. They bill it "
            "themselves, so it is in no total here."
        )
    key = ApiKeyRecord(api_key_id=session.key_id, hint=now.label)
    return Statement(window=window, costs=costs, api_keys=(key,), notes=tuple(notes))


def _costs(session: OpenRouterSession) -> Iterator[CostRecord]:
    """From the day of the earlier reading to today."""
    now, base = session.counters(), _base(session)
    if base is not None:
        for start, end in pairwise(sorted(_midnights(now, base).items())):
            yield from _between(session.key_id, base, start, end)
    shown = {LIFETIME: now.lifetime, TODAY: now.today}
    yield _cost(session.key_id, now.day, now.today, shown=shown)


def _midnights(now: Counters, base: Reading) -> dict[date, Decimal]:
    """What the key had spent in its life at the beginning of some days: US dollars."""
    monday, first = now.day - timedelta(days=now.day.weekday()), now.day.replace(day=1)
    marks = {monday: now.lifetime - now.week, first: now.lifetime - now.month, now.day: now.lifetime - now.today}
    known = {day: spent for day, spent in marks.items() if day > base.day}
    return {base.day: base.shown[LIFETIME] - base.shown[TODAY], **known}


def _between(
    key_id: str, base: Reading, start: tuple[date, Decimal], end: tuple[date, Decimal]
) -> Iterator[CostRecord]:
    """The days between two midnights: exact for one day; of several, one row on the last that says which they are."""
    (first, spent), last = start, end[0] - timedelta(days=1)
    cost = end[1] - spent
    shown = dict(base.shown) if first == base.day else {}
    if first == last:
        yield _cost(key_id, first, cost, shown=shown)
        return
    seen = base.shown[TODAY] if shown else Decimal(0)
    if shown:
        yield _cost(key_id, first, seen, shown=shown)
    if to_nanos(cost - seen):
        yield _cost(key_id, last, cost - seen, variant=f"{first} to {last}")


def _cost(
    key_id: str, day: date, billed: Decimal, *, variant: str = "", shown: dict[str, Decimal] | None = None
) -> CostRecord:
    return CostRecord(
        day=day,
        api_key_id=key_id,
        model=GENERAL,
        variant=variant,
        billed_cost=billed,
        cost_basis="allocated" if variant else "reported",
        line_items=tuple(LineItem(label=label, amount=shown[label]) for label in (LIFETIME, TODAY) if shown),
    )


def _base(session: OpenRouterSession) -> Reading | None:
    """The newest saved counters of this key from before today; None where they can not be continued.

    A life that shrank is another count: it begins anew. More spent today than since a reading of an earlier day means
    that today's counter has not been reset yet, as right after midnight.
    """
    now = session.counters()
    mine = sorted(
        (reading for reading in session.readings if reading.api_key_id == session.key_id and _is_whole(reading)),
        key=lambda reading: reading.day,
    )
    if not mine or now.lifetime < mine[-1].shown[LIFETIME] - MICRO:
        return None
    grown = now.lifetime - mine[-1].shown[LIFETIME]
    if mine[-1].day < now.day and now.today > grown + MICRO:
        raise ProviderUnavailable(
            "OpenRouter's counters of the new day have not been reset yet; this reading is left out.",
            likely_cause="It was taken right after midnight UTC, and the counters lag by minutes.",
        )
    return next((reading for reading in reversed(mine) if reading.day < now.day), None)


def _is_whole(reading: Reading) -> bool:
    return LIFETIME in reading.shown and TODAY in reading.shown
