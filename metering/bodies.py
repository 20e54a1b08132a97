"""Bodies as they come off the wire: compressed, hostile, and JSON whose numbers are exact."""

import json
import zlib
from decimal import Decimal, InvalidOperation
from typing import Any

from metering.errors import BodyTooLarge, MalformedEvent

BODY = "body"
GZIP, ZLIB, RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS


def decompressed(body: bytes, content_encoding: str, limit: int) -> bytes:
    """The body itself, inflated to at most `limit` bytes and one more, whatever it would become.

    Raises `BodyTooLarge`, and `MalformedEvent` where the encoding is not one of gzip, deflate and identity, or the body
    is not in it. Gzip of several members is refused: no client sends it, and many tiny ones cost quadratic time.
    """
    encoding = content_encoding.strip().lower()
    if encoding in {"", "identity"}:
        if len(body) > limit:
            raise BodyTooLarge(limit)
        return body
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise MalformedEvent("content-encoding", "is none of gzip, deflate and identity")
    inflater = zlib.decompressobj(_window(body) if encoding == "deflate" else GZIP)
    try:
        whole = inflater.decompress(body, limit) if limit else b""
        rest = inflater.decompress(inflater.unconsumed_tail or (b"" if whole else body), 1)
    except zlib.error:
        raise MalformedEvent(BODY, f"is not {encoding}") from None
    if rest:
        raise BodyTooLarge(limit)
    if not inflater.eof or inflater.unused_data:
        raise MalformedEvent(BODY, f"is not {encoding} from its first byte to its last")
    return whole


def _window(body: bytes) -> int:
    """The window of zlib's format, or of the bare one that some clients call deflate too (RFC 9110, 8.4.1.2)."""
    is_zlib = len(body) > 1 and body[0] & 15 == 8 and int.from_bytes(body[:2], "big") % 31 == 0  # noqa: PLR2004, RFC 1950
    return ZLIB if is_zlib else RAW


def json_object(body: bytes) -> dict[str, Any]:
    """The object that a body holds, numbers as int and `Decimal`; raises `MalformedEvent`."""
    try:
        found = json.loads(body, parse_float=Decimal, parse_constant=_not_a_number)
    except (ValueError, RecursionError, InvalidOperation):
        raise MalformedEvent(BODY, "is not JSON") from None
    if not isinstance(found, dict):
        raise MalformedEvent(BODY, "is not a JSON object")
    return found


def _not_a_number(_: str) -> Any:
    raise ValueError("JSON knows no NaN and no infinity")
