"""Damaged answers: whatever arrives, it is an error or a statement that adds up to its control."""

import json
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.base import Meter
from connectors.errors import UnexpectedResponse
from connectors.openrouter import control, fetch
from connectors.openrouter_session import OpenRouterSession
from store.records import Statement
from tests.connectors.contract import Life
from tests.connectors.damage import BODIES, ODD_ANYWHERE, Attempt, Damaging, assert_nothing_changes_in_silence
from tests.connectors.openrouter.fake import FAKE, FOLDER, answer_name
from tests.connectors.openrouter.wire import KEY_ID, WHOLE

BODY_OF = {file.stem: file.read_bytes() for file in FOLDER.glob("*.json")}
TRUE_TOTAL = FAKE.billed[Life.NORMAL]
ODD = (
    *ODD_ANYWHERE, "2026-11-20", "2026-10-21",
    "f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943", "11111111-2222-4333-8444-555555555555",
)  # fmt: skip


class FuzzedSession(OpenRouterSession):
    """A session below the wire: of the answers to one fetch, the one at `position` is damaged."""

    def __init__(self, position: int, chance: random.Random) -> None:
        self.meter = Meter()
        self.key_id = KEY_ID
        self.damaged: str | None = None
        self._damaging = Damaging(position, chance, ODD)

    @property
    def answered_at(self) -> datetime:
        return datetime(2026, 11, 21, 12, tzinfo=UTC)

    def get_json(self, path: str, params: Any = (), *, expect: type = dict) -> Any:
        return self._answer(answer_name(path, {name: str(value) for name, value in params}))

    def post_json(self, path: str, content: Mapping[str, Any], *, expect: type = dict) -> Any:
        return self._answer(answer_name(path, {}, json.dumps(content).encode()))

    def _answer(self, name: str | None) -> Any:
        assert name is not None
        value = self._damaging.parsed(BODY_OF[name])
        if self._damaging.to_come == -1:
            self.damaged = name
        if not isinstance(value, dict):
            raise UnexpectedResponse("not an object")
        return value


def test_ten_thousand_damaged_answers_crash_nothing_and_change_no_total_in_silence() -> None:
    chance = random.Random(20_261_121)
    changed: list[str | None] = []

    def attempt(number: int) -> Attempt:
        session = FuzzedSession(number % 31, chance)

        def is_told(_: Statement) -> bool:
            """Only the answers that tell the whole can change it, and a key's answer never does."""
            changed.append(session.damaged)
            return session.damaged in {"activity", "analytics_old_total", "analytics_today_total", "analytics_meta"}

        return Attempt(
            fetch=lambda: fetch(session, WHOLE), window=WHOLE, true_total=lambda: TRUE_TOTAL, is_told=is_told
        )

    assert_nothing_changes_in_silence(attempt, never="f01d5260")
    assert len(changed) < BODIES / 10


def test_the_undamaged_answers_of_the_fuzzed_session_are_the_composed_ones() -> None:
    whole = FuzzedSession(-1, random.Random(0))
    assert fetch(whole, WHOLE).control_total == TRUE_TOTAL
    assert control(whole, WHOLE) == fetch(whole, WHOLE).control_totals
