"""Odd accounts at OpenRouter: what the world holds, the store holds, to the nano-dollar, the token and the request."""

import dataclasses
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any

import pytest

from connectors import CONNECTORS
from demo.cells import Cell
from demo.odd_openrouter import AMOUNTS, GONE_BETWEEN, HUGE_AMOUNTS, odd_openrouter_world
from demo.simulator import Simulator
from demo.wire import Manners
from linking import link_account
from store.db import Store
from tests.sync.conftest import TODAY, Clock, synced
from tests.sync.conserved import MONEY, Figures, Place, assert_followed, of_the_store, of_the_world
from tests.sync.lives import CREDENTIALS, follow

ACTIVITY_DAYS = 29
LONG = 70


@pytest.fixture
def openrouter(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with Simulator(odd_openrouter_world(0, TODAY), clock=clock) as running:
        monkeypatch.setenv("SPENDGLASS_ENDPOINT_OPENROUTER", running.endpoint("openrouter"))
        shortened = dataclasses.replace(CONNECTORS["openrouter"], history_days=LONG + 5)
        monkeypatch.setitem(CONNECTORS, "openrouter", shortened)
        yield running


def exists(simulator: Simulator, ended: int | None) -> bool:
    if ended is None:
        return True
    return datetime.combine(TODAY - timedelta(days=ended), time(9), UTC) > simulator.clock()


def places(simulator: Simulator) -> Callable[[Cell], Place]:
    """Where OpenRouter still tells what was used.

    It lists no deleted key, so that its use belongs to none; analytics, which tells today, still finds one that was
    known before. A deleted workspace has its id in the rows of the last 29 finished days alone.
    """
    story, today = simulator.world.story("openrouter"), simulator.clock().date()
    spaces = {space.workspace_id for space in story.workspaces if exists(simulator, space.archived)}
    alive = [key for key in story.keys if key.workspace_id in spaces]
    listed = {key.api_key_id for key in alive if exists(simulator, key.deleted)}
    known = listed | {key.api_key_id for key in alive if key.deleted == GONE_BETWEEN}

    def place(cell: Cell) -> Place:
        is_activity = today - timedelta(days=ACTIVITY_DAYS) <= cell.day < today
        workspace_id = cell.workspace_id if is_activity or cell.workspace_id in spaces else ""
        api_key_id = cell.api_key_id if cell.api_key_id in (listed if is_activity else known) else ""
        return cell.day, workspace_id, api_key_id, cell.model

    return place


def hold(seed: int, store: Store, simulator: Simulator, clock: Clock) -> None:
    chance = Random(seed)
    has_dust, is_long = seed % 2 == 1, seed % 4 == 3
    simulator.world = odd_openrouter_world(
        seed, TODAY, history_days=LONG if is_long else 20, amounts=HUGE_AMOUNTS if has_dust else AMOUNTS
    )
    simulator.manners = Manners(chance.choice((None, 1, 2, 7)), adds_members=seed % 3 != 0, has_dust=has_dust)
    account_id = link_account(store, "openrouter", CREDENTIALS["openrouter"], name=None, now=clock())
    columns = (*MONEY, "input_tokens", "output_tokens", "requests")

    def sync(before: Figures | None) -> tuple[dict[str, Any], Figures]:
        run = synced(store, account_id, clock)
        assert (run["status"], run["message"]) == ("succeeded", None)
        saved = of_the_store(store, clock, columns)
        told = of_the_world(simulator, "openrouter", clock, columns, places(simulator))
        assert_followed(saved, told, before, clock().date() - timedelta(days=ACTIVITY_DAYS))
        assert "own total" not in run["notes"]
        is_loose = any(not key for (_, _, key, _), figures in told.items() if "billed_cost" in figures)
        assert is_loose or "belongs to no key" not in run["notes"]
        return run, saved

    renamed = simulator.world.story("openrouter").workspaces[:1]
    follow(sync, store, account_id, simulator, "openrouter", clock, renamed)


@pytest.mark.parametrize("seed", range(10))
def test_an_odd_account_is_conserved_through_growth_second_thoughts_and_a_new_name(
    seed: int, openrouter: Simulator, sqlite_store: Store, clock: Clock
) -> None:
    hold(seed, sqlite_store, openrouter, clock)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10, 160))
def test_a_hundred_and_fifty_more_odd_accounts_are_conserved(
    seed: int, openrouter: Simulator, sqlite_store: Store, clock: Clock
) -> None:
    hold(seed, sqlite_store, openrouter, clock)
