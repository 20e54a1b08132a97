"""How long a request may be tried again, and how long to pause in between.

The patience is a property of the occasion, not of the provider: a sync in the background waits, a person before a form
does not. So it travels in a context variable, and connectors need not know of it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_PAUSE = 120.0
"""Seconds. A provider that asks for more is left alone until the next sync."""

_HOUR, _DAY = 3_600, 86_400
_SECONDS = re.compile(r"\s*(\d+(?:\.\d+)?)\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Patience:
    """Attempts and seconds that one request may take in all, pauses included."""

    attempts: int = 6
    total_seconds: float = 300.0


_PATIENT = Patience()
_PATIENCE: ContextVar[Patience] = ContextVar("patience", default=_PATIENT)


@contextmanager
def patience(*, attempts: int, total_seconds: float) -> Iterator[None]:
    """Limits every request made inside the block; a link form uses `patience(attempts=2, total_seconds=15)`."""
    token = _PATIENCE.set(Patience(attempts, total_seconds))
    try:
        yield
    finally:
        _PATIENCE.reset(token)


def current_patience() -> Patience:
    """What the surrounding `patience` block allows, by default six attempts in five minutes."""
    return _PATIENCE.get()


def told_pause(headers: Mapping[str, str], now: Callable[[], float]) -> float | None:
    """Seconds the provider asks to wait; None where it asks for nothing usable (absent, negative, past or garbage).

    Reads `retry-after-ms` and `Retry-After`, as seconds or as a date. A date counts from the answer's own `Date`, so
    that a wrong clock here does no harm; `now` (Unix seconds) stands in where there is none. Else `x-ratelimit-reset`,
    which is seconds at fal and an instant elsewhere: what is more than an hour is not read. Names in lower case.
    """
    if milliseconds := _SECONDS.fullmatch(headers.get("retry-after-ms", "")):
        pause = float(milliseconds[1]) / 1000
    elif seconds := _SECONDS.fullmatch(headers.get("retry-after", "")):
        pause = float(seconds[1])
    elif (until := _unix_seconds(headers.get("retry-after"))) is not None:
        since = _unix_seconds(headers.get("date"))
        pause = until - (now() if since is None else since)
    elif (reset := _SECONDS.fullmatch(headers.get("x-ratelimit-reset", ""))) and float(reset[1]) <= _HOUR:
        pause = float(reset[1])
    else:
        return None
    return pause if pause > 0 else None


def told_date(headers: Mapping[str, str]) -> datetime | None:
    """When the provider says it answered, UTC; None where `Date` is absent or garbage. Names in lower case."""
    seconds = _unix_seconds(headers.get("date"))
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _unix_seconds(http_date: str | None) -> float | None:
    if http_date is None:
        return None
    try:
        moment = parsedate_to_datetime(http_date)
        return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError):
        return None


def in_words(seconds: float) -> str:
    """A pause for people: `45 s`, `10 min`, `3 h`, `more than a day`."""
    if seconds > _DAY:
        return "more than a day"
    if seconds >= 2 * _HOUR:
        return f"{seconds / _HOUR:.0f} h"
    if seconds > LONGEST_PAUSE:
        return f"{seconds / 60:.0f} min"
    return f"{seconds:.0f} s"
