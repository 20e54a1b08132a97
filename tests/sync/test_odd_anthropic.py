"""Odd organizations at Anthropic: whatever the world holds, the store holds."""

import dataclasses
from collections.abc import Iterator
from datetime import datetime
from operator import attrgetter
from random import Random

import pytest

from connectors import CONNECTORS
from connectors.anthropic_rows import UNASSIGNED
from demo.anthropic_api import ADMIN_KEY, OLD_ORGANIZATION_KEY
from demo.anthropic_places import TOKEN_TYPES
from demo.anthropic_spend import DEFAULT
from demo.cells import Cell
from demo.odd_anthropic import odd_anthropic_world
from demo.simulator import Simulator
from demo.wire import Manners
from demo.world import World
from linking import link_account
from store.db import Store
from store.frames import read_costs
from tests.sync.conftest import TODAY, Clock, synced
from tests.sync.conserved import (
    GRAIN,
    Place,
    all_days,
    assert_same,
    finished,
    of_the_store,
    of_the_world,
    sync_and_compare,
)
from tests.sync.lives import live_on

LONG = 45
BILLED = ("billed_cost",)
LEGACY_GRAIN = ("day", "workspace_id", "model")
either_source = pytest.mark.parametrize("key", [ADMIN_KEY, OLD_ORGANIZATION_KEY], ids=["analytics", "legacy"])


@pytest.fixture
def anthropic(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with Simulator(odd_anthropic_world(0, TODAY), clock=clock) as running:
        monkeypatch.setenv("SPENDGLASS_ENDPOINT_ANTHROPIC", running.endpoint("anthropic"))
        shortened = dataclasses.replace(CONNECTORS["anthropic"], history_days=LONG + 5)
        monkeypatch.setitem(CONNECTORS, "anthropic", shortened)
        yield running


def link(store: Store, key: str, clock: Clock) -> int:
    return link_account(store, "anthropic", {"apiKey": key}, name=None, now=clock())


def stage(seed: int, simulator: Simulator) -> None:
    chance = Random(seed)
    simulator.world = odd_anthropic_world(seed, TODAY, history_days=LONG if seed % 4 == 3 else 20)
    simulator.manners = Manners(
        chance.choice((None, 11, 40)),
        adds_members=chance.random() < 0.7,
        has_dust=chance.random() < 0.5,
        omits_nulls=chance.random() < 0.5,
    )


def hold(seed: int, store: Store, simulator: Simulator, clock: Clock) -> None:
    stage(seed, simulator)
    account_id = link(store, ADMIN_KEY, clock)
    sync_and_compare(store, account_id, simulator, "anthropic", clock, reads_all=True)
    live_on(store, account_id, simulator, "anthropic", clock)


def legacy_place(cell: Cell) -> Place:
    """Day, workspace and model as the legacy reports tell them: null is the default workspace, and only tokens have a
    model."""
    model = cell.model
    if cell.kind not in TOKEN_TYPES and not model.startswith("anthropic-"):
        model = "anthropic-web-search" if cell.kind == "web_search" else "anthropic-other"
    return (cell.day, cell.workspace_id or DEFAULT, model)


def hold_without_analytics(seed: int, store: Store, simulator: Simulator, clock: Clock) -> None:
    stage(seed, simulator)
    account_id = link(store, OLD_ORGANIZATION_KEY, clock)
    for number in range(3):
        run = synced(store, account_id, clock)
        assert run["status"] == "succeeded", run["message"]
        assert "unattributed" not in run["notes"]
        saved = of_the_store(store, clock, BILLED, LEGACY_GRAIN)
        assert_same(saved, of_the_world(simulator, "anthropic", clock, BILLED, legacy_place))
        clock.move(hours=23)
        simulator.restate(0.1, seed=number)


@pytest.mark.parametrize("seed", range(10))
def test_an_odd_organization_is_conserved_through_growth_second_thoughts_and_a_new_name(
    seed: int, anthropic: Simulator, sqlite_store: Store, clock: Clock
) -> None:
    hold(seed, sqlite_store, anthropic, clock)


@pytest.mark.parametrize("seed", range(10))
def test_without_analytics_an_odd_organization_is_conserved_by_day_workspace_and_model(
    seed: int, anthropic: Simulator, sqlite_store: Store, clock: Clock
) -> None:
    hold_without_analytics(seed, sqlite_store, anthropic, clock)


def grow_while_read(key: str, store: Store, simulator: Simulator, clock: Clock) -> None:
    def ticking() -> datetime:
        clock.move(seconds=20)
        return clock()

    simulator.clock = ticking
    run = synced(store, link(store, key, clock), clock)
    assert run["status"] == "succeeded", run["message"]
    assert "unattributed" not in run["notes"]
    assert UNASSIGNED not in read_costs(store, all_days(clock))["model"].to_list()
    grain, place = (GRAIN, attrgetter("grain")) if key == ADMIN_KEY else (LEGACY_GRAIN, legacy_place)
    saved = of_the_store(store, clock, BILLED, grain)
    told = of_the_world(simulator, "anthropic", clock, BILLED, place)
    assert_same(finished(saved, TODAY), finished(told, TODAY))


@either_source
def test_a_bill_that_grows_while_it_is_read_gets_no_remainder(
    key: str, anthropic: Simulator, sqlite_store: Store, clock: Clock
) -> None:
    anthropic.world = World(7, TODAY, history_days=20)
    grow_while_read(key, sqlite_store, anthropic, clock)


@pytest.mark.parametrize("seed", range(10, 14))
@either_source
def test_an_odd_bill_that_grows_while_it_is_read_gets_none_either(
    key: str, seed: int, anthropic: Simulator, sqlite_store: Store, clock: Clock
) -> None:
    stage(seed, anthropic)
    grow_while_read(key, sqlite_store, anthropic, clock)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(14, 160))
@either_source
def test_more_odd_bills_that_grow_while_they_are_read_get_none(
    key: str, seed: int, anthropic: Simulator, sqlite_store: Store, clock: Clock
) -> None:
    stage(seed, anthropic)
    grow_while_read(key, sqlite_store, anthropic, clock)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10, 160))
def test_a_hundred_and_fifty_more_odd_organizations_are_conserved(
    seed: int, anthropic: Simulator, sqlite_store: Store, clock: Clock
) -> None:
    hold(seed, sqlite_store, anthropic, clock)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10, 160))
def test_without_analytics_a_hundred_and_fifty_more_are_conserved_by_day_workspace_and_model(
    seed: int, anthropic: Simulator, sqlite_store: Store, clock: Clock
) -> None:
    hold_without_analytics(seed, sqlite_store, anthropic, clock)
