"""Anthropic at the wire: a session whose requests are answered by a plain function, and reports composed from rows."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import httpx

from connectors.anthropic import ANALYTICS_BETA, FIRST_DAY
from connectors.anthropic_directory import AnthropicSession
from connectors.anthropic_key import refuse
from connectors.http import ProviderHttp
from store.records import Window
from tests.connectors.anthropic.fake import EMPTY_PAGE, FOLDER, answer_name

DAY = date(2026, 11, 20)
ONE_DAY = Window(DAY, DAY + timedelta(days=1))
TWO_DAYS = Window(DAY, DAY + timedelta(days=2))
OLD_DAY = date(2025, 12, 30)
OLD_DAYS = Window(OLD_DAY, OLD_DAY + timedelta(days=2))
COST, USAGE = "/analytics/cost", "/analytics/usage"
OLD_COST, OLD_USAGE = "/cost_report", "/usage_report/messages"

Query = list[tuple[str, str]]
Ask = Callable[[str, Query], Any]
Rows = Iterable[Mapping[str, Any]]


def session(
    answer: Ask,
    *,
    is_enterprise: bool = False,
    analytics_from: date | None = FIRST_DAY,
    seen: list[tuple[str, Query, str]] | None = None,
) -> AnthropicSession:
    """`answer` gives JSON, bytes or a whole response for path (after `/v1/organizations`) and query.

    `seen` gathers them with the beta that the request announced.
    """

    def handle(request: httpx.Request) -> httpx.Response:
        path, query = request.url.path.removeprefix("/v1/organizations"), request.url.params.multi_items()
        if seen is not None:
            seen.append((path, query, request.headers.get("anthropic-beta", "")))
        found = answer(path, query)
        if isinstance(found, httpx.Response):
            return found
        return httpx.Response(200, content=found if isinstance(found, bytes) else json.dumps(found).encode())

    def http(**headers: str) -> ProviderHttp:
        return ProviderHttp(
            provider="Anthropic",
            base_url="https://api.anthropic.com",
            headers={"x-api-key": "sk-ant-admin01-0123456789", **headers},
            refuse=refuse,
            transport=httpx.MockTransport(handle),
            sleep=lambda seconds: None,
            monotonic=lambda: 0.0,
        )

    return AnthropicSession(
        plain=http(),
        analytics=http(**{"anthropic-beta": ANALYTICS_BETA}),
        is_enterprise=is_enterprise,
        analytics_from=analytics_from,
    )


def composed(path: str, query: Query) -> Any:
    """The composed answers of this folder."""
    name = answer_name(f"/v1/organizations{path}", dict(query))
    return httpx.Response(404, content=b"{}") if name is None else (FOLDER / f"{name}.json").read_bytes()


def refused(status: int, error: Any) -> httpx.Response:
    return httpx.Response(status, json=error)


def bounds(day: date) -> dict[str, str]:
    return {"starting_at": f"{day}T00:00:00Z", "ending_at": f"{day + timedelta(days=1)}T00:00:00Z"}


def page(rows: Rows, next_page: str | None = None) -> dict[str, Any]:
    return {"data": list(rows), "has_more": next_page is not None, "next_page": next_page}


def line(amount: Any, cost_type: str | None = "tokens", **group: Any) -> dict[str, Any]:
    """One row of the analytics cost report, by default of workspace `wrkspc_a`, key `apikey_1` and one model."""
    place = {"workspace_id": "wrkspc_a", "api_key_id": "apikey_1", "model": "claude-opus-5-5", "cost_type": cost_type}
    return {**bounds(DAY), "group": place | group, "cost": {"amount": amount, "currency": "USD"}}


def used(**counts: Any) -> dict[str, Any]:
    """One row of the analytics usage report, by default of the same place."""
    place = {"workspace_id": "wrkspc_a", "api_key_id": "apikey_1", "model": "claude-opus-5-5"}
    group = {name: counts.pop(name) for name in tuple(counts) if name in {*place, "service_tier", "speed"}}
    return {**bounds(DAY), "group": place | group, "usage": counts}


def account(lines: Rows, total: Any, usage: Rows = ()) -> Ask:
    """An account with one day of analytics; `total` is its control in cents. It has no names."""
    lines, usage = list(lines), list(usage)

    def answer(path: str, query: Query) -> Any:
        if path == COST:
            is_control = "group_by[]" not in dict(query)
            return page([line(total, model=None)] if is_control else lines)
        return page(usage) if path == USAGE else EMPTY_PAGE

    return answer


def old_line(amount: str, **members: Any) -> dict[str, Any]:
    """One row of the legacy cost report, by default output tokens of `claude-opus-4-5` in the default workspace."""
    return {
        "amount": amount,
        "currency": "USD",
        "cost_type": "tokens",
        "token_type": "output_tokens",
        "model": "claude-opus-4-5",
        "service_tier": "standard",
    } | members


def old_used(key: str | None, **members: Any) -> dict[str, Any]:
    """One row of the legacy usage report, by default of the same model and tier."""
    return {"api_key_id": key, "model": "claude-opus-4-5", "service_tier": "standard"} | members


def old_account(lines: Rows, total: str, usage: Rows = ()) -> Ask:
    """An account with one day of legacy reports; `total` is its control in cents."""
    lines, usage = list(lines), list(usage)

    def answer(path: str, query: Query) -> Any:
        if path == OLD_COST:
            rows = lines if "group_by[]" in dict(query) else [{"amount": total, "currency": "USD"}]
            return page([{**bounds(OLD_DAY), "results": rows}])
        return page([{**bounds(OLD_DAY), "results": usage}]) if path == OLD_USAGE else EMPTY_PAGE

    return answer
