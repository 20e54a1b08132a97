"""Which row of metered events an event is added to, and how many rows a day may have.

A row is made by what clients call things. A text that is another one at every call, such as a request's id sent as
application, would make a row of each event: so a UTC day has room for so many rows by each way of telling. An event
that finds none gives up one label after the other, `OTHER` in its place, until there is a row for the rest. What it
cost and used is counted all the same, and it stays the event that it is: told again, it counts no more.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from hashlib import blake2b
from typing import Any, TypeVar

from sqlalchemy import Connection, bindparam, func, select

from store.events import OTHER, MeteredEvent
from store.models import MeteredCost
from store.tables import table

GRAIN = ("source", "provider", "model", "api_key", "workspace", "application", "operation")
GIVEN_UP = ("application", "workspace", "api_key", "model", "provider")
"""Labels in the order in which an event gives them up: those that coverage needs most come last."""
ROWS = 2_000
"""Rows of a day and source that tell all labels."""
MORE_ROWS = 250
"""As many again for each label given up. Without any label there are as many rows as operations and units."""
LOOKED_UP_AT_ONCE = 500

_COSTS = table(MeteredCost)
# Made once: SQLAlchemy takes longer to build these than SQLite to run them.
_SAVED = select(_COSTS).where(
    _COSTS.c.day.in_(bindparam("days", expanding=True)) & _COSTS.c.grain.in_(bindparam("grains", expanding=True))
)
_COUNTED = (
    select(_COSTS.c.day, _COSTS.c.source, func.count())
    .where(_COSTS.c.day.in_(bindparam("days", expanding=True)))
    .group_by(_COSTS.c.day, _COSTS.c.source)
)

Key = tuple[date, bytes]
Row = dict[str, Any]
T = TypeVar("T")


def placed(
    connection: Connection, events: Sequence[MeteredEvent]
) -> tuple[list[tuple[MeteredEvent, Key]], dict[Key, Row]]:
    """The events, labels given up where there is no room for them, each with the key of its row; and the rows as saved.

    While no label is new this is one look-up by the keys; the rows of a day are counted for a new one alone.
    """
    keys = [key_of(event) for event in events]
    rows = _saved(connection, set(keys))
    new = {key: event for event, key in zip(events, keys, strict=True) if key not in rows}
    if not new:
        return list(zip(events, keys, strict=True)), rows
    counts = _counts(connection, {event.day for event in new.values()})
    if not _have_room(counts, new.values()):
        given_up = (_without(event, labels) for event in new.values() for labels in range(1, len(GIVEN_UP) + 1))
        rows |= _saved(connection, {key_of(event) for event in given_up})
    known = set(rows)
    return [_place(event, key, known, counts) for event, key in zip(events, keys, strict=True)], rows


def key_of(event: MeteredEvent) -> Key:
    return event.day, digest(*[getattr(event, name) for name in GRAIN], event.usage_unit or "")


def digest(*texts: str) -> bytes:
    return blake2b("\0".join(texts).encode(), digest_size=16).digest()


def parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), LOOKED_UP_AT_ONCE):
        yield values[start : start + LOOKED_UP_AT_ONCE]


def _saved(connection: Connection, keys: Collection[Key]) -> dict[Key, Row]:
    found: dict[Key, Row] = {}
    for part in parts(sorted(keys)):
        wanted = {"days": sorted({day for day, _ in part}), "grains": [grain for _, grain in part]}
        for row in connection.execute(_SAVED, wanted).mappings():
            found[row["day"], bytes(row["grain"])] = dict(row)
    return found


def _counts(connection: Connection, days: Collection[date]) -> Counter[tuple[date, str]]:
    """How many rows there are by day and source."""
    found = connection.execute(_COUNTED, {"days": sorted(days)})
    return Counter({(day, source): count for day, source, count in found})


def _have_room(counts: Counter[tuple[date, str]], new: Collection[MeteredEvent]) -> bool:
    wanted = Counter((event.day, event.source) for event in new)
    return all(counts[place] + more <= ROWS for place, more in wanted.items())


def _place(
    event: MeteredEvent, key: Key, known: set[Key], counts: Counter[tuple[date, str]]
) -> tuple[MeteredEvent, Key]:
    """The event with as many labels as there is room for, whose row is known from now on."""
    place, labels = (event.day, event.source), 0
    told = event
    while key not in known and labels < len(GIVEN_UP) and counts[place] >= ROWS + labels * MORE_ROWS:
        labels += 1
        told = _without(event, labels)
        key = key_of(told)
    if key not in known:
        known.add(key)
        counts[place] += 1
    return told, key


def _without(event: MeteredEvent, labels: int) -> MeteredEvent:
    """The event without so many of its labels; one that no client gave stays ""."""
    return event.model_copy(update={name: OTHER for name in GIVEN_UP[:labels] if getattr(event, name)})
