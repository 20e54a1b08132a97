"""The store holds what the provider bills, to the nano-dollar."""

from datetime import datetime, timedelta

import pytest

from demo.faults import Fault
from demo.odd_openai import odd_openai_world
from demo.simulator import Simulator
from demo.world import World
from store.db import Store
from store.frames import read_costs, read_names
from store.records import Window
from store.runs import restatements
from tests.sync.conftest import TODAY, Clock, everything, saved_nanos, synced, true_nanos


def assert_conserved(store: Store, simulator: Simulator, clock: Clock) -> None:
    window = everything(clock)
    assert saved_nanos(store, window) == true_nanos(simulator.world, window, clock())


def test_a_first_sync_holds_every_cell_of_the_bill(
    sqlite_store: Store, account_id: int, simulator: Simulator, clock: Clock
) -> None:
    asked_before = len(simulator.requests)
    run = synced(sqlite_store, account_id, clock)
    assert run["status"] == "succeeded"
    assert run["windows_saved"] == run["windows_planned"] > 1
    assert run["to_day"] == TODAY
    assert run["http_requests"] == len(simulator.requests) - asked_before
    assert_conserved(sqlite_store, simulator, clock)
    costs = read_costs(sqlite_store, everything(clock))
    truth = simulator.world.totals("openai", TODAY - timedelta(days=70), TODAY + timedelta(days=1), clock())
    assert costs["input_tokens"].sum() == sum(total.input_tokens for total in truth.values())
    assert costs["output_tokens"].sum() == sum(total.output_tokens for total in truth.values())
    assert costs["requests"].sum() == sum(total.requests for total in truth.values())


def grow_and_restate(store: Store, account_id: int, simulator: Simulator, clock: Clock, syncs: int) -> None:
    assert synced(store, account_id, clock)["status"] == "succeeded"
    for number in range(syncs):
        clock.move(hours=23)
        simulator.restate(0.01, seed=number)
        assert synced(store, account_id, clock)["status"] == "succeeded"
        assert_conserved(store, simulator, clock)


def test_later_syncs_follow_a_bill_that_grows_and_is_restated_at_any_age(
    sqlite_store: Store, account_id: int, simulator: Simulator, clock: Clock
) -> None:
    grow_and_restate(sqlite_store, account_id, simulator, clock, syncs=6)


@pytest.mark.soak
def test_sixty_later_syncs_follow_a_bill_that_grows_and_is_restated_at_any_age(
    sqlite_store: Store, account_id: int, simulator: Simulator, clock: Clock
) -> None:
    grow_and_restate(sqlite_store, account_id, simulator, clock, syncs=60)


def test_an_old_restatement_is_found_without_reading_all_rows_again(
    sqlite_store: Store, account_id: int, simulator: Simulator, clock: Clock
) -> None:
    synced(sqlite_store, account_id, clock)
    old = TODAY - timedelta(days=60)
    before = true_nanos(simulator.world, Window(old, old + timedelta(days=1)), clock())
    simulator.world = simulator.world.restate(1, seed=3, before=old + timedelta(days=1))
    simulator.world = World(7, TODAY, history_days=70, restatements=simulator.world.restatements)
    run = synced(sqlite_store, account_id, clock)
    after = true_nanos(simulator.world, Window(old, old + timedelta(days=1)), clock())
    assert before != after
    told = {row["day"]: row for row in restatements(sqlite_store, run["id"])}
    assert int(told[old]["before"].scaleb(9)) == sum(before.values())
    assert int(told[old]["after"].scaleb(9)) == sum(after.values())
    assert_conserved(sqlite_store, simulator, clock)


def test_todays_growth_is_no_restatement(
    sqlite_store: Store, account_id: int, simulator: Simulator, clock: Clock
) -> None:
    synced(sqlite_store, account_id, clock)
    clock.move(hours=30)
    run = synced(sqlite_store, account_id, clock)
    assert run["restated_days"] == 0
    assert_conserved(sqlite_store, simulator, clock)


def test_rows_that_miss_the_providers_own_total_get_an_unattributed_remainder(
    sqlite_store: Store, account_id: int, simulator: Simulator, clock: Clock
) -> None:
    simulator.faults.add(Fault(kind="control_mismatch", times=0))
    run = synced(sqlite_store, account_id, clock)
    assert run["status"] == "succeeded"
    assert "unattributed" in run["notes"]
    lost = {
        grain: nanos
        for grain, nanos in saved_nanos(sqlite_store, everything(clock)).items()
        if grain[3] == "openai-unassigned"
    }
    assert set(lost.values()) == {1_000_000_000}


def test_names_of_projects_and_keys_come_with_the_bill(
    sqlite_store: Store, account_id: int, simulator: Simulator, clock: Clock
) -> None:
    synced(sqlite_store, account_id, clock)
    names = read_names(sqlite_store)
    workspaces = simulator.world.story("openai").workspaces
    shown = dict(names["workspace"].select("workspace_id", "workspace").iter_rows())
    assert shown == {space.workspace_id: space.name or space.workspace_id for space in workspaces}
    assert "deleted" in names["api_key"]["api_key_status"].to_list()


def test_a_project_renamed_at_the_provider_keeps_its_old_name_in_the_history(
    sqlite_store: Store, account_id: int, simulator: Simulator, clock: Clock
) -> None:
    from store.names import history

    synced(sqlite_store, account_id, clock)
    space = next(space for space in simulator.world.story("openai").workspaces if space.name)
    simulator.world = simulator.world.rename("openai", space.workspace_id, "Renamed there")
    synced(sqlite_store, account_id, clock)
    told = [(row["name"], row["source"]) for row in history(sqlite_store, account_id, space.workspace_id)]
    assert told == [(space.name, "provider"), ("Renamed there", "provider")]


@pytest.mark.parametrize("seed", range(12))
def test_odd_worlds_are_conserved_too(
    seed: int, sqlite_store: Store, account_id: int, simulator: Simulator, clock: Clock
) -> None:
    simulator.world = odd_openai_world(seed, TODAY)
    assert synced(sqlite_store, account_id, clock)["status"] == "succeeded"
    assert_conserved(sqlite_store, simulator, clock)
    costs = read_costs(sqlite_store, everything(clock))
    truth = simulator.world.totals("openai", TODAY - timedelta(days=70), TODAY + timedelta(days=1), clock())
    for column in ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "requests"):
        assert costs[column].sum() == sum(getattr(total, column) for total in truth.values())


def test_a_bill_that_grows_while_it_is_read_gets_no_remainder(
    sqlite_store: Store, account_id: int, simulator: Simulator, clock: Clock
) -> None:
    def ticking() -> datetime:
        clock.move(seconds=20)
        return clock()

    simulator.clock = ticking
    run = synced(sqlite_store, account_id, clock)
    assert (run["status"], run["notes"]) == ("succeeded", "")
    costs = read_costs(sqlite_store, everything(clock))
    assert "openai-unassigned" not in costs["model"].to_list()
    finished = Window(TODAY - timedelta(days=70), TODAY)
    assert saved_nanos(sqlite_store, finished) == true_nanos(simulator.world, finished, clock())
