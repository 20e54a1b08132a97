"""Damaged answers: whatever arrives, it is an error or a statement that adds up to its control."""

import copy
import json
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from connectors.answers import parse_json
from connectors.base import Meter
from connectors.errors import ConnectorError, UnexpectedResponse
from connectors.openrouter import control, fetch
from connectors.openrouter_session import OpenRouterSession
from store.records import day_totals, to_nanos
from tests.connectors.contract import Life
from tests.connectors.damage import damage
from tests.connectors.openrouter.fake import FAKE, FOLDER, answer_name
from tests.connectors.openrouter.wire import KEY_ID, WHOLE

BODIES = 10_000
VALUE_OF = {file.stem: parse_json(file.read_bytes()) for file in FOLDER.glob("*.json")}
TRUE_TOTAL = FAKE.billed[Life.NORMAL]
MONEY = ("usage", "byok_usage_inference", "credits_usage", "byok_usage")
ODD: Sequence[Any] = (
    None, True, 0, -1, 1, 10**30, Decimal("0.5"), Decimal("1E+400"), Decimal("1E-400"), "", "x", "NaN", "1e999",
    "9" * 60, "\0", "2026-11-20", "2026-10-21", "💸", [], {}, [None], {"value": 1}, 2**63,
    "f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943", "11111111-2222-4333-8444-555555555555",
)  # fmt: skip


class FuzzedSession(OpenRouterSession):
    """A session below the wire: of the answers to one fetch, the one at `position` is damaged."""

    def __init__(self, position: int, chance: random.Random) -> None:
        self.meter = Meter()
        self.key_id = KEY_ID
        self.damaged: Any = None
        self._position, self._chance = position, chance

    @property
    def answered_at(self) -> datetime:
        return datetime(2026, 11, 21, 12, tzinfo=UTC)

    def get_json(self, path: str, params: Any = (), *, expect: type = dict) -> Any:
        return self._answer(answer_name(path, {name: str(value) for name, value in params}))

    def post_json(self, path: str, content: Mapping[str, Any], *, expect: type = dict) -> Any:
        return self._answer(answer_name(path, {}, json.dumps(content).encode()))

    def _answer(self, name: str | None) -> Any:
        assert name is not None
        value = VALUE_OF[name]
        self._position -= 1
        if self._position == -1:
            value = copy.deepcopy(value)
            for _ in range(self._chance.randint(1, 3)):
                damage(value, self._chance, ODD)
            self.damaged = name
        if not isinstance(value, dict):
            raise UnexpectedResponse("not an object")
        return value


def test_ten_thousand_damaged_answers_crash_nothing_and_change_no_total_in_silence() -> None:
    chance = random.Random(20_261_121)
    errors: list[ConnectorError] = []
    quiet = changed = 0
    for number in range(BODIES):
        session = FuzzedSession(number % 31, chance)
        try:
            statement = fetch(session, WHOLE)
        except ConnectorError as error:
            errors.append(error)
            continue
        billed = day_totals(statement.costs)
        assert statement.control_totals is not None
        for day in WHOLE.days():
            assert to_nanos(billed.get(day, Decimal(0))) == to_nanos(statement.control_totals.get(day, Decimal(0)))
        if to_nanos(sum(billed.values(), Decimal(0))) == to_nanos(TRUE_TOTAL):
            quiet += 1
        else:
            # Only the answers that tell the whole can change it, and a key's answer never does.
            changed += 1
            assert session.damaged in {"activity", "analytics_old_total", "analytics_today_total", "analytics_meta"}
    assert len(errors) > BODIES / 10
    assert not [error for error in errors if "9" * 60 in error.message or "f01d5260" in error.message]
    assert quiet > BODIES / 10
    assert changed < BODIES / 10


def test_the_undamaged_answers_of_the_fuzzed_session_are_the_composed_ones() -> None:
    whole = FuzzedSession(-1, random.Random(0))
    assert fetch(whole, WHOLE).control_total == TRUE_TOTAL
    assert control(whole, WHOLE) == fetch(whole, WHOLE).control_totals
