"""LiteLLM at the wire: a session answered by a plain function, and activity folded from rows as a proxy does it."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx

from connectors.litellm_key import is_transient, refuse
from connectors.litellm_session import LiteLLMSession
from store.records import Window
from tests.connectors.litellm.fake import BASE_URL, dealt, written

DAY = date(2026, 11, 20)
ONE_DAY = Window(DAY, date(2026, 11, 21))
TWO_DAYS = Window(date(2026, 11, 22), date(2026, 11, 24))
KEY = "a" * 64
OTHER_KEY = "b" * 64

Query = dict[str, str]
Answer = Callable[[str, Query], Any]


def session(
    answer: Answer, pauses: list[float] | None = None, seen: list[tuple[str, Query]] | None = None
) -> LiteLLMSession:
    """`answer` gives JSON, bytes or a whole response for path and query; None is a route that does not exist."""

    def handle(request: httpx.Request) -> httpx.Response:
        path, query = request.url.path, dict(request.url.params)
        if seen is not None:
            seen.append((path, query))
        found = answer(path, query)
        if isinstance(found, httpx.Response):
            return found
        if found is None:
            return refused(404, {"detail": "Not Found"})
        return httpx.Response(200, content=found if isinstance(found, bytes) else written(found))

    return LiteLLMSession(
        root=BASE_URL,
        known_as=BASE_URL,
        provider="LiteLLM",
        headers={"Authorization": "Bearer sk-0123456789"},
        refuse=refuse,
        is_transient=is_transient,
        transport=httpx.MockTransport(handle),
        sleep=(pauses if pauses is not None else []).append,
        monotonic=lambda: 0.0,
    )


def refused(status: int, body: Any) -> httpx.Response:
    return httpx.Response(status, content=json.dumps(body).encode(), headers={"Content-Type": "application/json"})


def recording(path: str, query: Query) -> Any:
    return dealt(path, query)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the proxy's tables, by default ten tokens in and five out for a dollar."""

    key: str = KEY
    model: str = "openai/gpt-4o-mini"
    provider: str = "openai"
    team: str = "team-1"
    spend: Any = 1
    prompt: int = 10
    read: int = 0
    written: int = 0
    completion: int = 5
    succeeded: int = 1
    failed: int = 0
    day: date = DAY


def metrics(rows: Iterable[Row]) -> dict[str, Any]:
    rows = list(rows)
    return {
        "spend": sum(row.spend for row in rows),
        "prompt_tokens": sum(row.prompt for row in rows),
        "completion_tokens": sum(row.completion for row in rows),
        "cache_read_input_tokens": sum(row.read for row in rows),
        "cache_creation_input_tokens": sum(row.written for row in rows),
        "successful_requests": sum(row.succeeded for row in rows),
        "failed_requests": sum(row.failed for row in rows),
        "api_requests": sum(row.succeeded + row.failed for row in rows),
        "gigawatts_saved": "an unknown member",
    }


def folded(rows: Iterable[Row], facts: Mapping[str, Any] | None = None, **paging: Any) -> dict[str, Any]:
    """One page of activity; `facts` is the metadata of keys, entities are teams."""
    rows = list(rows)

    def keys(some: list[Row]) -> dict[str, Any]:
        names = dict.fromkeys(row.key for row in some)
        return {
            key: {"metrics": metrics(row for row in some if row.key == key), "metadata": (facts or {}).get(key, {})}
            for key in names
        }

    def cut(some: list[Row], by: Callable[[Row], str]) -> dict[str, Any]:
        groups = {name: [row for row in some if by(row) == name] for name in dict.fromkeys(map(by, some)) if name}
        return {
            name: {"metrics": metrics(group), "metadata": {}, "api_key_breakdown": keys(group)}
            for name, group in groups.items()
        }

    def one_day(some: list[Row]) -> dict[str, Any]:
        return {
            "date": some[0].day.isoformat(),
            "metrics": metrics(some),
            "breakdown": {
                "models": cut(some, lambda row: row.model),
                "providers": cut(some, lambda row: row.provider or "unknown"),
                "entities": cut(some, lambda row: row.team or "Unassigned"),
                "api_keys": keys(some),
            },
        }

    days = dict.fromkeys(row.day for row in rows)
    results = [one_day([row for row in rows if row.day == day]) for day in days]
    return {"results": results, "metadata": {"page": 1, "total_pages": 1, "has_more": False} | paging}


def proxy(rows: Iterable[Row], **facts: Any) -> Answer:
    """A proxy with these rows of one day, two teams and no listed keys; it filters by model and team."""
    known = list(rows)

    def answer(path: str, query: Query) -> Any:
        if path.endswith(("/daily/activity", "/daily/activity/aggregated")):
            fitting = [
                row
                for row in known
                if query.get("model") in {None, row.model} and query.get("team_ids") in {None, row.team}
                if query["start_date"] <= row.day.isoformat() <= query["end_date"]
            ]
            return folded(fitting, facts)
        return {
            "/user/list": {"users": []},
            "/team/list": [{"team_id": "team-1", "team_alias": "One"}, {"team_id": "team-2", "team_alias": None}],
            "/key/list": {"keys": [], "current_page": 1, "total_pages": 0},
        }.get(path)

    return answer
