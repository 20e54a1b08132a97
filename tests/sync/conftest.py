"""A simulated provider, a store, and an account linked to it."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors import CONNECTORS
from connectors.patience import patience
from demo.openai_api import ADMIN_KEY
from demo.simulator import Simulator
from demo.world import World
from linking import link_account
from settings import Settings
from store.db import Store, open_store
from store.frames import read_costs
from store.records import Window
from syncing import sync_account

TODAY = date(2026, 11, 23)


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime = field(default_factory=lambda: datetime.combine(TODAY, time(12), UTC))

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def simulator(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with Simulator(World(7, TODAY, history_days=70), clock=clock, has_control=True) as running:
        monkeypatch.setenv("SPENDGLASS_ENDPOINT_OPENAI", running.endpoint("openai"))
        monkeypatch.setitem(CONNECTORS, "openai", dataclasses.replace(CONNECTORS["openai"], history_days=150))
        yield running


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def sqlite_store(data_dir: Path) -> Iterator[Store]:
    store = open_store(Settings(data_dir=data_dir))
    yield store
    store.close()


@pytest.fixture
def account_id(sqlite_store: Store, simulator: Simulator, clock: Clock) -> int:
    return link_account(sqlite_store, "openai", {"apiKey": ADMIN_KEY}, name="Team", now=clock())


def synced(store: Store, account_id: int, clock: Clock, **options: Any) -> dict[str, Any]:
    """One sync without pauses between attempts; its finished run."""
    with patience(attempts=1, total_seconds=30):
        run = sync_account(store, account_id, trigger="cli", clock=clock, **options)
    assert run is not None
    return run


def saved_nanos(store: Store, window: Window) -> dict[tuple[date, str, str, str], int]:
    """What the store says was billed per day, workspace, key and model; zero cells left out."""
    totals: dict[tuple[date, str, str, str], int] = {}
    columns = ("day", "workspace_id", "api_key_id", "model", "billed_cost")
    for *grain, nanos in read_costs(store, window).select(columns).iter_rows():
        totals[tuple(grain)] = totals.get(tuple(grain), 0) + nanos
    return {grain: nanos for grain, nanos in totals.items() if nanos}


def true_nanos(world: World, window: Window, now: datetime) -> dict[tuple[date, str, str, str], int]:
    """What the world says was billed, likewise."""
    truth = world.totals("openai", window.start, window.end, now)
    return {grain: total.nanos for grain, total in truth.items() if total.nanos}


def everything(clock: Clock) -> Window:
    """All days any test bills."""
    return Window(TODAY - timedelta(days=70), clock().date() + timedelta(days=1))
