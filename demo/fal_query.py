"""How fal's platform interface reads its query, cuts days into buckets, numbers its pages, and says no."""

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from demo.wire import Answer, Request

JSON = dict[str, Any]
FRAMES = ("minute", "hour", "day", "week", "month")
LONGEST = ((timedelta(hours=2), "minute"), (timedelta(days=2), "hour"), (timedelta(days=64), "day"),
           (timedelta(days=183), "week"))  # fmt: skip
"""The widest range that each bucket is the default for; months beyond."""
MOST_IDS = 50
USUAL_LIMIT = 50
REPORTS = frozenset({"time_series", "summary"})

_TYPES = {
    400: "validation_error",
    401: "authorization_error",
    403: "authorization_error",
    404: "not_found",
    429: "rate_limited",
}


class Refused(Exception):
    """An answer that is an error, in fal's envelope."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message

    def answer(self) -> Answer:
        error = {"type": _TYPES[self.status], "message": self.message, "request_id": "req-demo"}
        return Answer.of_json(self.status, {"error": error})


def invalid() -> Refused:
    return Refused(400, "Invalid request parameters")


@dataclass(frozen=True, slots=True)
class Query:
    """The parameters of one request; unknown names and scalars given twice are refused.

    Lists come as `name=a&name=b` or `name=a,b`.
    """

    values: Mapping[str, tuple[str, ...]]

    @classmethod
    def read(cls, pairs: Iterable[tuple[str, str]], *, scalars: frozenset[str], lists: frozenset[str]) -> "Query":
        values: dict[str, tuple[str, ...]] = {}
        for name, value in pairs:
            if name not in scalars | lists or (name in scalars and name in values):
                raise invalid()
            values[name] = (*values.get(name, ()), *(value.split(",") if name in lists else (value,)))
        if any(len(values.get(name, ())) > MOST_IDS for name in lists):
            raise invalid()
        return cls(values)

    def text(self, name: str, default: str = "") -> str:
        return self.values.get(name, (default,))[0]

    def choice(self, name: str, allowed: Iterable[str], default: str) -> str:
        value = self.text(name, default)
        if value not in {*allowed, default}:
            raise invalid()
        return value

    def expanded(self, allowed: frozenset[str], default: tuple[str, ...] = ()) -> frozenset[str]:
        chosen = frozenset(self.values.get("expand", default))
        if not chosen <= allowed:
            raise invalid()
        return chosen

    def number(self, name: str, default: int) -> int:
        text = self.text(name, str(default))
        if not (text.isascii() and text.isdigit() and int(text)):
            raise invalid()
        return int(text)

    def instant(self, name: str, default: datetime) -> datetime:
        """A date or a date-time, which is UTC unless it says otherwise."""
        try:
            moment = datetime.fromisoformat(self.text(name)) if name in self.values else default
        except ValueError:
            raise invalid() from None
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """What a report is asked for: from `start` to before `end`, in buckets of `frame`."""

    start: datetime
    end: datetime
    frame: str

    @classmethod
    def read(cls, query: Query, now: datetime) -> "Span":
        start, end = query.instant("start", now - timedelta(hours=24)), query.instant("end", now)
        if start > end or query.text("timezone", "UTC") != "UTC":
            raise invalid()
        usual = next((frame for longest, frame in LONGEST if end - start < longest), "month")
        frame = query.choice("timeframe", FRAMES, usual)
        if query.choice("bound_to_timeframe", ("true", "false"), "true") == "true":
            start, end = bucket_of(start, frame), bucket_of(after(bucket_of(end, frame), frame), frame)
        return cls(start, end, frame)

    def buckets(self) -> Iterator[tuple[datetime, datetime]]:
        """Begin of each bucket and end of what is asked for of it, oldest first."""
        begin = bucket_of(self.start, self.frame)
        while begin < self.end:
            following = after(begin, self.frame)
            yield begin, min(following, self.end)
            begin = following

    def seconds(self, begin: datetime, end: datetime) -> Iterator[tuple[date, int, int]]:
        """The days of a bucket with the seconds between which it holds them."""
        begin = max(begin, self.start)
        while begin < end:
            midnight = datetime.combine(begin.date(), time(), UTC)
            stop = min(end, midnight + timedelta(days=1))
            yield begin.date(), int((begin - midnight).total_seconds()), int((stop - midnight).total_seconds())
            begin = stop


def bucket_of(moment: datetime, frame: str) -> datetime:
    """The begin of the bucket that holds a moment."""
    midnight = datetime.combine(moment.date(), time(), UTC)
    match frame:
        case "minute":
            return moment.replace(second=0, microsecond=0)
        case "hour":
            return moment.replace(minute=0, second=0, microsecond=0)
        case "week":
            return midnight - timedelta(days=midnight.weekday())
        case "month":
            return midnight.replace(day=1)
    return midnight


def after(begin: datetime, frame: str) -> datetime:
    """The begin of the next bucket."""
    if frame == "month":
        return bucket_of(begin + timedelta(days=32), frame)
    return begin + timedelta(**{f"{frame}s": 1})


def page_of(request: Request, query: Query, items: Sequence[Any]) -> tuple[Sequence[Any], JSON]:
    """One page of `limit` items, and its cursor: a page number in base64."""
    limit, cursor = query.number("limit", USUAL_LIMIT), query.text("cursor")
    limit = min(limit, request.manners.page_rows or limit)
    try:
        number = int(base64.b64decode(cursor, validate=True)) if cursor else 1
    except (ValueError, binascii.Error):
        raise invalid() from None
    if number < 1:
        raise invalid()
    following: str | None = _cursor(number + 1) if number * limit < len(items) else None
    has_more = following is not None
    if "repeat_cursor" in request.twists:
        following, has_more = _cursor(number), True
    if "null_cursor" in request.twists:
        following, has_more = None, True
    return items[(number - 1) * limit : number * limit], {"next_cursor": following, "has_more": has_more}


def _cursor(number: int) -> str:
    return base64.b64encode(str(number).encode()).decode()
