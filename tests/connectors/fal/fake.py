"""fal for the contract test: the composed answers of this folder."""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from store.records import Window
from tests.connectors.contract import MARKER, Life
from tests.connectors.local_server import Reply, Request

FOLDER = Path(__file__).parent
EMPTY: Mapping[str, Any] = {"next_cursor": None, "has_more": False}
EMPTY_REPORT = {**EMPTY, "time_series": []}
TOTAL = Decimal("13.3846295")


def recorded(name: str) -> Any:
    """The composed answer of this name."""
    return json.loads((FOLDER / f"{name}.json").read_text(), parse_float=Decimal)


class FalFake:
    slug = "fal"
    credential: Mapping[str, str] = {"apiKey": f"3f0c1f5e-0000-4000-8000-00000000000a:{MARKER}0123456789"}
    wrong_shapes = (
        *({"apiKey": f"{prefix}{MARKER}"} for prefix in ("sk-ant-", "sk-or-v1-", "sk-", "AKIA", "ABSK", "key_", "")),
        {"apiKey": f"Key 3f0c1f5e:{MARKER}"},
        {"apiKey": f"3f0c1f5e:{MARKER}:{MARKER}"},
        {"apiKey": f'{{"private_key": "{MARKER}"}}'},
    )
    window = Window(date(2026, 11, 20), date(2026, 11, 23))
    billed: Mapping[Life, Decimal] = {Life.NORMAL: TOTAL, Life.RESTATED: TOTAL - Decimal("0.25")}

    def answer(self, life: Life, request: Request) -> Reply:
        path = request.path.removeprefix("/v1")
        is_price = path == "/models/pricing"
        if life == Life.WRONG_KEY or (life == Life.WRONG_KIND and not is_price):
            return Reply(401, json.dumps(recorded("errors")["unknown_key"]).encode())
        name = answer_name(path, request.query)
        if name is None:
            return Reply(404, json.dumps(recorded("errors")["not_found"]).encode())
        if life == Life.EMPTY and path.endswith("/usage"):
            return Reply(body=json.dumps(EMPTY_REPORT).encode())
        text = (FOLDER / f"{name}.json").read_text()
        if life == Life.RESTATED:
            text = text.replace('"cost_total": 6.25', '"cost_total": 6.0')
        if life == Life.REPEATED_CURSOR and name == "usage_page_2":
            text = (FOLDER / "usage_page_1.json").read_text()
        return Reply(body=text.encode())

    def is_second_page(self, request: Request) -> bool:
        return request.path.endswith("/models/usage") and "cursor" in dict(request.query)


def answer_name(path: str, query: Iterable[tuple[str, str]]) -> str | None:
    """Which composed answer a request gets; None where the provider does not offer the path."""
    asked = list(query)
    page = "page_2" if ("cursor", "Mg==") in asked else "page_1"
    return {
        "/account/billing": "account",
        "/models/usage": f"usage_{page}" if ("expand", "auth_method_structured") in asked else "totals",
        "/serverless/usage": "serverless",
        "/keys": f"keys_{page}",
        "/models": "models",
        "/models/pricing": "prices",
    }.get(path)


FAKE = FalFake()
