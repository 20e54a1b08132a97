"""A gateway and the providers behind it, all linked: no dollar counts twice, and what the gateway logged is metered."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
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
from store.metrics import CostFilter, spending
from store.queries import QUERIES
from store.records import Window
from syncing import sync_account
from tests.sync.conftest import TODAY, Clock

CREDENTIALS: dict[Any, Any] = {account["provider"]: account["credential"] for account in ACCOUNTS}
HISTORY_DAYS = 12
CALLED_BY_ITS_DATE = {"gpt-4o-mini": "gpt-4o-mini-2024-07-18"}
"""What OpenAI's bill calls a model otherwise than the proxy."""
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


def linked_and_read(store: Store, clock: Clock, *providers: str) -> None:
    """Accounts linked and synced over HTTP, one after the other."""
    for provider in providers:
        account = link_account(store, provider, CREDENTIALS[provider], name=None, now=clock())
        with patience(attempts=1, total_seconds=30):
            run = sync_account(store, account, trigger="cli", clock=clock, since=DAYS.start)
        assert run is not None
        assert (run["status"], run["message"]) == ("succeeded", None)


def billed_by_openai(world: World, now: datetime) -> Counter[str]:
    """Nano-dollars of each model of the world's bill."""
    sums: Counter[str] = Counter()
    for (_, _, _, model), total in world.totals("openai", DAYS.start, DAYS.end, now).items():
        sums[model] += total.nanos
    return sums


def logged_for_openai(world: World, now: datetime) -> dict[str, tuple[int, int]]:
    """Nano-dollars and calls of each model that went through the world's proxy to OpenAI, by the names of the bill."""
    nanos, calls = Counter[str](), Counter[str]()
    for cell in world.cells("litellm", DAYS.start, DAYS.end, now):
        if cell.variant == "openai":
            model = CALLED_BY_ITS_DATE.get(cell.model, cell.model)
            nanos[model] += cell.nanos
            calls[model] += cell.requests
    return {model: (nanos[model], calls[model]) for model in nanos}


@pytest.mark.parametrize("providers", [("litellm", "openai"), ("openai", "litellm")])
def test_what_the_proxy_logged_for_openai_is_the_coverage_of_openais_models(
    providers: tuple[str, ...], sqlite_store: Store, simulator: Simulator, clock: Clock
) -> None:
    bill, logged = billed_by_openai(simulator.world, clock()), logged_for_openai(simulator.world, clock())
    through_the_proxy = {"gpt-6-astra", "gpt-4o-mini-2024-07-18", "text-embedding-3-small"}
    assert {model for model in logged if bill[model] > 0 and logged[model][0] > 0} == through_the_proxy
    expected = {
        model: (bill[model], nanos, calls, min(nanos, max(bill[model], 0)), max(nanos - max(bill[model], 0), 0))
        for model in bill.keys() | logged.keys()
        for nanos, calls in [logged.get(model, (0, 0))]
    }

    linked_and_read(sqlite_store, clock, *providers)
    lines = QUERIES["coverage"](sqlite_store, CostFilter(window=DAYS))

    assert set(lines["provider"]) == {"openai"}
    columns = ("model", "billed_cost", "metered_cost", "events", "covered", "over_metered")
    assert {model: tuple(figures) for model, *figures in lines.select(columns).iter_rows()} == expected
    shares = dict(lines.select("model", "coverage").iter_rows())
    assert {shares[model] for model in logged.keys() - bill.keys()} == {None}
    assert {shares[model] for model in bill.keys() - logged.keys() if bill[model] > 0} == {0.0}
    assert all(shares[model] == expected[model][3] / bill[model] > 0 for model in through_the_proxy)


def test_a_proxys_traffic_to_a_provider_that_is_not_linked_covers_nothing(
    sqlite_store: Store, simulator: Simulator, clock: Clock
) -> None:
    linked_and_read(sqlite_store, clock, "litellm")
    assert QUERIES["coverage"](sqlite_store, CostFilter(window=DAYS)).is_empty()


def test_with_litellm_and_openai_linked_totals_count_the_upstreams_bill_once(
    sqlite_store: Store, simulator: Simulator, clock: Clock
) -> None:
    world = simulator.world
    metered = {cell: cell.nanos for cell in world.cells("litellm", DAYS.start, DAYS.end, clock())}
    elsewhere = sum(nanos for cell, nanos in metered.items() if cell.variant != "openai")
    bill = sum(world.day_totals("openai", DAYS.start, DAYS.end, clock()).values())
    assert 0 < elsewhere < sum(metered.values())
    for provider, total in (("litellm", sum(metered.values())), ("openai", bill + elsewhere)):
        linked_and_read(sqlite_store, clock, provider)
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
