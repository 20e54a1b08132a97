"""OpenAI for the contract test: the composed answers of this folder."""

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
EMPTY_PAGE: dict[str, Any] = {"object": "page", "data": [], "has_more": False, "next_page": None}


def recorded(name: str) -> Any:
    """The composed answer of this name."""
    return json.loads((FOLDER / f"{name}.json").read_text(), parse_float=Decimal)


class OpenAIFake:
    slug = "openai"
    credential: Mapping[str, str] = {"apiKey": f"sk-admin-{MARKER}0123456789"}
    wrong_shapes = tuple(
        {"apiKey": f"{prefix}{MARKER}0123456789"}
        for prefix in ("sk-proj-", "sk-svcacct-", "sess-", "sk-ant-", "sk-or-v1-", "AKIA", "ABSK", '{"private_key": "')
    )
    window = Window(date(2026, 11, 20), date(2026, 11, 22))
    billed: Mapping[Life, Decimal] = {
        Life.NORMAL: Decimal("9.18849764787262957543"),
        Life.RESTATED: Decimal("9.28849764787262957543"),
    }

    def answer(self, life: Life, request: Request) -> Reply:
        if life in {Life.WRONG_KEY, Life.WRONG_KIND}:
            error = recorded("errors")["unknown_key" if life == Life.WRONG_KEY else "wrong_kind"]
            return Reply(401, json.dumps(error).encode())
        if life == Life.EMPTY:
            return Reply(body=json.dumps(EMPTY_PAGE).encode())
        name = answer_name(request.path.removeprefix("/v1"), dict(request.query))
        if name is None:
            return Reply(404, b"{}")
        text = (FOLDER / f"{name}.json").read_text()
        if life == Life.RESTATED:
            text = text.replace('"0.0300"', '"0.1300"').replace('"9.1884', '"9.2884')
        if life == Life.REPEATED_CURSOR and name == "costs_page_2":
            text = (FOLDER / "costs_page_1.json").read_text()
        return Reply(body=text.encode())

    def is_second_page(self, request: Request) -> bool:
        return "page" in dict(request.query)


def answer_name(path: str, query: dict[str, str]) -> str | None:
    """Which composed answer a request gets; None where the provider does not offer the path."""
    *_, last = path.split("/")
    if path == "/organization/costs":
        if "group_by[]" not in query:
            return "costs_total"
        return "costs_page_2" if query.get("page") == "page_AAAAAGkjV4A=" else "costs_page_1"
    if path == "/organization/projects":
        return "projects_page_2" if query.get("after") == "proj_old" else "projects_page_1"
    if last == "api_keys":
        return f"keys_{path.split('/')[3]}"
    name = f"usage_{last}"
    return name if (FOLDER / f"{name}.json").exists() else None


FAKE = OpenAIFake()
