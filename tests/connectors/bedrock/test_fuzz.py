"""Damaged answers: whatever arrives, it is an error or a statement that adds up to its control."""

import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from connectors.answers import parse_json
from connectors.bedrock import NOTHING_BILLED, control, fetch
from connectors.errors import ConnectorError
from connectors.fields import Fields
from store.records import day_totals, to_nanos
from tests.connectors.bedrock.fake import FOLDER, answer_name
from tests.connectors.bedrock.wire import TWO_DAYS, StagedSession, composed
from tests.connectors.damage import damage

BODIES = 10_000
BODY_OF = {file.stem: file.read_bytes() for file in FOLDER.glob("*.json")}
UNKNOWN_ACCOUNT = b'{"ResultsByTime": []}'
TRUE_TOTAL = Decimal("55.75")
ODD: Sequence[Any] = (
    None, True, 0, -1, 1, 10**30, Decimal("0.5"), Decimal("1E+400"), Decimal("1E-400"), "", "x", "NaN", "1e999",
    "9" * 60, "\0", "USD", "EUR", "💸", "Usage", "Credit", "Tax", [], {}, [None], {"Amount": "1", "Unit": "USD"},
    "2026-11-10", "2026-11-11", "2026-11-12", "TOKEN2", ["111122223333", "Usage"], 2**63,
)  # fmt: skip


class FuzzedSession(StagedSession):
    """Of the answers to one fetch, the one at `position` is damaged."""

    def __init__(self, position: int, chance: random.Random) -> None:
        super().__init__(composed)
        self._position, self._chance = position, chance

    def ask(self, operation: str, **parameters: Any) -> Fields:
        value = parse_json(BODY_OF.get(answer_name(parameters), UNKNOWN_ACCOUNT))
        self._position -= 1
        if self._position == -1:
            for _ in range(self._chance.randint(1, 3)):
                damage(value, self._chance, ODD)
        return Fields(f"AWS ce:{operation}", value)


def test_ten_thousand_damaged_answers_crash_nothing_and_change_no_total_in_silence() -> None:
    chance = random.Random(20_261_110)
    errors: list[ConnectorError] = []
    quiet = 0
    for number in range(BODIES):
        session = FuzzedSession(number % 7, chance)
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
            told = ("unattributed", "not shown", NOTHING_BILLED)
            assert any(words in note for note in statement.notes for words in told)
    assert len(errors) > BODIES / 10
    assert not [error for error in errors if "9" * 60 in error.message or "TOKEN2" in error.message]
    assert quiet > BODIES / 10


def test_the_undamaged_answers_of_the_fuzzed_session_are_the_composed_ones() -> None:
    whole = FuzzedSession(-1, random.Random(0))
    assert fetch(whole, TWO_DAYS).control_total == TRUE_TOTAL
    assert control(whole, TWO_DAYS) == fetch(whole, TWO_DAYS).control_totals
