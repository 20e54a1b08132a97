"""Asking the simulator as a client would: pages followed, amounts as exact decimals."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import httpx

from demo.openai_api import ADMIN_KEY
from demo.simulator import Simulator

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
ALL_GROUPS = ("project_id", "api_key_id", "line_item")
Params = Iterable[tuple[str, str | int]]


def seconds(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())


def nanos(amount: Decimal) -> int:
    """Whole nano-dollars of a finished sum."""
    return round(amount * 10**9)


def window(start: date, end: date) -> list[tuple[str, str | int]]:
    return [("start_time", seconds(start)), ("end_time", seconds(end))]


class Asker:
    """A client of one simulator's OpenAI interface."""

    def __init__(self, simulator: Simulator, key: str | None = ADMIN_KEY) -> None:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        self.http = httpx.Client(base_url=simulator.endpoint("openai"), headers=headers, timeout=10)

    def get(self, path: str, params: Params = ()) -> httpx.Response:
        return self.http.get(path, params=list(params))

    def json(self, path: str, params: Params = ()) -> Any:
        response = self.get(path, params)
        assert response.status_code == 200, response.text
        return json.loads(response.text, parse_float=Decimal)

    def buckets(self, path: str, params: Params) -> Iterator[Any]:
        """All buckets of a report, page after page."""
        params = list(params)
        page = self.json(path, params)
        yield from page["data"]
        while page["has_more"]:
            page = self.json(path, [*params, ("page", page["next_page"])])
            yield from page["data"]

    def rows(self, path: str, params: Params) -> Iterator[tuple[date, Any]]:
        """Day and row of all results."""
        for bucket in self.buckets(path, params):
            day = datetime.fromtimestamp(bucket["start_time"], UTC).date()
            for row in bucket["results"]:
                yield day, row
