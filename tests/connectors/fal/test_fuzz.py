"""Damaged answers: whatever arrives, it is an error or a statement that adds up and says what does not fit."""

import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from connectors.answers import parse_json
from connectors.base import Meter
from connectors.errors import ConnectorError, UnexpectedResponse
from connectors.fal import control, fetch
from connectors.fal_directory import FalSession
from store.records import day_totals, to_nanos
from tests.connectors.damage import damage
from tests.connectors.fal.fake import FOLDER, TOTAL, answer_name
from tests.connectors.fal.wire import THREE_DAYS

BODIES = 10_000
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
TELLING = ("unattributed", "do not make the total")
ODD: Sequence[Any] = (
    None, True, 0, -1, 1, 10**30, Decimal("0.5"), Decimal("1E+400"), Decimal("1E-400"), "", "x", "NaN", "1e999",
    "9" * 60, "\0", "USD", "💸", [], {}, [None], {"detail": 1}, "2026-11-20T00:00:00Z", "2026-11-21T00:00:00+00:00",
    "2026-11-23T00:00:00Z", "2026-11-21T12:00:00Z", 2**63, "Mg==",
)  # fmt: skip


class FuzzedSession(FalSession):
    """A session below the wire: of all bodies, the one named is damaged, and stays so however often it is asked for."""

    def __init__(self, damaged: str, chance: random.Random) -> None:
        self.meter = Meter()
        self.media = {}
        self.callers = {}
        self.bodies = {name: parse_json(body) for name, body in BODY_OF.items()}
        if damaged:
            for _ in range(chance.randint(1, 3)):
                damage(self.bodies[damaged], chance, ODD)

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


def test_ten_thousand_damaged_answers_crash_nothing_and_change_no_total_in_silence() -> None:
    chance = random.Random(20_261_120)
    errors: list[ConnectorError] = []
    quiet = 0
    for number in range(BODIES):
        session = FuzzedSession(DAMAGED[number % len(DAMAGED)], chance)
        try:
            statement = fetch(session, THREE_DAYS)
        except ConnectorError as error:
            errors.append(error)
            continue
        billed = day_totals(statement.costs)
        assert statement.control_totals is not None
        for day in THREE_DAYS.days():
            assert to_nanos(billed.get(day, Decimal(0))) == to_nanos(statement.control_totals.get(day, Decimal(0)))
        expected = TOTAL - APPS_TOTAL + session.apps_total()
        if to_nanos(sum(billed.values(), Decimal(0))) == to_nanos(expected):
            quiet += 1
        else:
            assert any(words in note for note in statement.notes for words in TELLING)
    assert len(errors) > BODIES / 10
    assert not [error for error in errors if "9" * 60 in error.message or "💸" in error.message]
    assert quiet > BODIES / 10


def test_the_undamaged_answers_of_the_fuzzed_session_are_the_composed_ones() -> None:
    whole = FuzzedSession("", random.Random(0))
    assert fetch(whole, THREE_DAYS).control_total == TOTAL
    assert whole.apps_total() == APPS_TOTAL
    assert control(whole, THREE_DAYS) == fetch(whole, THREE_DAYS).control_totals
