"""Anthropic's analytics reports, cost and usage: flat rows, pages of them, and the limits of range and dimensions.

https://platform.claude.com/docs/en/manage-claude/usage-cost-analytics-api
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from demo.anthropic_places import TOKEN_TYPES, UNUSED, Place, cents, counted, list_nanos, place
from demo.anthropic_query import GEOS, SPEEDS, TIERS, WINDOWS, Query, invalid
from demo.cells import SECONDS_A_DAY, Cell
from demo.wire import Request

JSON = dict[str, Any]
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
REACH = timedelta(days=365)
LONGEST = {None: timedelta(days=31), "1d": timedelta(days=31), "1h": timedelta(days=31), "1m": timedelta(days=1)}
STEPS = {"1d": timedelta(days=1), "1h": timedelta(hours=1), "1m": timedelta(minutes=1)}
LARGEST_PAGE = 1_000
MOST_DIMENSIONS = 5
FAN_OUT = ("cost_type", "token_type")
USAGE_DIMENSIONS = (
    "workspace_id", "api_key_id", "model", "service_tier", "context_window", "inference_geo", "speed", "product",
    "actor_type", *UNUSED,
)  # fmt: skip
FILTERS: Mapping[str, tuple[str, frozenset[str] | None]] = {
    "workspace_ids": ("workspace_id", None),
    "api_key_ids": ("api_key_id", None),
    "models": ("model", None),
    "service_tiers": ("service_tier", TIERS),
    "context_windows": ("context_window", WINDOWS),
    "inference_geos": ("inference_geo", GEOS),
    "speeds": ("speed", SPEEDS),
    "products": ("product", None),
    "actor_types": ("actor_type", None),
    "actor_ids": ("actor", None),
    "user_profile_ids": ("user_profile_id", None),
    "agent_ids": ("agent_id", None),
    "session_ids": ("session_id", None),
    "deployment_ids": ("deployment_id", None),
    "environment_ids": ("environment_id", None),
    "organization_ids": ("organization_id", None),
    "rbac_group_ids": ("rbac_group_id", None),
    "slack_channel_ids": ("slack_channel_id", None),
    "claude_tag_categories": ("claude_tag_category", None),
    "claude_tag_user_ids": ("claude_tag_user_id", None),
}
SCALARS = frozenset(
    {"starting_at", "ending_at", "time_bucket_width", "limit", "order_by", "order", "page", "exclude_deleted_users"}
)


@dataclass(frozen=True, slots=True)
class Span:
    """One bucket of time."""

    start: datetime
    end: datetime


@dataclass(slots=True)
class Combination:
    """The cells of one bucket that share all dimensions asked for, but cost and token type."""

    span: Span
    members: Place
    cells: list[Cell]

    @property
    def rank(self) -> str:
        return repr(sorted(self.members.items(), key=repr))


def cost(request: Request, *, is_enterprise: bool) -> JSON:
    query = Query.read(request.query, scalars=SCALARS, arrays=("group_by", *FILTERS))
    dimensions = (*USAGE_DIMENSIONS, *FAN_OUT)
    groups = _groups(query, dimensions)
    fan_out = [name for name in groups if name in FAN_OUT]
    found = [
        combination
        for combination in _combinations(request, query, groups, is_enterprise=is_enterprise)
        if any(cell.is_billed for cell in combination.cells)
    ]
    measures = {
        "amount": lambda known: sum(cell.nanos for cell in known.cells),
        "list_amount": lambda known: sum(map(list_nanos, known.cells)),
    }
    surplus = 10**9 if "control_mismatch" in request.twists and not groups else 0

    def rows(combination: Combination) -> Iterator[JSON]:
        for members, cells in _fanned_out(combination, fan_out):
            amount = printed_nanos(request, cells) + surplus
            yield {
                **_bounds(combination.span),
                "group": {**dict.fromkeys(dimensions), **members},
                "cost": {
                    "amount": cents(amount),
                    "list_amount": cents(sum(map(list_nanos, cells)) + surplus),
                    "currency": "USD",
                    "requests": None if fan_out else sum(cell.requests for cell in cells),
                },
            }

    return _page(request, query, _ordered(query, found, measures, "amount"), rows)


def printed_nanos(request: Request, cells: Sequence[Cell]) -> int | Decimal:
    """What cells cost on the wire."""
    return sum(request.manners.dusted(cell.nanos, (cell.day, cell.identity)) for cell in cells)


def usage(request: Request, *, is_enterprise: bool) -> JSON:
    query = Query.read(request.query, scalars=SCALARS, arrays=("group_by", *FILTERS))
    groups = _groups(query, USAGE_DIMENSIONS)
    found = [
        combination
        for combination in _combinations(request, query, groups, is_enterprise=is_enterprise)
        if any(cell.kind in TOKEN_TYPES or cell.kind == "web_search" for cell in combination.cells)
    ]
    measures = {
        name: (lambda known, name=name: counted(known.cells)[name] or 0)
        for name in ("total_tokens", "uncached_input_tokens", "output_tokens", "requests")
    }

    def rows(combination: Combination) -> Iterator[JSON]:
        yield {
            **_bounds(combination.span),
            "group": {**dict.fromkeys(USAGE_DIMENSIONS), **combination.members},
            "usage": counted(combination.cells),
        }

    return _page(request, query, _ordered(query, found, measures, "total_tokens"), rows)


def _groups(query: Query, allowed: Sequence[str]) -> tuple[str, ...]:
    groups = query.array("group_by", frozenset(allowed))
    if len([name for name in groups if name not in FAN_OUT]) > MOST_DIMENSIONS:
        raise invalid(f"group_by: at most {MOST_DIMENSIONS} dimensions")
    if query.text("exclude_deleted_users") and "actor" not in groups:
        raise invalid("exclude_deleted_users: needs group_by[]=actor")
    return groups


def _spans(request: Request, query: Query) -> list[Span]:
    start, end = query.instant("starting_at"), query.instant("ending_at")
    width = query.choice("time_bucket_width", STEPS)
    if start is None or (width and end is None):
        raise invalid("starting_at, and with time_bucket_width ending_at, are required")
    end = end or request.now
    if not start < end:
        raise invalid("ending_at: must be after starting_at")
    if start < max(FIRST, request.now - REACH) or end - start > LONGEST[width]:
        raise invalid("starting_at, ending_at: outside of the available range")
    if width is None:
        return [Span(start.replace(minute=0, second=0, microsecond=0), end.replace(minute=0, second=0, microsecond=0))]
    step = STEPS[width]
    first = datetime.combine(start.date(), time(), UTC)
    first += (start - first) // step * step
    count = -((first - min(end, request.now)) // step)
    return [Span(first + number * step, first + (number + 1) * step) for number in range(count)]


def _cells(request: Request, span: Span) -> Iterator[Cell]:
    """What was bought in a bucket, on each of its days."""
    day = span.start.date()
    while (midnight := datetime.combine(day, time(), UTC)) < span.end:
        first = max(0, int((span.start - midnight).total_seconds()))
        last = min(SECONDS_A_DAY, int((span.end - midnight).total_seconds()))
        yield from request.world.cells_between("anthropic", day, first, last, request.now)
        day += timedelta(days=1)


def _combinations(
    request: Request, query: Query, groups: Sequence[str], *, is_enterprise: bool
) -> Iterator[Combination]:
    filters = {dimension: query.array(name, allowed) for name, (dimension, allowed) in FILTERS.items()}
    for span in _spans(request, query):
        found: dict[tuple[str | None, ...], Combination] = {}
        for cell in _cells(request, span):
            where = place(cell)
            if is_enterprise:
                where |= dict.fromkeys(("workspace_id", "api_key_id", "service_tier", "session_id"))
            if all((where[name] or "") in chosen for name, chosen in filters.items() if chosen):
                members = {name: where[name] for name in groups if name not in FAN_OUT}
                combination = Combination(span, members, [])
                found.setdefault(tuple(members.values()), combination).cells.append(cell)
        yield from found.values()


def _fanned_out(combination: Combination, fan_out: Sequence[str]) -> Iterator[tuple[Place, list[Cell]]]:
    parts: dict[tuple[str | None, ...], list[Cell]] = {}
    for cell in combination.cells:
        if cell.is_billed:
            where = place(cell)
            parts.setdefault(tuple(where[name] for name in fan_out), []).append(cell)
    for values in sorted(parts, key=repr):
        yield {**combination.members, **dict(zip(fan_out, values, strict=True))}, parts[values]


def _ordered(query: Query, found: list[Combination], measures: Mapping[str, Any], default: str) -> list[Combination]:
    by = query.choice("order_by", (*measures, "time"), default)
    is_descending = query.choice("order", ("asc", "desc"), "desc") == "desc"
    found.sort(key=lambda known: (known.span.start, known.rank))
    if by == "time":
        return sorted(found, key=lambda known: known.span.start, reverse=is_descending)
    return sorted(found, key=measures[by or default], reverse=is_descending)


def _page(request: Request, query: Query, found: Sequence[Combination], rows: Any) -> JSON:
    limit, first = query.bounded("limit", 20, LARGEST_PAGE), query.position(request.path)
    limit = min(limit, request.manners.page_rows or limit)
    has_more = first + limit < len(found)
    following = query.cursor(request.path, first + limit) if has_more else None
    if "repeat_cursor" in request.twists:
        has_more, following = True, query.cursor(request.path, first)
    if "null_cursor" in request.twists:
        has_more, following = True, None
    return {
        "data": [row for combination in found[first : first + limit] for row in rows(combination)],
        "has_more": has_more,
        "next_page": following,
        "data_refreshed_at": _text(request.now.replace(minute=0, second=0, microsecond=0)),
    }


def _bounds(span: Span) -> JSON:
    return {"starting_at": _text(span.start), "ending_at": _text(span.end)}


def _text(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"
