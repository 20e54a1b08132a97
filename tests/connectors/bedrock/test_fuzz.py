"""Damaged answers: whatever arrives, it is an error or a statement that adds up to its control."""

import random
from decimal import Decimal
from typing import Any

from connectors.bedrock import NOTHING_BILLED, control, fetch
from connectors.fields import Fields
from store.records import Statement
from tests.connectors.bedrock.fake import FOLDER, answer_name
from tests.connectors.bedrock.wire import TWO_DAYS, StagedSession, composed
from tests.connectors.damage import ODD_ANYWHERE, Attempt, Damaging, assert_nothing_changes_in_silence

BODY_OF = {file.stem: file.read_bytes() for file in FOLDER.glob("*.json")}
UNKNOWN_ACCOUNT = b'{"ResultsByTime": []}'
TRUE_TOTAL = Decimal("55.75")
ODD = (
    *ODD_ANYWHERE, "USD", "EUR", "Usage", "Credit", "Tax", {"Amount": "1", "Unit": "USD"}, "2026-11-10", "2026-11-11",
    "2026-11-12", "TOKEN2", ["111122223333", "Usage"],
)  # fmt: skip


class FuzzedSession(StagedSession):
    """Of the answers to one fetch, the one at `position` is damaged."""

    def __init__(self, position: int, chance: random.Random) -> None:
        super().__init__(composed)
        self._damaging = Damaging(position, chance, ODD)

    def ask(self, operation: str, **parameters: Any) -> Fields:
        body = BODY_OF.get(answer_name(parameters), UNKNOWN_ACCOUNT)
        return Fields(f"AWS ce:{operation}", self._damaging.parsed(body))


def is_told(statement: Statement) -> bool:
    told = ("unattributed", "not shown", NOTHING_BILLED)
    return any(words in note for note in statement.notes for words in told)


def test_ten_thousand_damaged_answers_crash_nothing_and_change_no_total_in_silence() -> None:
    chance = random.Random(20_261_110)

    def attempt(number: int) -> Attempt:
        session = FuzzedSession(number % 7, chance)
        return Attempt(
            fetch=lambda: fetch(session, TWO_DAYS), window=TWO_DAYS, true_total=lambda: TRUE_TOTAL, is_told=is_told
        )

    assert_nothing_changes_in_silence(attempt, never="TOKEN2")


def test_the_undamaged_answers_of_the_fuzzed_session_are_the_composed_ones() -> None:
    whole = FuzzedSession(-1, random.Random(0))
    assert fetch(whole, TWO_DAYS).control_total == TRUE_TOTAL
    assert control(whole, TWO_DAYS) == fetch(whole, TWO_DAYS).control_totals
