"""Anthropic's older reports of costs and of tokens: one bucket per UTC day, nulls for whatever is not grouped.

https://platform.claude.com/docs/en/manage-claude/usage-cost-api
"""

import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from demo.anthropic_analytics import printed_nanos
from demo.anthropic_places import TOKEN_TYPES, Place, cents, counted, description, legacy_place
from demo.anthropic_query import GEOS, SPEEDS, TIERS, WINDOWS, Query, invalid
from demo.anthropic_spend import DEFAULT
from demo.cells import Cell
from demo.wire import Request

JSON = dict[str, Any]
SCALARS = frozenset({"starting_at", "ending_at", "bucket_width", "limit", "page"})
WIDTHS = {"1d": (timedelta(days=1), 7, 31), "1h": (timedelta(hours=1), 24, 168), "1m": (timedelta(minutes=1), 60, 1440)}
PARSED = ("cost_type", "token_type", "model", "service_tier", "context_window", "inference_geo")
USAGE_GROUPS = (
    "workspace_id", "api_key_id", "model", "service_tier", "context_window", "inference_geo", "speed", "account_id",
    "service_account_id",
)  # fmt: skip
USAGE_FILTERS: Mapping[str, tuple[str, frozenset[str] | None]] = {
    "workspace_ids": ("workspace_id", None),
    "api_key_ids": ("api_key_id", None),
    "models": ("model", None),
    "service_tiers": ("service_tier", TIERS),
    "context_window": ("context_window", WINDOWS),
    "inference_geos": ("inference_geo", GEOS),
    "speeds": ("speed", SPEEDS),
    "account_ids": ("account_id", None),
    "service_account_ids": ("service_account_id", None),
}
FAST_MODE = "fast-mode-2026-02-01"


def cost_report(request: Request) -> JSON:
    query = Query.read(request.query, scalars=SCALARS, arrays=("group_by",))
    query.choice("bucket_width", ("1d",))
    groups = query.array("group_by", frozenset({"workspace_id", "description"}))
    surplus = 10**9 if "control_mismatch" in request.twists and not groups else 0

    def results(cells: Sequence[Cell]) -> list[JSON]:
        lines: dict[tuple[str | None, ...], list[Cell]] = {}
        for cell in cells:
            if cell.is_billed:
                where: Place = {**legacy_place(cell, DEFAULT), "description": description(cell)}
                lines.setdefault(tuple(where[name] for name in groups), []).append(cell)
        return [
            _cost(key, groups, lines[key], printed_nanos(request, lines[key]) + surplus)
            for key in sorted(lines, key=repr)
        ]

    return _page(request, query, results)


def _cost(key: tuple[str | None, ...], groups: Sequence[str], cells: Sequence[Cell], nanos: int | Decimal) -> JSON:
    parsed: Place = dict.fromkeys(PARSED)
    if "description" in groups:
        where = legacy_place(cells[0], DEFAULT)
        is_token = cells[0].kind in TOKEN_TYPES
        parsed = {name: where[name] if is_token or name == "cost_type" else None for name in PARSED}
        # Documented both as parsed and as null: both occur.
        if where["inference_geo"] == "global" and zlib.crc32(repr(key).encode()) % 3 == 0:
            parsed["inference_geo"] = None
    return {
        "amount": cents(nanos),
        "currency": "USD",
        "description": None,
        "workspace_id": None,
        **parsed,
        **dict(zip(groups, key, strict=True)),
    }


def usage_report(request: Request) -> JSON:
    query = Query.read(request.query, scalars=SCALARS, arrays=("group_by", *USAGE_FILTERS))
    groups = query.array("group_by", frozenset(USAGE_GROUPS))
    filters = {dimension: query.array(name, allowed) for name, (dimension, allowed) in USAGE_FILTERS.items()}
    if ("speed" in groups or filters["speed"]) and FAST_MODE not in request.headers.get("anthropic-beta", ""):
        raise invalid("speed: needs the beta fast-mode-2026-02-01")

    def results(cells: Sequence[Cell]) -> list[JSON]:
        found: dict[tuple[str | None, ...], list[Cell]] = {}
        for cell in cells:
            where = {**dict.fromkeys(USAGE_GROUPS), **legacy_place(cell, DEFAULT)}
            if where["model"] and all((where[name] or "") in chosen for name, chosen in filters.items() if chosen):
                found.setdefault(tuple(where[name] for name in groups), []).append(cell)
        return [_usage(dict(zip(groups, key, strict=True)), found[key]) for key in sorted(found, key=repr)]

    return _page(request, query, results)


def _usage(members: Place, cells: Sequence[Cell]) -> JSON:
    counts = counted(cells)
    del counts["requests"], counts["total_tokens"]
    return {**counts, **dict.fromkeys(USAGE_GROUPS), **members}


def _page(request: Request, query: Query, results: Any) -> JSON:
    step, default, maximum = WIDTHS[query.choice("bucket_width", WIDTHS, "1d") or "1d"]
    limit, position = query.bounded("limit", default, maximum), query.position(request.path)
    limit = min(limit, request.manners.page_rows or limit)
    start = query.instant("starting_at")
    if start is None:
        raise invalid("starting_at: Field required")
    first = datetime.combine(start.date(), time(), UTC)
    first += (start - first) // step * step
    end = query.instant("ending_at") or request.now
    if end <= start:
        raise invalid("ending_at: must be after starting_at")
    count = max(0, -((first - min(end, request.now)) // step))
    has_more = position + limit < count
    following = query.cursor(request.path, position + limit) if has_more else None
    if "repeat_cursor" in request.twists:
        has_more, following = True, query.cursor(request.path, position)
    if "null_cursor" in request.twists:
        has_more, following = True, None
    buckets = [
        _bucket(request, first + number * step, step, results)
        for number in range(position, min(position + limit, count))
    ]
    return {"data": buckets, "has_more": has_more, "next_page": following}


def _bucket(request: Request, start: datetime, step: timedelta, results: Any) -> JSON:
    second = start.hour * 3_600 + start.minute * 60
    last = second + int(step.total_seconds())
    cells = list(request.world.cells_between("anthropic", start.date(), second, last, request.now))
    return {
        "starting_at": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "ending_at": f"{start + step:%Y-%m-%dT%H:%M:%SZ}",
        "results": results(cells),
    }
