"""Telling a client why nothing was counted, in its own format."""

import json

from google.rpc.status_pb2 import Status

from metering.deliveries import JSON, PROTOBUF, TRACES, Answer, Delivery

RETRY_SECONDS = 2
"""When to come again with what could not be counted now."""


def refusal(delivery: Delivery, status: int, message: str, *, field: str = "", retry_after: int = 0) -> Answer:
    """JSON with `error` and `field`; OpenTelemetry asks for a `google.rpc.Status` in the request's encoding.

    https://opentelemetry.io/docs/specs/otlp/#failures
    """
    if delivery.to == TRACES:
        if delivery.content_type == PROTOBUF:
            return Answer(status, Status(message=message).SerializeToString(), PROTOBUF, retry_after)
        return Answer(status, json.dumps({"message": message}).encode(), JSON, retry_after)
    told = {"error": message} | ({"field": field} if field else {})
    return Answer(status, json.dumps(told).encode(), JSON, retry_after)
