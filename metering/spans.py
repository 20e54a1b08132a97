"""Spans as they come in, OTLP protobuf or JSON, cut down to what metering reads of them.

Attributes are taken by name; all others, content among them, are left where they are, unread. Names are compared with
dots for underscores, since instrumentations spell one attribute in several ways.
The JSON encoding: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding (ids hex, 64-bit integers as text).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Message
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from metering.bodies import BODY, json_object
from metering.errors import MalformedEvent

SERVICE = "service.name"
ERRORS = [Status.STATUS_CODE_ERROR, "STATUS_CODE_ERROR"]
ID_BYTES = {"traceId": 16, "spanId": 8}

Said = Mapping[str, tuple[str, Any]]
"""By plain name: the name as the client spells it, and the value; of two the last."""


@dataclass(frozen=True, slots=True)
class Span:
    """`trace_id` and `span_id` are hex, "" where they are not what ids are; `started` is in nanoseconds of 1970."""

    trace_id: str
    span_id: str
    started: Any
    is_error: bool
    said: Said
    service: Any


def plain(name: str) -> str:
    return name.replace("_", ".")


def spans_of_protobuf(body: bytes, wanted: frozenset[str]) -> Iterator[Span]:
    """Spans of an `ExportTraceServiceRequest`; raises `MalformedEvent`."""
    request = ExportTraceServiceRequest()
    try:
        request.ParseFromString(body)
    except DecodeError:
        raise MalformedEvent(BODY, "is not an ExportTraceServiceRequest") from None
    for group in request.resource_spans:
        resource = {key.key: _value(key) for key in group.resource.attributes if key.key == SERVICE}
        for scope in group.scope_spans:
            for span in scope.spans:
                yield _read(span, wanted, resource.get(SERVICE))


def _read(span: Message, wanted: frozenset[str], service: Any) -> Span:
    said = {name: (key.key, _value(key)) for key in span.attributes if (name := plain(key.key)) in wanted}
    trace, own = span.trace_id, span.span_id
    return Span(
        trace.hex() if len(trace) == ID_BYTES["traceId"] else "",
        own.hex() if len(own) == ID_BYTES["spanId"] else "",
        span.start_time_unix_nano,
        span.status.code == Status.STATUS_CODE_ERROR,
        said,
        service,
    )


def _value(key: KeyValue) -> Any:
    kind = key.value.WhichOneof("value")
    return getattr(key.value, kind) if kind else None


def spans_of_json(body: bytes, wanted: frozenset[str]) -> Iterator[Span]:
    """Spans of the JSON encoding of the same; raises `MalformedEvent`."""
    for group in _members(json_object(body), "resourceSpans"):
        resource = group.get("resource")
        attributes = _attributes(resource, frozenset({SERVICE})) if isinstance(resource, dict) else {}
        for scope in _members(group, "scopeSpans"):
            for span in _members(scope, "spans"):
                status = span.get("status")
                yield Span(
                    _hex(span, "traceId"),
                    _hex(span, "spanId"),
                    _integer(span.get("startTimeUnixNano")),
                    isinstance(status, dict) and status.get("code") in ERRORS,
                    _attributes(span, wanted),
                    attributes.get(SERVICE, (SERVICE, None))[1],
                )


def _members(parent: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = parent.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(member, dict) for member in found):
        raise MalformedEvent(name, "is not a list of objects")
    return found


def _attributes(parent: Mapping[str, Any], wanted: frozenset[str]) -> Said:
    said = {}
    for member in _members(parent, "attributes"):
        name, value = member.get("key"), member.get("value")
        if isinstance(name, str) and plain(name) in wanted and isinstance(value, dict):
            said[plain(name)] = (name, _json_value(value))
    return said


def _json_value(value: Mapping[str, Any]) -> Any:
    for kind in ("stringValue", "boolValue", "doubleValue"):
        if kind in value:
            return value[kind]
    return _integer(value.get("intValue"))


def _integer(value: Any) -> Any:
    """A 64-bit integer written as text; anything else as it is."""
    if isinstance(value, str) and len(value) <= len(str(-(2**64))) and value.isascii():
        digits = value.removeprefix("-")
        return int(value) if digits.isdigit() else value
    return value


def _hex(span: Mapping[str, Any], name: str) -> str:
    value = span.get(name)
    if not isinstance(value, str) or len(value) != 2 * ID_BYTES[name]:
        return ""
    try:
        return bytes.fromhex(value).hex()
    except ValueError:
        return ""
