"""Single values of a body, checked. Each raises `MalformedEvent` with the client's own name of the field.

`None` is what a client sends, or leaves out, where it has nothing to say.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, TypeVar

from pydantic import ValidationError

from metering.errors import MalformedEvent
from store.events import MeteredEvent
from store.records import LARGEST_AMOUNT, LARGEST_NANOS, LARGEST_QUANTITY

T = TypeVar("T")
LONGEST_LABEL = 300
LONGEST_ID = 200
_LIKE_A_SECRET = re.compile(
    r"(?:sk|rk|pk|hak|rev|gsk|xai|fal|key)[-_]\S{16,}|AIza\S{16,}|AKIA\S{12,}|[\w-]{36}:[0-9a-f]{32}"
)


def count(value: Any, field: str) -> int | None:
    """A whole number from 0 to the largest that the store holds."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise MalformedEvent(field, "is not a whole number")
    if not 0 <= value <= LARGEST_NANOS:
        raise MalformedEvent(field, "is negative" if value < 0 else "is larger than any count")
    return value


def amount(value: Any, field: str) -> Decimal | None:
    """US dollars, not negative."""
    return _decimal(value, field, LARGEST_AMOUNT)


def quantity(value: Any, field: str) -> Decimal | None:
    """A number of seconds, images, characters or credits, not negative."""
    return _decimal(value, field, LARGEST_QUANTITY)


def _decimal(value: Any, field: str, largest: Decimal) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise MalformedEvent(field, "is not a number")
    if not 0 <= value <= largest:
        raise MalformedEvent(field, "is negative" if value < 0 else "is larger than can be")
    return Decimal(value)


def text(value: Any, field: str) -> str:
    """Text without space around it, "" where there is none; a whole number is taken for its digits."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise MalformedEvent(field, "is not text")
    found = str(value).strip()
    if len(found) > LONGEST_LABEL:
        raise MalformedEvent(field, f"is longer than {LONGEST_LABEL} characters")
    return found


def key_name(value: Any, field: str) -> str:
    """The name of an API key; of a key sent as its own name only both ends are kept."""
    found = text(value, field)
    return f"{found[:8]}...{found[-4:]}" if _LIKE_A_SECRET.fullmatch(found) else found


def identity(value: Any, field: str) -> str:
    """An event's id; of a long one, as gateways make them, its SHA-256."""
    if isinstance(value, str) and len(value) > LONGEST_ID:
        return sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
    return text(value, field)


def moment(value: Any, field: str) -> datetime:
    """An ISO 8601 time with its zone, in UTC."""
    if not isinstance(value, str):
        raise MalformedEvent(field, "is missing" if value is None else "is not an ISO 8601 time")
    try:
        found = datetime.fromisoformat(value)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise MalformedEvent(field, "is not an ISO 8601 time") from None
    raise MalformedEvent(field, "has no time zone")


def required(read: Callable[[Any, str], T | None], value: Any, field: str) -> T:
    """What `read` finds, which must not be None or ""."""
    found = read(value, field)
    if found is None or found == "":
        raise MalformedEvent(field, "is missing")
    return found


def all_input(reported: int | None, read: int | None, written: int | None, *, without: int = 0) -> int | None:
    """All input tokens: those reported, and the cached ones `without` which they were reported.

    Where fewer tokens are reported than were read from the cache, the reported ones can not contain them.
    """
    if reported is None:
        return None
    if reported + without < (read or 0) + (written or 0):
        return reported + (read or 0) + (written or 0)
    return reported + without


def event(wire_names: Mapping[str, str], **said: Any) -> MeteredEvent:
    """The event; `wire_names` is what the client calls the fields that the vocabulary may still refuse."""
    try:
        return MeteredEvent(**said)
    except ValidationError as error:
        refused = str(error.errors(include_input=False, include_url=False, include_context=False)[0]["loc"][0])
        raise MalformedEvent(wire_names.get(refused, refused), "can not be stored") from None
