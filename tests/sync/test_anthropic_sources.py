"""Anthropic from its two sources: days before the analytics, and organizations that have none."""

import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from connectors import CONNECTORS
from connectors.anthropic import FIRST_DAY
from demo.anthropic_api import ADMIN_KEY, ENTERPRISE_KEY, OLD_ORGANIZATION_KEY
from demo.cells import Cell
from demo.simulator import Simulator
from demo.world import World
from linking import link_account
from store.db import Store
from store.frames import read_costs
from store.records import Window
from tests.sync.conftest import TODAY, Clock, synced

HISTORY_DAYS = 40
ALL_DAYS = Window(TODAY - timedelta(days=400), TODAY + timedelta(days=9))
WITHOUT_KEY = {"anthropic-code-execution", "anthropic-session-runtime", "anthropic-other"}
Totals = Mapping[tuple[Any, ...], int]


@pytest.fixture
def anthropic(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with Simulator(World(7, TODAY, history_days=HISTORY_DAYS), clock=clock) as running:
        monkeypatch.setenv("SPENDGLASS_ENDPOINT_ANTHROPIC", running.endpoint("anthropic"))
        shortened = dataclasses.replace(CONNECTORS["anthropic"], history_days=HISTORY_DAYS + 10)
        monkeypatch.setitem(CONNECTORS, "anthropic", shortened)
        yield running


def link(store: Store, key: str, clock: Clock) -> int:
    return link_account(store, "anthropic", {"apiKey": key}, name=None, now=clock())


def saved(store: Store, *grain: str) -> Totals:
    """Billed nano-dollars of the store, zeros left out."""
    totals: Counter[tuple[Any, ...]] = Counter()
    for *place, nanos in read_costs(store, ALL_DAYS).select(*grain, "billed_cost").iter_rows():
        totals[tuple(place)] += nanos
    return {place: nanos for place, nanos in totals.items() if nanos}


def true(simulator: Simulator, *grain: str) -> Totals:
    """Those of the world, by the models and keys that the legacy reports can tell."""
    totals: Counter[tuple[Any, ...]] = Counter()
    for cell in simulator.world.cells("anthropic", ALL_DAYS.start, ALL_DAYS.end, simulator.clock()):
        totals[tuple(legacy(cell)[name] for name in grain)] += cell.nanos
    return {place: nanos for place, nanos in totals.items() if nanos}


def finished(totals: Totals) -> Totals:
    """Without today, whose tokens and money are cut at the hour one by one and so in no exact proportion."""
    return {place: nanos for place, nanos in totals.items() if place[0] < TODAY}


def legacy(cell: Cell) -> dict[str, Any]:
    model = "anthropic-web-search" if cell.kind == "web_search" else cell.model
    key = "" if model in WITHOUT_KEY else cell.api_key_id
    return {"day": cell.day, "workspace_id": cell.workspace_id, "api_key_id": key, "model": model}


def test_an_organization_without_analytics_is_billed_to_the_nano_by_key_where_prices_are_uniform(
    anthropic: Simulator, sqlite_store: Store, clock: Clock
) -> None:
    run = synced(sqlite_store, link(sqlite_store, OLD_ORGANIZATION_KEY, clock), clock)
    assert run["status"] == "succeeded"
    grain = ("day", "workspace_id", "api_key_id", "model")
    assert finished(saved(sqlite_store, *grain)) == finished(true(anthropic, *grain))
    assert saved(sqlite_store, "day") == true(anthropic, "day")
    costs = read_costs(sqlite_store, ALL_DAYS)
    assert set(costs["requests"]) == {None}
    shared = costs.filter((pl.col("billed_cost") != 0) & ~pl.col("model").is_in(list(WITHOUT_KEY)))
    assert set(shared["cost_basis"]) == {"allocated"}
    assert "legacy reports" in run["notes"]


def test_without_analytics_growth_and_restatement_keep_every_day_workspace_and_model(
    anthropic: Simulator, sqlite_store: Store, clock: Clock
) -> None:
    account_id = link(sqlite_store, OLD_ORGANIZATION_KEY, clock)
    for number in range(3):
        assert synced(sqlite_store, account_id, clock)["status"] == "succeeded"
        assert saved(sqlite_store, "day", "workspace_id", "model") == true(anthropic, "day", "workspace_id", "model")
        clock.move(hours=23)
        anthropic.restate(0.05, seed=number)


def test_a_year_is_read_from_the_analytics_and_before_them_from_the_legacy_reports(
    sqlite_store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Simulator(World(7, TODAY), clock=clock) as running:
        monkeypatch.setenv("SPENDGLASS_ENDPOINT_ANTHROPIC", running.endpoint("anthropic"))
        assert synced(sqlite_store, link(sqlite_store, ADMIN_KEY, clock), clock)["status"] == "succeeded"
        told = {place: nanos for place, nanos in true(running, "day").items() if place[0] > TODAY - timedelta(days=365)}
    assert saved(sqlite_store, "day") == told
    costs = read_costs(sqlite_store, ALL_DAYS)
    days: dict[str, set[date]] = {
        basis: set(costs.filter(pl.col("cost_basis") == basis, pl.col("requests").is_not_null())["day"])
        for basis in ("reported", "allocated")
    }
    assert min(days["reported"]) == FIRST_DAY
    assert days["allocated"] == set()
    assert max(costs.filter(pl.col("cost_basis") == "allocated")["day"]) == FIRST_DAY - timedelta(days=1)


def test_an_enterprise_organization_is_billed_by_day(anthropic: Simulator, sqlite_store: Store, clock: Clock) -> None:
    run = synced(sqlite_store, link(sqlite_store, ENTERPRISE_KEY, clock), clock)
    assert run["status"] == "succeeded"
    assert "Claude Enterprise" in run["notes"]
    assert saved(sqlite_store, "day") == true(anthropic, "day")
    assert {place[1:] for place in saved(sqlite_store, "day", "workspace_id", "api_key_id")} == {("", "")}
