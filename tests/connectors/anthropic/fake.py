"""Anthropic for the contract test: the composed answers of this folder."""

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
PREFIX = "/v1/organizations"
EMPTY_PAGE: dict[str, Any] = {"data": [], "has_more": False, "next_page": None, "first_id": None, "last_id": None}


def recorded(name: str) -> Any:
    """The composed answer of this name."""
    return json.loads((FOLDER / f"{name}.json").read_text(), parse_float=Decimal)


class AnthropicFake:
    slug = "anthropic"
    credential: Mapping[str, str] = {"apiKey": f"sk-ant-admin01-{MARKER}0123456789"}
    wrong_shapes = tuple(
        {"apiKey": f"{prefix}{MARKER}0123456789"}
        for prefix in ("sk-ant-api03-", "sk-ant-oat01-", "sk-admin-", "sk-proj-", "sk-or-v1-", "AKIA", "ABSK", "AIza")
    )
    window = Window(date(2026, 11, 20), date(2026, 11, 22))
    billed: Mapping[Life, Decimal] = {
        Life.NORMAL: Decimal("413.4079012205"),
        Life.RESTATED: Decimal("413.9079012205"),
    }

    def answer(self, life: Life, request: Request) -> Reply:
        if life == Life.WRONG_KEY:
            return Reply(401, json.dumps(recorded("errors")["unknown_key"]).encode())
        if life == Life.WRONG_KIND:
            return Reply(403, json.dumps(recorded("errors")["forbidden"]).encode())
        name = answer_name(request.path, dict(request.query))
        if name is None:
            return Reply(404, json.dumps(recorded("errors")["not_found"]).encode())
        if life == Life.EMPTY and name != "me":
            return Reply(body=json.dumps(EMPTY_PAGE).encode())
        text = (FOLDER / f"{name}.json").read_text()
        if life == Life.RESTATED:
            text = text.replace('"amount": "50"', '"amount": "100"').replace('"41343.', '"41393.')
        if life == Life.REPEATED_CURSOR and name == "analytics_cost_page_2":
            text = (FOLDER / "analytics_cost_page_1.json").read_text()
        return Reply(body=text.encode())

    def is_second_page(self, request: Request) -> bool:
        return "page" in dict(request.query)


def answer_name(path: str, query: dict[str, Any]) -> str | None:
    """Which composed answer a request gets; None where the provider does not offer the path."""
    page = "page_2" if query.keys() & {"page", "after_id"} else "page_1"
    is_grouped = "group_by[]" in query
    return {
        "/analytics/cost": f"analytics_cost_{page}" if is_grouped else "analytics_total",
        "/analytics/usage": "analytics_usage",
        "/cost_report": f"legacy_cost_{page}" if is_grouped else "legacy_total",
        "/usage_report/messages": "legacy_usage",
        "/workspaces": "workspaces_with_default" if "include_default" in query else "workspaces",
        "/api_keys": f"api_keys_{page}",
        "/me": "me",
    }.get(path.removeprefix(PREFIX))


FAKE = AnthropicFake()
