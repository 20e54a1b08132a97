"""Damaged bodies: whatever arrives, it is refused by name or becomes events that the store can hold."""

import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from metering.bodies import decompressed
from metering.errors import BodyTooLarge, MalformedEvent
from metering.otlp import JSON, PROTOBUF, answer, events_of
from metering.revenium import event_of
from store.events import MeteredEvent
from store.records import to_micros, to_nanos
from tests.connectors.damage import damage
from tests.metering.recordings import BODIES, CONTENT, EXPORTS, in_json, operation_of, request_of

BODIES_EACH = 10_000
ODD: Sequence[Any] = (
    None, True, 0, -1, 1, 2**63 - 1, 2**63, 10**30, 0.5, -0.5, 1e300, 1e-300, "", "x", "NaN", "1e999", "9" * 60, "-1",
    "\0", "\ud800", "💸", "x" * 400, [], {}, [None], {"stringValue": 7}, {"intValue": "-9"}, "2026-11-24T10:00:00Z",
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", 1_795_478_400_000_000_000, "18446744073709551615",
)  # fmt: skip


def bytes_damaged(body: bytes, chance: random.Random) -> bytes:
    """Some bytes replaced, taken out or put in."""
    broken = bytearray(body)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(broken))
        match chance.randint(0, 2):
            case 0:
                broken[at] = chance.randrange(256)
            case 1:
                del broken[at : at + chance.randint(1, 20)]
            case _:
                broken[at:at] = chance.randbytes(chance.randint(1, 8))
    return bytes(broken)


def members_damaged(whole: Any, chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, 3)):
        damage(whole, chance, ODD)
    return json.dumps(whole).encode()


def spans_damaged(whole: bytes, chance: random.Random) -> bytes:
    """One attribute, id or time of one span replaced in the message itself."""
    request = ExportTraceServiceRequest()
    request.ParseFromString(whole)
    span = chance.choice([span for scope in request.resource_spans[0].scope_spans for span in scope.spans])
    attribute = chance.choice(span.attributes)
    match chance.randint(0, 5):
        case 0:
            attribute.value.int_value = chance.choice([-1, -(2**63), 0])
        case 1:
            attribute.value.double_value = chance.choice([0.5, float("nan"), float("inf")])
        case 2:
            attribute.value.string_value = chance.choice(["", "x" * 400, "\0", "9" * 60])
        case 3:
            attribute.key = chance.choice(["gen_ai.usage.input_tokens", "gen_ai.provider.name", "llm.request.type"])
        case 4:
            span.span_id = span.trace_id = chance.randbytes(chance.randint(0, 9))
        case _:
            span.start_time_unix_nano = chance.choice([0, 2**63 - 1, 2**64 - 1])
    return request.SerializeToString()


def shortened(name: str, kind: str) -> bytes:
    """An export with one span of each scope."""
    request = request_of(name)
    for scope in request.resource_spans[0].scope_spans:
        del scope.spans[1:]
    return request.SerializeToString() if kind == PROTOBUF else json.dumps(in_json(request)).encode()


def check(read: Callable[[], Sequence[MeteredEvent]]) -> str:
    """What became of a body: `refused` or `read`."""
    refused = ""
    try:
        events = read()
    except (MalformedEvent, BodyTooLarge) as refusal:
        events, refused = (), str(refusal)
    assert CONTENT not in refused
    assert "9" * 60 not in refused
    for event in events:
        assert MeteredEvent.model_validate(event.model_dump()) == event
        assert event.cost is None or to_nanos(event.cost) >= 0
        assert event.usage_quantity is None or to_micros(event.usage_quantity) >= 0
        assert event.day.year > 0
        assert not (event.is_failed and event.cost)
        cached = (event.cached_input_tokens or 0) + (event.cache_write_tokens or 0)
        assert event.input_tokens is None or event.operation == "audio" or event.input_tokens >= cached
    return "refused" if refused else "read"


def test_ten_thousand_damaged_bodies_of_the_sdk_are_refused_or_read() -> None:
    chance = random.Random(20_261_124)
    names = list(BODIES)
    became = []
    for number in range(BODIES_EACH):
        name = names[number % len(names)]
        whole = BODIES[name]
        body = bytes_damaged(whole, chance) if number % 3 else members_damaged(json.loads(whole), chance)
        became.append(check(lambda name=name, body=body: [event_of(operation_of(name), body)]))  # type: ignore[misc]
    assert min(became.count("refused"), became.count("read")) > BODIES_EACH / 10


@pytest.mark.parametrize("kind", [PROTOBUF, JSON])
def test_ten_thousand_damaged_exports_are_refused_or_read(kind: str) -> None:
    chance = random.Random(20_261_125)
    bodies = {name: shortened(name, kind) for name in EXPORTS}
    became, rejected = [], 0

    def read(body: bytes) -> Sequence[MeteredEvent]:
        nonlocal rejected
        spans = events_of(body, kind)
        rejected += spans.rejected
        assert CONTENT not in spans.message
        assert bool(answer(spans, PROTOBUF)) == bool(spans.rejected)
        return spans.events

    for number in range(BODIES_EACH):
        whole = bodies[chance.choice(list(EXPORTS))]
        if number % 3:
            body = bytes_damaged(whole, chance)
        else:
            body = spans_damaged(whole, chance) if kind == PROTOBUF else members_damaged(json.loads(whole), chance)
        became.append(check(lambda body=body: read(body)))  # type: ignore[misc]
    assert min(became.count("refused"), became.count("read")) > BODIES_EACH / 100
    assert rejected > BODIES_EACH / 100


def test_ten_thousand_damaged_compressed_bodies_are_refused_or_inflated_within_the_limit() -> None:
    import gzip
    import zlib

    chance = random.Random(20_261_126)
    limit = 5_000
    wholes = {"gzip": gzip.compress(BODIES["image_fal"] * 20), "deflate": zlib.compress(EXPORTS["traces_0_40"])}
    refused = 0
    for number in range(BODIES_EACH):
        encoding = ("gzip", "deflate")[number % 2]
        try:
            assert len(decompressed(bytes_damaged(wholes[encoding], chance), encoding, limit)) <= limit
        except (MalformedEvent, BodyTooLarge):
            refused += 1
    assert refused > BODIES_EACH / 2
