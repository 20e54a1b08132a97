"""OpenRouter for the contract test: the composed answers of this folder."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from store.records import Window
from tests.connectors.contract import MARKER, Life
from tests.connectors.local_server import Reply, Request

FOLDER = Path(__file__).parent
PREFIX = "/api/v1"
NOON = "Sat, 21 Nov 2026 12:00:00 GMT"
HEADERS = {"Content-Type": "application/json", "Date": NOON}
LISTS = {
    "keys_default": "0df9e665-d932-5740-b2c7-b52af166bc11",
    "keys_production": "11111111-2222-4333-8444-555555555555",
}


def recorded(name: str) -> Any:
    """The composed answer of this name."""
    return json.loads((FOLDER / f"{name}.json").read_text(), parse_float=Decimal)


def answer_name(path: str, query: Mapping[str, str], body: bytes = b"") -> str | None:
    """Which composed answer a request to a management key gets; None where OpenRouter does not offer the path."""
    if path == "/analytics/query":
        return _analytics_name(json.loads(body))
    offset = query.get("offset", "0")
    listed = next((name for name, known in LISTS.items() if known == query.get("workspace_id")), "keys_none")
    return {
        "/key": "key_management",
        "/workspaces": _existing(f"workspaces_{offset}"),
        "/keys": _existing(f"{listed}_{offset}"),
        "/activity": _existing(f"activity_{query['api_key_hash'][:4]}") if "api_key_hash" in query else "activity",
        "/analytics/meta": "analytics_meta",
    }.get(path)


def _analytics_name(asked: Mapping[str, Any]) -> str:
    name = "analytics_today" if asked["time_range"]["start"].startswith("2026-11-21") else "analytics_old"
    if not asked["dimensions"]:
        return f"{name}_total"
    return _existing("_".join([name, *(wish["value"][:4] for wish in asked["filters"])]), "analytics_old_1111")


@cache
def _existing(name: str, otherwise: str = "empty") -> str:
    return name if (FOLDER / f"{name}.json").exists() else otherwise


class OpenRouterFake:
    slug = "openrouter"
    credential: Mapping[str, str] = {
        "apiKey": f"sk-or-v1-{MARKER}0123456789abcdef",
        "provisioningKey": f"sk-or-v1-{MARKER}fedcba9876543210",
    }
    wrong_shapes = (
        *({"apiKey": f"{prefix}{MARKER}0123456789abcdef"} for prefix in (
            "sk-ant-", "sk-proj-", "sk-admin-", "sk-svcacct-", "AKIA", "ASIA", "ABSK", "AIza", "key_",
            '{"private_key": "',
        )),
        {"apiKey": f"sk-or-v1-{MARKER}0123456789abcdef", "provisioningKey": f"sk-ant-admin01-{MARKER}"},
    )  # fmt: skip
    window = Window(date(2026, 10, 20), date(2026, 11, 22))
    billed: Mapping[Life, Decimal] = {Life.NORMAL: Decimal("4.2776"), Life.RESTATED: Decimal("4.3776")}

    def answer(self, life: Life, request: Request) -> Reply:
        path, query = request.path.removeprefix(PREFIX), dict(request.query)
        if life == Life.WRONG_KEY:
            return Reply(401, json.dumps(recorded("errors")["unknown_key"]).encode(), HEADERS)
        if life == Life.WRONG_KIND:
            if path == "/key":
                return Reply(body=(FOLDER / "key_standard.json").read_bytes(), headers=HEADERS)
            return Reply(403, json.dumps(recorded("errors")["wrong_kind"]).encode(), HEADERS)
        if life == Life.EMPTY and path not in {"/key", "/analytics/meta"}:
            name = "analytics_old_1111" if path == "/analytics/query" else "empty"
            return Reply(body=(FOLDER / f"{name}.json").read_bytes(), headers=HEADERS)
        if life == Life.REPEATED_CURSOR and path == "/keys":
            query["offset"] = "0"
        name = answer_name(path, query, request.body)
        if name is None:
            return Reply(404, json.dumps(recorded("errors")["not_found"], default=str).encode(), HEADERS)
        text = (FOLDER / f"{name}.json").read_text()
        if life == Life.RESTATED:
            text = text.replace('"usage": 1.2,', '"usage": 1.3,')
        return Reply(body=text.encode(), headers=HEADERS)

    def is_second_page(self, request: Request) -> bool:
        return "offset" in dict(request.query)


FAKE = OpenRouterFake()
