"""Damaged answers: whatever arrives, it is an error or a statement that adds up to its control."""

import random
from decimal import Decimal
from typing import Any

from connectors.base import Meter
from connectors.errors import UnexpectedResponse
from connectors.litellm import control, fetch
from connectors.litellm_session import LiteLLMSession
from tests.connectors.damage import ODD_ANYWHERE, Attempt, Damaging, assert_nothing_changes_in_silence
from tests.connectors.litellm.fake import BASE_URL, written
from tests.connectors.litellm.wire import KEY, ONE_DAY, OTHER_KEY, Query, Row, folded, proxy

FACTS = {KEY: {"key_alias": "bot", "team_id": "team-1", "key_exists": True}}
ROWS = (
    Row(spend=Decimal("1.25")),
    Row(key=OTHER_KEY, model="shared", spend=Decimal("0.000000001"), team="team-2"),
    Row(key=OTHER_KEY, model="shared", provider="azure", spend=Decimal("4.5"), team="team-2"),
    Row(model="anthropic/claude", provider="anthropic", spend=Decimal("0.1"), read=4, written=3, team="team-2"),
)
TRUE_TOTAL = Decimal("5.850000001")
REQUESTS = 12
BODY_OF: dict[str, bytes] = {}
ODD = (*ODD_ANYWHERE, {"metrics": 1}, {"metrics": {}}, "2026-11-20", "2026-11-21")


def whole(path: str, query: Query) -> Any:
    """The proxy of `ROWS`, which spreads an unfiltered day over two pages."""
    if path == "/user/daily/activity" and "model" not in query:
        part = ROWS[:2] if query["page"] == "1" else ROWS[2:]
        return folded(part, FACTS, page=int(query["page"]), total_pages=2, has_more=query["page"] == "1")
    return proxy(ROWS, **FACTS)(path, query)


class FuzzedSession(LiteLLMSession):
    """A session below the wire: of the answers to one fetch, the one at `position` is damaged."""

    def __init__(self, position: int, chance: random.Random) -> None:
        self.meter = Meter()
        self.root = self.known_as = BASE_URL
        self.asked = 0
        self._damaging = Damaging(position, chance, ODD)

    def get_json(self, path: str, params: Any = (), *, expect: type = dict) -> Any:
        query = {name: str(value) for name, value in params}
        place = f"{path} {sorted(query.items())}"
        if place not in BODY_OF:
            BODY_OF[place] = written(whole(path, query))
        value = self._damaging.parsed(BODY_OF[place])
        self.asked += 1
        if not isinstance(value, expect):
            raise UnexpectedResponse("not an object")
        return value


def test_ten_thousand_damaged_answers_crash_nothing_and_change_no_total_in_silence() -> None:
    chance = random.Random(20_261_120)

    def attempt(number: int) -> Attempt:
        session = FuzzedSession(number % REQUESTS, chance)
        return Attempt(fetch=lambda: fetch(session, ONE_DAY), window=ONE_DAY, true_total=lambda: TRUE_TOTAL)

    assert_nothing_changes_in_silence(attempt, never=KEY)


def test_the_undamaged_answers_of_the_fuzzed_session_are_a_whole_statement() -> None:
    session = FuzzedSession(-1, random.Random(0))
    statement = fetch(session, ONE_DAY)
    assert statement.control_total == TRUE_TOTAL
    assert statement.notes == ()
    assert session.asked == REQUESTS
    assert control(session, ONE_DAY) == statement.control_totals
    assert [(cost.workspace_id, cost.model, cost.upstream) for cost in statement.costs] == [
        ("team-1", "gpt-4o-mini", "openai"),
        ("team-2", "claude", "anthropic"),
        ("team-2", "shared", "azure"),
        ("team-2", "shared", "openai"),
    ]
