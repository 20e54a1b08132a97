"""Brings OpenAI's two reports together: printed lines of the bill carry the money, usage carries requests and counts.

A module of its own, since no other provider reports cost and usage apart and under different names of one model.

    CostLine ─ read_label ─┐
                           ├─ (day, project, key, model) ─→ one CostRecord per variant
    Usage ──── partner ────┘

Money is never derived from usage. Tokens are those of the bill where it prints them, because money and quantity then
describe the same traffic; else those of usage. Every request, image and token of usage is counted once.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from connectors.openai_lines import (
    CODE_INTERPRETER,
    FILE_SEARCH,
    IMAGES,
    STORAGE,
    TOKEN_KINDS,
    TRAINING,
    UNASSIGNED,
    WEB_SEARCH,
    Kind,
    Label,
    partner,
    read_label,
)
from connectors.openai_reports import CostLine, Place, Usage
from store.records import CostRecord, LineItem

_UNITS = {
    "tokens": ("tokens", 1),
    "1000_tokens": ("tokens", 1000),
    "duration_seconds": ("seconds", 1),
    "duration_minutes": ("seconds", 60),
    "duration_hours": ("seconds", 3600),
}
_UNIT_OF_BUCKET = {
    WEB_SEARCH: "requests",
    FILE_SEARCH: "requests",
    CODE_INTERPRETER: "sessions",
    STORAGE: "gibibyte_hours",
    IMAGES: "images",
}


@dataclass(slots=True)
class _Row:
    """What becomes one record: lines of the bill with their meaning, and the usage that belongs to them."""

    lines: list[tuple[CostLine, Label]] = field(default_factory=list)
    usage: list[Usage] = field(default_factory=list)


_Group = dict[str, _Row]
"""The rows of one (day, project, key, model) by variant."""
_Billed = dict[Place, dict[str, frozenset[str]]]
"""The variants that the bill names, by place and model."""


def bill(lines: Sequence[CostLine], usage: Sequence[Usage]) -> tuple[CostRecord, ...]:
    """One record per (day, project, key, model, variant), sorted; amounts add up to those of `lines`.

    Usage without a line becomes a record that costs nothing; a line without usage keeps `requests` None.
    """
    groups: defaultdict[Place, dict[str, _Group]] = defaultdict(dict)
    for line, label in read_labels(lines, usage):
        variants = groups[line.place].setdefault(label.model, {})
        variants.setdefault(label.variant, _Row()).lines.append((line, label))
    billed: _Billed = {
        place: {model: frozenset(variants) for model, variants in models.items()} for place, models in groups.items()
    }
    keyed = _places_by_project(billed)
    for used in usage:
        place = used.place
        if used.is_keyless and (candidates := keyed.get((*place[:2], used.model))):
            # Several keys were billed, and this report cannot say whose the sessions were.
            if len(candidates) > 1:
                continue
            place = candidates[0]
        known = billed.get(place, {})
        model = partner(used.model, known) or used.model or UNASSIGNED
        variants = groups[place].setdefault(model, {})
        variants.setdefault(_variant_of(used, known.get(model, frozenset()), variants), _Row()).usage.append(used)
    records = [
        record
        for place, models in groups.items()
        for model, variants in models.items()
        for record in _records(place, model, variants)
    ]
    return tuple(sorted(records, key=lambda record: record.grain))


def read_labels(lines: Iterable[CostLine], usage: Iterable[Usage]) -> list[tuple[CostLine, Label]]:
    """Each line with the meaning of its text; model ids seen in usage help to recognise a model."""
    known = {used.model.lower() for used in usage if used.model}
    read: dict[tuple[str | None, str | None, bool], Label] = {}
    pairs = []
    for line in lines:
        alike = (line.text, line.unit, line.amount < 0)
        if alike not in read:
            read[alike] = read_label(line.text, line.amount, unit=line.unit, known_models=known)
        pairs.append((line, read[alike]))
    return pairs


def _places_by_project(billed: _Billed) -> dict[tuple[date, str, str], list[Place]]:
    found: defaultdict[tuple[date, str, str], list[Place]] = defaultdict(list)
    for place, models in billed.items():
        for model in models:
            found[(place[0], place[1], model)].append(place)
    return found


def _variant_of(used: Usage, billed: frozenset[str], variants: _Group) -> str:
    """Where usage belongs among the billed variants of its model: to the one it fits, else to none of them.

    Models billed per image print their sizes as variants. For models billed per token the bill knows no sizes, and each
    size of the usage report becomes a row of its own beside the billed one.
    """
    pictures = [name for name in billed if any(label.kind == "image" for _, label in variants[name].lines)]
    if pictures:
        fitting = [name for name in pictures if used.size in name.split()] if used.size else pictures
        return fitting[0] if len(fitting) == 1 else ""
    if used.size:
        return used.size
    serving = [name for name in billed if TRAINING not in name.split()]
    return serving[0] if len(serving) == 1 else ""


def _records(place: Place, model: str, variants: _Group) -> Iterable[CostRecord]:
    """The finished rows of one model. Whether tokens and units are the bill's or usage's is decided for all."""
    lines = [pair for row in variants.values() for pair in row.lines]
    token_lines = [pair for pair in lines if _counts_tokens(*pair)]
    is_printed = bool(token_lines) and all(_tokens(line) is not None for line, _ in token_lines)
    is_measured = any(used.input is not None for row in variants.values() for used in row.usage)
    printed_units = {headline[1] for line, label in lines if (headline := _headline(line, label))}
    for variant, row in variants.items():
        tokens = _measured_tokens(row.usage) if is_measured and not is_printed else _printed_tokens(row.lines)
        quantity, unit = _quantity(row, printed_units)
        yield CostRecord(
            day=place[0],
            workspace_id=place[1],
            api_key_id=place[2],
            model=model,
            variant=variant,
            billed_cost=sum((line.amount for line, _ in row.lines), Decimal(0)),
            cost_basis="allocated" if any(line.allocated for line, _ in row.lines) else "reported",
            input_tokens=tokens.input,
            cached_input_tokens=tokens.cached,
            cache_write_tokens=tokens.cache_write,
            output_tokens=tokens.output,
            usage_quantity=quantity,
            usage_unit=unit,
            requests=_total(used.requests for used in row.usage),
            line_items=tuple(
                LineItem(label=line.text or "", amount=line.amount, quantity=line.quantity, unit=line.unit)
                for line, _ in row.lines
            ),
        )


def _counts_tokens(line: CostLine, label: Label) -> bool:
    return label.kind in TOKEN_KINDS and line.unit in {None, "tokens", "1000_tokens"}


def _tokens(line: CostLine) -> Decimal | None:
    """Tokens of a line that counts tokens. `unit` is null on days before 21 Aug 2026; a fraction then is no count."""
    if line.quantity is None or (line.unit is None and line.quantity % 1):
        return None
    return line.quantity * _UNITS[line.unit or "tokens"][1]


class _Tokens(NamedTuple):
    """Token counts as a record holds them: `input` is all input. None where nobody says."""

    input: int | None
    cached: int | None
    cache_write: int | None
    output: int | None


def _printed_tokens(lines: Sequence[tuple[CostLine, Label]]) -> _Tokens:
    """Tokens as the bill counts them. Its `input` is the uncached part; the record's is all input."""
    counted = [(label.kind, _tokens(line)) for line, label in lines if _counts_tokens(line, label)]

    def tokens(*kinds: Kind) -> int | None:
        counts = [count for kind, count in counted if kind in kinds]
        known = [count for count in counts if count is not None]
        total = sum(known, Decimal(0)).to_integral_value(ROUND_HALF_EVEN)
        return int(total) if counted and len(known) == len(counts) and total >= 0 else None

    return _Tokens(
        input=tokens("input", "cached_input", "cache_write"),
        cached=tokens("cached_input"),
        cache_write=tokens("cache_write"),
        output=tokens("output"),
    )


def _measured_tokens(usage: Sequence[Usage]) -> _Tokens:
    return _Tokens(
        input=_total(used.input for used in usage),
        cached=_total(used.cached for used in usage),
        cache_write=_total(used.cache_write for used in usage),
        output=_total(used.output for used in usage),
    )


def _headline(line: CostLine, label: Label) -> tuple[Decimal, str] | None:
    """Quantity and unit of a line that does not count tokens in or out; None without a quantity or a known unit."""
    if line.quantity is None or _counts_tokens(line, label):
        return None
    if line.unit is None:
        unit = "images" if label.kind == "image" else _UNIT_OF_BUCKET.get(label.model)
        return (line.quantity, unit) if unit else None
    unit, factor = _UNITS.get(line.unit, (line.unit, 1))
    return line.quantity * factor, unit


def _quantity(row: _Row, printed_units: set[str]) -> tuple[Decimal | None, str | None]:
    """The bill's quantity, else that of usage if the bill has none in its unit for the model; None if units differ."""
    quantities = [quantity for line, label in row.lines if (quantity := _headline(line, label))]
    quantities = quantities or [
        (Decimal(used.quantity), used.unit)
        for used in row.usage
        if used.quantity is not None and used.unit and used.unit not in printed_units
    ]
    units = {unit for _, unit in quantities}
    if len(units) != 1:
        return None, None
    return sum((quantity for quantity, _ in quantities), Decimal(0)), units.pop()


def _total(counts: Iterable[int | None]) -> int | None:
    """The sum of what is known, None where nothing is."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
