"""Cost Explorer's questions and the rows of its answers.

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsage.html - at most two dimensions at
once; a day may be split between pages; amounts are decimal strings. Every page costs $0.01.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

from connectors.bedrock_refusals import CursorRefused
from connectors.errors import UnexpectedResponse
from connectors.fields import Fields
from connectors.http import paginate
from store.records import Window

if TYPE_CHECKING:
    from connectors.bedrock_session import BedrockSession

MOST_SERVICES = 100
"""Services in one filter. More are asked for in several questions."""

Treatment = Literal["cost", "credit", "discount", "excluded"]
KNOWN_COSTS = frozenset({"Usage", "Other", "DiscountedUsage", "SavingsPlanCoveredUsage", "SavingsPlanNegation"})
EXCLUDED = frozenset(
    {
        "Refund",
        "Tax",
        "Support",
        "Fee",
        "Recurring",
        "RIFee",
        "Upfront",
        "SavingsPlanRecurringFee",
        "SavingsPlanUpfrontFee",
        "Other out-of-cycle charges",
    }
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
T = TypeVar("T")


Amounts = Mapping[tuple[date, str], Mapping[str, Decimal]]
"""Dollars per day and linked account, by record type."""


class Row(NamedTuple):
    """One group of one day: its keys in the order asked for, US dollars, and the quantity in AWS's unit."""

    day: date
    keys: tuple[str, ...]
    amount: Decimal
    quantity: Decimal
    unit: str


class Sums(NamedTuple):
    """What one linked account was billed on a day, and the credits that were taken off again, positive."""

    billed: Decimal
    credits: Decimal


@dataclass(frozen=True, slots=True)
class Ledger:
    """What AWS says in sum of all services of Bedrock.

    `names` are the linked accounts; None where AWS has no name for one.
    """

    span: Window
    services: tuple[str, ...]
    amounts: Amounts
    names: Mapping[str, str | None]


def treatment(record_type: str) -> Treatment:
    """Credits and discounts reduce the bill; taxes, refunds and fees are no cost of a model; all else is cost.

    A list of what is left out, since one of what is let in loses costs: `Usage` is not the only kind.
    """
    if record_type == "Credit":
        return "credit"
    if record_type in EXCLUDED:
        return "excluded"
    if "discount" in record_type.lower() and record_type not in KNOWN_COSTS:
        return "discount"
    return "cost"


def summed(types: Mapping[str, Decimal]) -> Sums:
    """The sums of one day's record types."""
    billed = credited = Decimal(0)
    for name, amount in types.items():
        match treatment(name):
            case "cost":
                billed += amount
            case "credit" | "discount":
                credited -= amount
    return Sums(billed, credited)


def read_services(session: "BedrockSession", span: Window) -> tuple[str, ...]:
    """Every service of Bedrock that was billed: AWS's own, and one for each model of the Marketplace."""
    parameters = {"TimePeriod": _period(span), "Dimension": "SERVICE", "SearchString": "Bedrock"}

    def read() -> list[str]:
        return [value for page in _pages(session, "GetDimensionValues", parameters) for value in _values(page)]

    return tuple(sorted({value for value in _twice(read) if "bedrock" in value.lower()}))


def read_ledger(session: "BedrockSession", span: Window) -> Ledger:
    """The services and the sums by linked account and record type; two requests and further pages."""
    services = read_services(session, span)
    names: dict[str, str | None] = {}
    amounts = read_amounts(session, span, services, names)
    return Ledger(span, services, amounts, dict.fromkeys((account for _, account in amounts), None) | names)


def read_amounts(
    session: "BedrockSession", span: Window, services: Sequence[str], names: dict[str, str | None] | None = None
) -> Amounts:
    """AWS's own sums, all accounts in one request and further pages; `names` collects names of accounts."""
    amounts: defaultdict[tuple[date, str], defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in read_rows(session, span, ("LINKED_ACCOUNT", "RECORD_TYPE"), services, names=names):
        account, record_type = row.keys
        amounts[row.day, account][record_type] += row.amount
    return amounts


def read_rows(
    session: "BedrockSession",
    window: Window,
    groups: tuple[str, str],
    services: Sequence[str],
    *conditions: Mapping[str, Any],
    names: dict[str, str | None] | None = None,
) -> Iterator[Row]:
    """All groups of all days, of these services and under these conditions; `names` collects names of accounts."""
    for start in range(0, len(services), MOST_SERVICES):
        parts = [chosen("SERVICE", services[start : start + MOST_SERVICES]), *conditions]
        parameters = {
            "TimePeriod": _period(window),
            "Granularity": "DAILY",
            "Metrics": ["UnblendedCost", "UsageQuantity"],
            "GroupBy": [{"Type": "DIMENSION", "Key": key} for key in groups],
            "Filter": {"And": parts} if conditions else parts[0],
        }

        def read(parameters: dict[str, Any] = parameters) -> list[Fields]:
            return list(_pages(session, "GetCostAndUsage", parameters))

        for page in _twice(read):
            if names is not None:
                names.update(_names(page))
            for result in page.objects("ResultsByTime"):
                yield from _rows(result, window, len(groups))


def chosen(dimension: str, values: Sequence[str]) -> dict[str, Any]:
    """The filter for values of a dimension."""
    return {"Dimensions": {"Key": dimension, "Values": list(values)}}


def _period(window: Window) -> dict[str, str]:
    return {"Start": window.start.isoformat(), "End": window.end.isoformat()}


def _twice(read: Callable[[], T]) -> T:
    """Once more from the first page where AWS has forgotten its own cursor."""
    try:
        return read()
    except CursorRefused:
        pass
    return read()


def _pages(session: "BedrockSession", operation: str, parameters: Mapping[str, Any]) -> Iterator[Fields]:
    """All pages of an answer. boto3 has no paginator for either operation."""

    def read(cursor: str | None) -> Fields:
        more = {} if cursor is None else {"NextPageToken": cursor}
        return session.ask(operation, **parameters, **more)

    return paginate(read, lambda page: page.text("NextPageToken"), what=f"AWS ce:{operation}")


def _values(page: Fields) -> list[str]:
    """The values of a dimension, as many as the page says it holds: a service lost here is lost in silence."""
    found = [item.text("Value") for item in page.objects("DimensionValues")]
    values = [value for value in found if value]
    if page.count("ReturnSize") != len(found) or len(values) != len(found):
        raise page.refuse("ReturnSize", "is not the number of values")
    return values


def _rows(result: Fields, window: Window, width: int) -> Iterator[Row]:
    period = result.object("TimePeriod")
    start = (period.text("Start") if period else None) or ""
    try:
        day = date.fromisoformat(start) if _DAY.fullmatch(start) else None
    except ValueError:
        day = None
    if day is None or day not in window:
        raise result.refuse("TimePeriod", "is no day of the window asked for")
    for group in result.objects("Groups"):
        keys = group.members.get("Keys")
        metrics = group.object("Metrics")
        if not isinstance(keys, list) or len(keys) != width or not all(isinstance(key, str) for key in keys):
            raise group.refuse("Keys", "are not those asked for")
        if metrics is None:
            raise group.refuse("Metrics", "are missing")
        quantity = metrics.object("UsageQuantity")
        counted = quantity.number("Amount") if quantity else None
        unit = quantity.name("Unit") if quantity else None
        yield Row(day, tuple(keys), _dollars(metrics), counted or Decimal(0), unit or "")


def _dollars(metrics: Fields) -> Decimal:
    cost = metrics.object("UnblendedCost")
    amount = cost.number("Amount") if cost else None
    if cost is None or amount is None:
        raise metrics.refuse("UnblendedCost", "has no amount")
    if cost.text("Unit") != "USD":
        raise UnexpectedResponse(
            "AWS bills this account in another currency than US dollars.",
            likely_cause="The account is of a partition such as AWS China, which bills in its own currency.",
            resolution="Spendglass keeps US dollars only: this account cannot be shown without a wrong total.",
        )
    return amount


def _names(page: Fields) -> dict[str, str | None]:
    """The linked accounts that a page names."""
    if page.members.get("DimensionValueAttributes") is None:
        return {}
    found = {}
    for item in page.objects("DimensionValueAttributes"):
        attributes = item.members.get("Attributes")
        if account := item.name("Value"):
            name = attributes.get("description") if isinstance(attributes, dict) else None
            found[account] = name if isinstance(name, str) and name.strip() else None
    return found
