"""Bodies that real clients sent, see `recorded/README.md`, and ways to change them."""

import json
from pathlib import Path
from typing import Any, cast

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from store.events import Operation

FOLDER = Path(__file__).parent / "recorded"
BODIES = {file.stem: file.read_bytes() for file in sorted(FOLDER.glob("*.json"))}
EXPORTS = {file.stem: file.read_bytes() for file in sorted(FOLDER.glob("*.pb"))}
CONTENT = "secret"
"""Stands in every prompt and answer of the recordings."""


def operation_of(name: str) -> Operation:
    return cast("Operation", name.partition("_")[0])


def said(name: str, **changed: Any) -> bytes:
    """A recorded body with some members changed; those that are `...` are left out."""
    whole = json.loads(BODIES[name]) | changed
    return json.dumps({key: value for key, value in whole.items() if value is not ...}).encode()


def request_of(name: str) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    request.ParseFromString(EXPORTS[name])
    return request


def in_json(request: ExportTraceServiceRequest) -> dict[str, Any]:
    """The JSON encoding of OTLP, which differs from that of protobuf in its ids: they are hex."""
    whole: dict[str, Any] = MessageToDict(request)
    messages = [span for group in request.resource_spans for scope in group.scope_spans for span in scope.spans]
    spans = [span for group in whole["resourceSpans"] for scope in group["scopeSpans"] for span in scope["spans"]]
    for span, message in zip(spans, messages, strict=True):
        span["traceId"], span["spanId"] = message.trace_id.hex(), message.span_id.hex()
        span["status"]["code"] = message.status.code
    return whole
