"""Splits OpenAI's bill over API keys where OpenAI refuses to do it.

Costs by API key exist since May 2026 and may be switched off for an organization or an older range. Then the bill comes
by project and label only, and each key gets the share of a line that it has in the matching measure of usage.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from decimal import ROUND_DOWN, Decimal

from connectors.openai_lines import Kind, partner
from connectors.openai_reports import CostLine, Usage
from connectors.openai_rows import read_labels

_Measure = Callable[[Usage], int | None]
_MEASURES: dict[Kind, _Measure] = {
    "input": lambda used: used.uncached,
    "cached_input": lambda used: used.cached,
    "cache_write": lambda used: used.cache_write,
    "output": lambda used: used.output,
}


def share_out(lines: Sequence[CostLine], usage: Sequence[Usage]) -> list[CostLine]:
    """Lines without keys, split over the keys of their project, day and model by the matching measure of usage.

    Parts add up to the line exactly; the remainder goes to the largest key. A line without matching usage stays without
    a key.
    """
    used_by: defaultdict[tuple[date, str], list[Usage]] = defaultdict(list)
    for used in usage:
        used_by[used.place[:2]].append(used)
    shared: list[CostLine] = []
    for line, label in read_labels(lines, usage):
        measure: _Measure = _MEASURES.get(label.kind, lambda used: used.quantity)
        weights: defaultdict[str, int] = defaultdict(int)
        for used in used_by[line.place[:2]]:
            if not used.is_keyless and partner(used.model, {label.model}):
                weights[used.place[2]] += measure(used) or 0
        shared += _split(line, {key: weight for key, weight in weights.items() if weight})
    return shared


def _split(line: CostLine, weights: dict[str, int]) -> list[CostLine]:
    if not weights:
        return [line]
    keys = sorted(weights, key=lambda key: (-weights[key], key))
    amounts = _parts(line.amount, [weights[key] for key in keys], Decimal("1e-12"))
    quantities: Sequence[Decimal | None] = [None] * len(keys)
    if line.quantity is not None:
        quantities = _parts(line.quantity, [weights[key] for key in keys], Decimal(1))
    return [
        CostLine(
            place=(*line.place[:2], key),
            text=line.text,
            amount=amount,
            quantity=quantity,
            unit=line.unit,
            allocated=True,
        )
        for key, amount, quantity in zip(keys, amounts, quantities, strict=True)
    ]


def _parts(total: Decimal, weights: Sequence[int], step: Decimal) -> list[Decimal]:
    """`total` by `weights` in whole steps, the first part taking what is left over, so that the sum is exact."""
    parts = [(total * weight / sum(weights)).quantize(step, ROUND_DOWN) for weight in weights[1:]]
    return [total - sum(parts, Decimal(0)), *parts]
