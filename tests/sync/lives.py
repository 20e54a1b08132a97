"""What an account lives through: growth, second thoughts and new names, held against the world at each sync."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from connectors import CONNECTORS
from demo.accounts import ACCOUNTS
from demo.simulator import Simulator
from demo.story import Workspace
from demo.wire import Manners
from demo.world import World
from linking import link_account
from store.db import Store
from store.frames import read_names
from store.names import history
from tests.sync.conftest import Clock, synced
from tests.sync.conserved import Figures, assert_same, of_the_store, of_the_world, reported, sync_and_compare

CREDENTIALS: dict[Any, Any] = {account["provider"]: account["credential"] for account in ACCOUNTS}


def live_on(store: Store, account_id: int, simulator: Simulator, provider: str, clock: Clock) -> None:
    """Two days of growth and second thoughts with a workspace renamed, then a sync with nothing new."""
    spaces = simulator.world.story(provider).workspaces
    told = dict(read_names(store)["workspace"].select("workspace_id", "workspace").iter_rows())
    for space in spaces:
        if space.workspace_id in told:
            assert told[space.workspace_id] == shown(space.name, space.workspace_id)
    simulator.world = simulator.world.rename(provider, spaces[0].workspace_id, "Renamed there")
    for number in range(2):
        clock.move(hours=23)
        simulator.restate(0.1, seed=number)
        sync_and_compare(store, account_id, simulator, provider, clock)
    if spaces[0].workspace_id in told:
        names = [row["name"] for row in history(store, account_id, spaces[0].workspace_id)]
        before = shown(spaces[0].name, "")
        assert names == ([before, "Renamed there"] if before else ["Renamed there"])
    assert sync_and_compare(store, account_id, simulator, provider, clock)["restated_days"] == 0


def shown(name: str | None, otherwise: str) -> str:
    return name if name and name.strip() else otherwise


def follow(
    sync: Callable[[Figures | None], tuple[dict[str, Any], Figures]],
    store: Store,
    account_id: int,
    simulator: Simulator,
    provider: str,
    clock: Clock,
    renamed: Sequence[Workspace],
) -> None:
    """A first sync, two days of growth and second thoughts, workspaces renamed, and a sync with nothing new.

    `sync` holds one sync against the world, given what was saved before it; the run, and what is saved.
    """
    saved = sync(None)[1]
    for space in renamed:
        simulator.world = simulator.world.rename(provider, space.workspace_id, "Renamed there")
    for number in range(2):
        clock.move(hours=23)
        simulator.restate(0.1, seed=number)
        saved = sync(saved)[1]
    for space in renamed:
        told = [(row["name"], row["source"]) for row in history(store, account_id, space.workspace_id)]
        before = [(space.name, "provider")] if space.name and space.name.strip() else []
        assert told == [*before, ("Renamed there", "provider")]
    assert sync(saved)[0]["restated_days"] == 0


@dataclass
class OddAccount:
    """One provider's account; its simulator's world may be changed between two syncs."""

    provider: str
    simulator: Simulator
    store: Store
    clock: Clock
    account_id: int

    def sync(self) -> dict[str, Any]:
        """One sync that must succeed and leave nothing unattributed."""
        run = synced(self.store, self.account_id, self.clock)
        assert run["status"] == "succeeded", run
        assert "unattributed" not in run["notes"]
        columns = reported(self.provider)
        assert_same(of_the_store(self.store, self.clock, columns), self.truth(columns))
        return run

    def truth(self, columns: tuple[str, ...]) -> Figures:
        return of_the_world(self.simulator, self.provider, self.clock, columns)

    def workspace_names(self) -> dict[str, str]:
        """How each workspace is called now; by its id where it has no name."""
        names = read_names(self.store)["workspace"]
        return dict(names.select("workspace_id", "workspace").iter_rows())


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
        yield OddAccount(provider, simulator, store, clock, account_id)


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
