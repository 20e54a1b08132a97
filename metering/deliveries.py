"""What goes between the server and the process that counts: deliveries there, answers back, in numbered frames.

A frame is the length of what follows (4 bytes) and its number (8), a line of JSON, and a body as it is.
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

JSON = "application/json"
PROTOBUF = "application/x-protobuf"
TRACES = "traces"
OPERATIONS = {"completions": "completion", "images": "image", "video": "video", "audio": "audio"}
_HEAD = struct.Struct(">IQ")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One body as a client sent it, to an operation of `store.events` or `TRACES`, with the key of this id."""

    to: str
    body: bytes
    content_type: str = JSON
    encoding: str = ""
    key_id: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the client is told. `retry_after` is in seconds, 0 where trying again is of no use."""

    status: int
    body: bytes
    content_type: str = JSON
    retry_after: int = 0


def frame(number: int, said: Delivery | Answer) -> bytes:
    told = {name: getattr(said, name) for name in said.__slots__ if name != "body"}
    rest = json.dumps(told).encode() + b"\n" + said.body
    return _HEAD.pack(len(rest), number) + rest


class Frames:
    """Puts frames together again from the pieces they arrive in."""

    def __init__(self, kind: type[Delivery] | type[Answer]) -> None:
        self._kind = kind
        self._pieces = bytearray()

    def arrived(self, piece: bytes) -> Iterator[tuple[int, Any]]:
        """The number and content of each frame that is whole by now."""
        self._pieces += piece
        start = 0
        while len(self._pieces) - start >= _HEAD.size:
            length, number = _HEAD.unpack_from(self._pieces, start)
            end = start + _HEAD.size + length
            if len(self._pieces) < end:
                break
            told, _, body = bytes(self._pieces[start + _HEAD.size : end]).partition(b"\n")
            start = end
            yield number, self._kind(body=body, **json.loads(told))
        del self._pieces[:start]
