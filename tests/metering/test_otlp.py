"""Exports of OpenTelemetry → events, exactly, and the answers to them."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from metering import otlp
from metering.errors import MalformedEvent
from metering.otlp import JSON, PROTOBUF, Spans, answer, events_of
from store.events import MeteredEvent
from tests.metering.recordings import CONTENT, EXPORTS, in_json, request_of

CHAT = {"provider": "openai", "model": "gpt-4o-mini-2024-07-18"}
CLAUDE = {"provider": "anthropic", "model": "claude-sonnet-4-5-20250929"}
CHAT_USE = {"input_tokens": 1200, "cached_input_tokens": 1024, "output_tokens": 300}
CLAUDE_USE = {"input_tokens": 2750, "cached_input_tokens": 2000, "cache_write_tokens": 700, "output_tokens": 200}
EMBEDDED = {
    "provider": "openai",
    "model": "text-embedding-3-small",
    "input_tokens": 18,
    "cached_input_tokens": 0,
    "cost": Decimal("0.00000036"),
    "is_priced": True,
}
FAILED = {"provider": "openai", "model": "gpt-4o-refused", "is_failed": True}
CHAT_COST = {"cost": Decimal("0.0002832"), "is_priced": True}
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
START = 1_795_478_400_123_456_789


def told(spans: Spans) -> list[dict[str, Any]]:
    """The events without what each of them has of its own: id and time."""
    fixed = {"source": "opentelemetry", "operation": "completion", "application": "desk"}
    found = [event.model_dump(exclude_defaults=True, exclude={"event_id", "occurred_at"}) for event in spans.events]
    assert all(fixed.items() <= event.items() for event in found)
    return [{name: value for name, value in event.items() if name not in fixed} for event in found]


def test_a_recorded_export_becomes_exactly_these_events() -> None:
    spans = events_of(EXPORTS["traces_0_62"], PROTOBUF)
    assert told(spans) == [
        CHAT | CHAT_USE | CHAT_COST,
        CHAT | CHAT_USE | CHAT_COST,
        # 388 × $4 + 512 × $0.40 + 80 × $20 per million: this instrumentation does not tell of writes to the cache
        {
            "provider": "openai",
            "model": "gpt-5.6-sol",
            "input_tokens": 900,
            "cached_input_tokens": 512,
            "output_tokens": 80,
            "cost": Decimal("0.0033568"),
            "is_priced": True,
        },
        EMBEDDED,
        FAILED,
        CLAUDE | CLAUDE_USE | {"cost": Decimal("0.006825"), "is_priced": True},
        CLAUDE | CLAUDE_USE | {"cost": Decimal("0.006825"), "is_priced": True},
    ]
    assert (spans.rejected, spans.message) == (0, "")


def test_the_older_names_of_attributes_are_read_alike() -> None:
    assert told(events_of(EXPORTS["traces_0_40"], PROTOBUF)) == [
        CHAT | CHAT_USE | CHAT_COST,
        CHAT,
        EMBEDDED,
        FAILED,
        # 50 × $3 + 2000 × $0.30 + 700 × $3.75 + 200 × $15 per million: nothing tells what was kept for an hour
        CLAUDE | CLAUDE_USE | {"cost": Decimal("0.006375"), "is_priced": True},
        CLAUDE | {"input_tokens": 0, "cached_input_tokens": 0, "cache_write_tokens": 0, "output_tokens": 0},
    ]


@pytest.mark.parametrize("name", EXPORTS)
def test_json_says_the_same_as_protobuf(name: str) -> None:
    body = json.dumps(in_json(request_of(name))).encode()
    assert b'"intValue": "1200"' in body
    assert events_of(body, "application/json; charset=utf-8") == events_of(EXPORTS[name], PROTOBUF)


def test_nothing_of_a_prompt_or_an_answer_is_in_an_event() -> None:
    assert CONTENT.encode() in EXPORTS["traces_0_62"]
    for name, body in EXPORTS.items():
        assert CONTENT not in repr(events_of(body, PROTOBUF)), name


def test_one_call_in_two_spans_is_one_event_told_by_the_inner_span() -> None:
    request = request_of("traces_0_62")
    scopes = {scope.scope.name: scope for scope in request.resource_spans[0].scope_spans}
    inner, outer = scopes["com.anthropic.sdk.python"], scopes["opentelemetry.instrumentation.anthropic"]
    assert [len(inner.spans), len(outer.spans)] == [2, 2]
    ids = [event.event_id for event in events_of(EXPORTS["traces_0_62"], PROTOBUF).events]
    assert ids[-2:] == ["msg_01XkR7vTq2mLwZ9pNcYdHs4B", "msg_01FhJ3bWx8sKtV6gQrEnMz2C"]
    for scope in (inner, outer):
        request.resource_spans[0].scope_spans.remove(scope)
    request.resource_spans[0].scope_spans.extend([outer, inner])
    [first, second] = events_of(request.SerializeToString(), PROTOBUF).events[-2:]
    assert (first.cost, second.cost) == (Decimal("0.006825"), Decimal("0.006825"))


def span(attributes: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    kinds = {str: "stringValue", bool: "boolValue", int: "intValue", float: "doubleValue", list: "arrayValue"}
    listed = [{"key": key, "value": {kinds[type(value)]: value}} for key, value in attributes.items()]
    return {"traceId": TRACE, "spanId": SPAN, "startTimeUnixNano": str(START), "attributes": listed} | more


def read(*spans: Mapping[str, Any]) -> Spans:
    return events_of(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode(), JSON)


CALL = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o"}
USED = {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 10}


def test_a_span_without_a_long_response_id_is_named_by_trace_and_span() -> None:
    [event] = read(span(CALL | USED | {"gen_ai.response.id": "chatcmpl-717"})).events
    assert event == MeteredEvent(
        source="opentelemetry",
        event_id=TRACE + SPAN,
        occurred_at=datetime(2026, 11, 24, 0, 0, 0, 123_456, tzinfo=UTC),
        operation="completion",
        provider="openai",
        model="gpt-4o",
        input_tokens=100,
        output_tokens=10,
        cost=Decimal("0.00035"),
        is_priced=True,
    )


@pytest.mark.parametrize(
    "cached",
    [
        {"gen_ai.usage.cache_read.input_tokens": 60, "gen_ai.usage.cache_creation.input_tokens": 30},
        {"gen_ai.usage.cache_read_input_tokens": 60, "gen_ai.usage.cache_creation_input_tokens": 30},
        {"gen_ai.usage.cache_read.input_tokens": 60, "gen_ai.usage.cache_write.input_tokens": 30},
    ],
)
def test_every_spelling_of_cached_tokens_is_read(cached: dict[str, int]) -> None:
    [event] = read(span(CALL | USED | cached)).events
    assert (event.input_tokens, event.cached_input_tokens, event.cache_write_tokens) == (100, 60, 30)


def test_input_below_what_was_cached_can_not_contain_it() -> None:
    cached = {"gen_ai.usage.cache_read.input_tokens": 500, "gen_ai.usage.cache_creation.input_tokens": 50}
    [event] = read(span(CALL | USED | cached)).events
    assert event.input_tokens == 650


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"http.request.method": "POST"},
        *[CALL | USED | {"gen_ai.operation.name": name} for name in ("invoke_agent", "execute_tool", "create_agent")],
        {"traceloop.span.kind": "workflow", "gen_ai.usage.input_tokens": 100},
        {"gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o"},
    ],
)
def test_spans_that_are_no_call_of_a_model_are_accepted_and_ignored(attributes: dict[str, Any]) -> None:
    assert read(span(attributes)) == Spans()


def test_a_span_without_an_operation_counts_by_its_use() -> None:
    [event] = read(span({"gen_ai.system": "Anthropic", "gen_ai.request.model": "claude-sonnet-4-5"} | USED)).events
    assert (event.provider, event.input_tokens) == ("anthropic", 100)


def test_a_failed_call_that_used_tokens_is_billed() -> None:
    failed, used = read(
        span(CALL, status={"code": 2, "message": "a secret"}),
        span(CALL | USED, status={"code": "STATUS_CODE_ERROR"}, spanId="00f067aa0ba902b8"),
    ).events
    assert (failed.is_failed, failed.cost) == (True, None)
    assert (used.is_failed, used.cost) == (False, Decimal("0.00035"))


def test_the_address_called_tells_who_bills() -> None:
    bedrock = {"server.address": "bedrock-runtime.eu-west-1.amazonaws.com", "gen_ai.provider.name": "anthropic"}
    router = {"gen_ai.openai.api_base": "https://openrouter.ai/api/v1/"}
    providers = [read(span(CALL | USED | address)).events[0].provider for address in (bedrock, router)]
    assert providers == ["bedrock", "openrouter"]


@pytest.mark.parametrize(
    ("attributes", "more", "named"),
    [
        (USED | {"gen_ai.usage.input_tokens": -1}, {}, "gen_ai.usage.input_tokens is negative"),
        ({"gen_ai.usage.prompt_tokens": 1.5}, {}, "gen_ai.usage.prompt_tokens is not a whole number"),
        ({"gen_ai.usage.output_tokens": "a secret"}, {}, "gen_ai.usage.output_tokens is not a whole number"),
        ({"gen_ai.usage.output_tokens": True}, {}, "gen_ai.usage.output_tokens is not a whole number"),
        ({"gen_ai.usage.input_tokens": 2**64}, {}, "gen_ai.usage.input_tokens is larger than any count"),
        ({"gen_ai.request.model": ["a secret"]}, {}, "gen_ai.response.model is missing"),
        ({"gen_ai.request.model": "x" * 301}, {}, "gen_ai.request.model is longer than 300 characters"),
        ({"gen_ai.provider.name": ""}, {}, "gen_ai.provider.name is missing"),
        ({}, {"startTimeUnixNano": "0"}, "startTimeUnixNano is missing"),
        ({}, {"startTimeUnixNano": "soon"}, "startTimeUnixNano is not a whole number"),
        ({}, {"traceId": "0" * 32}, "traceId is missing"),
        ({}, {"traceId": "a secret"}, "traceId is missing"),
        ({}, {"spanId": None}, "spanId is missing"),
    ],
)
def test_a_span_that_can_not_be_is_rejected_alone_by_its_name(
    attributes: dict[str, Any], more: dict[str, Any], named: str
) -> None:
    if "gen_ai.request.model" in attributes and isinstance(attributes["gen_ai.request.model"], list):
        attributes = {"gen_ai.request.model": ""}
    spans = read(span(CALL | attributes, **more), span(CALL | USED, spanId="00f067aa0ba902b8"))
    assert (len(spans.events), spans.rejected) == (1, 1)
    assert spans.message == named.replace("gen_ai.response.model", "gen_ai.request.model")


def test_of_an_export_with_too_many_calls_the_rest_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otlp, "MOST_CALLS", 3)
    others = [span({"http.request.method": "POST"}, spanId=f"{number:016x}") for number in range(20, 24)]
    spans = read(*others, *(span(CALL | USED, spanId=f"{number:016x}") for number in range(1, 9)), *others)
    assert (len(spans.events), spans.rejected, spans.message) == (3, 5, "resourceSpans hold more than 3 calls")


def test_the_answer_to_a_whole_success_leaves_partial_success_unset() -> None:
    assert answer(Spans(), PROTOBUF) == b""
    assert answer(Spans(), JSON) == b"{}"


def test_the_answer_counts_rejected_spans_in_the_encoding_of_the_request() -> None:
    spans = Spans(rejected=3, message="gen_ai.usage.input_tokens is negative")
    response = ExportTraceServiceResponse()
    response.ParseFromString(answer(spans, PROTOBUF))
    assert response.partial_success.rejected_spans == 3
    assert response.partial_success.error_message == "gen_ai.usage.input_tokens is negative"
    assert json.loads(answer(spans, "application/json; charset=utf-8")) == {
        "partialSuccess": {"rejectedSpans": "3", "errorMessage": "gen_ai.usage.input_tokens is negative"}
    }


@pytest.mark.parametrize(
    ("body", "kind", "field"),
    [
        (b"\xff\xff\xff", PROTOBUF, "body"),
        (b"{", JSON, "body"),
        (b"[]", JSON, "body"),
        (b'{"resourceSpans": {}}', JSON, "resourceSpans"),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [7]}]}]}', JSON, "spans"),
        (b"", "text/plain", "content-type"),
        (b"", "", "content-type"),
    ],
)
def test_a_body_that_can_not_be_read_is_refused_as_a_whole(body: bytes, kind: str, field: str) -> None:
    with pytest.raises(MalformedEvent) as refusal:
        events_of(body, kind)
    assert refusal.value.field == field


def test_an_empty_export_is_accepted() -> None:
    assert events_of(b"", PROTOBUF) == Spans()
    assert events_of(ExportTraceServiceRequest().SerializeToString(), PROTOBUF) == Spans()
    assert events_of(b"{}", JSON) == Spans()
