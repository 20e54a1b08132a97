"""Makes records of Anthropic's rows: cost lines carry the money, usage carries tokens, requests and searches.

    legacy cost line ─ share_out ─┐
    analytics cost line ──────────┼─ bill ─→ one CostRecord per (day, workspace, key, model, variant)
    usage ────────────────────────┘

Money is never derived from usage. Web searches of a model are a variant of it, so that its tokens keep their price.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_DOWN, Decimal

from connectors.anthropic_reports import CostLine, Usage
from store.records import NANO, UNATTRIBUTED, CostRecord

OTHER = "anthropic-other"
UNASSIGNED = "anthropic-unassigned"
WEB_SEARCH = "anthropic-web-search"
SERVICES = {
    "code_execution": "anthropic-code-execution",
    "session_usage": "anthropic-session-runtime",
    "web_search": WEB_SEARCH,
}
"""Where costs go that belong to no model, by kind of cost."""
UNBILLED_TIERS = frozenset({"priority", "priority_on_demand", "flex", "flex_discount"})
"""Tiers of which the legacy cost report knows nothing."""
_SEARCH_WORD = "web-search"
_USUAL = frozenset({"", "standard", "tokens"})
_DATED = re.compile(r"-\d{8}$", re.ASCII)

Place = tuple[date, str, str, str, str]
"""Day, workspace, key, model, variant."""


@dataclass(slots=True)
class _Row:
    lines: list[CostLine] = field(default_factory=list)
    usage: list[Usage] = field(default_factory=list)
    searches: int = 0


def bill(lines: Iterable[CostLine], usage: Iterable[Usage]) -> tuple[CostRecord, ...]:
    """One record per place, sorted; amounts add up to those of `lines`. Usage that nothing bills costs nothing."""
    rows: defaultdict[Place, _Row] = defaultdict(_Row)
    for line in lines:
        rows[line.day, line.workspace, line.key, *_name(line)].lines.append(line)
    for used in usage:
        place = (used.day, used.workspace, used.key, used.model or OTHER, _variant(used.tier, used.speed))
        if any(used.tokens.values()) or used.requests:
            rows[place].usage.append(used)
        if used.searches:
            rows[_searched(place, rows)].searches += used.searches
    return tuple(_record(place, rows[place]) for place in sorted(rows))


def _name(line: CostLine) -> tuple[str, str]:
    """Model and variant of a line."""
    if line.model:
        return line.model, _variant(line.tier, line.speed, line.cost_type)
    if line.cost_type in SERVICES:
        return SERVICES[line.cost_type], ""
    return OTHER, _variant(line.cost_type)


def _variant(*words: str) -> str:
    return " ".join(word.replace("_", "-") for word in words if word not in _USUAL)


def _searched(place: Place, rows: defaultdict[Place, _Row]) -> Place:
    """The row that bills the searches made at a place: with the model, else the service, else none of them."""
    *home, model, variant = place
    own: Place = (place[0], place[1], place[2], model, f"{variant} {_SEARCH_WORD}".strip())
    for known in (own, (*home, model, _SEARCH_WORD), (*home, WEB_SEARCH, "")):
        if known in rows:
            return known  # type: ignore[return-value]  # home is day, workspace and key
    return own


def _record(place: Place, row: _Row) -> CostRecord:
    day, workspace, key, model, variant = place
    listed = [line.list_amount for line in row.lines if line.list_amount is not None]
    written = None
    if row.usage:
        written = sum(
            count for used in row.usage for name, count in used.tokens.items() if name.startswith("cache_creation")
        )
    cached, output = _tokens(row.usage, "cache_read_input_tokens"), _tokens(row.usage, "output_tokens")
    everything = sum(sum(used.tokens.values()) for used in row.usage)
    requests = [used.requests for used in row.usage if used.requests is not None]
    return CostRecord(
        day=day,
        workspace_id=workspace,
        api_key_id=key,
        model=model,
        variant=variant,
        billed_cost=sum((line.amount for line in row.lines), Decimal(0)),
        list_cost=sum(listed, Decimal(0)) if listed and len(listed) == len(row.lines) else None,
        cost_basis="allocated" if any(line.is_allocated for line in row.lines) else "reported",
        input_tokens=None if output is None else everything - output,
        cached_input_tokens=cached,
        cache_write_tokens=written,
        output_tokens=output,
        usage_quantity=Decimal(row.searches) if row.searches else None,
        usage_unit="requests" if row.searches else None,
        requests=sum(requests) if requests else None,
    )


def _tokens(usage: Sequence[Usage], name: str) -> int | None:
    return sum(used.tokens[name] for used in usage) if usage else None


def share_out(lines: Iterable[CostLine], usage: Iterable[Usage]) -> tuple[list[CostLine], list[CostLine]]:
    """Legacy lines split over keys, and those among them whose usage is nowhere to be found.

    A line of tokens goes to the keys of its workspace, day and model by their tokens of its type, a line of searches by
    searches. Code execution and sessions have no measure in usage and stay without a key, as do lines without usage.
    """
    used_at: defaultdict[tuple[date, str], list[Usage]] = defaultdict(list)
    for used in usage:
        used_at[used.day, used.workspace].append(used)
    shared: list[CostLine] = []
    lost: list[CostLine] = []
    for line in lines:
        weights = _weights(line, used_at[line.day, line.workspace])
        shared += _split(line, weights)
        if line.amount and not weights and (line.token_type or line.cost_type == "web_search"):
            lost.append(line)
    return shared, lost


def _weights(line: CostLine, usage: Sequence[Usage]) -> dict[str, int]:
    """Each key's measure of what a line charges for; empty where there is none."""
    if line.cost_type == "web_search":
        return _by_key((used.key, used.searches) for used in usage)
    for fits in _fits(line):
        matching = [(used.key, _measure(line, used)) for used in usage if fits(used)]
        if weights := _by_key(matching):
            return weights
    return {}


def _fits(line: CostLine) -> tuple[Callable[[Usage], bool], ...]:
    """Which usage belongs to a line, from the strictest reading to the loosest. A null of the line fits everything."""
    model = _DATED.sub("", line.model)

    def undated(used: Usage) -> bool:
        return _DATED.sub("", used.model) == model and line.tier in {"", used.tier}

    def same_model(used: Usage) -> bool:
        return used.model == line.model and line.tier in {"", used.tier}

    def same_context(used: Usage) -> bool:
        return same_model(used) and line.context in {"", used.context}

    def same_place(used: Usage) -> bool:
        return same_context(used) and line.geo in {"", used.geo}

    return same_place, same_context, same_model, undated


def _measure(line: CostLine, used: Usage) -> int:
    found = used.tokens.get(line.token_type, 0)
    if not found and line.token_type.startswith("cache_creation"):
        return used.tokens.get("cache_creation", 0)
    return found


def _by_key(measures: Iterable[tuple[str, int]]) -> dict[str, int]:
    weights: defaultdict[str, int] = defaultdict(int)
    for key, measure in measures:
        weights[key] += measure
    return {key: weight for key, weight in weights.items() if weight}


def _split(line: CostLine, weights: dict[str, int]) -> list[CostLine]:
    """A line in parts of whole nano-dollars by weight; the largest takes the rest, so that they add up to the line."""
    if not weights:
        return [replace(line, key=UNATTRIBUTED)]
    keys = sorted(weights, key=lambda key: (-weights[key], key))
    whole = sum(weights.values())
    parts = [(line.amount * weights[key] / whole).quantize(NANO, ROUND_DOWN) for key in keys[1:]]
    rest = line.amount - sum(parts, Decimal(0))
    return [
        replace(line, key=key, amount=amount, is_allocated=True)
        for key, amount in zip(keys, (rest, *parts), strict=True)
    ]
