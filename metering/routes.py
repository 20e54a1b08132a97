"""Where clients send metered events: the addresses of the Revenium SDK, and that of OpenTelemetry traces.

`POST /meter/v2/ai/{completions,images,video,audio}` and `POST /v1/traces`, with a metering key as `x-api-key` or as
`Authorization: Bearer`. A request without a valid key is refused before its body is read.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from metering.deliveries import JSON, OPERATIONS, PROTOBUF, TRACES, Answer, Delivery
from metering.errors import BodyTooLarge
from metering.intake import Full, Intake, Place
from metering.keyring import KeyRing
from metering.refusals import RETRY_SECONDS, refusal
from store.errors import StoreError

LARGEST_BODY = 8 * 2**20
"""Bytes of a body as it is sent, compressed or not."""
READ_SECONDS = 30.0
FULL_SECONDS = 1
ENCODINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})


class Desk:
    """The routes' way to the key ring and the intake; `keys` gives None while the database is being opened."""

    def __init__(self, intake: Intake, keys: Callable[[], KeyRing | None]) -> None:
        self._intake, self._keys = intake, keys

    def routes(self) -> list[Route]:
        paths = {f"/meter/v2/ai/{name}": operation for name, operation in OPERATIONS.items()} | {"/v1/traces": TRACES}
        return [Route(path, self._endpoint(to), methods=["POST"]) for path, to in paths.items()]

    def _endpoint(self, to: str) -> Callable[[Request], object]:
        async def take(request: Request) -> Response:
            told = await self._take(to, request)
            headers = {"retry-after": str(told.retry_after)} if told.retry_after else None
            return Response(told.body, told.status, headers, told.content_type)

        return take

    async def _take(self, to: str, request: Request) -> Answer:
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        encoding = request.headers.get("content-encoding", "").strip().lower()
        empty, retry_after = Delivery(to, b"", content_type, encoding), 0
        try:
            return await self._settled(empty, request)
        except StoreError as fault:
            status, message, retry_after = 503, fault.message, RETRY_SECONDS
        except Full:
            status, message, retry_after = 429, "Too much is waiting to be counted.", FULL_SECONDS
        except BodyTooLarge as fault:
            status, message = 413, str(fault)
        except (TimeoutError, ClientDisconnect):
            status, message = 408, "The body did not arrive."
        return refusal(empty, status, message, retry_after=retry_after)

    async def _settled(self, empty: Delivery, request: Request) -> Answer:
        key_id = await self._holder(request)
        if key_id is None:
            return refusal(empty, 401, "The metering key is missing, wrong or revoked.")
        if told := _unsupported(empty):
            return told
        with self._intake.room.place() as place:
            body = await _body(request, place)
            return await self._intake.deliver(replace(empty, body=body, key_id=key_id))

    async def _holder(self, request: Request) -> int | None:
        keys = self._keys()
        if keys is None:
            raise StoreError("The database is being opened.", likely_cause="A start.", resolution="Try again.")
        key = request.headers.get("x-api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")
        return await keys.holder(key.strip()) if key else None


def _unsupported(delivery: Delivery) -> Answer | None:
    wanted = (JSON, PROTOBUF) if delivery.to == TRACES else (JSON,)
    if delivery.content_type in wanted and delivery.encoding in ENCODINGS:
        return None
    return refusal(delivery, 415, f"Expected {' or '.join(wanted)}, as it is or with gzip or deflate.")


async def _body(request: Request, place: Place) -> bytes:
    """The body, refused as soon as it is or claims to be too large; raises `Full` where there is no room for it."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > LARGEST_BODY:
        raise BodyTooLarge(LARGEST_BODY)
    pieces = []
    async with asyncio.timeout(READ_SECONDS):
        async for piece in request.stream():
            if place.size + len(piece) > LARGEST_BODY:
                raise BodyTooLarge(LARGEST_BODY)
            place.grow(len(piece))
            pieces.append(piece)
    return b"".join(pieces)
