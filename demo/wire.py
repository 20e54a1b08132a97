"""What the simulator's server and the providers' protocols say to each other."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from demo.world import World


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


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(cls, status: int, content: Any, headers: Mapping[str, str] | None = None) -> "Answer":
        return cls(status, json.dumps(content).encode(), {"Content-Type": "application/json", **(headers or {})})


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider's protocol, served under `/<slug>`; `base` is the path that its connector's base URL ends with."""

    slug: str
    base: str
    answer: Callable[[Request], Answer]
