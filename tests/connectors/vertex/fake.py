"""Google for the contract test: the composed bill of this folder."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.connectors.contract import MARKER, Life
from tests.connectors.local_server import Reply, Request
from tests.connectors.vertex.wire import (
    TWO_DAYS,
    Bigquery,
    marked_key,
    refused,
    token_refused,
)

OTHER_FILE = {"type": "authorized_user", "client_id": "x", "client_secret": MARKER, "refresh_token": MARKER}


class VertexFake:
    slug = "vertex"
    credential: Mapping[str, Any] = marked_key()
    wrong_shapes = (
        OTHER_FILE,
        {**marked_key(), "token_uri": "https://attacker.example/token"},
        {**marked_key(), "universe_domain": "attacker.example"},
        {**marked_key(), "private_key": f"-----BEGIN PRIVATE KEY-----{MARKER}"},
        *(
            {"serviceAccount": f"{prefix}{MARKER}0123456789"}
            for prefix in ("AIza", "ya29.", "GOCSPX-", "-----BEGIN PRIVATE KEY-----", "sk-ant-", "sk-", "AKIA", "{")
        ),
        {"serviceAccount": json.dumps(OTHER_FILE)},
    )
    window = TWO_DAYS
    billed: Mapping[Life, Decimal] = {
        Life.NORMAL: Decimal("23.8625"),
        Life.RESTATED: Decimal("23.9875"),
    }

    def answer(self, life: Life, request: Request) -> Reply:
        bigquery = Bigquery()
        if life == Life.WRONG_KEY and request.path == "/token":
            return token_refused("Invalid JWT Signature.")
        if life == Life.WRONG_KIND and request.path.endswith("/jobs"):
            return refused(
                403, "accessDenied", "Access Denied: permission to query table, or perhaps it does not exist"
            )
        if life == Life.EMPTY:
            bigquery.rows = []
        if life == Life.RESTATED:
            bigquery.rows = [list(row) for row in bigquery.rows]
            bigquery.rows[0][9] = bigquery.rows[0][11] = "0.40"
        bigquery.repeats_cursor = life == Life.REPEATED_CURSOR
        return bigquery.answer(request)

    def is_second_page(self, request: Request) -> bool:
        return "pageToken" in dict(request.query)


FAKE = VertexFake()
