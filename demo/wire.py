"""What the simulator's server and the providers' protocols say to each other."""

import json
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from demo.world import World

DUST_EXPONENT = -12
_MARK = "\ue000"
_MARKED = re.compile(r'"\\ue000([^"]*)"')


@dataclass(frozen=True, slots=True)
class Manners:
    """How an interface behaves on the wire where its protocol leaves that open.

    `page_rows` is the most that a page holds, None for the usual. With `adds_members` every JSON object of an answer
    has a member that no document knows of; with `omits_nulls` members that are null are left out. With `has_dust`
    amounts are printed with digits below a nano-dollar, as far as the protocol's numbers have room for them; a sum of a
    few amounts, rounded, is as if they were not there.
    """

    page_rows: int | None = None
    adds_members: bool = False
    has_dust: bool = False
    omits_nulls: bool = False

    def dusted(self, nanos: int, place: object) -> int | Decimal:
        """Nano-dollars with the dust of a place in the bill: always the same, below a hundredth, none on nothing."""
        if not self.has_dust or not nanos:
            return nanos
        return nanos + Decimal(zlib.crc32(repr(place).encode()) - 2**31).scaleb(DUST_EXPONENT)

    def applied(self, answer: "Answer") -> "Answer":
        """The answer as it goes out."""
        if not (self.adds_members or self.omits_nulls) or "json" not in answer.headers.get("Content-Type", ""):
            return answer
        content = json.loads(answer.body, parse_float=Decimal, object_hook=self._mannered)
        return replace(answer, body=printed(content))

    def _mannered(self, members: dict[str, Any]) -> dict[str, Any]:
        if self.omits_nulls:
            members = {name: value for name, value in members.items() if value is not None}
        return _with_stranger(members) if self.adds_members else members


def _with_stranger(members: dict[str, Any]) -> dict[str, Any]:
    """The object with one member more, save where it holds but objects: its members may be somebody's names."""
    if all(isinstance(value, dict) for value in members.values()):
        return members
    return {**members, "x_unheard_of": {"since": None, "values": [1, "two"]}}


def printed(content: Any) -> bytes:
    """JSON, with every digit of each `Decimal`."""
    return _MARKED.sub(r"\1", json.dumps(content, default=_marked)).encode()


def _marked(number: object) -> str:
    if not isinstance(number, Decimal):
        raise TypeError(f"no JSON for {type(number).__name__}")
    return f"{_MARK}{number:f}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request as a provider sees it: `path` below the provider's own prefix, header names in lower case.

    `twists` are faults that only the protocol itself can make (see `demo.faults`).
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes
    world: World
    now: datetime
    twists: frozenset[str] = frozenset()
    manners: Manners = Manners()


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(cls, status: int, content: Any, headers: Mapping[str, str] | None = None) -> "Answer":
        return cls(status, printed(content), {"Content-Type": "application/json", **(headers or {})})


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider's protocol, served under `/<slug>`; `base` is the path that its connector's base URL ends with."""

    slug: str
    base: str
    answer: Callable[[Request], Answer]
