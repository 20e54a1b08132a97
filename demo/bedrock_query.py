"""Cost Explorer's questions: which members a request may have, and which lines of the ledger a filter lets through.

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsage.html
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from demo.bedrock_ledger import Line

DIMENSIONS: Mapping[str, Callable[[Line], str]] = {
    "SERVICE": lambda line: line.service,
    "USAGE_TYPE": lambda line: line.usage_type,
    "LINKED_ACCOUNT": lambda line: line.account,
    "RECORD_TYPE": lambda line: line.record_type,
}
METRICS = frozenset({"UnblendedCost", "NetUnblendedCost", "AmortizedCost", "BlendedCost", "UsageQuantity"})
ROOTS = frozenset({"And", "Or", "Not", "Dimensions"})
MOST_GROUPS = 2
HISTORY_MONTHS = 14
MONTHS_A_YEAR = 12
JSON = dict[str, Any]


class Refused(Exception):
    """An answer of AWS that is an error: its code, its words, its HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def invalid(message: str) -> Refused:
    return Refused("ValidationException", message)


@dataclass(frozen=True, slots=True)
class Period:
    """The days asked for, `end` excluded."""

    start: date
    end: date


def read_period(wish: JSON, today: date) -> Period:
    """Refuses what lies in the future, and what is older than Cost Explorer keeps."""
    try:
        period = Period(date.fromisoformat(wish["TimePeriod"]["Start"]), date.fromisoformat(wish["TimePeriod"]["End"]))
    except (KeyError, TypeError, ValueError):
        raise invalid("TimePeriod is missing or malformed.") from None
    if period.start >= period.end:
        raise invalid("Start date (and hour) should be before end date (and hour)")
    if period.start > today:
        raise invalid("Start date cannot be later than today.")
    if period.start < _oldest(today):
        raise invalid("You haven't enabled historical data beyond 14 months.")
    return period


def _oldest(today: date) -> date:
    """The first day of the month thirteen months ago: the stricter of the two rules that users report."""
    months = today.year * MONTHS_A_YEAR + today.month - HISTORY_MONTHS
    return date(months // MONTHS_A_YEAR, months % MONTHS_A_YEAR + 1, 1)


def reject_unknown(wish: JSON, known: frozenset[str]) -> None:
    if unknown := sorted(wish.keys() - known):
        raise invalid(f"Unknown member {unknown[0]}.")


def read_groups(wish: JSON) -> list[str]:
    groups = wish.get("GroupBy") or []
    if len(groups) > MOST_GROUPS:
        raise invalid("Number of groupBy cannot exceed 2")
    for group in groups:
        if group.get("Type") != "DIMENSION" or group.get("Key") not in DIMENSIONS:
            raise invalid(f"Group definition {group.get('Key')} is invalid.")
    return [group["Key"] for group in groups]


def read_metrics(wish: JSON) -> list[str]:
    metrics = wish.get("Metrics") or []
    if not metrics or not METRICS.issuperset(metrics):
        raise invalid("Metrics are missing or unknown.")
    return list(metrics)


def read_filter(wish: JSON) -> JSON | None:
    """The filter, checked: one root at each level, known dimensions, exact matches only."""
    expression: JSON | None = wish.get("Filter")
    if expression is not None:
        _check(expression)
    return expression


def _check(expression: JSON) -> None:
    if len(expression) != 1 or not ROOTS.issuperset(expression):
        raise invalid(f"Expression has more than one roots. Only one root is allowed: {sorted(expression)}")
    match expression:
        case {"And": list(parts)} | {"Or": list(parts)}:
            for part in parts:
                _check(part)
        case {"Not": part}:
            _check(part)
        case {"Dimensions": chosen}:
            if chosen.get("Key") not in DIMENSIONS or not chosen.get("Values"):
                raise invalid("Dimension key or values are missing or unknown.")
            if not {"EQUALS", "CASE_SENSITIVE"}.issuperset(chosen.get("MatchOptions") or []):
                raise invalid("Match option is not supported by this operation.")


def passes(expression: JSON | None, line: Line) -> bool:
    """Whether a checked filter lets a line through."""
    match expression:
        case {"And": parts}:
            return all(passes(part, line) for part in parts)
        case {"Or": parts}:
            return any(passes(part, line) for part in parts)
        case {"Not": part}:
            return not passes(part, line)
        case {"Dimensions": chosen}:
            return DIMENSIONS[chosen["Key"]](line) in chosen["Values"]
    return True


def read_offset(wish: JSON) -> int:
    """Where the page of a token starts, 0 without one; a token belongs to one question."""
    token = wish.get("NextPageToken")
    if token is None:
        return 0
    try:
        offset, question = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, TypeError, binascii.Error):
        raise Refused("InvalidNextTokenException", "Next page token is invalid.") from None
    if question != _digest(wish):
        raise Refused("RequestChangedException", "The request changed between pages.")
    return int(offset)


def page_token(wish: JSON, offset: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([offset, _digest(wish)]).encode()).decode()


def _digest(wish: JSON) -> str:
    question = {name: value for name, value in wish.items() if name != "NextPageToken"}
    return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()[:16]


def is_closed(day: date, today: date) -> bool:
    """Whether the month of a day is closed; AWS takes some days for that."""
    return day < (today - timedelta(days=6)).replace(day=1)
