"""Damaged answers: whatever arrives, it is an error or a statement that adds up to its control."""

import json
import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

from connectors.answers import parse_json
from connectors.anthropic import control, fetch
from connectors.anthropic_directory import AnthropicSession
from connectors.base import Meter
from connectors.errors import ConnectorError, UnexpectedResponse
from connectors.http import ProviderHttp
from store.records import Window, day_totals, to_nanos
from tests.connectors.anthropic.fake import EMPTY_PAGE, FOLDER, answer_name
from tests.connectors.anthropic.wire import OLD_DAYS, TWO_DAYS
from tests.connectors.damage import damage

BODIES = 10_000
REQUESTS = 9
BODY_OF = {file.stem: file.read_bytes() for file in FOLDER.glob("*.json")}
EMPTY_BODY = json.dumps(EMPTY_PAGE).encode()
TRUE_TOTALS = {TWO_DAYS: Decimal("413.4079012205"), OLD_DAYS: Decimal("10.2176")}
ODD: Sequence[Any] = (
    None, True, 0, -1, 1, 10**30, Decimal("0.5"), Decimal("1E+400"), Decimal("1E-400"), "", "x", "NaN", "1e999",
    "9" * 60, "\0", "USD", "tokens", "💸", [], {}, [None], {"amount": "1"}, "2026-11-20T00:00:00Z", 2**63,
    "page_bm90LWE=",
)  # fmt: skip


class FuzzedHttp:
    """A connection below the wire: of the answers to one fetch, the one at `position` is damaged."""

    def __init__(self, position: int, chance: random.Random) -> None:
        self.meter = Meter()
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


def fuzzed(position: int, chance: random.Random, window: Window) -> AnthropicSession:
    http = cast("ProviderHttp", FuzzedHttp(position, chance))
    has_analytics = window == TWO_DAYS
    return AnthropicSession(
        plain=http, analytics=http, is_enterprise=False, analytics_from=window.start if has_analytics else None
    )


def test_ten_thousand_damaged_answers_crash_nothing_and_change_no_total_in_silence() -> None:
    chance = random.Random(20_261_120)
    errors: list[ConnectorError] = []
    quiet = 0
    for number in range(BODIES):
        window = (TWO_DAYS, OLD_DAYS)[number % 2]
        try:
            statement = fetch(fuzzed(number // 2 % REQUESTS, chance, window), window)
        except ConnectorError as error:
            errors.append(error)
            continue
        billed = day_totals(statement.costs)
        assert statement.control_totals is not None
        for day in window.days():
            assert to_nanos(billed.get(day, Decimal(0))) == to_nanos(statement.control_totals.get(day, Decimal(0)))
        if to_nanos(sum(billed.values(), Decimal(0))) == to_nanos(TRUE_TOTALS[window]):
            quiet += 1
        else:
            assert any("unattributed" in note for note in statement.notes)
    assert len(errors) > BODIES / 10
    assert not [error for error in errors if "9" * 60 in error.message or "page_bm90" in error.message]
    assert quiet > BODIES / 10


def test_the_undamaged_answers_of_the_fuzzed_session_are_the_composed_ones() -> None:
    for window, total in TRUE_TOTALS.items():
        whole = fuzzed(-1, random.Random(0), window)
        assert fetch(whole, window).control_total == total
        assert control(whole, window) == fetch(whole, window).control_totals
