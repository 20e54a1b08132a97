"""Damaged answers: whatever arrives, it is an error or a statement that adds up to its control."""

import json
import random
from decimal import Decimal
from typing import Any

from connectors.base import Meter
from connectors.errors import UnexpectedResponse
from connectors.openai import control, fetch
from connectors.openai_directory import OpenAISession
from tests.connectors.damage import ODD_ANYWHERE, Attempt, Damaging, assert_nothing_changes_in_silence
from tests.connectors.openai.fake import EMPTY_PAGE, FOLDER, answer_name
from tests.connectors.openai.wire import TWO_DAYS

BODY_OF = {file.stem: file.read_bytes() for file in FOLDER.glob("*.json")}
EMPTY_BODY = json.dumps(EMPTY_PAGE).encode()
TRUE_TOTAL = Decimal("9.18849764787262957543")
ODD = (*ODD_ANYWHERE, "usd", 1_795_132_800, 1_795_219_200, "page_AAAAAGkjV4A=")


class FuzzedSession(OpenAISession):
    """A session below the wire: of the answers to one fetch, the one at `position` is damaged."""

    def __init__(self, position: int, chance: random.Random) -> None:
        self.meter = Meter()
        self.keys = {}
        self._damaging = Damaging(position, chance, ODD)

    def get_json(self, path: str, params: Any = (), *, expect: type = dict) -> Any:
        value = self._damaging.parsed(BODY_OF.get(answer_name(path, dict(params)) or "", EMPTY_BODY))
        if not isinstance(value, expect):
            raise UnexpectedResponse("not an object")
        return value


def test_ten_thousand_damaged_answers_crash_nothing_and_change_no_total_in_silence() -> None:
    chance = random.Random(20_261_120)

    def attempt(number: int) -> Attempt:
        session = FuzzedSession(number % 17, chance)
        return Attempt(fetch=lambda: fetch(session, TWO_DAYS), window=TWO_DAYS, true_total=lambda: TRUE_TOTAL)

    assert_nothing_changes_in_silence(attempt, never="page_AAAA")


def test_the_undamaged_answers_of_the_fuzzed_session_are_the_composed_ones() -> None:
    whole = FuzzedSession(-1, random.Random(0))
    assert fetch(whole, TWO_DAYS).control_total == TRUE_TOTAL
    assert control(whole, TWO_DAYS) == fetch(whole, TWO_DAYS).control_totals
