"""The process that counts: bodies in, events saved in groups, answers out.

It is the only one that writes metered data. An answer that an event was taken is given after the transaction that holds
it; while one group is saved the next gathers in the pipe, so that groups grow with the load.
"""

import json
import logging
import signal
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import cast

from metering.bodies import decompressed
from metering.deliveries import TRACES, Answer, Delivery, Frames, frame
from metering.errors import BodyTooLarge, MalformedEvent
from metering.otlp import Spans, answer, events_of
from metering.prices import price_table
from metering.refusals import RETRY_SECONDS, refusal
from metering.revenium import event_of
from store.db import Store, open_store
from store.errors import StoreError
from store.events import MeteredEvent, Operation
from store.metering import PRUNED_AT_ONCE, Refusal, digest_of, prune, save_events

LOG = logging.getLogger("spendglass.metering")
LARGEST_CONTENT = 32 * 2**20
"""Bytes of a body once it is decompressed."""
RECEIVED_AT_ONCE = 2**20
MOST_AT_ONCE = 10_000
"""Events of a group: so many take about a second, and others wait."""
GROUP_SECONDS = 0.01
"""From one group to the next at least: a transaction costs as much time as ten events, and pages need some too."""
READY = Answer(200, b"")
"""Sent once, with number 0, when the database is open."""
_REVENIUM_FIELDS = {"occurred_at": "requestTime", "cost": "totalCost", "usage_quantity": "durationSeconds"}


@dataclass(frozen=True, slots=True)
class Told:
    """The events of one delivery; `spans` None where it is a single event of the Revenium SDK."""

    events: tuple[MeteredEvent, ...]
    spans: Spans | None


def count(link: socket.socket) -> None:
    """The life of the process: ends when the server closes its end of the link."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # they reach the server too, which lets us finish
    try:
        store = open_store()
    except StoreError as fault:
        LOG.error("%s %s", fault.message, fault.resolution)  # noqa: TRY400
        return
    price_table(datetime.now(UTC).date())  # read now, so that the first event need not wait for it
    with suppress(ConnectionError):  # the server is gone, and with it all who wait for an answer
        link.sendall(frame(0, READY))
        _count_all(store, link)
    store.close()


def _count_all(store: Store, link: socket.socket) -> None:
    frames, pruned_on = Frames(Delivery), date.min
    while piece := link.recv(RECEIVED_AT_ONCE):
        began = time.monotonic()
        arrived = list(frames.arrived(piece))
        if not arrived:
            continue
        now = datetime.now(UTC)
        answers = settle(store, [delivery for _, delivery in arrived], now)
        link.sendall(b"".join(frame(number, told) for (number, _), told in zip(arrived, answers, strict=True)))
        if pruned_on != now.date() and _is_pruned(store, now.date()):
            pruned_on = now.date()
        time.sleep(max(0.0, began + GROUP_SECONDS - time.monotonic()))


def _is_pruned(store: Store, today: date) -> bool:
    """Forget a part of what may be forgotten; whether that was all."""
    try:
        return prune(store, today) < PRUNED_AT_ONCE
    except StoreError as fault:
        LOG.warning("%s %s", fault.message, fault.resolution)
        return False


def settle(store: Store, deliveries: Sequence[Delivery], now: datetime) -> list[Answer]:
    """Save the events of the deliveries, in one transaction unless they are very many, and answer each delivery."""
    return [told for group in _groups(deliveries) for told in _settled(store, *group, now)]


def _groups(deliveries: Sequence[Delivery]) -> Iterator[tuple[list[Delivery], list[Told | Answer]]]:
    """Deliveries beside what was read in them: a group ends with the one that makes `MOST_AT_ONCE` events of it."""
    mine: list[Delivery] = []
    read: list[Told | Answer] = []
    for delivery in deliveries:
        mine.append(delivery)
        read.append(_read(delivery))
        if sum(len(told.events) for told in read if isinstance(told, Told)) >= MOST_AT_ONCE:
            yield mine, read
            mine, read = [], []
    if mine:
        yield mine, read


def _settled(
    store: Store, deliveries: Sequence[Delivery], read: Sequence[Told | Answer], now: datetime
) -> list[Answer]:
    events = [event for told in read if isinstance(told, Told) for event in told.events]
    keys = {delivery.key_id for delivery in deliveries}
    try:
        refused = save_events(store, events, now, keys).refused
    except StoreError as fault:
        LOG.warning("%s %s", fault.message, fault.resolution)
        return [
            told if isinstance(told, Answer) else refusal(delivery, 503, fault.message, retry_after=RETRY_SECONDS)
            for delivery, told in zip(deliveries, read, strict=True)
        ]
    return list(_answers(deliveries, read, refused))


def _answers(
    deliveries: Sequence[Delivery], read: Sequence[Told | Answer], refused: dict[int, Refusal]
) -> Iterator[Answer]:
    start = 0
    for delivery, told in zip(deliveries, read, strict=True):
        if isinstance(told, Answer):
            yield told
            continue
        end = start + len(told.events)
        yield _answer(delivery, told, [refused[at] for at in range(start, end) if at in refused])
        start = end


def _read(delivery: Delivery) -> Told | Answer:
    """The events of a delivery, or why it is refused."""
    try:
        body = decompressed(delivery.body, delivery.encoding, LARGEST_CONTENT)
        if delivery.to == TRACES:
            spans = events_of(body, delivery.content_type)
            return Told(tuple(spans.events), spans)
        return Told((event_of(cast("Operation", delivery.to), body),), None)
    except BodyTooLarge as fault:
        return refusal(delivery, 413, str(fault))
    except MalformedEvent as fault:
        return refusal(delivery, 400, str(fault), field=fault.field)


def _answer(delivery: Delivery, told: Told, refused: Sequence[Refusal]) -> Answer:
    if told.spans is not None:
        return Answer(200, answer(_with_refused(told.spans, refused), delivery.content_type), delivery.content_type)
    if refused:
        field = _REVENIUM_FIELDS.get(refused[0].field, refused[0].field)
        return refusal(delivery, 400, f"{field} {refused[0].message}", field=field)
    [event] = told.events
    taken = {
        "id": event.event_id,
        "label": event.model,
        "resourceType": "metering",
        "signature": digest_of(event).hex(),
    }
    return Answer(201, json.dumps(taken).encode())


def _with_refused(spans: Spans, refused: Sequence[Refusal]) -> Spans:
    if not refused:
        return spans
    reason = f"{len(refused)} spans: {refused[0].field} {refused[0].message}"
    message = f"{spans.message}; {reason}" if spans.message else reason
    return replace(spans, rejected=spans.rejected + len(refused), message=message)
