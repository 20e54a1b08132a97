"""Damaged answers: whatever arrives, it is an error or a statement that adds up and says what does not fit."""

import random
from decimal import Decimal
from typing import Any

from connectors.base import Meter
from connectors.errors import UnexpectedResponse
from connectors.fal import control, fetch
from connectors.fal_directory import FalSession
from store.records import Statement
from tests.connectors.damage import ODD_ANYWHERE, Attempt, Damaging, assert_nothing_changes_in_silence
from tests.connectors.fal.fake import FOLDER, TOTAL, answer_name
from tests.connectors.fal.wire import THREE_DAYS

BODY_OF = {file.stem: file.read_bytes() for file in FOLDER.glob("*.json")}
DAMAGED = (
    "usage_page_1",
    "usage_page_2",
    "totals",
    "serverless",
    "account",
    "keys_page_1",
    "keys_page_2",
    "models",
    "",
)
APPS_TOTAL = Decimal("1.3465")
ODD = (
    *ODD_ANYWHERE, "USD", {"detail": 1}, "2026-11-20T00:00:00Z", "2026-11-21T00:00:00+00:00", "2026-11-23T00:00:00Z",
    "2026-11-21T12:00:00Z", "Mg==",
)  # fmt: skip


class FuzzedSession(FalSession):
    """A session below the wire: of all bodies, the one named is damaged, and stays so however often it is asked for."""

    def __init__(self, damaged: str, chance: random.Random) -> None:
        self.meter = Meter()
        self.media = {}
        self.callers = {}
        self.bodies = {
            name: Damaging(0 if name == damaged else -1, chance, ODD).parsed(body) for name, body in BODY_OF.items()
        }

    def get_json(self, path: str, params: Any = (), *, expect: type = dict) -> Any:
        value = self.bodies[answer_name(path, [(name, str(given)) for name, given in params]) or "errors"]
        if not isinstance(value, expect):
            raise UnexpectedResponse("not an object")
        return value

    def apps_total(self) -> Decimal:
        """What the report of own apps says, plainly added up."""
        rows = [
            row
            for bucket in self.bodies["serverless"]["time_series"]
            for row in bucket["results"]
            if not str(bucket["bucket"]).startswith("2026-11-23")
        ]
        amounts = (row["cost"] if row.get("cost_total") is None else row["cost_total"] for row in rows)
        return sum((Decimal(amount) for amount in amounts), Decimal(0))


def is_told(statement: Statement) -> bool:
    return any(words in note for note in statement.notes for words in ("unattributed", "do not make the total"))


def test_ten_thousand_damaged_answers_crash_nothing_and_change_no_total_in_silence() -> None:
    chance = random.Random(20_261_120)

    def attempt(number: int) -> Attempt:
        session = FuzzedSession(DAMAGED[number % len(DAMAGED)], chance)
        return Attempt(
            fetch=lambda: fetch(session, THREE_DAYS),
            window=THREE_DAYS,
            true_total=lambda: TOTAL - APPS_TOTAL + session.apps_total(),
            is_told=is_told,
        )

    assert_nothing_changes_in_silence(attempt, never="💸")


def test_the_undamaged_answers_of_the_fuzzed_session_are_the_composed_ones() -> None:
    whole = FuzzedSession("", random.Random(0))
    assert fetch(whole, THREE_DAYS).control_total == TOTAL
    assert whole.apps_total() == APPS_TOTAL
    assert control(whole, THREE_DAYS) == fetch(whole, THREE_DAYS).control_totals
