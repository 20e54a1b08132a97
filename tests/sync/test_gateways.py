"""A gateway and the providers behind it, all linked: no dollar counts twice."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from connectors.litellm import NO_TOTALS
from connectors.patience import patience
from demo.accounts import ACCOUNTS
from demo.faults import Fault
from demo.simulator import Simulator
from demo.world import World
from linking import link_account
from store.db import Store
from store.frames import covered_days, read_costs
from store.metrics import spending
from store.records import Window
from syncing import sync_account
from tests.sync.conftest import TODAY, Clock

CREDENTIALS: dict[Any, Any] = {account["provider"]: account["credential"] for account in ACCOUNTS}
HISTORY_DAYS = 12
DAYS = Window(TODAY - timedelta(days=HISTORY_DAYS), TODAY + timedelta(days=1))


@pytest.fixture
def simulator(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with Simulator(World(7, TODAY, history_days=HISTORY_DAYS), clock=clock) as running:
        for provider in ("litellm", "openai"):
            monkeypatch.setenv(f"SPENDGLASS_ENDPOINT_{provider.upper()}", running.endpoint(provider))
        yield running


def spent(store: Store) -> int:
    """Nano-dollars of all days, as the pages count them."""
    return int(spending(read_costs(store, DAYS), covered_days(store))["billed_cost"].sum())


def test_with_litellm_and_openai_linked_totals_count_the_upstreams_bill_once(
    sqlite_store: Store, simulator: Simulator, clock: Clock
) -> None:
    world = simulator.world
    metered = {cell: cell.nanos for cell in world.cells("litellm", DAYS.start, DAYS.end, clock())}
    elsewhere = sum(nanos for cell, nanos in metered.items() if cell.variant != "openai")
    bill = sum(world.day_totals("openai", DAYS.start, DAYS.end, clock()).values())
    assert 0 < elsewhere < sum(metered.values())
    for provider, total in (("litellm", sum(metered.values())), ("openai", bill + elsewhere)):
        account = link_account(sqlite_store, provider, CREDENTIALS[provider], name=None, now=clock())
        with patience(attempts=1, total_seconds=30):
            run = sync_account(sqlite_store, account, trigger="cli", clock=clock, since=DAYS.start)
        assert run is not None
        assert (run["status"], run["message"]) == ("succeeded", None)
        assert spent(sqlite_store) == total


def test_without_a_reading_of_totals_old_days_are_left_alone_and_a_note_says_so(
    sqlite_store: Store, simulator: Simulator, clock: Clock
) -> None:
    denied = '{"detail": "Virtual key is not allowed to call this route."}'
    simulator.faults.add(Fault(kind="status", status=403, text=denied, match="/aggregated", times=0))
    account = link_account(sqlite_store, "litellm", CREDENTIALS["litellm"], name=None, now=clock())
    planned = []
    for _ in range(2):
        with patience(attempts=1, total_seconds=30):
            run = sync_account(sqlite_store, account, trigger="cli", clock=clock)
        assert run is not None
        assert run["status"] == "succeeded"
        assert NO_TOTALS in run["notes"]
        planned.append(run["windows_planned"])
    assert planned[0] > planned[1] == 1
    nanos = sum(simulator.world.day_totals("litellm", DAYS.start, DAYS.end, clock()).values())
    assert spent(sqlite_store) == nanos
