"""Odd LiteLLM proxies: what the world holds, the store holds, to the nano-dollar, the token and the request."""

import dataclasses
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from connectors import CONNECTORS
from connectors.litellm_shares import UNKNOWN, UPSTREAMS
from demo.litellm_api import BASE_URL, VIEWER_KEY
from demo.odd_litellm import odd_litellm_world
from demo.simulator import Simulator
from demo.wire import Manners
from linking import link_account
from store.db import Store
from store.frames import read_costs
from store.names import history
from store.records import Window
from tests.sync.conftest import TODAY, Clock, synced

GRAIN = ("day", "workspace_id", "api_key_id", "model", "upstream")
COUNTS = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "requests")
COLUMNS = ("billed_cost", "credits_applied", *COUNTS)
KINDS = {
    "input_tokens": {"input", "cached_input", "cache_write"},
    "cached_input_tokens": {"cached_input"},
    "cache_write_tokens": {"cache_write"},
    "output_tokens": {"output"},
}
HISTORY_DAYS = 20
READ_AGAIN = 3
Figures = dict[tuple[Any, ...], dict[str, int]]


@pytest.fixture
def litellm(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with Simulator(odd_litellm_world(0, TODAY), clock=clock) as running:
        monkeypatch.setenv("SPENDGLASS_ENDPOINT_LITELLM", running.endpoint("litellm"))
        shortened = dataclasses.replace(CONNECTORS["litellm"], history_days=HISTORY_DAYS + 3)
        monkeypatch.setitem(CONNECTORS, "litellm", shortened)
        yield running


def truth(simulator: Simulator) -> Figures:
    """The world per day, team, key, model and upstream provider."""
    now = simulator.clock()
    start, end = TODAY - timedelta(days=HISTORY_DAYS), now.date() + timedelta(days=1)
    told: Figures = {}
    for cell in simulator.world.cells("litellm", start, end, now):
        upstream = UPSTREAMS.get(cell.variant, cell.variant) or UNKNOWN
        grain = (cell.day, cell.workspace_id, cell.api_key_id, cell.model, upstream)
        figures = told.setdefault(grain, dict.fromkeys(COLUMNS, 0))
        figures["billed_cost"] += cell.nanos
        figures["requests"] += cell.requests
        for name, kinds in KINDS.items():
            figures[name] += cell.quantity if cell.kind in kinds else 0
    return told


def saved(store: Store, clock: Clock) -> Figures:
    window = Window(TODAY - timedelta(days=HISTORY_DAYS + 10), clock().date() + timedelta(days=1))
    found: Figures = {}
    for row in read_costs(store, window).select(*GRAIN, *COLUMNS).iter_rows(named=True):
        figures = found.setdefault(tuple(row[name] for name in GRAIN), dict.fromkeys(COLUMNS, 0))
        for name in COLUMNS:
            figures[name] += row[name] or 0
    return found


def by_day(cells: Figures) -> dict[date, Figures]:
    """Cells of money or calls. No proxy books tokens without a call, as the world's second thoughts at times do."""
    days: dict[date, Figures] = {}
    for grain, figures in cells.items():
        if figures["billed_cost"] or figures["requests"]:
            days.setdefault(grain[0], {})[grain] = figures
    return days


def billed(cells: Figures) -> int:
    return sum(figures["billed_cost"] for figures in cells.values())


def sync_and_compare(
    store: Store, account: int, simulator: Simulator, clock: Clock, before: dict[date, Figures] | None = None
) -> tuple[dict[str, Any], dict[date, Figures]]:
    """One sync held against the world; the run, and what is saved by day.

    Days too old to be read again at every sync are read again where their total has changed: what leaves the total as
    it was is not seen there, and the day stays as it was `before`.
    """
    run = synced(store, account, clock)
    assert (run["status"], run["message"], run["notes"]) == ("succeeded", None, "")
    mine, world = by_day(saved(store, clock)), by_day(truth(simulator))
    for day in {*mine, *world}:
        if mine.get(day) != world.get(day):
            assert before is not None
            assert day < clock().date() - timedelta(days=READ_AGAIN), (day, mine.get(day), world.get(day))
            assert mine.get(day) == before.get(day)
            assert billed(mine.get(day, {})) == billed(world.get(day, {}))
    return run, mine


def hold(seed: int, store: Store, simulator: Simulator, clock: Clock) -> None:
    """A first sync, two days of growth and second thoughts, a team renamed, and a sync with nothing new."""
    simulator.world = odd_litellm_world(seed, TODAY, history_days=HISTORY_DAYS)
    rows = Random(seed).choice((None, 1, 2, 7))
    simulator.manners = Manners(rows, adds_members=seed % 3 != 0, has_dust=seed % 2 == 1)
    credential = {"apiKey": VIEWER_KEY, "baseUrl": BASE_URL}
    account = link_account(store, "litellm", credential, name=None, now=clock())
    _, mine = sync_and_compare(store, account, simulator, clock)
    teams = [team for team in simulator.world.story("litellm").workspaces if team.archived is None]
    for team in teams:
        simulator.world = simulator.world.rename("litellm", team.workspace_id, "Renamed there")
    for number in range(2):
        clock.move(hours=23)
        simulator.restate(0.1, seed=number)
        _, mine = sync_and_compare(store, account, simulator, clock, before=mine)
    for team in teams:
        told = [(row["name"], row["source"]) for row in history(store, account, team.workspace_id)]
        before = [(team.name, "provider")] if team.name and team.name.strip() else []
        assert told == [*before, ("Renamed there", "provider")]
    assert sync_and_compare(store, account, simulator, clock, before=mine)[0]["restated_days"] == 0


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
