"""The demo's clients meter part of the company's use, the same part each time."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from demo.clients import DAYS, TOO_DEAR, events
from demo.world import World
from metering.revenium import event_of
from tests.demo.asking import NOW

WORLD = World(1, NOW.date(), history_days=DAYS + 1)


@pytest.fixture(scope="module")
def told() -> list[dict[str, object]]:
    return list(events(WORLD, NOW))


def test_what_clients_send_is_understood_and_costs_what_the_world_says(told: list[dict[str, object]]) -> None:
    truth = WORLD.totals("openai", NOW.date() - timedelta(days=DAYS), NOW.date(), NOW)
    billed = sum(total.nanos for total in truth.values())
    read = [event_of("completion", json.dumps(body).encode()) for body in told]
    mine = [event for event in read if event.provider == "openai"]
    metered = sum((event.cost or Decimal(0) for event in mine), Decimal(0))
    assert 0.2 * billed < metered.scaleb(9) < float(TOO_DEAR) * billed
    tokens = {(grain[0], total.input_tokens) for grain, total in truth.items()}
    assert all((event.day, event.input_tokens) in tokens for event in mine)


def test_some_keys_meter_nothing(told: list[dict[str, object]]) -> None:
    named = {body["credentialAlias"] for body in told if body["provider"] == "OPENAI"}
    assert named < {key.name for key in WORLD.story("openai").keys} | {None}


def test_told_again_the_calls_have_the_same_ids(told: list[dict[str, object]]) -> None:
    again = [body["transactionId"] for body in events(WORLD, NOW)]
    assert again == [body["transactionId"] for body in told]
    assert len(set(again)) == len(again)
