"""Damaged answers: whatever arrives, it is an error or a statement that adds up to its control."""

import json
import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from connectors.answers import parse_json
from connectors.base import Meter
from connectors.errors import ConnectorError, UnexpectedResponse
from connectors.openai import control, fetch
from connectors.openai_directory import OpenAISession
from store.records import day_totals, to_nanos
from tests.connectors.damage import damage
from tests.connectors.openai.fake import EMPTY_PAGE, FOLDER, answer_name
from tests.connectors.openai.wire import TWO_DAYS

BODIES = 10_000
BODY_OF = {file.stem: file.read_bytes() for file in FOLDER.glob("*.json")}
EMPTY_BODY = json.dumps(EMPTY_PAGE).encode()
TRUE_TOTAL = Decimal("9.18849764787262957543")
ODD: Sequence[Any] = (
    None, True, 0, -1, 1, 10**30, Decimal("0.5"), Decimal("1E+400"), Decimal("1E-400"), "", "x", "NaN", "1e999",
    "9" * 60, "\0", "usd", "💸", [], {}, [None], {"value": 1}, 1_795_132_800, 1_795_219_200, 2**63, "page_AAAAAGkjV4A=",
)  # fmt: skip


class FuzzedSession(OpenAISession):
    """A session below the wire: of the answers to one fetch, the one at `position` is damaged."""

    def __init__(self, position: int, chance: random.Random) -> None:
        self.meter = Meter()
        self.keys = {}
        self._position, self._chance = position, chance

    def get_json(self, path: str, params: Any = (), *, expect: type = dict) -> Any:
        value = parse_json(BODY_OF.get(answer_name(path, dict(params)) or "", EMPTY_BODY))
        self._position -= 1
        if self._position == -1:
            for _ in range(self._chance.randint(1, 3)):
                damage(value, self._chance, ODD)
        if not isinstance(value, expect):
            raise UnexpectedResponse("not an object")
        return value


def test_ten_thousand_damaged_answers_crash_nothing_and_change_no_total_in_silence() -> None:
    chance = random.Random(20_261_120)
    errors: list[ConnectorError] = []
    quiet = 0
    for number in range(BODIES):
        session = FuzzedSession(number % 17, chance)
        try:
            statement = fetch(session, TWO_DAYS)
        except ConnectorError as error:
            errors.append(error)
            continue
        billed = day_totals(statement.costs)
        assert statement.control_totals is not None
        for day in TWO_DAYS.days():
            assert to_nanos(billed.get(day, Decimal(0))) == to_nanos(statement.control_totals.get(day, Decimal(0)))
        if to_nanos(sum(billed.values(), Decimal(0))) == to_nanos(TRUE_TOTAL):
            quiet += 1
        else:
            assert any("unattributed" in note for note in statement.notes)
    assert len(errors) > BODIES / 10
    assert not [error for error in errors if "9" * 60 in error.message or "page_AAAA" in error.message]
    assert quiet > BODIES / 10


def test_the_undamaged_answers_of_the_fuzzed_session_are_the_composed_ones() -> None:
    whole = FuzzedSession(-1, random.Random(0))
    assert fetch(whole, TWO_DAYS).control_total == TRUE_TOTAL
    assert control(whole, TWO_DAYS) == fetch(whole, TWO_DAYS).control_totals
