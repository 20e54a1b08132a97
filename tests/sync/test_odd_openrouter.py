"""Odd accounts at OpenRouter: what the world holds, the store holds, to the nano-dollar, the token and the request."""

import dataclasses
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

import pytest

from connectors import CONNECTORS
from demo.odd_openrouter import AMOUNTS, GONE_BETWEEN, HUGE_AMOUNTS, odd_openrouter_world
from demo.openrouter_api import MANAGEMENT_KEY, STANDARD_KEY
from demo.simulator import Simulator
from demo.wire import Manners
from linking import link_account
from store.db import Store
from store.frames import read_costs
from store.names import history
from store.records import Window
from tests.sync.conftest import TODAY, Clock, synced

GRAIN = ("day", "workspace_id", "api_key_id", "model")
COLUMNS = ("billed_cost", "credits_applied", "input_tokens", "output_tokens", "requests")
ACTIVITY_DAYS = 29
LONG = 70
Figures = dict[tuple[Any, ...], dict[str, int]]


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


def truth(simulator: Simulator) -> Figures:
    """The world per day, workspace, key and model, as far as OpenRouter still tells it.

    It lists no deleted key, so that its use belongs to none; analytics, which tells today, still finds one that was
    known before. A deleted workspace has its id in the rows of the last 29 finished days alone.
    """
    story, now = simulator.world.story("openrouter"), simulator.clock()
    start, today = TODAY - timedelta(days=LONG), now.date()
    spaces = {space.workspace_id for space in story.workspaces if exists(simulator, space.archived)}
    alive = [key for key in story.keys if key.workspace_id in spaces]
    listed = {key.api_key_id for key in alive if exists(simulator, key.deleted)}
    known = listed | {key.api_key_id for key in alive if key.deleted == GONE_BETWEEN}
    told: Figures = {}
    for cell in simulator.world.cells("openrouter", start, today + timedelta(days=1), now):
        is_activity = today - timedelta(days=ACTIVITY_DAYS) <= cell.day < today
        workspace_id = cell.workspace_id if is_activity or cell.workspace_id in spaces else ""
        api_key_id = cell.api_key_id if cell.api_key_id in (listed if is_activity else known) else ""
        grain = (cell.day, workspace_id, api_key_id, cell.model)
        figures = told.setdefault(grain, dict.fromkeys(COLUMNS, 0))
        figures["billed_cost"] += cell.nanos
        figures["requests"] += cell.requests
        figures["input_tokens"] += cell.quantity if cell.kind in {"input", "cached_input"} else 0
        figures["output_tokens"] += cell.quantity if cell.kind == "output" else 0
    return told


def saved(store: Store, clock: Clock) -> Figures:
    window = Window(TODAY - timedelta(days=LONG + 10), clock().date() + timedelta(days=1))
    found: Figures = {}
    for row in read_costs(store, window).select(*GRAIN, *COLUMNS).iter_rows(named=True):
        figures = found.setdefault(tuple(row[name] for name in GRAIN), dict.fromkeys(COLUMNS, 0))
        for name in COLUMNS:
            figures[name] += row[name] or 0
    return found


def by_day(cells: Figures) -> dict[date, Figures]:
    """Cells in which anything happened."""
    days: dict[date, Figures] = {}
    for grain, figures in cells.items():
        if any(figures.values()):
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
    assert (run["status"], run["message"]) == ("succeeded", None)
    mine, world = by_day(saved(store, clock)), by_day(truth(simulator))
    for day in {*mine, *world}:
        if mine.get(day) != world.get(day):
            assert before is not None
            assert day < clock().date() - timedelta(days=ACTIVITY_DAYS), (day, mine.get(day), world.get(day))
            assert mine.get(day) == before.get(day)
            assert billed(mine.get(day, {})) == billed(world.get(day, {}))
    assert "own total" not in run["notes"]
    is_loose = any(not key for (_, _, key, _), figures in truth(simulator).items() if figures["billed_cost"])
    assert is_loose or "belongs to no key" not in run["notes"]
    return run, mine


def hold(seed: int, store: Store, simulator: Simulator, clock: Clock) -> None:
    """A first sync, two days of growth and second thoughts, a workspace renamed, and a sync with nothing new."""
    chance = Random(seed)
    has_dust, is_long = seed % 2 == 1, seed % 4 == 3
    simulator.world = odd_openrouter_world(
        seed, TODAY, history_days=LONG if is_long else 20, amounts=HUGE_AMOUNTS if has_dust else AMOUNTS
    )
    simulator.manners = Manners(chance.choice((None, 1, 2, 7)), adds_members=seed % 3 != 0, has_dust=has_dust)
    credential = {"apiKey": STANDARD_KEY, "provisioningKey": MANAGEMENT_KEY}
    account = link_account(store, "openrouter", credential, name=None, now=clock())
    _, mine = sync_and_compare(store, account, simulator, clock)
    space = simulator.world.story("openrouter").workspaces[0]
    simulator.world = simulator.world.rename("openrouter", space.workspace_id, "Renamed there")
    for number in range(2):
        clock.move(hours=23)
        simulator.restate(0.1, seed=number)
        _, mine = sync_and_compare(store, account, simulator, clock, before=mine)
    told = [(row["name"], row["source"]) for row in history(store, account, space.workspace_id)]
    before = [(space.name, "provider")] if space.name and space.name.strip() else []
    assert told == [*before, ("Renamed there", "provider")]
    assert sync_and_compare(store, account, simulator, clock, before=mine)[0]["restated_days"] == 0


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
