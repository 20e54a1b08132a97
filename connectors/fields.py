"""Reads typed members out of the JSON objects of a provider.

Ids, counts and amounts are strict: another type or an impossible value raises `UnexpectedResponse`, which names
endpoint and member, never the value. A missing member and null are both None. What only decorates is read leniently.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from connectors.errors import UnexpectedResponse

LARGEST_COUNT = 2**63 - 1
LARGEST_NUMBER = Decimal(10) ** 18
MOST_DECIMALS = 40
_DECIMAL = re.compile(r"-?\d{1,64}(\.\d{1,64})?([eE][-+]?\d{1,3})?", re.ASCII)


@dataclass(frozen=True, slots=True, repr=False)
class Fields:
    """One JSON object of an answer; `where` names provider and endpoint in messages, `within` the objects around."""

    where: str
    members: Mapping[str, Any]
    within: str = ""

    def refuse(self, member: str, flaw: str) -> UnexpectedResponse:
        """The error to raise when `member` has a `flaw`."""
        return UnexpectedResponse(f"{self.where}: {self.within}{member} {flaw}.")

    def text(self, member: str) -> str | None:
        """A string that matters, such as an id or a label."""
        value = self.members.get(member)
        if value is not None and not isinstance(value, str):
            raise self.refuse(member, "is not a text")
        return value

    def name(self, member: str) -> str | None:
        """A string for people; None if it is anything else."""
        value = self.members.get(member)
        return value if isinstance(value, str) and value.strip() else None

    def flag(self, member: str) -> bool:
        """A boolean that must be there."""
        value = self.members.get(member)
        if not isinstance(value, bool):
            raise self.refuse(member, "is not true or false")
        return value

    def count(self, member: str) -> int | None:
        """A whole number of at least 0 that a database can hold."""
        found = self.members.get(member)
        if type(found) is int and 0 <= found < LARGEST_NUMBER:  # the usual case, without a Decimal in between
            return found
        value = self.number(member)
        if value is None:
            return None
        if value % 1 or not 0 <= value <= LARGEST_COUNT:
            raise self.refuse(member, "is not a count")
        return int(value)

    def number(self, member: str, *, below: Decimal = LARGEST_NUMBER) -> Decimal | None:
        """A decimal from a JSON number or a decimal string, its size below `below` and of at most 40 decimals."""
        value = self.members.get(member)
        if value is None:
            return None
        if isinstance(value, str) and _DECIMAL.fullmatch(value):
            value = Decimal(value)
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise self.refuse(member, "is not a number")
        number = Decimal(value)
        exponent = number.as_tuple().exponent
        if not isinstance(exponent, int) or number.adjusted() > below.adjusted() or abs(number) >= below:
            raise self.refuse(member, "is impossibly large")
        if exponent < -MOST_DECIMALS:
            raise self.refuse(member, "has impossibly many decimals")
        return number

    def moment(self, member: str) -> datetime | None:
        """A time from Unix seconds; None if it is anything else."""
        value = self.members.get(member)
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            return None
        try:
            return datetime.fromtimestamp(int(value), UTC)
        except (ValueError, OverflowError, OSError):
            return None

    def object(self, member: str) -> "Fields | None":
        """A nested object."""
        value = self.members.get(member)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.refuse(member, "is not an object")
        return Fields(self.where, value, f"{self.within}{member}.")

    def objects(self, member: str) -> Iterator["Fields"]:
        """The objects of an array that must be there."""
        value = self.members.get(member)
        if not isinstance(value, list):
            raise self.refuse(member, "is not an array")
        for item in value:
            if not isinstance(item, dict):
                raise self.refuse(member, "holds something that is not an object")
            yield Fields(self.where, item, self.within)
