"""Adds up the rows of Cost Explorer to records, and holds them against AWS's own sums."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from connectors.bedrock_ledger import Row, Sums
from connectors.bedrock_lines import GENERAL, TOKEN_KINDS, UNITS, Kind, Label, Names, read_label
from connectors.fields import LARGEST_COUNT
from store.records import CostRecord, LineItem

DUST = Decimal("0.000001")
"""Dollars. AWS adds up floating-point numbers, so its sums by different dimensions differ a little."""
CHEAPEST, DEAREST = Decimal("0.0001"), Decimal(1000)
"""Dollars for a million tokens. A price outside means that the quantity is not in the unit we take it for; amounts of
less than `DUST` prove nothing."""
MOST_NOTED = 20
_UNIT = re.compile(r"\b1\s?(?P<size>[KM])\b", re.IGNORECASE)

Place = tuple[date, str]
"""Day and linked account."""


@dataclass(slots=True)
class _Sum:
    """What becomes one record."""

    billed: Decimal = Decimal(0)
    credits: Decimal = Decimal(0)
    lines: list[LineItem] = field(default_factory=list)
    tokens: dict[Kind, list[Decimal | None]] = field(default_factory=lambda: defaultdict(list))
    quantities: dict[str | None, Decimal] = field(default_factory=lambda: defaultdict(Decimal))


class Bill:
    """Collects rows of service and usage type; every dollar of them ends in one record."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._sums: defaultdict[Place, defaultdict[tuple[str, str], _Sum]] = defaultdict(lambda: defaultdict(_Sum))
        self._labels: dict[tuple[str, str], Label] = {}
        self._unread: set[str] = set()
        self._unconfirmed: set[str] = set()
        self._remainders: list[str] = []

    def add_cost(self, account: str, row: Row) -> None:
        service, usage_type = row.keys
        label = self._label(row)
        added = self._sum(account, row, label)
        added.billed += row.amount
        text = f"{service}: {usage_type}"
        added.lines.append(LineItem(label=text, amount=row.amount, quantity=row.quantity, unit=row.unit or None))
        if label.kind in TOKEN_KINDS:
            tokens = _tokens(row, label)
            added.tokens[label.kind].append(tokens)
            if tokens is None:
                self._unconfirmed.add(text)
        elif row.quantity:
            added.quantities[UNITS.get(label.kind)] += row.quantity

    def add_credit(self, account: str, row: Row) -> None:
        """AWS's credits are negative amounts; one that it takes back is a negative credit here."""
        self._sum(account, row, self._label(row)).credits -= row.amount

    def held(self, day: date, account: str) -> Sums:
        """What the rows of one day of an account add up to."""
        mine = self._sums.get((day, account), {}).values()
        return Sums(sum((one.billed for one in mine), Decimal(0)), sum((one.credits for one in mine), Decimal(0)))

    def settle(self, day: date, account: str, told: Sums) -> None:
        """Books what one day of an account misses of AWS's own sums as `bedrock-general`, dust on the largest row."""
        mine = self._sums[day, account]
        held = self.held(day, account)
        difference, relief = told.billed - held.billed, told.credits - held.credits
        if difference:
            if abs(difference) >= DUST:
                self._remainders.append(
                    f"{day}: rows of account {account} miss AWS's own total by ${difference:f}; "
                    f"booked as unattributed ({GENERAL})."
                )
            _holder(mine, difference).billed += difference
        if relief:
            _holder(mine, relief).credits += relief

    def records(self) -> tuple[CostRecord, ...]:
        return tuple(sorted(self._records(), key=lambda record: record.grain))

    def notes(self) -> list[str]:
        """Remainders, then what could not be read, once per kind of line."""
        unread = [f"Unknown usage type, booked as {GENERAL}: {text[:80]}" for text in sorted(self._unread)]
        unconfirmed = [
            f"Tokens are left out, as their unit could not be confirmed: {text[:120]}"
            for text in sorted(self._unconfirmed)
        ]
        return [*self._remainders, *unread[:MOST_NOTED], *unconfirmed[:MOST_NOTED]]

    def _label(self, row: Row) -> Label:
        service, usage_type = row.keys
        if (service, usage_type) not in self._labels:
            label = self._labels[service, usage_type] = read_label(service, usage_type, self._names)
            if not label.is_known:
                self._unread.add(usage_type)
        return self._labels[service, usage_type]

    def _sum(self, account: str, row: Row, label: Label) -> _Sum:
        return self._sums[row.day, account][label.model, label.variant]

    def _records(self) -> Iterator[CostRecord]:
        for (day, account), held in self._sums.items():
            for (model, variant), added in held.items():
                yield _record(day, account, model, variant, added)


def _holder(mine: defaultdict[tuple[str, str], _Sum], amount: Decimal) -> _Sum:
    """What takes up a difference: the largest row where it is dust, else `bedrock-general`."""
    if abs(amount) < DUST and mine:
        return mine[max(mine, key=lambda name: (abs(mine[name].billed), name))]
    return mine[GENERAL, ""]


def _record(day: date, account: str, model: str, variant: str, added: _Sum) -> CostRecord:
    unit = next(iter(added.quantities), None) if len(added.quantities) == 1 else None
    return CostRecord(
        day=day,
        workspace_id=account,
        model=model,
        variant=variant,
        billed_cost=added.billed,
        credits_applied=added.credits,
        input_tokens=_total(added, "input", "cached_input", "cache_write"),
        cached_input_tokens=_total(added, "cached_input"),
        cache_write_tokens=_total(added, "cache_write"),
        output_tokens=_total(added, "output"),
        usage_quantity=added.quantities[unit] if unit else None,
        usage_unit=unit,
        line_items=tuple(added.lines),
    )


def _tokens(row: Row, label: Label) -> Decimal | None:
    """Tokens of a row, by AWS's unit where it says it; None where the price that follows is impossible."""
    said = _UNIT.search(row.unit)
    factor = label.tokens_per_unit
    if said:
        factor = 1_000_000 if said["size"].upper() == "M" else 1_000
    tokens = row.quantity * factor
    if tokens < 0 or tokens > LARGEST_COUNT:
        return None
    if row.amount >= DUST and tokens and not CHEAPEST <= row.amount / tokens * 1_000_000 <= DEAREST:
        return None
    return tokens


def _total(held: _Sum, *kinds: Kind) -> int | None:
    """Whole tokens; 0 for a kind that a token-billed model was not billed for, None where a row was not readable."""
    if not held.tokens:
        return None
    counts = [tokens for kind in kinds for tokens in held.tokens.get(kind, ())]
    known = [tokens for tokens in counts if tokens is not None]
    if len(known) < len(counts):
        return None
    return int(sum(known, Decimal(0)).to_integral_value(ROUND_HALF_EVEN))
