"""How a line of the billing export is printed: in the company's own currency, as a decimal or as a binary fraction."""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal

from demo.cells import Cell
from demo.vertex_labels import GEMINI_API_LABELS, LABELS, Label
from demo.vertex_more_labels import MORE_LABELS, UNCOUNTED
from demo.vertex_spend import ASSISTANT, CREDIT_TYPES, DEVELOPMENT, PLATFORM, VertexStory
from demo.wire import Manners

COLUMNS = (
    "usage_start_time", "usage_end_time", "service.id", "service.description", "sku.id", "sku.description",
    "project.id", "project.name", "currency", "currency_conversion_rate", "usage.unit", "usage.amount", "cost",
    "cost_type", "credits", "export_time", "_PARTITIONTIME",
)  # fmt: skip
BINARY_DECIMALS = 38
"""BigQuery keeps so many of a binary fraction that it takes for a decimal."""
EXACT = Context(prec=60)

Row = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """Some hours of a cell as Google writes them; `sign` −1 takes an earlier line back."""

    cell: Cell
    span: tuple[int, int]
    exported: datetime
    sign: int = 1


def at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(), UTC) + timedelta(hours=hour)


def moment(instant: datetime) -> str:
    """A time as the table keeps it: text of fixed width, so that earlier is smaller."""
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%fZ")


@dataclass(frozen=True, slots=True)
class Press:
    """Prints lines of one company's bill."""

    story: VertexStory
    manners: Manners

    def row(self, line: Line) -> Row:
        """What a line of the company's AI says."""
        cell, sign = line.cell, line.sign
        place = (cell.day, *cell.identity, line.span, sign)
        is_correction = sign < 0 or cell.kind == "goodwill"
        return self.printed(
            label_of(cell), cell.day, line.span, line.exported, cost=self.manners.dusted(sign * cell.nanos, place),
            amount=None if cell.kind in UNCOUNTED else str(sign * cell.quantity),
            project=(cell.workspace_id or None, self.story.name_at(cell.workspace_id, line.exported)),
            cost_type="adjustment" if is_correction else "regular", credits=self._credits(sign * cell.credits, cell),
        )  # fmt: skip

    def printed(
        self,
        label: Label,
        day: date,
        span: tuple[int, int],
        exported: datetime,
        *,
        cost: int | Decimal,
        amount: str | None,
        project: tuple[str | None, str | None],
        cost_type: str = "regular",
        credits: Sequence[tuple[str | None, int]] = (),  # noqa: A002 - the column's name
    ) -> Row:
        """Any line; `cost` and `credits` in nano-dollars."""
        (service_id, service), sku_id, sku, unit = label
        currency, rate = self.story.rate(day, span[0])
        entries = [{"type": kind, "amount": self._local(nanos, rate)} for kind, nanos in credits]
        return (
            moment(at(day, span[0])), moment(at(day, span[1])), service_id, service, sku_id, sku, *project, currency,
            rate, unit, amount, self._local(cost, rate), cost_type, json.dumps(entries), moment(exported),
            moment(exported.replace(hour=0, minute=0, second=0, microsecond=0)),
        )  # fmt: skip

    def _local(self, nanos: int | Decimal, rate: str | None) -> str:
        """Dollars in the currency of the bill."""
        amount = EXACT.multiply(EXACT.scaleb(Decimal(nanos), -9), Decimal(rate or 1))
        return f"{Decimal(float(amount)):.{BINARY_DECIMALS}f}" if self.story.is_binary else f"{amount:f}"

    def _credits(self, nanos: int, cell: Cell) -> list[tuple[str | None, int]]:
        """The entries under a line: a grant, sometimes with a discount, sometimes a reseller's margin."""
        if self.story.has_all_credits:
            return _every_credit(nanos, cell)
        entries: list[tuple[str | None, int]] = [] if not nanos else [("PROMOTION", -nanos)]
        if nanos and cell.workspace_id == PLATFORM:
            part = nanos // 3
            entries = [("PROMOTION", -(nanos - part)), ("COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE", -part)]
        if cell.workspace_id == ASSISTANT and cell.kind == "output":
            entries.append(("RESELLER_MARGIN", -cell.nanos // 20))
        return entries


def _every_credit(nanos: int, cell: Cell) -> list[tuple[str | None, int]]:
    """A credit in three entries of some types, one of them larger than all and partly taken back; and a margin."""
    luck = zlib.crc32(repr(cell.identity).encode())
    first, second, third = (CREDIT_TYPES[(luck + step) % len(CREDIT_TYPES)] for step in (0, 2, 5))
    entries = [(first, -2 * nanos), (second, nanos // 3), (third, nanos - nanos // 3)] if nanos else []
    return [*entries, ("RESELLER_MARGIN", -cell.nanos // 20)] if luck % 3 else entries


def label_of(cell: Cell) -> Label:
    """How Google prints what a cell bought; the same thing bears several labels at once."""
    if cell.workspace_id == DEVELOPMENT and (cell.model, cell.kind) in GEMINI_API_LABELS:
        return GEMINI_API_LABELS[cell.model, cell.kind]
    place = (cell.model, cell.variant, cell.kind)
    if place in LABELS:
        return LABELS[place]
    labels = MORE_LABELS[place]
    return labels[zlib.crc32(cell.workspace_id.encode()) % len(labels)]
