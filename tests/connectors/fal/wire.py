"""fal at the wire: a session whose requests are answered by a plain function, and pages composed from rows."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import httpx

from connectors.fal_directory import FalSession
from connectors.fal_key import refuse
from store.records import Window
from tests.connectors.fal.fake import EMPTY, EMPTY_REPORT, FOLDER, answer_name, recorded

DAY = date(2026, 11, 20)
ONE_DAY = Window(DAY, date(2026, 11, 21))
THREE_DAYS = Window(DAY, date(2026, 11, 23))
MODELS = "/models/usage"
SERVERLESS = "/serverless/usage"
ACCOUNT = "/account/billing"
BY_CALLER = ("expand", "auth_method_structured")

Query = list[tuple[str, str]]
Rows = Iterable[Mapping[str, Any]]
Wire = Callable[[str, Query], Any]


def session(answer: Wire, pauses: list[float] | None = None, seen: list[tuple[str, Query]] | None = None) -> FalSession:
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

    return FalSession(
        provider="fal",
        base_url="https://api.fal.ai/v1",
        headers={"Authorization": "Key 0123:4567"},
        refuse=refuse,
        transport=httpx.MockTransport(handle),
        sleep=(pauses if pauses is not None else []).append,
        monotonic=lambda: 0.0,
    )


def composed(path: str, query: Query) -> Any:
    """The composed answers of this folder."""
    name = answer_name(path, query)
    return refused(404, "not_found") if name is None else (FOLDER / f"{name}.json").read_bytes()


def refused(status: int, error: str) -> httpx.Response:
    """A refusal in the words of `errors.json`."""
    return httpx.Response(status, json=recorded("errors")[error])


def but(changed: Mapping[str, Any]) -> Wire:
    """The composed account, except for the answers to some paths: a value, or a function of the query."""

    def answer(path: str, query: Query) -> Any:
        if path not in changed:
            return composed(path, query)
        return changed[path](query) if callable(changed[path]) else changed[path]

    return answer


def row(amount: Any = 1, model: str = "fal-ai/flux/dev", **more: Any) -> dict[str, Any]:
    """One row of the report on models, by default of one megapixel and key `key-1`."""
    return {
        "endpoint_id": model,
        "unit": "megapixels",
        "quantity": 1,
        "unit_price": amount,
        "percent_discount": None,
        "cost_subtotal": amount,
        "cost_discount": 0,
        "cost_total": amount,
        "cost": amount,
        "currency": "USD",
        "auth_method_structured": {"detail": "prod", "api_key_id": "key-1"},
    } | more


def report(*days: Rows, first: date = DAY, step: int = 1, cursor: str | None = None) -> dict[str, Any]:
    """One page with a bucket for the rows of each day, `step` days apart."""
    buckets = [
        {"bucket": f"{first + timedelta(days=number * step)}T00:00:00Z", "results": list(rows)}
        for number, rows in enumerate(days)
    ]
    return {"next_cursor": cursor, "has_more": cursor is not None, "time_series": buckets}


def models(*days: Rows, **options: Any) -> Wire:
    """An account with these rows of models, and neither own apps nor keys nor catalogue."""
    return but(
        {
            MODELS: report(*days, **options),
            SERVERLESS: EMPTY_REPORT,
            "/keys": {**EMPTY, "keys": []},
            "/models": {**EMPTY, "models": []},
        }
    )
