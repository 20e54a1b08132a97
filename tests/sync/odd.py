"""An account in an odd world: linked, synced again and again, and held against the world each time."""

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from connectors import CONNECTORS
from demo.accounts import ACCOUNTS
from demo.simulator import Simulator
from demo.wire import Manners
from demo.world import World
from linking import link_account
from store.db import Store
from store.frames import read_costs, read_names
from store.records import Window
from tests.sync.conftest import TODAY, Clock, synced

CREDENTIALS: dict[Any, Any] = {account["provider"]: account["credential"] for account in ACCOUNTS}
GRAIN = ("day", "workspace_id", "api_key_id", "model")
COUNTS = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "requests")
COLUMNS = ("billed_cost", "credits_applied", *COUNTS)
RENAMES = ("Renamed", "=1+1", "データ|*b*", "<b>new</b>")

Cells = dict[str, dict[tuple[Any, ...], int]]


@dataclass
class OddAccount:
    """One provider's account; its simulator's world may be changed between two syncs."""

    provider: str
    simulator: Simulator
    store: Store
    clock: Clock
    account_id: int
    history_days: int

    def sync(self) -> dict[str, Any]:
        """One sync that must succeed and leave nothing unattributed."""
        run = synced(self.store, self.account_id, self.clock)
        assert run["status"] == "succeeded", run
        assert "unattributed" not in run["notes"]
        saved, truth = self.saved(), self.truth()
        for name in self.columns:
            differences = saved[name].items() ^ truth[name].items()
            assert not differences, (name, sorted(differences)[:6])
        return run

    @property
    def days(self) -> Window:
        """More days than the world has."""
        return Window(TODAY - timedelta(days=self.history_days), self.clock().date() + timedelta(days=2))

    @property
    def columns(self) -> tuple[str, ...]:
        """What the provider reports."""
        return tuple(name for name in COLUMNS if name not in CONNECTORS[self.provider].gaps)

    def saved(self) -> Cells:
        """What the store holds by grain; zeros left out."""
        found: Cells = {name: {} for name in self.columns}
        for row in read_costs(self.store, self.days).select(*GRAIN, *COLUMNS).iter_rows(named=True):
            _add(found, tuple(row[name] for name in GRAIN), row)
        return _without_zeros(found)

    def truth(self) -> Cells:
        """What the world says, likewise."""
        found: Cells = {name: {} for name in self.columns}
        totals = self.simulator.world.totals(self.provider, self.days.start, self.days.end, self.clock())
        for grain, total in totals.items():
            told = {name: getattr(total, name) for name in COUNTS}
            _add(found, grain, {"billed_cost": total.nanos, "credits_applied": total.credits, **told})
        return _without_zeros(found)

    def workspace_names(self) -> dict[str, str]:
        """How each workspace is called now; by its id where it has no name."""
        names = read_names(self.store)["workspace"]
        return dict(names.select("workspace_id", "workspace").iter_rows())


def _add(found: Cells, grain: tuple[Any, ...], figures: Mapping[str, int | None]) -> None:
    for name, cells in found.items():
        cells[grain] = cells.get(grain, 0) + (figures[name] or 0)


def _without_zeros(found: Cells) -> Cells:
    return {name: {grain: count for grain, count in cells.items() if count} for name, cells in found.items()}


@contextmanager
def odd_account(
    world: World,
    provider: str,
    store: Store,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    *,
    manners: Manners,
    history_days: int,
    **other_limits: int,
) -> Iterator[OddAccount]:
    """A linked account whose provider answers for `history_days`, the oldest of which are before the world began."""
    with Simulator(world, clock=clock) as simulator:
        simulator.manners = manners
        monkeypatch.setenv(f"SPENDGLASS_ENDPOINT_{provider.upper()}", simulator.endpoint(provider))
        limits = {"history_days": history_days, **other_limits}
        monkeypatch.setitem(CONNECTORS, provider, dataclasses.replace(CONNECTORS[provider], **limits))
        account_id = link_account(store, provider, CREDENTIALS[provider], name=None, now=clock())
        yield OddAccount(provider, simulator, store, clock, account_id, history_days)


def odd_manners(seed: int) -> Manners:
    """Pages of a few rows, members nobody knows, digits below a nano-dollar."""
    chance = Random(f"manners {seed}")
    return Manners(
        page_rows=chance.choice((None, 17, 41)),
        adds_members=chance.random() < 0.5,
        has_dust=chance.random() < 0.7,
    )


def grow_and_restate(account: OddAccount, seed: int, syncs: int = 3) -> None:
    """Hours or days pass, the past is corrected, and the account is synced again: each time the store is the world."""
    chance = Random(f"life {seed}")
    for number in range(syncs):
        account.clock.move(hours=chance.choice((3, 23, 49)))
        account.simulator.restate(chance.choice((0.05, 0.5, 1.0)), seed=seed + number)
        account.sync()
