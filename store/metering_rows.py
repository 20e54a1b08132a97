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
from typing import Any, TypeVar, get_args

from sqlalchemy import Connection, bindparam, case, func, select

from store.events import OTHER, MeteredEvent, Source
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
SOURCES: tuple[str, ...] = get_args(Source)

_COSTS = table(MeteredCost)
# Made once: SQLAlchemy takes longer to build these than SQLite to run them.
_SAVED = select(_COSTS).where(
    _COSTS.c.day.in_(bindparam("days", expanding=True)) & _COSTS.c.grain.in_(bindparam("grains", expanding=True))
)
_COUNTED = (
    select(_COSTS.c.day, *[func.count(case((_COSTS.c.source == source, 1))) for source in SOURCES])
    .where(_COSTS.c.day.in_(bindparam("days", expanding=True)))
    .group_by(_COSTS.c.day)
)

Place = tuple[date, str]
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
    known, given_up = set(rows), [0] * len(events)
    without = [at for at, key in enumerate(keys) if key not in known]
    counts = _counts(connection, {events[at].day for at in without}) if without else Counter[Place]()
    for labels in range(1, len(GIVEN_UP) + 1):
        without = [at for at in without if not _finds_room(events[at], keys[at], labels - 1, known, counts)]
        for at in without:
            keys[at], given_up[at] = key_of(events[at], labels), labels
        saved = _saved(connection, {keys[at] for at in without} - known)
        rows |= saved
        known |= saved.keys()
    told = [_without(event, labels) if labels else event for event, labels in zip(events, given_up, strict=True)]
    return list(zip(told, keys, strict=True)), rows


def key_of(event: MeteredEvent, given_up: int = 0) -> Key:
    """The key of the event's row, so many of its labels given up."""
    texts = {name: getattr(event, name) for name in GRAIN} | _given_up(event, given_up)
    return event.day, digest(*texts.values(), event.usage_unit or "")


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


def _counts(connection: Connection, days: Collection[date]) -> Counter[Place]:
    """How many rows there are by day and source."""
    found = connection.execute(_COUNTED, {"days": sorted(days)})
    return Counter({(day, source): count for day, *each in found for source, count in zip(SOURCES, each, strict=True)})


def _finds_room(event: MeteredEvent, key: Key, given_up: int, known: set[Key], counts: Counter[Place]) -> bool:
    """Whether there is a row of this key, or room for one, which is taken."""
    if key in known:
        return True
    if counts[event.day, event.source] >= ROWS + given_up * MORE_ROWS:
        return False
    known.add(key)
    counts[event.day, event.source] += 1
    return True


def _without(event: MeteredEvent, labels: int) -> MeteredEvent:
    return event.model_copy(update=_given_up(event, labels))


def _given_up(event: MeteredEvent, labels: int) -> dict[str, str]:
    """What stands for so many of the event's labels; one that no client gave stays ""."""
    return {name: OTHER for name in GIVEN_UP[:labels] if getattr(event, name)}
