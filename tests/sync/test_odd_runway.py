"""Odd accounts at Runway: whatever its bill holds, the store holds, to the nano-dollar."""

import pytest

from demo.odd_runway import odd_runway_world
from store.db import Store
from store.frames import read_costs
from tests.sync.conftest import TODAY, Clock
from tests.sync.conserved import all_days
from tests.sync.lives import OddAccount, grow_and_restate, odd_account, odd_manners

CREDIT = 10_000_000


def live_through(seed: int, store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    world = odd_runway_world(seed, TODAY)
    with odd_account(
        world, "runway", store, clock, monkeypatch, manners=odd_manners(seed), history_days=130
    ) as account:
        run = account.sync()
        assert run["windows_saved"] == run["windows_planned"]
        assert_credits_make_the_bill(account)
        grow_and_restate(account, seed)
        assert_credits_make_the_bill(account)
        assert account.workspace_names() == {}


def assert_credits_make_the_bill(account: OddAccount) -> None:
    costs = read_costs(account.store, all_days(account.clock))
    for nanos, micros in costs.select("billed_cost", "usage_quantity").iter_rows():
        assert nanos * 10**6 == micros * CREDIT


@pytest.mark.parametrize("seed", range(10))
def test_an_odd_account_at_runway_which_names_no_workspace_is_conserved(
    seed: int, sqlite_store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_through(seed, sqlite_store, clock, monkeypatch)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10, 160))
def test_many_odd_accounts_at_runway_are_conserved(
    seed: int, sqlite_store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_through(seed, sqlite_store, clock, monkeypatch)
