"""Faults to order: what can go wrong between here and a provider, each on the n-th request that fits."""

import json
import re
import threading
from http import HTTPStatus
from typing import Literal
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

Kind = Literal[
    "status", "html", "truncate", "cut", "drip", "huge", "delay", "redirect", "header",
    "repeat_cursor", "null_cursor", "refuse_grouping", "control_mismatch",
]  # fmt: skip
USUAL_STATUS = {"status": 503, "html": 502, "redirect": 307}
TWISTS = frozenset({"repeat_cursor", "null_cursor", "refuse_grouping", "control_mismatch"})


class Fault(BaseModel):
    """One fault. It hits `times` requests (0: all) from the `nth` on that fit `match`, a regular expression searched in
    the decoded path and query.

        status            answers `status` (503) with `text` as JSON body, `Retry-After: retry_after` if given: any text
        html              answers an HTML page with `status` (502)
        truncate          answers half a body as if it were whole
        cut               closes the connection after `size` bytes of the body, before the headers if 0
        drip              sends the body at `rate` bytes a second
        huge              sends `size` bytes of JSON white space before the body
        delay             waits `seconds`, then answers as usual
        redirect          sends to `location` with `status` (307)
        header            answers as usual, but with `header` (a content type that is none of JSON)
        repeat_cursor     says that there is more and gives the cursor of the same page again
        null_cursor       says that there is more and gives no cursor
        refuse_grouping   refuses to group costs by API key
        control_mismatch  adds a dollar to each day of an ungrouped answer
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    match: str = ""
    nth: int = Field(default=1, ge=1)
    times: int = Field(default=1, ge=0)
    status: int | None = Field(default=None, ge=200, le=599)
    text: str | None = None
    retry_after: str | None = None
    size: int = Field(default=0, ge=0)
    rate: int = Field(default=100, ge=1)
    seconds: float = Field(default=0, ge=0, le=600)
    location: str = ""
    header: str = Field(default="Content-Type: text/html", pattern=r"^[A-Za-z-]+: ")
    _seen: int = PrivateAttr(default=0)

    @property
    def is_twist(self) -> bool:
        """Made by the provider's protocol, not by the wire."""
        return self.kind in TWISTS

    @property
    def sent_status(self) -> int:
        return self.status or USUAL_STATUS[self.kind]

    @property
    def body(self) -> bytes:
        """What a `status` fault says: `text`, else an error in the words most providers use."""
        if self.text is not None:
            return self.text.encode()
        is_limit = self.sent_status == HTTPStatus.TOO_MANY_REQUESTS
        error = {
            "message": "Rate limit reached." if is_limit else "Simulated fault.",
            "type": "requests" if is_limit else "server_error",
            "param": None,
            "code": "rate_limit_exceeded" if is_limit else None,
        }
        return json.dumps({"error": error}).encode()

    def hits(self, target: str) -> bool:
        """Whether the request falls to this fault; counts the requests that fit."""
        if not re.search(self.match, target):
            return False
        self._seen += 1
        return self._seen >= self.nth and (not self.times or self._seen < self.nth + self.times)


class FaultQueue:
    """The faults ordered so far. At most one hits a request: the oldest that is due."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault.model_copy())

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def take(self, raw_target: str) -> Fault | None:
        """The fault for a request's raw path and query."""
        target = unquote(raw_target)
        with self._lock:
            due = [fault for fault in self._faults if fault.hits(target)]
        return due[0] if due else None
