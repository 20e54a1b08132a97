"""Odd organizations at AWS: whatever the world holds of Bedrock, the store holds."""

import dataclasses
from collections.abc import Iterator
from datetime import datetime
from random import Random

import pytest

from connectors import CONNECTORS
from demo.bedrock_api import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from demo.odd_bedrock import odd_bedrock_world
from demo.simulator import Simulator
from demo.story import Story, Workspace
from demo.traffic import Part, Stream
from demo.wire import Manners
from demo.world import World
from linking import link_account
from store.accounts import unlink
from store.db import Store
from tests.sync.conftest import TODAY, Clock, synced
from tests.sync.conserved import GRAIN, MONEY, assert_same, finished, of_the_store, of_the_world, sync_and_compare
from tests.sync.lives import live_on

LONG = 70


@pytest.fixture
def bedrock(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with Simulator(odd_bedrock_world(0, TODAY), clock=clock) as running:
        monkeypatch.setenv("SPENDGLASS_ENDPOINT_BEDROCK", running.endpoint("bedrock"))
        shortened = dataclasses.replace(CONNECTORS["bedrock"], history_days=LONG + 5, window_days=31)
        monkeypatch.setitem(CONNECTORS, "bedrock", shortened)
        yield running


def link(store: Store, clock: Clock) -> int:
    credential = {"accessKeyId": ACCESS_KEY_ID, "secretAccessKey": SECRET_ACCESS_KEY}
    return link_account(store, "bedrock", credential, name=None, now=clock())


def stage(seed: int, simulator: Simulator) -> None:
    """Every page costs a cent, so that the smallest ones would spend the month's budget."""
    chance = Random(seed)
    is_long = seed % 4 == 3
    simulator.world = odd_bedrock_world(seed, TODAY, history_days=LONG if is_long else 20)
    simulator.manners = Manners(
        chance.choice((None, 150 if is_long else 30)),
        adds_members=chance.random() < 0.7,
        has_dust=chance.random() < 0.5,
    )


def hold(seed: int, store: Store, simulator: Simulator, clock: Clock) -> None:
    stage(seed, simulator)
    account_id = link(store, clock)
    sync_and_compare(store, account_id, simulator, "bedrock", clock, reads_all=True)
    live_on(store, account_id, simulator, "bedrock", clock)


@pytest.mark.parametrize("seed", range(10))
def test_an_odd_organization_is_conserved_through_growth_second_thoughts_and_a_new_name(
    seed: int, bedrock: Simulator, sqlite_store: Store, clock: Clock
) -> None:
    hold(seed, sqlite_store, bedrock, clock)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10, 160))
def test_a_hundred_and_fifty_more_odd_organizations_are_conserved(
    seed: int, bedrock: Simulator, sqlite_store: Store, clock: Clock
) -> None:
    hold(seed, sqlite_store, bedrock, clock)


def with_credits(of_each: int) -> World:
    """A world of one model whose text units cost $0.10, and of which a credit pays so many nano-dollars of each."""
    parts = (Part("text_unit", 1, 10**8, of_each),)
    stream = Stream(workspace_id="111122223333", model="bedrock-guardrails", parts=parts, requests=5, is_counted=False)
    place = Workspace(workspace_id="111122223333", name="Only one")
    story = Story(provider="bedrock", workspaces=(place,), keys=(), streams=(stream,))
    return World(7, TODAY, history_days=LONG, stories=(story,))


def test_credits_given_for_days_of_any_age_are_found_where_costs_are_as_before(
    bedrock: Simulator, sqlite_store: Store, clock: Clock
) -> None:
    bedrock.world = with_credits(10**7)
    account_id = link(sqlite_store, clock)
    sync_and_compare(sqlite_store, account_id, bedrock, "bedrock", clock, reads_all=True)
    bedrock.world = with_credits(3 * 10**7)
    again = sync_and_compare(sqlite_store, account_id, bedrock, "bedrock", clock, reads_all=True)
    assert again["windows_saved"] == 3
    assert synced(sqlite_store, account_id, clock)["windows_saved"] == 2


def grow_while_read(store: Store, simulator: Simulator, clock: Clock) -> int:
    """The requests of a first sync during which the clock goes on."""

    def ticking() -> datetime:
        clock.move(seconds=20)
        return clock()

    simulator.clock = ticking
    run = synced(store, link(store, clock), clock)
    assert run["status"] == "succeeded", run["message"]
    assert "unattributed" not in run["notes"]
    saved = of_the_store(store, clock, MONEY, GRAIN)
    assert_same(finished(saved, TODAY), finished(of_the_world(simulator, "bedrock", clock, MONEY), TODAY))
    return int(run["http_requests"])


def test_a_bill_that_grows_while_it_is_read_gets_no_remainder_for_one_request_more(
    bedrock: Simulator, sqlite_store: Store, clock: Clock
) -> None:
    bedrock.world = World(7, TODAY, history_days=LONG)
    account_id = link(sqlite_store, clock)
    without_growth = synced(sqlite_store, account_id, clock)["http_requests"]
    unlink(sqlite_store, account_id, keep_data=False, now=clock())
    assert grow_while_read(sqlite_store, bedrock, clock) == without_growth + 1


@pytest.mark.parametrize("seed", range(10, 14))
def test_an_odd_bill_that_grows_while_it_is_read_gets_none_either(
    seed: int, bedrock: Simulator, sqlite_store: Store, clock: Clock
) -> None:
    stage(seed, bedrock)
    grow_while_read(sqlite_store, bedrock, clock)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(14, 160))
def test_more_odd_bills_that_grow_while_they_are_read_get_none(
    seed: int, bedrock: Simulator, sqlite_store: Store, clock: Clock
) -> None:
    stage(seed, bedrock)
    grow_while_read(sqlite_store, bedrock, clock)
