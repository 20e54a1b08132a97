"""Saving metered events: each is counted once, however often it comes.

Events are added up per day and grain; one by one only the digests of their ids are kept, for as long as an event may
still come twice. Times are UTC, a day is that of the call.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from store.engine import Store
from store.events import LATEST_DAYS, MeteredEvent
from store.metering_keys import note_use
from store.metering_rows import GRAIN, Key, Row, digest, parts, placed
from store.models import DataVersion, MeteredCost, SeenEvent
from store.records import LARGEST_NANOS, from_nanos, to_micros, to_nanos
from store.tables import table

EARLIEST = timedelta(days=1)
"""How far a client's clock may be ahead of ours."""
TOKENS = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens")
COUNTS = ("events", "failed_events", "unpriced_events")
SUMS = ("cost", "priced_cost", *COUNTS, *TOKENS, "usage_quantity")
DIGITS = {"cost": 9, "priced_cost": 9, "usage_quantity": 6}
"""Decimal places that the store keeps."""
PRUNED_AT_ONCE = 2_000

_VERSIONS, _EVENTS, _COSTS = table(DataVersion), table(SeenEvent), table(MeteredCost)
# Made once: SQLAlchemy takes longer to build these than SQLite to run them.
_SEEN = select(_EVENTS.c.digest).where(_EVENTS.c.digest.in_(bindparam("digests", expanding=True)))
_REMEMBER = insert(_EVENTS)
_SAVE = {
    name: made.on_conflict_do_update(index_elements=["day", "grain"], set_={name: made.excluded[name] for name in SUMS})
    for name, made in (("sqlite", sqlite.insert(_COSTS)), ("postgresql", postgresql.insert(_COSTS)))
}
_COUNT_UP = update(_VERSIONS).values(metered=_VERSIONS.c.metered + 1)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an event is not counted: the field of `MeteredEvent` at fault, and a sentence."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Counted:
    """What a save did. `refused` by position in the events given; all others are counted, now or before."""

    new: int
    refused: dict[int, Refusal] = field(default_factory=dict)


def save_events(store: Store, events: Sequence[MeteredEvent], now: datetime, keys: Collection[int] = ()) -> Counted:
    """Count the events not counted yet, in one transaction; the metering keys of these ids were used for them.

    An event older than `LATEST_DAYS`, more than a day ahead of `now`, or too large to be added is refused, the others
    are saved. Raises `StoreError` when the database refuses; nothing is saved then.
    """
    refused = {at: refusal for at, event in enumerate(events) if (refusal := _untimely(event, now))}
    with store.write() as connection:
        _one_at_a_time(connection)
        fresh = _fresh(connection, events, refused)
        told, sums = placed(connection, [events[at] for at in fresh.values()])
        kept: dict[bytes, Key] = {}
        for (event_digest, at), (event, key) in zip(fresh.items(), told, strict=True):
            added = _added(sums.get(key), event, key)
            if too_large := _too_large(added):
                refused[at] = Refusal(too_large, "is more than can be added to the day's sum")
            else:
                sums[key], kept[event_digest] = added, key
        if kept:
            connection.execute(_REMEMBER, [{"digest": name, "day": day} for name, (day, _) in kept.items()])
            connection.execute(_SAVE[connection.dialect.name], [sums[key] for key in set(kept.values())])
            connection.execute(_COUNT_UP)
        note_use(connection, keys, now)
    return Counted(len(kept), refused)


def metering_version(store: Store) -> int:
    """Counts up with every batch of new events, which under load is many times a second."""
    with store.read() as connection:
        return int(connection.execute(select(_VERSIONS.c.metered)).scalar_one())


def prune(store: Store, today: date, limit: int = PRUNED_AT_ONCE) -> int:
    """Forget up to `limit` digests of events that would be refused by now; returns how many were forgotten."""
    old = select(_EVENTS.c.digest).where(_EVENTS.c.day < today - timedelta(days=LATEST_DAYS)).limit(limit)
    with store.write() as connection:
        return connection.execute(delete(_EVENTS).where(_EVENTS.c.digest.in_(old))).rowcount


def digest_of(event: MeteredEvent) -> bytes:
    """What stands for an event: the same for one call told by several clients, whose ids are the provider's."""
    return digest(event.event_id)


def _untimely(event: MeteredEvent, now: datetime) -> Refusal | None:
    if event.occurred_at > now + EARLIEST:
        return Refusal("occurred_at", "lies more than a day in the future")
    if event.day < now.date() - timedelta(days=LATEST_DAYS):
        return Refusal("occurred_at", f"lies more than {LATEST_DAYS} days back")
    return None


def _one_at_a_time(connection: Connection) -> None:
    """Sums are read, added to and written: on PostgreSQL another server must wait. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7236013)")


def _fresh(connection: Connection, events: Sequence[MeteredEvent], refused: dict[int, Refusal]) -> dict[bytes, int]:
    """Positions of the events not counted yet by their digests; of equal ones the first."""
    found: dict[bytes, int] = {}
    for at, event in enumerate(events):
        if at not in refused:
            found.setdefault(digest_of(event), at)
    for part in parts(list(found)):
        for known in connection.execute(_SEEN, {"digests": part}).scalars():
            del found[bytes(known)]
    return found


def _added(row: Row | None, event: MeteredEvent, key: Key) -> Row:
    """The sums with the event in them."""
    if row is None:
        row = {"day": key[0], "grain": key[1], "usage_unit": event.usage_unit or ""}
        row |= {name: getattr(event, name) for name in GRAIN} | dict.fromkeys(SUMS)
        row |= {"cost": Decimal(0), "priced_cost": Decimal(0)} | dict.fromkeys(COUNTS, 0)
    cost = Decimal(0) if event.cost is None or event.is_failed else from_nanos(to_nanos(event.cost))
    quantity = event.usage_quantity
    more = {
        "cost": cost,
        "priced_cost": cost if event.is_priced else Decimal(0),
        "events": 1,
        "failed_events": int(event.is_failed),
        "unpriced_events": int(event.cost is None and not event.is_failed),
        **{name: getattr(event, name) for name in TOKENS},
        "usage_quantity": None if quantity is None else Decimal(to_micros(quantity)).scaleb(-6),
    }
    added = {name: row[name] + amount if row[name] else amount for name, amount in more.items() if amount is not None}
    return row | added


def _too_large(row: Row) -> str | None:
    """The first sum that leaves the range of the store."""
    for name in SUMS:
        digits = DIGITS.get(name, 0)
        if row[name] is not None and abs(row[name]) * 10**digits > LARGEST_NANOS:
            return name
    return None
