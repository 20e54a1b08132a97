"""Damaged answers: whatever arrives, it is an error or a statement that adds up to its control."""

import json
import random
from decimal import Decimal
from typing import Any, cast

from connectors.anthropic import control, fetch
from connectors.anthropic_directory import AnthropicSession
from connectors.base import Meter
from connectors.errors import UnexpectedResponse
from connectors.http import ProviderHttp
from store.records import Window
from tests.connectors.anthropic.fake import EMPTY_PAGE, FOLDER, answer_name
from tests.connectors.anthropic.wire import OLD_DAYS, TWO_DAYS
from tests.connectors.damage import ODD_ANYWHERE, Attempt, Damaging, assert_nothing_changes_in_silence

REQUESTS = 9
BODY_OF = {file.stem: file.read_bytes() for file in FOLDER.glob("*.json")}
EMPTY_BODY = json.dumps(EMPTY_PAGE).encode()
TRUE_TOTALS = {TWO_DAYS: Decimal("413.4079012205"), OLD_DAYS: Decimal("10.2176")}
ODD = (*ODD_ANYWHERE, "USD", "tokens", {"amount": "1"}, "2026-11-20T00:00:00Z", "page_bm90LWE=")


class FuzzedHttp:
    """A connection below the wire: of the answers to one fetch, the one at `position` is damaged."""

    def __init__(self, position: int, chance: random.Random) -> None:
        self.meter = Meter()
        self._damaging = Damaging(position, chance, ODD)

    def get_json(self, path: str, params: Any = (), *, expect: type = dict) -> Any:
        value = self._damaging.parsed(BODY_OF.get(answer_name(path, dict(params)) or "", EMPTY_BODY))
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

    def attempt(number: int) -> Attempt:
        window = (TWO_DAYS, OLD_DAYS)[number % 2]
        session = fuzzed(number // 2 % REQUESTS, chance, window)
        return Attempt(fetch=lambda: fetch(session, window), window=window, true_total=lambda: TRUE_TOTALS[window])

    assert_nothing_changes_in_silence(attempt, never="page_bm90")


def test_the_undamaged_answers_of_the_fuzzed_session_are_the_composed_ones() -> None:
    for window, total in TRUE_TOTALS.items():
        whole = fuzzed(-1, random.Random(0), window)
        assert fetch(whole, window).control_total == total
        assert control(whole, window) == fetch(whole, window).control_totals
