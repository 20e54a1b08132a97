"""The billing export: the lines that Google appends to its table, in euros, never changing one it has written.

A use is spread over hours; a correction negates the old line and writes a new one on the same hour, days later. Around
the company's AI stand lines of other services, tax, and a reseller's margin, which are not what it pays for AI.
https://cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/standard-usage
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from demo.cells import Cell
from demo.vertex_labels import COMPUTE, GEMINI_API_LABELS, LABELS, SEARCH, VERTEX_AI, Label
from demo.vertex_spend import ASSISTANT, DEVELOPMENT, GONE, PLATFORM
from demo.world import World

ACCOUNT = "01ABCD-2EF345-6789AB"
CURRENCY = "EUR"
RATES = ("0.86", "0.875", "0.91", "0.8625")
"""Euros per US dollar, another each month."""
SPANS = ((0, 7), (7, 20), (20, 24))
"""Hours of the day that one line covers; the first is still the day before in California."""
DELAY = timedelta(hours=5)
COLUMNS = (
    "usage_start_time", "usage_end_time", "service.id", "service.description", "sku.id", "sku.description",
    "project.id", "project.name", "currency", "currency_conversion_rate", "usage.unit", "usage.amount", "cost",
    "cost_type", "credits", "export_time", "_PARTITIONTIME",
)  # fmt: skip

Row = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """Some hours of a cell as Google writes them; `sign` −1 takes an earlier line back."""

    cell: Cell
    span: tuple[int, int]
    exported: datetime
    sign: int = 1


def rows(world: World, start: date, end: date, now: datetime) -> Iterator[Row]:
    """All lines with a use on the days from `start` to before `end`, written until `now`."""
    names = {workspace.workspace_id: workspace.name for workspace in world.story("vertex").workspaces}
    first, last = max(start, world.first_day), min(end, now.date() + timedelta(days=1))
    for offset in range((last - first).days):
        day = first + timedelta(days=offset)
        for line in (*_uses(world, day, now), *_corrections(world, day)):
            yield _row(line, names)
        yield from _surroundings(day)


def _uses(world: World, day: date, now: datetime) -> Iterator[Line]:
    """The day as it was billed first."""
    first = replace(world, restatements=())
    for begin, end in SPANS:
        exported = min(_at(day, end) + DELAY, now)
        for cell in first.cells_between("vertex", day, begin * 3_600, end * 3_600, now):
            yield Line(cell, (begin, end), exported)


def _corrections(world: World, day: date) -> Iterator[Line]:
    """What each later reading of the day took back and wrote anew."""
    for count, restatement in enumerate(world.restatements, start=1):
        if day >= restatement.before:
            continue
        old, new = (
            {
                cell.identity: cell
                for cell in replace(world, restatements=world.restatements[:known]).cells(
                    "vertex", day, day + timedelta(days=1), _at(day, 48)
                )
            }
            for known in (count - 1, count)
        )
        exported = _at(restatement.before, 0) + timedelta(minutes=30)
        for identity in old.keys() | new.keys():
            if old.get(identity) != new.get(identity):
                for sign, cell in ((-1, old.get(identity)), (1, new.get(identity))):
                    if cell is not None:
                        yield Line(cell, SPANS[-1], exported, sign)


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(), UTC) + timedelta(hours=hour)


def moment(instant: datetime) -> str:
    """A time as the table keeps it: text of fixed width, so that earlier is smaller."""
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%fZ")


def rate(day: date) -> str:
    return RATES[day.month % len(RATES)]


def euros(nanos: int, day: date) -> str:
    return str(Decimal(nanos).scaleb(-9) * Decimal(rate(day)))


def _row(line: Line, names: dict[str, str | None]) -> Row:
    cell, sign = line.cell, line.sign
    is_studio_use = cell.workspace_id == DEVELOPMENT and (cell.model, cell.kind) in GEMINI_API_LABELS
    label = GEMINI_API_LABELS[cell.model, cell.kind] if is_studio_use else LABELS[cell.model, cell.variant, cell.kind]
    is_correction = sign < 0 or cell.kind == "goodwill"
    return _printed(
        label, cell.day, line.span, line.exported, cost=sign * cell.nanos, amount=str(sign * cell.quantity),
        project=(cell.workspace_id or None, names.get(cell.workspace_id)),
        cost_type="adjustment" if is_correction else "regular", credits=_credits(sign * cell.credits, cell),
    )  # fmt: skip


def _credits(nanos: int, cell: Cell) -> list[tuple[str, int]]:
    """The entries under a line: a grant, sometimes with a discount, sometimes a margin that is not the company's."""
    entries = [] if not nanos else [("PROMOTION", -nanos)]
    if nanos and cell.workspace_id == PLATFORM:
        part = nanos // 3
        entries = [("PROMOTION", -(nanos - part)), ("COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE", -part)]
    if cell.workspace_id == ASSISTANT and cell.kind == "output":
        entries.append(("RESELLER_MARGIN", -cell.nanos // 20))
    return entries


def _printed(
    label: Label,
    day: date,
    span: tuple[int, int],
    exported: datetime,
    *,
    cost: int,
    amount: str,
    project: tuple[str | None, str | None],
    cost_type: str = "regular",
    credits: list[tuple[str, int]] | None = None,  # noqa: A002 - the column's name
) -> Row:
    (service_id, service), sku_id, sku, unit = label
    entries = [{"type": kind, "amount": euros(nanos, day)} for kind, nanos in credits or ()]
    return (
        moment(_at(day, span[0])), moment(_at(day, span[1])), service_id, service, sku_id, sku, *project, CURRENCY,
        rate(day), unit, amount, euros(cost, day), cost_type, json.dumps(entries), moment(exported),
        moment(exported.replace(hour=0, minute=0, second=0, microsecond=0)),
    )  # fmt: skip


def _surroundings(day: date) -> Iterator[Row]:
    """What stands on the same bill and is no AI of the company's own."""
    whole, exported = (0, 1), _at(day, 1)
    none = (None, None)
    tax = (VERTEX_AI, "0000-0000-0001", "Tax", "")
    core = (COMPUTE, "2037-B859-1728", "N1 Predefined Instance Core running in Americas", "seconds")
    tools = (SEARCH, "DE10-0001-0002", "AI Dev Tools: Claude Opus 4.8 Input Tokens (Long)", "count")
    yield _printed(core, day, whole, exported, cost=9_990_000_000, amount="3600", project=(GONE, None))
    yield _printed(tools, day, whole, exported, cost=1_250_000_000, amount="90000", project=(PLATFORM, "Data platform"))
    if day.day == 1:
        yield _printed(tax, day, whole, exported, cost=77_310_000_000, amount="0", project=none, cost_type="tax")
        yield _printed(tax, day, whole, exported, cost=1_000, amount="0", project=none, cost_type="rounding_error")
