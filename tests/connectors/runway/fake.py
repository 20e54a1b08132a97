"""Runway for the contract test: the composed answers of this folder. A window above 90 days takes two requests."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

from store.records import Window
from tests.connectors.contract import MARKER, Life
from tests.connectors.local_server import Reply, Request

FOLDER = Path(__file__).parent
REFUSED = {"error": "Invalid API key", "docUrl": "https://docs.dev.runwayml.com/api"}


class RunwayFake:
    slug = "runway"
    credential: Mapping[str, str] = {"apiKey": f"key_{MARKER}0123456789"}
    wrong_shapes = tuple(
        {"apiKey": f"{prefix}{MARKER}0123456789"}
        for prefix in ("sk-", "sk-ant-", "sk-or-v1-", "AKIA", "ABSK", "eyJ", "rw_", '{"private_key": "')
    )
    window = Window(date(2026, 7, 1), date(2026, 10, 10))
    billed: Mapping[Life, Decimal] = {Life.NORMAL: Decimal("0.83"), Life.RESTATED: Decimal("0.93")}

    def answer(self, life: Life, request: Request) -> Reply:
        if life in {Life.WRONG_KEY, Life.WRONG_KIND}:
            return Reply(401 if life == Life.WRONG_KEY else 403, json.dumps(REFUSED).encode())
        if request.path == "/v1/organization":
            return Reply(body=(FOLDER / "organization.json").read_bytes())
        if life == Life.EMPTY:
            return Reply(body=b'{"results": [], "models": []}')
        is_first = not self.is_second_page(request) or life == Life.REPEATED_CURSOR
        text = (FOLDER / ("usage_1.json" if is_first else "usage_2.json")).read_text()
        return Reply(body=text.replace("120", "130" if life == Life.RESTATED else "120").encode())

    def is_second_page(self, request: Request) -> bool:
        return request.method == "POST" and json.loads(request.body)["startDate"] == "2026-09-29"


FAKE = RunwayFake()
