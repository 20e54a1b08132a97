"""What clients are told at the metering routes, from the wire to the store."""

import asyncio
import gzip
import json
import logging
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.applications import Starlette

from metering.counting import settle
from metering.deliveries import Answer, Delivery
from metering.intake import Intake, Room
from metering.keyring import OLDEST_SECONDS, KeyRing
from metering.routes import LARGEST_BODY, Desk
from settings import Settings
from store.db import Store
from store.errors import StoreError
from store.metering_keys import create_key, list_keys, revoke_key, valid_keys
from store.models import MeteredCost
from tests.store.cast import everything, rows

JSON = "application/json"
PROTOBUF = "application/x-protobuf"
COMPLETIONS = "/meter/v2/ai/completions"
TRACES = "/v1/traces"
EVENT = {
    "model": "gpt-5", "provider": "OPENAI", "transactionId": "t-1", "requestTime": "2026-03-20T11:00:00Z",
    "inputTokenCount": 12, "outputTokenCount": 3, "totalCost": 0.25, "durationSeconds": 2, "actualImageCount": 1,
    "requestedImageCount": 1, "systemPrompt": "planted prompt", "aNewField": {"of": "tomorrow"},
}  # fmt: skip
NOON_NANOS = 1_774_008_000 * 10**9


class Told(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> Any:
        return json.loads(self.body)


class InPlace(Intake):
    """An intake that counts in the test's own process, at the test's own time."""

    def __init__(self, store: Store, now: datetime) -> None:
        super().__init__()
        self._store, self._now = store, now

    async def deliver(self, delivery: Delivery) -> Answer:
        return settle(self._store, [delivery], self._now)[0]


class Client:
    """Sends requests to the routes as a server would hand them on; the clock of the key ring stands still."""

    def __init__(self, store: Store, now: datetime, chosen: Settings) -> None:
        self.key_id, self.key = create_key(store, "Search", now)
        self.intake = InPlace(store, now)
        self.seconds = 0.0
        self.ring: KeyRing | None = KeyRing(lambda: valid_keys(store, chosen), lambda: self.seconds)
        self.received = 0
        self._app = Starlette(routes=Desk(self.intake, lambda: self.ring).routes())

    def post(
        self, path: str, body: bytes | Iterable[bytes] = b"", kind: str = JSON, key: str | None = None, **more: str
    ) -> Told:
        """The answer; `more` are headers, an underscore for each hyphen. A piece None is a client that hangs up."""
        headers = {"content_type": kind, "x_api_key": self.key if key is None else key} | more
        raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items() if value]
        scope = {"type": "http", "method": "POST", "path": path, "headers": raw, "query_string": b""}
        return asyncio.run(self._run(scope, iter([body] if isinstance(body, bytes) else body)))

    async def _run(self, scope: dict[str, Any], pieces: Any) -> Told:
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            self.received += 1
            piece = next(pieces, b"")
            if piece is None:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": piece, "more_body": piece != b"" and self.is_long}

        async def send(message: Any) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Told(sent[0]["status"], told, b"".join(message.get("body", b"") for message in sent[1:]))

    is_long = False
    """Whether more pieces follow each piece that is not empty."""


@pytest.fixture
def client(store: Store, now: datetime, chosen: Settings) -> Client:
    return Client(store, now, chosen)


def body(**more: Any) -> bytes:
    return json.dumps(EVENT | more).encode()


def export(*spans: dict[str, Any]) -> dict[str, Any]:
    return {"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}


def span(number: int, nanos: int = NOON_NANOS) -> dict[str, Any]:
    said = {"gen_ai.operation.name": "chat", "gen_ai.system": "openai", "gen_ai.request.model": "gpt-5"}
    texts = [{"key": key, "value": {"stringValue": value}} for key, value in said.items()]
    return {
        "traceId": f"{number:032x}",
        "spanId": f"{number:016x}",
        "name": "chat gpt-5",
        "startTimeUnixNano": str(nanos),
        "attributes": [*texts, {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "7"}}],
    }


@pytest.mark.parametrize(
    ("name", "operation"),
    [("completions", "completion"), ("images", "image"), ("video", "video"), ("audio", "audio")],
)
def test_each_address_counts_its_operation_once(name: str, operation: str, client: Client, store: Store) -> None:
    for _ in range(2):
        told = client.post(f"/meter/v2/ai/{name}", body())
        assert (told.status, told.headers["content-type"]) == (201, JSON)
        assert told.said.keys() == {"id", "label", "resourceType", "signature"}
        assert {type(value) for value in told.said.values()} == {str}
        assert told.said["id"] == "t-1"
    assert rows(store, MeteredCost, "operation", "provider", "cost", "events") == [
        (operation, "openai", Decimal("0.25"), 1)
    ]


def test_a_body_may_come_in_pieces_and_compressed(client: Client, store: Store) -> None:
    client.is_long = True
    whole = gzip.compress(body())
    told = client.post(COMPLETIONS, [whole[:9], whole[9:], b""], content_encoding="gzip")
    assert told.status == 201
    assert rows(store, MeteredCost, "events") == [1]


@pytest.mark.parametrize("path", [COMPLETIONS, TRACES])
@pytest.mark.parametrize("key", ["", "hak_nobody0has0this0key0nobody0has0it", "ümlaut", "x" * 9000])
def test_without_a_valid_key_the_body_is_not_even_read(path: str, key: str, client: Client) -> None:
    told = client.post(path, body(), key=key, authorization="" if key else "Bearer ")
    assert (told.status, client.received) == (401, 0)
    assert b"nobody" not in told.body


def test_a_key_may_come_as_a_bearer_token_and_its_use_is_noted(
    client: Client, store: Store, chosen: Settings, now: datetime
) -> None:
    assert client.post(TRACES, b"{}", key="", authorization=f"Bearer {client.key}").status == 200
    assert [row["last_used_at"] for row in list_keys(store, chosen)] == [now]


def test_a_revoked_key_is_refused_within_five_seconds(client: Client, store: Store, now: datetime) -> None:
    assert client.post(COMPLETIONS, body()).status == 201
    revoke_key(store, client.key_id, now)
    client.seconds = OLDEST_SECONDS + 0.1
    assert OLDEST_SECONDS < 5
    assert client.post(COMPLETIONS, body()).status == 401


def test_keys_are_not_read_for_each_event_and_a_new_key_is_soon_known(
    client: Client, store: Store, now: datetime, chosen: Settings
) -> None:
    reads = []
    client.ring = KeyRing(lambda: reads.append(1) or valid_keys(store, chosen), lambda: client.seconds)  # type: ignore[func-returns-value]
    for _ in range(5):
        assert client.post(COMPLETIONS, body()).status == 201
    assert len(reads) == 1
    _, new = create_key(store, "Chat", now)
    client.seconds = 0.6
    assert client.post(COMPLETIONS, body(), key=new).status == 201


def test_the_key_is_in_no_log_and_no_answer(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told = [client.post(COMPLETIONS, body()), client.post(COMPLETIONS, b"{"), client.post(COMPLETIONS, kind="x")]
    said = caplog.text + "".join(str(answer) for answer in told)
    assert client.key not in said
    assert "planted" not in said


def test_content_that_comes_along_is_neither_kept_nor_logged(
    client: Client, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    content = dict.fromkeys(("systemPrompt", "inputMessages", "outputResponse"), "planted words")
    said = span(1)
    said["attributes"] += [
        {"key": name, "value": {"stringValue": "planted words"}}
        for name in ("gen_ai.prompt", "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.prompt.0.content")
    ]
    said["events"] = [{"name": "gen_ai.content.prompt", "attributes": said["attributes"][-1:]}]
    told = [client.post(COMPLETIONS, body(**content)), client.post(TRACES, json.dumps(export(said)).encode())]
    assert [answer.status for answer in told] == [201, 200]
    assert sum(rows(store, MeteredCost, "events")) == 2
    assert "planted" not in f"{everything(store)} {told} {caplog.text}"


@pytest.mark.parametrize(
    ("path", "kind", "encoding"),
    [
        (COMPLETIONS, "text/plain", ""),
        (COMPLETIONS, "", ""),
        (COMPLETIONS, PROTOBUF, ""),
        (COMPLETIONS, JSON, "br"),
        (TRACES, "text/plain", ""),
    ],
)
def test_a_content_type_or_encoding_that_is_not_understood_is_named(
    path: str, kind: str, encoding: str, client: Client
) -> None:
    told = client.post(path, body(), kind=kind, content_encoding=encoding)
    assert told.status == 415
    assert b"application/json" in told.body


def test_a_body_that_claims_to_be_too_large_is_not_read(client: Client) -> None:
    assert client.post(COMPLETIONS, body(), content_length=str(LARGEST_BODY + 1)).status == 413
    assert client.received == 0


def test_a_body_that_is_too_large_is_read_no_further(client: Client) -> None:
    client.is_long = True
    told = client.post(COMPLETIONS, (b"x" * 2**20 for _ in range(1000)))
    assert (told.status, client.received) == (413, LARGEST_BODY // 2**20 + 1)


def test_a_compressed_bomb_is_refused(client: Client) -> None:
    assert client.post(COMPLETIONS, gzip.compress(b" " * 2**26), content_encoding="gzip").status == 413


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"inputTokenCount": -1}, "inputTokenCount"),
        ({"requestTime": "yesterday"}, "requestTime"),
        ({"requestTime": "2025-01-01T00:00:00Z"}, "requestTime"),
        ({"requestTime": "2027-01-01T00:00:00Z"}, "requestTime"),
        ({"transactionId": None}, "transactionId"),
    ],
)
def test_what_is_wrong_is_named(changed: dict[str, Any], field: str, client: Client, store: Store) -> None:
    told = client.post(COMPLETIONS, body(**changed))
    assert (told.status, told.said["field"]) == (400, field)
    assert rows(store, MeteredCost, "events") == []


def test_a_full_server_asks_to_come_again(client: Client) -> None:
    client.intake.room = Room(requests=0)
    told = client.post(COMPLETIONS, body())
    assert (told.status, told.headers["retry-after"]) == (429, "1")
    client.intake.room = Room(size=10)
    assert client.post(COMPLETIONS, body()).status == 429
    assert client.post(TRACES, b"{}").status == 200


def test_room_is_given_back_whatever_becomes_of_a_request(client: Client) -> None:
    client.intake.room = Room(requests=1, size=LARGEST_BODY)
    client.is_long = True
    half = b"x" * (LARGEST_BODY // 2)
    for pieces, status in (([half, half, b"x"], 413), ([half, None], 408), ([half, b""], 400), ([body(), b""], 201)):
        assert client.post(COMPLETIONS, pieces).status == status  # type: ignore[arg-type]


def test_a_server_that_starts_or_cannot_read_its_keys_asks_to_come_again(client: Client) -> None:
    def refuse() -> dict[str, int]:
        raise StoreError("The disk failed.", likely_cause="", resolution="")

    for ring in (None, KeyRing(refuse)):
        client.ring = ring
        told = client.post(COMPLETIONS, body())
        assert (told.status, told.headers["retry-after"]) == (503, "2")


def test_an_intake_that_is_not_running_asks_to_come_again() -> None:
    told = asyncio.run(Intake().deliver(Delivery("completion", b"{}")))
    assert (told.status, told.retry_after) == (503, 2)


def test_spans_are_answered_in_their_own_encoding(client: Client, store: Store) -> None:
    told = client.post(TRACES, json.dumps(export(span(1), span(2))).encode())
    assert (told.status, told.headers["content-type"], told.said) == (200, JSON, {})
    message = ExportTraceServiceRequest()
    told = client.post(TRACES, message.SerializeToString(), kind=f"{PROTOBUF}; charset=utf-8")
    assert (told.status, told.headers["content-type"], told.body) == (200, PROTOBUF, b"")
    assert rows(store, MeteredCost, "events", "input_tokens") == [(2, 14)]


def test_spans_that_come_too_late_are_a_partial_success(client: Client, store: Store) -> None:
    late = span(2, NOON_NANOS - 60 * 86_400 * 10**9)
    told = client.post(TRACES, json.dumps(export(span(1), late)).encode())
    assert told.status == 200
    assert int(told.said["partialSuccess"]["rejectedSpans"]) == 1
    assert "45 days" in told.said["partialSuccess"]["errorMessage"]
    assert rows(store, MeteredCost, "events") == [1]


def test_a_malformed_export_is_refused_in_its_own_encoding(client: Client) -> None:
    assert client.post(TRACES, b"[").said["message"]
    told = client.post(TRACES, b"\xff\xff", kind=PROTOBUF)
    assert (told.status, told.headers["content-type"]) == (400, PROTOBUF)
    assert Status.FromString(told.body).message


def test_only_posting_is_possible(client: Client) -> None:
    app = Starlette(routes=Desk(client.intake, lambda: client.ring).routes())
    assert {route.path for route in app.routes} == {  # type: ignore[attr-defined]
        *(f"/meter/v2/ai/{name}" for name in ("completions", "images", "video", "audio")),
        TRACES,
    }
    assert all(route.methods == {"POST"} for route in app.routes)  # type: ignore[attr-defined]
