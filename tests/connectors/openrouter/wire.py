"""OpenRouter at the wire: a session whose requests are answered by a plain function, and answers composed from rows."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from typing import Any

import httpx

from connectors.openrouter_key import refuse
from connectors.openrouter_session import OpenRouterSession
from store.records import Window
from tests.connectors.openrouter.fake import FOLDER, NOON, OpenRouterFake, answer_name, recorded

TODAY = date(2026, 11, 21)
YESTERDAY = date(2026, 11, 20)
ONE_DAY = Window(YESTERDAY, TODAY)
WHOLE = OpenRouterFake.window
KEY_ID = "5" * 64
JSON = dict[str, Any]
Asked = tuple[str, dict[str, str], JSON]
"""Path after `/api/v1`, query, and body of a POST."""
Answerer = Callable[[str, dict[str, str], JSON], Any]


def session(
    answer: Answerer, pauses: list[float] | None = None, seen: list[Asked] | None = None, date_header: str | None = NOON
) -> OpenRouterSession:
    """`answer` gives JSON, bytes or a whole response for path, query and body."""

    def handle(request: httpx.Request) -> httpx.Response:
        asked = request.url.path.removeprefix("/api/v1"), dict(request.url.params), json.loads(request.content or b"{}")
        if seen is not None:
            seen.append(asked)
        found = answer(*asked)
        if not isinstance(found, httpx.Response):
            body = found if isinstance(found, bytes) else json.dumps(found).encode()
            found = httpx.Response(200, content=body)
        if date_header is not None:
            found.headers["Date"] = date_header
        return found

    made = OpenRouterSession(
        provider="OpenRouter",
        base_url="https://openrouter.ai/api/v1",
        headers={"Authorization": "Bearer sk-or-v1-0123456789abcdef"},
        refuse=refuse,
        transport=httpx.MockTransport(handle),
        sleep=(pauses if pauses is not None else []).append,
        monotonic=lambda: 0.0,
    )
    made.key_id = KEY_ID
    return made


def composed(path: str, query: Mapping[str, str], body: JSON) -> Any:
    """The composed answers of this folder."""
    name = answer_name(path, query, json.dumps(body).encode())
    return httpx.Response(404, content=b"{}") if name is None else (FOLDER / f"{name}.json").read_bytes()


def refused(status: int, error: Any) -> httpx.Response:
    return httpx.Response(status, json=error)


def error(name: str) -> Any:
    """A composed refusal."""
    return recorded("errors")[name]


def line(usage: Any, byok: Any = 0, **more: Any) -> JSON:
    """One row of activity of yesterday, by default of workspace `w1` and one model."""
    return {
        "date": YESTERDAY.isoformat(),
        "model": "openai/gpt-4.1",
        "model_permaslug": "openai/gpt-4.1-2025-04-14",
        "endpoint_id": "e1",
        "provider_name": "OpenAI",
        "usage": usage,
        "byok_usage_inference": byok,
        "requests": 1,
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "reasoning_tokens": 0,
        "workspace_id": "w1",
    } | more


def account(
    total: Iterable[JSON], keys: Mapping[str, Iterable[JSON]] | None = None, deleted: Mapping[str, Any] | None = None
) -> Answerer:
    """An account whose activity is `total`; `keys` are the rows of keys listed in `w1`, `deleted` those of others."""
    rows = {name: list(its) for name, its in (keys or {}).items()}
    whole = list(total)

    def answer(path: str, query: dict[str, str], body: JSON) -> Any:
        if path == "/workspaces":
            return {"data": [] if "offset" in query else [{"id": "w1", "name": "One"}]}
        if path == "/keys":
            listed = [] if "offset" in query else [listed_key(name) for name in rows]
            return {"data": listed if query.get("workspace_id") == "w1" else []}
        if path == "/activity":
            key = query.get("api_key_hash")
            if key is not None and key not in rows:
                return (deleted or {}).get(key, refused(404, error("not_found")))
            return {"data": whole if key is None else rows[key]}
        return composed(path, query, body)

    return answer


def listed_key(name: str, **more: Any) -> JSON:
    money = dict.fromkeys(("usage_daily", "byok_usage_daily", "usage_monthly", "byok_usage_monthly"), 0)
    return {"hash": name, "name": name, "label": "sk-or-v1-abc...123", "disabled": False, **money} | more


def counters(day: date, life: Any, daily: Any, **more: Any) -> OpenRouterSession:
    """A session of a standard key that shows these counters at noon of a day."""
    key = recorded("key_standard")
    shown = {"usage": life, "usage_daily": daily, "usage_weekly": daily, "usage_monthly": daily, **more}
    data = {**key["data"], "byok_usage_monthly": 0, **shown}
    noon = format_datetime(datetime.combine(day, time(12), UTC), usegmt=True)
    body = json.dumps({"data": data}, default=float).encode()
    return session(
        lambda path, query, _: body if path == "/key" else refused(403, error("wrong_kind")), date_header=noon
    )
