"""AWS below boto3: a session whose questions are answered by a plain function, and a bill composed from lines."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from connectors.answers import parse_json
from connectors.base import Meter
from connectors.bedrock_ledger import Ledger
from connectors.bedrock_session import BedrockSession
from connectors.fields import Fields
from store.records import Window
from tests.connectors.bedrock.fake import FOLDER, answer_name

DAY = date(2026, 11, 10)
ONE_DAY = Window(DAY, DAY + timedelta(days=1))
TWO_DAYS = Window(DAY, DAY + timedelta(days=2))
ACCOUNT, OTHER_ACCOUNT = "111122223333", "444455556666"
OWN = "Amazon Bedrock"

Wish = Mapping[str, Any]
Answer = Callable[[str, Wish], Any]


class Line(NamedTuple):
    """One line of the bill; by default usage of the first account on the first day."""

    service: str
    usage_type: str
    amount: str
    quantity: str = "0"
    unit: str = "Units"
    record_type: str = "Usage"
    account: str = ACCOUNT
    day: date = DAY
    currency: str = "USD"


class StagedSession(BedrockSession):
    """Asks a function instead of boto3; `asked` remembers the questions."""

    def __init__(self, answer: Answer) -> None:
        self.meter = Meter()
        self.remembered: Ledger | None = None
        self.asked: list[tuple[str, Wish]] = []
        self._stage = answer

    def ask(self, operation: str, **parameters: Any) -> Fields:
        self.asked.append((operation, parameters))
        found = self._stage(operation, parameters)
        return Fields(
            f"AWS ce:{operation}", parse_json(found if isinstance(found, bytes) else json.dumps(found).encode())
        )


def composed(_operation: str, wish: Wish) -> bytes:
    """The composed answers of this folder."""
    return (FOLDER / f"{answer_name(wish)}.json").read_bytes()


def bill(*lines: Line, names: Mapping[str, str] | None = None, sums: Mapping[str, str] | None = None) -> Answer:
    """An account with these lines. `sums` replaces the sum of a record type, so that rows and sums disagree."""

    def answer(operation: str, wish: Wish) -> Any:
        if operation == "GetDimensionValues":
            services = sorted({line.service for line in lines})
            values = [{"Value": name, "Attributes": {}} for name in services]
            return {"DimensionValues": values, "ReturnSize": len(values), "TotalSize": len(values)}
        groups = [group["Key"] for group in wish["GroupBy"]]
        asked = Window(*(date.fromisoformat(wish["TimePeriod"][edge]) for edge in ("Start", "End")))
        fitting = [line for line in lines if line.day in asked and fits(wish["Filter"], line)]
        days = [_day(day, groups, fitting, sums or {}) for day in sorted({line.day for line in fitting})]
        attributes = [{"Value": key, "Attributes": {"description": name}} for key, name in (names or {}).items()]
        return {"ResultsByTime": days, "DimensionValueAttributes": attributes if "LINKED_ACCOUNT" in groups else []}

    return answer


VALUES: Mapping[str, Callable[[Line], str]] = {
    "SERVICE": lambda line: line.service,
    "USAGE_TYPE": lambda line: line.usage_type,
    "LINKED_ACCOUNT": lambda line: line.account,
    "RECORD_TYPE": lambda line: line.record_type,
}


def fits(expression: Wish, line: Line) -> bool:
    [(root, inside)] = expression.items()
    if root == "And":
        return all(fits(part, line) for part in inside)
    if root == "Not":
        return not fits(inside, line)
    return VALUES[inside["Key"]](line) in inside["Values"]


def _day(day: date, groups: list[str], lines: Iterable[Line], sums: Mapping[str, str]) -> dict[str, Any]:
    held: defaultdict[tuple[str, ...], list[Line]] = defaultdict(list)
    for line in lines:
        if line.day == day:
            held[tuple(VALUES[key](line) for key in groups)].append(line)
    return {
        "TimePeriod": {"Start": day.isoformat(), "End": (day + timedelta(days=1)).isoformat()},
        "Total": {},
        "Estimated": True,
        "Groups": [
            {
                "Keys": list(keys),
                "Metrics": {
                    "UnblendedCost": {"Amount": sums.get(keys[1]) or _total(line.amount for line in found),
                                      "Unit": found[0].currency},
                    "UsageQuantity": {"Amount": _total(line.quantity for line in found), "Unit": found[0].unit},
                },
            }
            for keys, found in held.items()
        ],
    }  # fmt: skip


def _total(amounts: Iterable[str]) -> str:
    return str(sum(map(Decimal, amounts), Decimal(0)))
