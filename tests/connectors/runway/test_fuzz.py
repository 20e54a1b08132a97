"""Damaged answers: whatever arrives, it is an error or a statement of what the answer says."""

import copy
import json
import random
from decimal import Decimal
from typing import Any

from connectors.base import Meter
from connectors.errors import ConnectorError
from connectors.http import ProviderHttp
from connectors.runway import fetch
from store.records import Window
from tests.connectors.damage import BODIES, ODD_ANYWHERE, damage
from tests.connectors.runway.fake import FAKE, FOLDER

WHOLE = [json.loads((FOLDER / f"usage_{number}.json").read_text()) for number in (1, 2)]
JULY = Window(FAKE.window.start, FAKE.window.start.replace(day=8))


class FuzzedSession(ProviderHttp):
    """A session below the wire that answers one given body."""

    def __init__(self, body: Any) -> None:
        self.meter = Meter()
        self._body = body

    def post_json(self, path: str, content: Any, *, expect: type = dict) -> Any:
        return self._body


def said(body: Any) -> Decimal:
    """The dollars of an answer that was read, added up in the plainest way."""
    return sum(
        (Decimal(used["amount"]) / 100 for result in body["results"] for used in result["usedCredits"]), Decimal(0)
    )


def test_ten_thousand_damaged_answers_crash_nothing_and_change_no_total_in_silence() -> None:
    chance = random.Random(20_260_701)
    errors = statements = 0
    for _ in range(BODIES):
        body = copy.deepcopy(WHOLE[0])
        damage(body, chance, ODD_ANYWHERE)
        try:
            statement = fetch(FuzzedSession(body), JULY)
        except ConnectorError:
            errors += 1
            continue
        statements += 1
        assert sum((cost.billed_cost for cost in statement.costs), Decimal(0)) == said(body)
    assert min(errors, statements) > BODIES / 10
