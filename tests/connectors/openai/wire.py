"""OpenAI at the wire: a session whose requests are answered by a plain function, and pages composed from rows."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import httpx

from connectors.openai_directory import OpenAISession
from connectors.openai_key import is_transient, refuse
from store.records import Window
from tests.connectors.openai.fake import EMPTY_PAGE, FOLDER, answer_name

DAY = date(2026, 11, 20)
NEXT_DAY = date(2026, 11, 21)
ONE_DAY = Window(DAY, NEXT_DAY)
TWO_DAYS = Window(DAY, date(2026, 11, 22))

Query = list[tuple[str, str]]
Rows = Iterable[Mapping[str, Any]]


def session(
    answer: Callable[[str, Query], Any], pauses: list[float] | None = None, seen: list[tuple[str, Query]] | None = None
) -> OpenAISession:
    """`answer` gives JSON, bytes or a whole response for path (after `/v1`) and query."""

    def handle(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/v1")
        query = request.url.params.multi_items()
        if seen is not None:
            seen.append((path, query))
        found = answer(path, query)
        if isinstance(found, httpx.Response):
            return found
        return httpx.Response(200, content=found if isinstance(found, bytes) else json.dumps(found).encode())

    return OpenAISession(
        provider="OpenAI",
        base_url="https://api.openai.com/v1",
        headers={"Authorization": "Bearer sk-admin-0123456789"},
        refuse=refuse,
        is_transient=is_transient,
        transport=httpx.MockTransport(handle),
        sleep=(pauses if pauses is not None else []).append,
        monotonic=lambda: 0.0,
    )


def composed(path: str, query: Query) -> Any:
    """The composed answers of this folder."""
    name = answer_name(path, dict(query))
    return httpx.Response(404, content=b"{}") if name is None else (FOLDER / f"{name}.json").read_bytes()


def refused(status: int, error: Any) -> httpx.Response:
    return httpx.Response(status, json=error)


def seconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def page(rows: Rows, day: date = DAY, next_page: str | None = None) -> dict[str, Any]:
    """One page with one bucket."""
    bucket = {"object": "bucket", "start_time": seconds(day), "end_time": seconds(day) + 86_400, "results": list(rows)}
    return {"object": "page", "data": [bucket], "has_more": next_page is not None, "next_page": next_page}


def line(text: str | None, value: Any, quantity: Any = None, unit: str | None = None, **more: Any) -> dict[str, Any]:
    """One row of the cost report, by default of project `proj_a` and key `key_1`."""
    return {
        "object": "organization.costs.result",
        "amount": {"value": value, "currency": "usd"},
        "line_item": text,
        "project_id": "proj_a",
        "api_key_id": "key_1",
        "quantity": quantity,
        "quantity_unit": unit,
    } | more


def used(model: str | None, requests: int = 1, **more: Any) -> dict[str, Any]:
    """One row of a usage report, by default of project `proj_a` and key `key_1`."""
    ids = {"project_id": "proj_a", "api_key_id": "key_1"}
    return {"object": "organization.usage.result", "model": model, "num_model_requests": requests} | ids | more


def account(lines: Rows, usage: Mapping[str, Rows] | None = None, total: Any = None) -> Callable[[str, Query], Any]:
    """An account with one day of cost lines and of usage by family, without names; `total` is its control."""
    lines = list(lines)
    control = json.dumps(page([line(None, total)]))

    def answer(path: str, query: Query) -> Any:
        if path == "/organization/costs":
            return page(lines) if ("group_by[]", "line_item") in query else control.encode()
        if path.startswith("/organization/usage/"):
            return page((usage or {}).get(path.rpartition("/")[2], ()))
        return EMPTY_PAGE

    return answer
