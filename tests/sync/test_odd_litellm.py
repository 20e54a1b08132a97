"""Odd LiteLLM proxies: what the world holds, the store holds, to the nano-dollar, the token and the request."""

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from connectors import CONNECTORS
from connectors.litellm_shares import UNKNOWN, UPSTREAMS
from demo.cells import Cell
from demo.odd_litellm import odd_litellm_world
from demo.simulator import Simulator
from demo.wire import Manners
from linking import link_account
from store.db import Store
from tests.sync.conftest import TODAY, Clock, synced
from tests.sync.conserved import COUNTS, MONEY, Figures, Place, assert_followed, of_the_store, of_the_world
from tests.sync.lives import CREDENTIALS, follow

GRAIN = ("day", "workspace_id", "api_key_id", "model", "upstream")
HISTORY_DAYS = 20
READ_AGAIN = 3


@pytest.fixture
def litellm(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with Simulator(odd_litellm_world(0, TODAY), clock=clock) as running:
        monkeypatch.setenv("SPENDGLASS_ENDPOINT_LITELLM", running.endpoint("litellm"))
        shortened = dataclasses.replace(CONNECTORS["litellm"], history_days=HISTORY_DAYS + 3)
        monkeypatch.setitem(CONNECTORS, "litellm", shortened)
        yield running


def place(cell: Cell) -> Place:
    return (*cell.grain, UPSTREAMS.get(cell.variant, cell.variant) or UNKNOWN)


def calls(figures: Figures) -> Figures:
    """Cells of money or calls. No proxy books tokens without a call, as the world's second thoughts at times do."""
    return {where: there for where, there in figures.items() if {"billed_cost", "requests"} & there.keys()}


def hold(seed: int, store: Store, simulator: Simulator, clock: Clock) -> None:
    simulator.world = odd_litellm_world(seed, TODAY, history_days=HISTORY_DAYS)
    rows = Random(seed).choice((None, 1, 2, 7))
    simulator.manners = Manners(rows, adds_members=seed % 3 != 0, has_dust=seed % 2 == 1)
    account_id = link_account(store, "litellm", CREDENTIALS["litellm"], name=None, now=clock())
    columns = (*MONEY, *COUNTS)

    def sync(before: Figures | None) -> tuple[dict[str, Any], Figures]:
        run = synced(store, account_id, clock)
        assert (run["status"], run["message"], run["notes"]) == ("succeeded", None, "")
        saved = calls(of_the_store(store, clock, columns, GRAIN))
        told = calls(of_the_world(simulator, "litellm", clock, columns, place))
        assert_followed(saved, told, before, clock().date() - timedelta(days=READ_AGAIN))
        return run, saved

    teams = [team for team in simulator.world.story("litellm").workspaces if team.archived is None]
    follow(sync, store, account_id, simulator, "litellm", clock, teams)


@pytest.mark.parametrize("seed", range(10))
def test_an_odd_proxy_is_conserved_through_growth_second_thoughts_and_new_names(
    seed: int, litellm: Simulator, sqlite_store: Store, clock: Clock
) -> None:
    hold(seed, sqlite_store, litellm, clock)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10, 160))
def test_a_hundred_and_fifty_more_odd_proxies_are_conserved(
    seed: int, litellm: Simulator, sqlite_store: Store, clock: Clock
) -> None:
    hold(seed, sqlite_store, litellm, clock)
