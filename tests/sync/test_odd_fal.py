"""Odd accounts at fal: whatever its reports hold, the store holds, to the nano-dollar."""

import pytest

from demo.fal_spend import FalStory
from demo.odd_fal import odd_fal_world, rename_keys
from store.db import Store
from store.frames import read_names
from tests.sync.conftest import TODAY, Clock
from tests.sync.lives import OddAccount, grow_and_restate, odd_account, odd_manners


def live_through(seed: int, store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    world = odd_fal_world(seed, TODAY)
    with odd_account(world, "fal", store, clock, monkeypatch, manners=odd_manners(seed), history_days=60) as account:
        run = account.sync()
        assert run["windows_saved"] == run["windows_planned"] == 2
        assert_keys_are_named(account)
        account.simulator.world = rename_keys(account.simulator.world, seed)
        grow_and_restate(account, seed)
        assert_keys_are_named(account)
        story = account.simulator.world.story("fal")
        assert account.workspace_names() == {space.workspace_id: space.name for space in story.workspaces}


def assert_keys_are_named(account: OddAccount) -> None:
    story = account.simulator.world.story("fal")
    assert isinstance(story, FalStory)
    listed = {
        key.api_key_id: key.name or None
        for key in story.keys
        if key.deleted is None and key.api_key_id not in story.admin_keys
    }
    shown = dict(read_names(account.store)["api_key"].select("api_key_id", "api_key_name").iter_rows())
    billed = {grain[2] for grain in account.truth(("billed_cost",))} - {""}
    assert shown.keys() >= listed.keys() | billed
    assert {key_id: shown[key_id] for key_id in listed} == listed


@pytest.mark.parametrize("seed", range(10))
def test_an_odd_account_at_fal_which_names_keys_alone_is_conserved(
    seed: int, sqlite_store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_through(seed, sqlite_store, clock, monkeypatch)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10, 160))
def test_many_odd_accounts_at_fal_are_conserved(
    seed: int, sqlite_store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_through(seed, sqlite_store, clock, monkeypatch)
