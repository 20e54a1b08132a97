"""The rows of the billing query as costs: converted to US dollars, read by SKU, added up by day, project and model."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from connectors.errors import UnexpectedResponse
from connectors.fields import LARGEST_COUNT, Fields
from connectors.vertex_refusals import PROVIDER
from connectors.vertex_skus import TOKENS, Sku, read_sku
from store.records import CostRecord, LineItem, Window, WorkspaceRecord, to_nanos

ONE = Decimal(1)
NONE = Decimal(0)
Place = tuple[date, str, str, str]
"""Day, project, model and variant."""


@dataclass(frozen=True, slots=True)
class Line:
    """One SKU of one project on one day, in US dollars; `credit` positive where it reduces the bill."""

    place: Place
    kind: str
    label: str
    cost: Decimal
    credit: Decimal
    amount: Decimal | None
    unit: str | None


def read_line(row: Fields, window: Window) -> Line:
    day = day_of(row)
    if day not in window:
        raise row.refuse("usage_day", "lies outside the days asked for")
    rate = _rate(row)
    name = row.text("sku_name") or ""
    sku = read_sku(name)
    return Line(
        place=(day, row.text("project_id") or "", sku.model, sku.variant),
        kind=_kind(sku, row.text("usage_unit")),
        label=f"{name} ({row.text('sku_id') or 'no SKU id'})",
        cost=_needed(row, "cost") / rate,
        credit=-(row.number("credit") or NONE) / rate,
        amount=row.number("usage_amount"),
        unit=row.text("usage_unit"),
    )


def _kind(sku: Sku, unit: str | None) -> str:
    """Tokens are counted one by one; another unit of a token SKU (older ones: characters) is kept as it is."""
    return "" if sku.kind in TOKENS and unit not in {"count", "tokens"} else sku.kind


def day_of(row: Fields) -> date:
    value = row.members.get("usage_day")
    if not isinstance(value, date) or isinstance(value, datetime):
        raise row.refuse("usage_day", "is not a day")
    return value


def _needed(row: Fields, member: str) -> Decimal:
    value = row.number(member)
    if value is None:
        raise row.refuse(member, "is missing")
    return value


def _rate(row: Fields) -> Decimal:
    """Units of the billing currency per US dollar."""
    rate = row.number("rate")
    if rate is None and row.text("currency") == "USD":
        return ONE
    if rate is None or rate <= 0:
        raise row.refuse("rate", "is missing, so that the bill's currency can not be converted")
    return rate


def held_against_itself(rows: Iterable[Fields]) -> dict[date, Decimal]:
    """US dollars per day by the query's own sums; an error where the rows miss them.

    The query adds up by the rate as it is printed: none, 1 and 1.0 are three, though the same for US dollars.
    """
    found: defaultdict[tuple[date, str | None, str, Decimal], list[Decimal]] = defaultdict(lambda: [NONE] * 4)
    for row in rows:
        sums = found[day_of(row), row.text("currency"), str(row.members.get("rate")), _rate(row)]
        sums[0] += _needed(row, "cost")
        sums[1] += row.number("credit") or NONE
        sums[2], sums[3] = _needed(row, "day_cost"), row.number("day_credit") or NONE
    totals: defaultdict[date, Decimal] = defaultdict(Decimal)
    for (day, _, _, rate), (cost, credit, day_cost, day_credit) in found.items():
        if to_nanos(cost - day_cost) or to_nanos(credit - day_credit):
            raise UnexpectedResponse(f"{PROVIDER}: the rows of {day} do not add up to that day's own total.")
        totals[day] += day_cost / rate
    return dict(totals)


def records(lines: Iterable[Line]) -> tuple[CostRecord, ...]:
    grouped: defaultdict[Place, list[Line]] = defaultdict(list)
    for line in lines:
        grouped[line.place].append(line)
    return tuple(_record(place, group) for place, group in sorted(grouped.items()))


def _record(place: Place, lines: Sequence[Line]) -> CostRecord:
    day, project, model, variant = place
    counts = {kind: _count(line.amount for line in lines if line.kind == kind) for kind in TOKENS}
    inputs = [count for kind in ("input", "cached_input", "cache_write") if (count := counts[kind]) is not None]
    others = {(line.kind or line.unit or "units") for line in lines if line.kind not in TOKENS}
    unit = next(iter(others)) if len(others) == 1 and all(count is None for count in counts.values()) else None
    return CostRecord(
        day=day,
        workspace_id=project,
        model=model,
        variant=variant,
        billed_cost=sum((line.cost for line in lines), NONE),
        credits_applied=sum((line.credit for line in lines), NONE),
        input_tokens=sum(inputs) if inputs else None,
        cached_input_tokens=counts["cached_input"],
        cache_write_tokens=counts["cache_write"],
        output_tokens=counts["output"],
        usage_quantity=sum((line.amount or NONE for line in lines), NONE) if unit else None,
        usage_unit=unit,
        line_items=tuple(
            LineItem(label=line.label, amount=line.cost, quantity=line.amount, unit=line.unit) for line in lines
        ),
    )


def _count(amounts: Iterable[Decimal | None]) -> int | None:
    """Whole tokens; None where none are told, or where corrections took back more than there was."""
    told = [amount for amount in amounts if amount is not None]
    total = sum(told, NONE).to_integral_value(ROUND_HALF_EVEN)
    return int(total) if told and 0 <= total <= LARGEST_COUNT else None


def projects(rows: Iterable[Fields]) -> tuple[WorkspaceRecord, ...]:
    """All projects on the bill under their newest names; a deleted one may have none."""
    names: dict[str, tuple[datetime, str | None]] = {}
    for row in rows:
        if project := row.text("project_id"):
            seen = (written_at(row), row.name("project_name"))
            known = names.get(project)
            if known is None or (seen[1] is not None and (known[1] is None or seen[0] > known[0])):
                names[project] = seen
    return tuple(WorkspaceRecord(workspace_id=project, name=name) for project, (_, name) in sorted(names.items()))


def written_at(row: Fields) -> datetime:
    value = row.members.get("newest_export")
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise row.refuse("newest_export", "is not a time")
    return value
