"""OpenRouter's analytics: free-form rows with counts as strings, names in place of ids, and a limit that cuts."""

import json
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from demo.openrouter_query import Refused, parameters
from demo.openrouter_use import JSON, Use, dollars, uses
from demo.wire import Request

LONGEST_DAYS = 365
SHORT_DAYS = 31
LARGEST_LIMIT = 10_000
DIMENSIONS: Mapping[str, Callable[[Use], str | None]] = {
    "model": lambda use: use.permaslug or None,
    "variant": lambda use: use.variant,
    "api_key_id": lambda use: use.api_key_id or None,
    "workspace": lambda use: use.workspace_id or None,
    "provider": lambda use: use.provider or None,
}
SHORT = frozenset({"provider", "openrouter_usage"})
MONEY: Mapping[str, Callable[[Use], int | Decimal]] = {
    "credits_usage": lambda use: use.usage,
    "byok_usage": lambda use: use.byok,
    "total_usage": lambda use: use.usage + use.byok,
    "openrouter_usage": lambda use: use.usage,
}
COUNTS: Mapping[str, Callable[[Use], int]] = {
    "request_count": lambda use: use.requests,
    "byok_request_count": lambda use: use.requests * use.is_byok,
    "tokens_prompt": lambda use: use.prompt,
    "tokens_completion": lambda use: use.completion,
    "tokens_total": lambda use: use.prompt + use.completion,
    "reasoning_tokens": lambda use: use.reasoning,
    "cached_tokens": lambda use: use.cached,
}
MEMBERS = frozenset(
    {"metrics", "dimensions", "granularity", "time_range", "filters", "order_by", "limit", "group_limit"}
)
FILTERED: Mapping[str, Callable[[Use], str]] = {
    "api_key_id": lambda use: use.api_key_id,
    "workspace": lambda use: use.workspace_id,
    "model": lambda use: use.permaslug,
}


def meta(request: Request) -> JSON:
    parameters(request.query, frozenset())

    def shown(name: str) -> str:
        return name.replace("_", " ").title()

    metrics = [*((name, "currency") for name in MONEY), *((name, "number") for name in COUNTS)]
    return {
        "data": {
            "metrics": [
                {"name": name, "display_label": shown(name), "is_rate": False, "display_format": form}
                for name, form in metrics
            ],
            "dimensions": [{"name": name, "display_label": shown(name)} for name in DIMENSIONS],
            "operators": [{"name": "eq", "value_type": "scalar"}, {"name": "in", "value_type": "array"}],
            "granularities": [{"name": "day", "display_label": "Day"}],
        }
    }


def query(request: Request) -> JSON:
    parameters(request.query, frozenset())
    asked = _asked(request)
    start, end = _range(request, asked)
    dimensions, metrics = asked.get("dimensions", []), asked["metrics"]
    if SHORT & {*dimensions, *metrics}:
        start = max(start, request.now.date() - timedelta(days=SHORT_DAYS - 1))
    found = list(uses(request, start, end + timedelta(days=1)))
    warnings = []
    for wish in asked.get("filters", []):
        found = [use for use in found if FILTERED[wish["field"]](use) == wish["value"]]
        known = {key.api_key_id for key in request.world.story("openrouter").keys}
        if wish["field"] == "api_key_id" and wish["value"] not in known:
            warnings.append(f"Could not resolve api_key_id hash: {wish['value'][:6]}")
    surplus = 10**9 if "control_mismatch" in request.twists and not dimensions else 0
    rows = _rows(request, found, dimensions, metrics, surplus)
    limit = _limit(request, asked, rows)
    answer: JSON = {
        "data": rows[:limit],
        "metadata": {"query_time_ms": 42.5, "row_count": len(rows[:limit]), "truncated": len(rows) > limit},
    }
    if warnings:
        answer["warnings"] = warnings
    return {"data": answer}


def _limit(request: Request, asked: JSON, rows: list[JSON]) -> int:
    """The most rows of this answer: as many as asked for, or a page as the wire's manners have it.

    No less than two of the fullest day, since nobody can ask for a part of a day or for one day without its neighbour.
    """
    wish: int = asked.get("limit", 1_000)
    if request.manners.page_rows is None:
        return wish
    days = Counter((row.get("date__day") or row["created_at__day"])[:10] for row in rows)
    return min(wish, max(request.manners.page_rows, 2 * max(days.values(), default=1)))


def _asked(request: Request) -> JSON:
    try:
        asked = json.loads(request.body)
    except ValueError:
        raise Refused(400, "Invalid JSON body") from None
    if not isinstance(asked, dict) or asked.keys() - MEMBERS or not asked.get("metrics"):
        raise Refused(400, "Invalid request parameters")
    if len(asked.get("dimensions", [])) > 2:  # noqa: PLR2004
        raise Refused(400, "dimensions: Too big: expected array to have <=2 items")
    unknown = {*asked["metrics"]} - {*MONEY, *COUNTS} | {*asked.get("dimensions", [])} - DIMENSIONS.keys()
    if unknown or asked.get("granularity", "day") != "day" or not 1 <= asked.get("limit", 1) <= LARGEST_LIMIT:
        raise Refused(400, "Invalid request parameters")
    if any(wish.get("field") not in FILTERED or wish.get("operator") != "eq" for wish in asked.get("filters", [])):
        raise Refused(400, "Invalid request parameters")
    return asked


def _range(request: Request, asked: JSON) -> tuple[date, date]:
    """First and last day; a day that `end` only touches is answered too."""
    today = request.now.date()
    if "time_range" not in asked:
        return today - timedelta(days=6), today
    try:
        start, end = (datetime.fromisoformat(asked["time_range"][name]) for name in ("start", "end"))
    except (KeyError, TypeError, ValueError):
        raise Refused(400, "Invalid request parameters") from None
    if start.tzinfo is None or end <= start or (end - start).days > LONGEST_DAYS:
        raise Refused(400, "Invalid request parameters")
    oldest = today - timedelta(days=LONGEST_DAYS - 1)
    return max(start.astimezone(UTC).date(), oldest), end.astimezone(UTC).date()


def _rows(request: Request, found: list[Use], dimensions: list[str], metrics: list[str], surplus: int) -> list[JSON]:
    groups: dict[tuple[Any, ...], list[Use]] = {}
    for use in found:
        groups.setdefault((use.day, *(DIMENSIONS[name](use) for name in dimensions)), []).append(use)
    names = _names(request)
    rows = []
    for (day, *values), group in sorted(groups.items(), key=repr):
        luck = zlib.crc32(f"{day} {values} {metrics}".encode())
        row: JSON = {"date__day": day.isoformat()} if luck % 2 else {"created_at__day": f"{day}T00:00:00.000Z"}
        shown = (names.get(value, value) for value in values)
        row |= dict(zip(dimensions, shown, strict=True))
        for name in metrics:
            if name in MONEY:
                amount = sum(map(MONEY[name], group)) + (surplus if name == "credits_usage" else 0)
                row[name] = (None if luck % 5 else 0) if not amount else _spelled(amount, luck)
            else:
                count = sum(map(COUNTS[name], group))
                row[name] = count if luck % 4 == 0 else str(count)
        rows.append(row)
    return rows


def _spelled(nanos: int | Decimal, luck: int) -> float | int | str | Decimal:
    return str(dollars(nanos)) if luck % 7 == 0 and nanos % 10**9 == 0 else dollars(nanos, luck)


def _names(request: Request) -> dict[str | None, str]:
    story = request.world.story("openrouter")
    names: dict[str | None, str] = {key.api_key_id: key.name for key in story.keys}
    return names | {space.workspace_id: space.name or "" for space in story.workspaces}
