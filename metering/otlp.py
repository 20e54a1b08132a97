"""OpenTelemetry spans of model calls (OTLP over HTTP, `POST /v1/traces`).

The conventions are in development, so both generations of names are read:
https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/. Input tokens there include cached ones. Spans that are
no call of a model are accepted and ignored: an agent's outer span may repeat the tokens of the calls inside it.

One call may be two spans. Anthropic's own client (2.12) traces itself, and inside its instrumentation too, with the
same `gen_ai.response.id`: so that id names the event wherever it is long enough to be unique, and of an export's two
spans the inner one counts, which began later and is closer to the answer. Some local servers count their answers from
0 to 999, and others give none: there trace and span name the event.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.json_format import MessageToJson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from metering.errors import MalformedEvent
from metering.fields import all_input, count, event, identity, required, text
from metering.prices import priced
from metering.providers import slug_at
from metering.spans import SERVICE, Said, Span, spans_of_json, spans_of_protobuf
from store.events import MeteredEvent

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
UNIQUE_LENGTH = 20
MOST_CALLS = 10_000
"""Of one export; exporters send 512 spans at once. Small spans are so alike that a few kB compressed hold very many."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_MODEL_CALLS = {
    "chat", "completion", "text_completion", "generate_content", "embeddings", "embedding", "rerank",
}  # fmt: skip
_OPERATION = ("gen.ai.operation.name", "llm.request.type")
_PROVIDER = ("gen.ai.provider.name", "gen.ai.system")
_MODEL = ("gen.ai.response.model", "gen.ai.request.model")
_RESPONSE_ID = ("gen.ai.response.id",)
_ADDRESS = ("server.address", "gen.ai.openai.api.base")
_INPUT = ("gen.ai.usage.input.tokens", "gen.ai.usage.prompt.tokens")
_OUTPUT = ("gen.ai.usage.output.tokens", "gen.ai.usage.completion.tokens")
_READ = ("gen.ai.usage.cache.read.input.tokens",)
_WRITTEN = ("gen.ai.usage.cache.creation.input.tokens", "gen.ai.usage.cache.write.input.tokens")
_WRITTEN_5M = ("anthropic.usage.cache.creation.ephemeral.5m.input.tokens",)
_WRITTEN_1H = ("anthropic.usage.cache.creation.ephemeral.1h.input.tokens",)
_TIER = ("openai.response.service.tier", "gen.ai.openai.response.service.tier")
_WANTED = frozenset(
    name
    for names in (
        _OPERATION, _PROVIDER, _MODEL, _RESPONSE_ID, _ADDRESS, _INPUT, _OUTPUT, _READ, _WRITTEN, _WRITTEN_5M,
        _WRITTEN_1H, _TIER,
    )
    for name in names
)  # fmt: skip
_WIRE_NAMES = {
    "provider": "gen_ai.provider.name",
    "model": "gen_ai.response.model",
    "application": SERVICE,
    "input_tokens": "gen_ai.usage.input_tokens",
}


@dataclass(frozen=True)
class Spans:
    """What an export holds: events, and how many spans of model calls are refused, with the first reason."""

    events: tuple[MeteredEvent, ...] = ()
    rejected: int = 0
    message: str = ""


def events_of(body: bytes, content_type: str) -> Spans:
    """The model calls of an export, each once; raises `MalformedEvent` where the body as a whole can not be read."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in {PROTOBUF, JSON}:
        raise MalformedEvent("content-type", f"is neither {PROTOBUF} nor {JSON}")
    found: dict[str, MeteredEvent] = {}
    rejected, message = 0, ""
    for span in (spans_of_protobuf if kind == PROTOBUF else spans_of_json)(body, _WANTED):
        try:
            _find(found, span)
        except MalformedEvent as fault:
            rejected, message = rejected + 1, message or str(fault)
    return Spans(tuple(found.values()), rejected, message)


def _find(found: dict[str, MeteredEvent], span: Span) -> None:
    """Put the call that the span tells of, if any, among those found by their ids; raises `MalformedEvent`."""
    if not _is_model_call(span.said):
        return
    if len(found) >= MOST_CALLS:
        raise MalformedEvent("resourceSpans", f"hold more than {MOST_CALLS:,} calls")
    made = _event(span)
    before = found.get(made.event_id, made)
    found[made.event_id] = max(before, made, key=lambda event: event.occurred_at)


def answer(spans: Spans, content_type: str) -> bytes:
    """The `ExportTraceServiceResponse` in the encoding of the request; empty where every span was accepted."""
    response = ExportTraceServiceResponse()
    if spans.rejected:
        response.partial_success.rejected_spans = spans.rejected
        response.partial_success.error_message = spans.message
    if content_type.partition(";")[0].strip().lower() == JSON:
        return str(MessageToJson(response, indent=None)).encode()
    return bytes(response.SerializeToString())


def _is_model_call(said: Said) -> bool:
    """By the operation; where a span names none, by its use of tokens of a named provider."""
    operation = text(*_first(said, _OPERATION))
    if operation:
        return operation in _MODEL_CALLS
    return any(name in said for name in _PROVIDER) and any(name in said for name in (*_INPUT, *_OUTPUT))


def _event(span: Span) -> MeteredEvent:
    said = span.said
    read, written = count(*_first(said, _READ)), count(*_first(said, _WRITTEN))
    tokens = {
        "input_tokens": all_input(count(*_first(said, _INPUT)), read, written),
        "cached_input_tokens": read,
        "cache_write_tokens": written,
        "output_tokens": count(*_first(said, _OUTPUT)),
    }
    made = event(
        _WIRE_NAMES,
        source="opentelemetry",
        event_id=_identity(span),
        occurred_at=_moment(span.started),
        operation="completion",
        provider=slug_at(required(text, *_first(said, _PROVIDER)), text(*_first(said, _ADDRESS))),
        model=required(text, *_first(said, _MODEL)),
        application=text(span.service, SERVICE),
        is_failed=span.is_error and not any(tokens.values()),
        **tokens,
    )
    tier = text(*_first(said, _TIER)).lower()
    parts = {"cache_write_5m_tokens": _first(said, _WRITTEN_5M), "cache_write_1h_tokens": _first(said, _WRITTEN_1H)}
    counts = {kind: count(value, name) or 0 for kind, (value, name) in parts.items()}
    return priced(made, counts, {"service_tier": tier} if tier else {})


def _first(said: Said, names: tuple[str, ...]) -> tuple[Any, str]:
    """The value under the first of these names that is there, and that name as the client spells it."""
    spelled = next((said[name] for name in names if name in said), None)
    return (spelled[1], spelled[0]) if spelled else (None, names[0].replace("gen.ai", "gen_ai"))


def _identity(span: Span) -> str:
    answered = identity(*_first(span.said, _RESPONSE_ID))
    if len(answered) >= UNIQUE_LENGTH:
        return answered
    if not span.trace_id.strip("0"):
        raise MalformedEvent("traceId", "is missing")
    if not span.span_id.strip("0"):
        raise MalformedEvent("spanId", "is missing")
    return span.trace_id + span.span_id


def _moment(started: Any) -> datetime:
    nanoseconds = count(started, "startTimeUnixNano")
    if not nanoseconds:
        raise MalformedEvent("startTimeUnixNano", "is missing")
    return EPOCH + timedelta(microseconds=nanoseconds // 1000)
