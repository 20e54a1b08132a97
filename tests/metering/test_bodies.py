"""Bodies off the wire: decompressed whole, refused when too large, never inflated beyond the limit."""

import gzip
import tracemalloc
import zlib

import pytest

from metering.bodies import decompressed
from metering.errors import BodyTooLarge, MalformedEvent

TEXT = b'{"model": "gpt-4o"}' * 1000
LIMIT = len(TEXT)
BOMB = zlib.compress(bytes(200_000_000), 9)
BARE = zlib.compressobj(wbits=-15)
ENCODED = {
    "": TEXT,
    "identity": TEXT,
    "gzip": gzip.compress(TEXT),
    " GZIP ": gzip.compress(TEXT),
    "x-gzip": gzip.compress(TEXT),
    "deflate": zlib.compress(TEXT),
    "Deflate": BARE.compress(TEXT) + BARE.flush(),
}


@pytest.mark.parametrize("encoding", ENCODED)
def test_a_body_comes_out_whole_up_to_the_limit(encoding: str) -> None:
    assert decompressed(ENCODED[encoding], encoding, LIMIT) == TEXT


@pytest.mark.parametrize("encoding", ENCODED)
def test_one_byte_more_than_the_limit_is_refused(encoding: str) -> None:
    with pytest.raises(BodyTooLarge) as refusal:
        decompressed(ENCODED[encoding], encoding, LIMIT - 1)
    assert refusal.value.limit == LIMIT - 1


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_an_empty_body_is_empty_when_compressed_too(encoding: str) -> None:
    body = gzip.compress(b"") if encoding == "gzip" else zlib.compress(b"")
    assert decompressed(body, encoding, 0) == b""


def test_a_bomb_is_not_inflated_beyond_the_limit() -> None:
    limit = 1_000_000
    tracemalloc.start()
    try:
        with pytest.raises(BodyTooLarge):
            decompressed(BOMB, "deflate", limit)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 3 * limit


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@pytest.mark.parametrize("damage", ["cut", "empty", "noise", "trailing", "twice"])
def test_a_body_that_is_not_in_its_encoding_is_refused(encoding: str, damage: str) -> None:
    whole = ENCODED[encoding]
    body = {
        "cut": whole[:-3],
        "empty": b"",
        "noise": b"\x00\x01\x02 not compressed",
        "trailing": whole + b"x",
        "twice": whole + whole,
    }[damage]
    with pytest.raises(MalformedEvent) as refusal:
        decompressed(body, encoding, 10 * LIMIT)
    assert refusal.value.field == "body"


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "\0"])
def test_an_encoding_that_is_not_known_is_refused(encoding: str) -> None:
    with pytest.raises(MalformedEvent) as refusal:
        decompressed(b"", encoding, LIMIT)
    assert refusal.value.field == "content-encoding"
