"""OpenRouter with a standard key alone: a sync remembers the counters, so that every day comes out exactly."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest

from connectors.openrouter_feeds import GENERAL
from demo.openrouter_api import BLIND_MANAGEMENT_KEY, MANAGEMENT_KEY, STANDARD_KEY
from demo.openrouter_spend import ASSISTANT_PROD
from demo.simulator import Simulator
from demo.world import World
from linking import link_account, relink_account
from store import accounts
from store.db import Store
from store.frames import read_costs
from store.records import Window, from_nanos
from tests.sync.conftest import TODAY, Clock, synced


@pytest.fixture
def openrouter(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with Simulator(World(7, TODAY, history_days=40), clock=clock, has_control=True) as running:
        monkeypatch.setenv("SPENDGLASS_ENDPOINT_OPENROUTER", running.endpoint("openrouter"))
        yield running


def saved(store: Store, start: date, end: date) -> dict[tuple[date, str], int]:
    """Nano-dollars per day and model, zeros left out."""
    totals: dict[tuple[date, str], int] = {}
    for day, model, nanos in read_costs(store, Window(start, end)).select("day", "model", "billed_cost").iter_rows():
        totals[day, model] = totals.get((day, model), 0) + nanos
    return {place: nanos for place, nanos in totals.items() if nanos}


def true_days(simulator: Simulator, start: date, end: date) -> dict[tuple[date, str], int]:
    """What the key cost per day."""
    totals: dict[tuple[date, str], int] = {}
    for cell in simulator.world.cells("openrouter", start, end, simulator.clock()):
        if cell.api_key_id == ASSISTANT_PROD:
            totals[cell.day, GENERAL] = totals.get((cell.day, GENERAL), 0) + cell.nanos
    return totals


def linked(store: Store, clock: Clock) -> int:
    return link_account(store, "openrouter", {"apiKey": STANDARD_KEY}, name=None, now=clock())


def test_every_day_since_the_link_is_exact_with_one_sync_a_day(
    openrouter: Simulator, sqlite_store: Store, clock: Clock
) -> None:
    account = linked(sqlite_store, clock)
    for hours in (0, 5, 17, 26, 23, 1, 30, 20):
        clock.move(hours=hours)
        run = synced(sqlite_store, account, clock)
        assert (run["status"], run["message"]) == ("succeeded", None)
        tomorrow = clock().date() + timedelta(days=1)
        assert saved(sqlite_store, TODAY - timedelta(days=60), tomorrow) == true_days(openrouter, TODAY, tomorrow)
        covered = accounts.account(sqlite_store, account)
        assert (covered["covered_from"], covered["covered_to"]) == (TODAY, tomorrow)


def test_days_without_a_sync_are_exact_together_and_the_log_says_which(
    openrouter: Simulator, sqlite_store: Store, clock: Clock
) -> None:
    account = linked(sqlite_store, clock)
    synced(sqlite_store, account, clock)
    seen = sum(true_days(openrouter, TODAY, TODAY + timedelta(days=1)).values())
    clock.move(days=4)
    run = synced(sqlite_store, account, clock)
    today = clock().date()
    cells = saved(sqlite_store, TODAY, today + timedelta(days=1))
    truth = true_days(openrouter, TODAY, today + timedelta(days=1))
    assert cells.keys() == {(TODAY, GENERAL), (today - timedelta(days=1), GENERAL), (today, GENERAL)}
    assert cells[TODAY, GENERAL] == seen
    assert cells[today, GENERAL] == truth[today, GENERAL]
    assert sum(cells.values()) == sum(truth.values())
    unseen = Decimal(from_nanos(cells[today - timedelta(days=1), GENERAL]))
    assert f"Not read on {TODAY} to {today - timedelta(days=1)}" in run["notes"]
    assert f"${unseen:f}" in run["notes"]


def test_a_management_key_added_later_reads_the_whole_account_in_place_of_the_one_key(
    openrouter: Simulator, sqlite_store: Store, clock: Clock
) -> None:
    account = linked(sqlite_store, clock)
    synced(sqlite_store, account, clock)
    clock.move(days=2)
    synced(sqlite_store, account, clock)
    both = {"apiKey": STANDARD_KEY, "provisioningKey": MANAGEMENT_KEY}
    relink_account(sqlite_store, account, both, now=clock())
    run = synced(sqlite_store, account, clock)
    assert run["status"] == "succeeded"
    tomorrow = clock().date() + timedelta(days=1)
    cells = saved(sqlite_store, TODAY - timedelta(days=39), tomorrow)
    assert {model for _, model in cells} & {GENERAL} == set()
    days = openrouter.world.day_totals("openrouter", TODAY - timedelta(days=39), tomorrow, clock())
    assert sum(cells.values()) == sum(days.values())


def test_days_beyond_the_providers_memory_are_a_gap_and_no_zeros(
    openrouter: Simulator, sqlite_store: Store, clock: Clock
) -> None:
    blind = {"apiKey": STANDARD_KEY, "provisioningKey": BLIND_MANAGEMENT_KEY}
    account = link_account(sqlite_store, "openrouter", blind, name=None, now=clock())
    synced(sqlite_store, account, clock)
    covered = accounts.account(sqlite_store, account)
    assert covered["covered_from"] == TODAY - timedelta(days=29)
    clock.move(days=45)
    run = synced(sqlite_store, account, clock)
    covered = accounts.account(sqlite_store, account)
    assert covered["covered_from"] == clock().date() - timedelta(days=29)
    assert f"{TODAY + timedelta(days=1)} to {clock().date() - timedelta(days=30)} were never read" in run["notes"]
