"""Every provider of the demo: linked, synced and held against the world, to the nano-dollar and the token."""

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from connectors import CONNECTORS
from connectors.patience import patience
from demo.accounts import ACCOUNTS
from demo.simulator import Simulator
from demo.world import World
from linking import link_account
from store.db import Store
from store.frames import read_costs
from store.records import Window
from syncing import sync_account
from tests.sync.conftest import TODAY, Clock

BY_PROVIDER = {account["provider"]: account for account in ACCOUNTS}
HISTORY_DAYS = 60
COUNTS = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "requests")


@pytest.fixture
def everywhere(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with Simulator(World(7, TODAY, history_days=HISTORY_DAYS), clock=clock, has_control=True) as running:
        for slug, connector in CONNECTORS.items():
            monkeypatch.setenv(f"SPENDGLASS_ENDPOINT_{slug.upper()}", running.endpoint(slug))
            shortened = dataclasses.replace(connector, history_days=min(connector.history_days, HISTORY_DAYS + 20))
            monkeypatch.setitem(CONNECTORS, slug, shortened)
        yield running


def test_the_demo_has_an_account_of_every_provider() -> None:
    assert BY_PROVIDER.keys() == CONNECTORS.keys()


def truth(simulator: Simulator, provider: str, window: Window) -> dict[tuple[Any, ...], dict[str, int]]:
    """What the world says, per grain the provider reports: billed nano-dollars, credits and counts."""
    found = simulator.world.totals(provider, window.start, window.end, simulator.clock())
    return {
        grain: {
            "billed_cost": total.nanos,
            "credits_applied": total.credits,
            **{name: getattr(total, name) for name in COUNTS},
        }
        for grain, total in found.items()
    }


@pytest.mark.parametrize("provider", BY_PROVIDER)
def test_a_provider_is_conserved_through_growth_and_restatement(
    provider: str, everywhere: Simulator, sqlite_store: Store, clock: Clock
) -> None:
    account = link_account(sqlite_store, provider, BY_PROVIDER[provider]["credential"], name=None, now=clock())
    for number in range(3):
        with patience(attempts=1, total_seconds=30):
            run = sync_account(sqlite_store, account, trigger="cli", clock=clock)
        assert run is not None
        assert (run["status"], run["message"]) == ("succeeded", None)
        oldest = clock().date() - timedelta(days=min(CONNECTORS[provider].history_days - 1, HISTORY_DAYS))
        window = Window(oldest, clock().date() + timedelta(days=1))
        grain = ("day", "workspace_id", "api_key_id", "model")
        saved: dict[tuple[Any, ...], dict[str, int]] = {}
        columns = ("billed_cost", "credits_applied", *COUNTS)
        for row in read_costs(sqlite_store, window).select(*grain, *columns).iter_rows(named=True):
            cell = saved.setdefault(tuple(row[name] for name in grain), dict.fromkeys(columns, 0))
            for name in columns:
                cell[name] += row[name] or 0
        gaps = CONNECTORS[provider].gaps
        told = truth(everywhere, provider, window)
        for name in columns:
            if name not in gaps:
                mine = {key: cell[name] for key, cell in saved.items() if cell[name]}
                assert mine == {key: cell[name] for key, cell in told.items() if cell[name]}, name
        clock.move(hours=23)
        everywhere.restate(0.02, seed=number)
