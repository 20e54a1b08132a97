"""What can go wrong between a sync and its provider, and the kind of error that each fault must end in.

A fault sets in at once or with the second window, and lasts. Bodies quote the account's secret, as real ones may.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.http import MAX_BYTES
from demo.faults import Fault

REJECTED = "credential_rejected"
LACKS = "credential_lacks_billing"
LIMITED = "rate_limited"
DOWN = "provider_unavailable"
STRANGE = "unexpected_response"
OUTLIVED = "none"
"""The sync succeeds, and its totals are right."""
NOWHERE = ""
"""The fault can not happen there."""

AT_ONCE, LATER = "at once", "with the second window"
SECRET = "<secret>"
QUOTED = "quoted from the body"
ERROR = {"error": {"message": f"{QUOTED}: {SECRET}", "type": "simulated"}}
OTHER_KINDS = dict.fromkeys(
    (
        "data", "results", "time_series", "username", "DimensionValues", "ResultsByTime", "ReturnSize", "datasets",
        "jobReference", "rows", "users", "error", "detail", "message", "__type",
    ),
    5,
)  # fmt: skip
"""Members of all providers' answers, none of the right kind."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault, and the `error_kind` of the run by the moment at which the fault sets in."""

    fault: Fault
    kinds: Mapping[str, str]


def trouble(expected: str, later: str | None = None, /, **fault: Any) -> Trouble:
    return Trouble(Fault(times=0, **fault), {AT_ONCE: expected, LATER: expected if later is None else later})


def answers(status: int, expected: str, content: Any, later: str | None = None, **fault: Any) -> Trouble:
    """An answer of this status and JSON content in the place of the right one."""
    return trouble(expected, later, kind="status", status=status, text=json.dumps(content), **fault)


def says(text: str) -> Trouble:
    """A success with this body."""
    return trouble(STRANGE, kind="status", status=200, text=text)


@dataclass(frozen=True, slots=True)
class Minor:
    """What a sync does without: it succeeds, its day totals are right, and a note has these words."""

    fault: Fault
    note: str = ""
    is_short_of_today: bool = False
    """The note says so."""


ANYWHERE: Mapping[str, Trouble] = {
    "400": answers(400, STRANGE, ERROR),
    "401": answers(401, REJECTED, ERROR),
    "403": answers(403, LACKS, ERROR),
    "404": answers(404, STRANGE, ERROR),
    "408": answers(408, DOWN, ERROR),
    "409": answers(409, DOWN, ERROR),
    "413": answers(413, STRANGE, ERROR),
    "a refusal that is a list": answers(403, LACKS, [ERROR]),
    "a refusal of other kinds": answers(400, STRANGE, OTHER_KINDS),
    "429": answers(429, LIMITED, ERROR),
    "429 with a pause": answers(429, LIMITED, ERROR, retry_after="30"),
    "429 with a long pause": answers(429, LIMITED, ERROR, retry_after="86400"),
    "429 with an absurd pause": answers(429, LIMITED, ERROR, retry_after="-1e99"),
    "429 with a date": answers(429, LIMITED, ERROR, retry_after="Fri, 01 Jan 2100 00:00:00 GMT"),
    "500": answers(500, DOWN, ERROR),
    "502": answers(502, DOWN, ERROR),
    "503": answers(503, DOWN, ERROR),
    "504": answers(504, DOWN, ERROR),
    "529": answers(529, DOWN, ERROR),
    "a page": trouble(STRANGE, kind="html", status=200),
    "a login page": trouble(DOWN, kind="html", status=403),
    "an error page": trouble(DOWN, kind="html", status=502),
    "half a body": trouble(STRANGE, kind="truncate"),
    "a connection cut before the answer": trouble(DOWN, kind="cut"),
    "a connection cut within the answer": trouble(DOWN, kind="cut", size=20),
    "an empty body": says(""),
    "a list": says("[]"),
    "null": says("null"),
    "a number": says("42"),
    "a text": says(f'"{QUOTED}: {SECRET}"'),
    "an object without members": says("{}"),
    "an object of other members": says(json.dumps({"status": "ok", "message": f"{QUOTED}: {SECRET}"})),
    "members of other kinds": says(json.dumps(OTHER_KINDS)),
    "no number": says('{"data": NaN}'),
    "a bottomless list": says("[" * 100_000),
    "another host": trouble(STRANGE, kind="redirect", location="http://127.0.0.2:1/"),
    "another path": trouble(STRANGE, kind="redirect", status=302, location="/login"),
    "a huge body": trouble(STRANGE, kind="huge", size=MAX_BYTES),
    "another content type": trouble(OUTLIVED, kind="header", header="Content-Type: text/html"),
    "a body that is not packed as it says": trouble(STRANGE, kind="header", header="Content-Encoding: gzip"),
}
