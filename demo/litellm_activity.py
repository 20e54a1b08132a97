"""The LiteLLM proxy's daily activity: rows of its database, cut into pages, each page folded by day.

Its own oddities: floats with binary noise, totals of one page only, a day on two pages, failed calls that cost nothing
but count tokens, calls without a model, keys that nobody knows, key metadata of now beside teams of then.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from demo import litellm_spend as story
from demo.cells import Cell, added_up
from demo.litellm_query import Query
from demo.story import Key
from demo.wire import Request

JSON = dict[str, Any]
BARE = "batch-"
"""How models begin whose calls bypassed the proxy's router: stored without the provider's prefix."""
NO_MODEL = "litellm-no-model"
LARGEST_PAGE = 1_000
MOST_KEYS = 1_000
COUNTS = (
    "prompt_tokens", "completion_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "total_tokens",
    "successful_requests", "failed_requests", "api_requests",
)  # fmt: skip
UNUSED = {
    "flat_cost": 0.0, "compression_saved_tokens": 0, "compression_savings_spend": 0.0,
    "prompt_caching_savings_spend": 0.0, "gateway_injected_caching_savings_spend": 0.0,
    "autorouter_savings_spend": 0.0, "total_response_time_ms": 0, "timed_requests": 0,
}  # fmt: skip
DATES = frozenset({"start_date", "end_date", "model", "api_key"})
USER_PAGE = DATES | {"page", "page_size", "user_id"}
USER_WHOLE = DATES | {"api_key_limit", "user_id"}
TEAM_PAGE = DATES | {"page", "page_size", "team_ids", "exclude_team_ids"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row of the proxy's daily tables; `spend` in US dollars."""

    day: date
    team: str = ""
    user: str = ""
    key: str = ""
    model: str = ""
    provider: str = ""
    endpoint: str = "/chat/completions"
    spend: float = 0.0
    counts: tuple[int, ...] = (0,) * len(COUNTS)


def user_activity(request: Request, sees: frozenset[str] | None) -> JSON:
    """One page for everybody, or for the users that the key `sees`."""
    query = Query.read(request, USER_PAGE)
    found = [row for row in _asked(request, query) if sees is None or row.user in sees]
    return _page(request, query, found, lambda row: row.user, LARGEST_PAGE, 50)


def team_activity(request: Request, sees: frozenset[str] | None) -> JSON:
    query = Query.read(request, TEAM_PAGE)
    wanted, unwanted = query.ids("team_ids"), query.ids("exclude_team_ids") or frozenset()
    found = [
        row
        for row in _asked(request, query)
        if (wanted is None or row.team in wanted) and row.team not in unwanted and (sees is None or row.user in sees)
    ]
    return _page(request, query, found, lambda row: row.team, None, 10)


def user_activity_aggregated(request: Request, sees: frozenset[str] | None) -> JSON:
    """All days in one answer; only the keys that spent most are named, and users not at all."""
    query = Query.read(request, USER_WHOLE)
    limit = query.number("api_key_limit", 100, MOST_KEYS)
    found = [row for row in _asked(request, query) if sees is None or row.user in sees]
    surplus = 10**9 if "control_mismatch" in request.twists else 0
    spent: dict[str, float] = {}
    for row in found:
        if row.key:
            spent[row.key] = spent.get(row.key, 0.0) + row.spend
    named = set(sorted(spent, key=lambda key: (-spent[key], key))[:limit])
    results = []
    for day, rows in _by_day(found):
        folded = _fold(request, day, rows, None)
        folded["metrics"]["spend"] += surplus / 10**9
        for kind in folded["breakdown"].values():
            for node in kind.values():
                if "api_key_breakdown" in node:
                    node["api_key_breakdown"] = {k: v for k, v in node["api_key_breakdown"].items() if k in named}
        keys = folded["breakdown"]["api_keys"]
        folded["breakdown"]["api_keys"] = {key: node for key, node in keys.items() if key in named}
        results.append(folded)
    paging = {"page": 1, "total_pages": 1, "has_more": False, "api_key_limit": limit, "total_api_keys": len(spent)}
    return {"results": results, "metadata": _metadata(found) | paging}


def _asked(request: Request, query: Query) -> list[Row]:
    """The rows of the range that fit the filters, newest day first."""
    start, end = query.days()
    end = min(end, request.now.date())
    found = []
    for offset in range((end - start).days + 1):
        day = end - timedelta(days=offset)
        for row in _rows(request, day):
            fits = (query.values.get(name) in {None, "", value} for name, value in
                    (("model", row.model), ("api_key", row.key), ("user_id", row.user)))  # fmt: skip
            if all(fits):
                found.append(row)
    return found


def _rows(request: Request, day: date) -> Iterator[Row]:
    groups: dict[tuple[str, ...], list[Cell]] = {}
    for cell in request.world.cells("litellm", day, day + timedelta(days=1), request.now):
        groups.setdefault((cell.workspace_id, cell.api_key_id, cell.model, cell.variant), []).append(cell)
    for (team, key, model, provider), cells in groups.items():
        yield _row(request, day, team, key, model, provider, cells)
    if groups and day < request.now.date():
        yield from _failures(day, request.world.story("litellm").keys)


def _row(request: Request, day: date, team: str, key: str, model: str, provider: str, cells: list[Cell]) -> Row:
    total = added_up(cells)
    nanos = Decimal(request.manners.dusted(total.nanos, (day, team, key, model, provider)))
    prompt, completion = total.input_tokens, total.output_tokens
    counts = (prompt, completion, total.cached_input_tokens, total.cache_write_tokens, prompt + completion)
    raw = model if model.startswith(BARE) or not provider else f"{provider}/{model}"
    return Row(
        day=day, team=team, user=_user_of(request, key), key=key, model="" if model == NO_MODEL else raw,
        provider=provider, endpoint="/embeddings" if "embedding" in model else "/chat/completions",
        spend=float(nanos.scaleb(-9)),
        counts=(*counts, total.requests, 0, total.requests),
    )  # fmt: skip


def _failures(day: date, keys: Sequence[Key]) -> Iterator[Row]:
    """Calls that failed: an attacker's guess, a call without any key, and a model that is down."""
    luck = zlib.crc32(day.isoformat().encode()) % 5
    failed = (16 * luck, 0, 0, 0, 16 * luck, 0, luck, luck)
    if luck:
        guess = Row(day=day, key=story.key_hash(f"guess {day}"), counts=(0, 0, 0, 0, 0, 0, luck, luck))
        yield from (guess, replace(guess, key=""))
        for key in keys[:1]:
            yield Row(
                day=day, team=key.workspace_id, key=key.api_key_id, model="openai/gpt-4o", provider="openai",
                counts=failed,
            )  # fmt: skip


def _user_of(request: Request, key: str) -> str:
    for known in request.world.story("litellm").keys:
        if known.api_key_id == key and known.owner.is_person:
            return known.owner.owner_id
    return story.OPERATOR.owner_id if key == story.MASTER else ""


def _page(
    request: Request, query: Query, rows: list[Row], entity: Callable[[Row], str], largest: int | None, usual: int
) -> JSON:
    number, size = query.number("page", 1), query.number("page_size", usual, largest)
    size = min(size, request.manners.page_rows or size)
    part = rows[(number - 1) * size : number * size]
    results = [_fold(request, day, found, entity) for day, found in _by_day(part)]
    paging: JSON = {
        "page": number,
        "total_pages": -(-len(rows) // size),
        "has_more": number * size < len(rows),
        "api_key_limit": None,
        "total_api_keys": None,
    }
    if "repeat_cursor" in request.twists:
        paging |= {"has_more": True, "page": max(1, number - 1)}
    if "null_cursor" in request.twists:
        paging |= {"has_more": True, "page": None}
    return {"results": results, "metadata": _metadata(part) | paging}


def _by_day(rows: Sequence[Row]) -> Iterator[tuple[date, list[Row]]]:
    for day in dict.fromkeys(row.day for row in rows):
        yield day, [row for row in rows if row.day == day]


def _fold(request: Request, day: date, rows: list[Row], entity: Callable[[Row], str] | None) -> JSON:
    cuts: dict[str, Callable[[Row], str]] = {
        "models": lambda row: row.model,
        "model_groups": lambda row: row.model.rpartition("/")[2],
        "providers": lambda row: row.provider or "unknown",
        "endpoints": lambda row: row.endpoint,
    }
    breakdown: JSON = {"mcp_servers": {}, "entities": {}}
    for name, cut in cuts.items():
        breakdown[name] = {
            value: _node(request, [row for row in rows if cut(row) == value])
            for value in dict.fromkeys(map(cut, rows))
            if value
        }
    breakdown["api_keys"] = _keys(request, rows)
    for value in dict.fromkeys(map(entity, rows)) if entity else ():
        node = _node(request, [row for row in rows if entity and entity(row) == value])
        alias = {team.workspace_id: team.name for team in request.world.story("litellm").workspaces}
        node["metadata"] = {"team_alias": alias[value]} if value in alias else {}
        breakdown["entities"][value or "Unassigned"] = node
    return {"date": day.isoformat(), "metrics": metrics(rows), "breakdown": breakdown}


def _node(request: Request, rows: list[Row]) -> JSON:
    return {"metrics": metrics(rows), "metadata": {}, "api_key_breakdown": _keys(request, rows)}


def _keys(request: Request, rows: list[Row]) -> JSON:
    return {
        key: {"metrics": metrics(row for row in rows if row.key == key), "metadata": _key_metadata(request, key)}
        for key in dict.fromkeys(row.key for row in rows)
    }


def _key_metadata(request: Request, key: str) -> JSON:
    for known in request.world.story("litellm").keys:
        if known.api_key_id == key:
            gone = known.deleted is not None and request.world.today - timedelta(days=known.deleted) <= (
                request.now.date()
            )
            owner = known.owner if known.owner.is_person else None
            return {
                "key_alias": known.name or None,
                "team_id": known.workspace_id or None,
                "user_id": owner and owner.owner_id,
                "user_email": owner and owner.email,
                "key_exists": not gone,
            }
    nobody = {"key_alias": None, "team_id": None, "user_id": None, "user_email": None, "key_exists": False}
    return nobody | ({"user_id": story.OPERATOR.owner_id} if key == story.MASTER else {})


def metrics(rows: Iterable[Row]) -> JSON:
    """The figures of some rows; amounts are added up as floats, as the proxy does."""
    rows = list(rows)
    sums = {name: sum(row.counts[place] for row in rows) for place, name in enumerate(COUNTS)}
    return {"spend": sum((row.spend for row in rows), 0.0), **sums, **UNUSED}


def _metadata(rows: list[Row]) -> JSON:
    figures = metrics(rows)
    return {name if name.startswith("total_") else f"total_{name}": value for name, value in figures.items()}
