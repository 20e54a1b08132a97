"""LiteLLM for the contract test: the recorded answers of this folder, dealt out by day."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from store.records import Window
from tests.connectors.contract import MARKER, Life
from tests.connectors.local_server import Reply, Request

FOLDER = Path(__file__).parent
BASE_URL = "https://litellm.example.com"
PAGES = 4
CLAUDE = "anthropic/claude-sonnet-4-5-20250929"
TEAM_SEARCH = "18001c40-2237-4ab1-9493-a08d134b0296"
TEAM_SUPPORT = "37a1343e-01e8-44aa-9e20-0ac727246459"
SEARCH_PROD = "797d5dfda76f21e2d065278f5ecb4e3fdcb5c1cd32baf23baabfbeb7b7c2304d"
PLAIN = {"/team/list": "teams", "/key/list": "keys", "/key/info": "own_key", "/health/readiness": "readiness"}


def recorded(name: str) -> Any:
    """The body of a recorded answer; amounts as exact decimals."""
    return json.loads((FOLDER / f"{name}.json").read_text(), parse_float=Decimal)["body"]


def dealt(path: str, query: Mapping[str, str]) -> Any:
    """The recorded answer to a request; None where there is none."""
    if path == "/user/list":
        return recorded("users")
    if path == "/user/daily/activity/aggregated":
        return of_days(recorded("totals"), query)
    if path == "/team/daily/activity":
        return of_days(recorded("teams_activity"), query)
    if path == "/user/daily/activity":
        parts = [part for part in (of_days(page, query) for page in all_pages()) if part["results"]]
        number = int(query["page"])
        paging = {"page": number, "total_pages": len(parts), "has_more": number < len(parts)}
        return {"results": parts[number - 1]["results"] if parts else [], "metadata": paging}
    return recorded(PLAIN[path]) if path in PLAIN else None


def all_pages() -> list[Any]:
    return [recorded(f"activity_page_{number}") for number in range(1, PAGES + 1)]


def of_days(answer: Any, query: Mapping[str, str]) -> Any:
    days = [item for item in answer["results"] if query["start_date"] <= item["date"] <= query["end_date"]]
    return answer | {"results": days}


def restate(answer: Any) -> None:
    """Ten cents more for the one use of Anthropic on 22 November, wherever it is counted."""
    for item in answer["results"]:
        breakdown = item["breakdown"]
        if item["date"] == "2026-11-22" and (not breakdown or "anthropic" in breakdown["providers"]):
            nodes = [item]
            for cut, name in (("models", CLAUDE), ("providers", "anthropic"), ("entities", TEAM_SEARCH)):
                if node := breakdown.get(cut, {}).get(name):
                    nodes += [node, node["api_key_breakdown"][SEARCH_PROD]]
            for node in nodes:
                node["metrics"]["spend"] += Decimal("0.1")


def written(value: Any) -> bytes:
    """JSON with every decimal as the number that was recorded."""
    return json.dumps(value, default=float).encode()


class LiteLLMFake:
    slug = "litellm"
    credential: Mapping[str, str] = {"apiKey": f"sk-{MARKER}0123456", "baseUrl": f"{BASE_URL}/v1/"}
    wrong_shapes = (
        *(
            {"apiKey": f"{prefix}{MARKER}0123456789", "baseUrl": BASE_URL}
            for prefix in ("sk-proj-", "sk-admin-", "sk-ant-", "sk-or-v1-", "sess-", "AKIA", "ABSK", "AIza", "key_", "")
        ),
        {"apiKey": "sk-1234", "baseUrl": f"https://admin:{MARKER}@litellm.example.com"},
        {"apiKey": "sk-1234", "baseUrl": f"ftp://{MARKER}.example.com"},
    )
    window = Window(date(2026, 11, 22), date(2026, 11, 24))
    billed: Mapping[Life, Decimal] = {
        Life.NORMAL: Decimal("0.0380737999999999995"),
        Life.RESTATED: Decimal("0.1380737999999999995"),
    }

    def answer(self, life: Life, request: Request) -> Reply:
        query = dict(request.query)
        if life == Life.WRONG_KEY and request.path != "/health/readiness":
            return self._error("unknown key")
        if life == Life.WRONG_KIND and request.path == "/user/list":
            return self._error("ordinary user key asks for the user list")
        if life == Life.REPEATED_CURSOR and query.get("page") == "2":
            query["page"] = "1"
        found = dealt(request.path, query)
        if found is None:
            return Reply(404, b'{"detail": "Not Found"}')
        if life == Life.EMPTY and "results" in found:
            found = {"results": [], "metadata": {"page": 1, "total_pages": 0, "has_more": False}}
        if life == Life.RESTATED and "results" in found:
            restate(found)
        return Reply(body=written(found))

    def is_second_page(self, request: Request) -> bool:
        return dict(request.query).get("page") == "2"

    def _error(self, case: str) -> Reply:
        found = error(case)
        return Reply(found["status"], json.dumps(found["body"]).encode())


def errors() -> list[Any]:
    """All recorded refusals: case, path, status and body."""
    found: list[Any] = json.loads((FOLDER / "errors.json").read_text())["cases"]
    return found


def error(case: str) -> Any:
    return next(found for found in errors() if found["case"] == case)


FAKE = LiteLLMFake()
