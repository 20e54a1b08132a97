"""Two keys of one organization that the provider does not name: its bill is not linked twice."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from cli import main
from connectors import CONNECTORS
from connectors.patience import patience
from demo.faults import Fault
from demo.runway_api import API_KEY, OTHER_KEY
from demo.runway_spend import CREDIT, RUNWAY, RunwayStory
from demo.simulator import Simulator
from demo.traffic import Part, Stream
from demo.world import World
from linking import link_account, relink_account
from store.accounts import accounts, unlink
from store.bills import COMPARED_DAYS, SETTLED_DAYS, TELLING_TOTALS
from store.db import Store
from store.errors import StoreError
from tests.sync.conftest import TODAY, Clock, synced

HISTORY_DAYS = 60
KEY, OTHER = {"apiKey": API_KEY}, {"apiKey": OTHER_KEY}


def daily(credits_used: int, **more: int) -> Stream:
    """The same credits every day."""
    part = Part("credit", 1, credits_used * CREDIT, step=CREDIT)
    return Stream(model="gen4.5", variant=str(more), parts=(part,), requests=1, weekend=1, growth=1, **more)


def world_of(*streams: Stream, seed: int = 7) -> World:
    story = RunwayStory(provider="runway", workspaces=(), keys=(), streams=streams)
    return World(seed, TODAY, history_days=HISTORY_DAYS, stories=(story,))


@pytest.fixture
def simulator(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with Simulator(world_of(*RUNWAY.streams), clock=clock) as running:
        monkeypatch.setenv("SPENDGLASS_ENDPOINT_RUNWAY", running.endpoint("runway"))
        monkeypatch.setitem(CONNECTORS, "runway", replace(CONNECTORS["runway"], history_days=HISTORY_DAYS))
        yield running


def linked(store: Store, clock: Clock, name: str = "Film", credential: dict[str, str] = KEY) -> int:
    """An account with its saved bill."""
    account_id = link_account(store, "runway", credential, name=name, now=clock())
    assert synced(store, account_id, clock)["status"] == "succeeded"
    return account_id


def link_other(store: Store, clock: Clock, *, is_separate: bool = False) -> list[str]:
    """Links the other key; what was noticed about its bill."""
    told: list[str] = []
    with patience(attempts=1, total_seconds=20):
        link_account(store, "runway", OTHER, name="Second", now=clock(), tell=told.append, is_separate=is_separate)
    return [note for note in told if "bill" in note]


def test_another_key_of_the_same_organization_is_refused_by_its_bill(
    sqlite_store: Store, simulator: Simulator, clock: Clock
) -> None:
    account_id = linked(sqlite_store, clock)
    with pytest.raises(StoreError, match=rf"linked already, as account {account_id} \(Film\)") as refused:
        link_other(sqlite_store, clock)
    first = TODAY - timedelta(days=COMPARED_DAYS + SETTLED_DAYS)
    last = TODAY - timedelta(days=SETTLED_DAYS + 1)
    assert f"all {COMPARED_DAYS} days from {first} to {last}" in refused.value.likely_cause
    assert "--separate" in refused.value.resolution
    assert [row["id"] for row in accounts(sqlite_store)] == [account_id]


def test_days_that_may_still_grow_do_not_hide_the_same_bill(
    sqlite_store: Store, simulator: Simulator, clock: Clock
) -> None:
    linked(sqlite_store, clock)
    simulator.world = world_of(*RUNWAY.streams, daily(9, since=SETTLED_DAYS))
    with pytest.raises(StoreError, match="linked already"):
        link_other(sqlite_store, clock)


def test_another_organizations_bill_is_linked_beside_it_without_a_word(
    sqlite_store: Store, simulator: Simulator, clock: Clock
) -> None:
    linked(sqlite_store, clock)
    simulator.world = world_of(*RUNWAY.streams, seed=8)
    assert link_other(sqlite_store, clock) == []
    assert len(accounts(sqlite_store)) == 2


def test_one_credit_more_on_one_settled_day_makes_it_another_bill(
    sqlite_store: Store, simulator: Simulator, clock: Clock
) -> None:
    linked(sqlite_store, clock)
    day = SETTLED_DAYS + 1
    simulator.world = world_of(*RUNWAY.streams, daily(1, since=day, until=day))
    assert link_other(sqlite_store, clock) == []


@pytest.mark.parametrize("costs", [range(5, 6), range(5, 5 + TELLING_TOTALS - 1)])
def test_two_organizations_with_the_same_timetable_are_linked_with_a_warning(
    costs: range, sqlite_store: Store, simulator: Simulator, clock: Clock
) -> None:
    streams = [daily(cost, since=number, until=number) for number in range(40) for cost in [costs[number % len(costs)]]]
    simulator.world = world_of(*streams)
    account_id = linked(sqlite_store, clock)
    (note,) = link_other(sqlite_store, clock)
    assert f"may be the bill of account {account_id} (Film)" in note
    assert "counts twice" in note


def test_two_accounts_without_any_use_say_nothing_about_each_other(
    sqlite_store: Store, simulator: Simulator, clock: Clock
) -> None:
    simulator.world = world_of()
    linked(sqlite_store, clock)
    assert link_other(sqlite_store, clock) == []


def test_a_bill_that_can_not_be_read_to_compare_is_linked_and_the_note_says_so(
    sqlite_store: Store, simulator: Simulator, clock: Clock
) -> None:
    linked(sqlite_store, clock)
    simulator.faults.add(Fault(kind="status", status=503, match="/usage", times=0))
    (note,) = link_other(sqlite_store, clock)
    assert "could not be compared" in note


def test_kept_data_of_an_unlinked_account_is_taken_up_by_another_key_of_its_organization(
    sqlite_store: Store, simulator: Simulator, clock: Clock
) -> None:
    account_id = linked(sqlite_store, clock)
    unlink(sqlite_store, account_id, keep_data=True, now=clock())
    link_other(sqlite_store, clock)
    assert [(row["id"], row["name"], row["linked"]) for row in accounts(sqlite_store)] == [(account_id, "Second", True)]


def test_a_person_who_knows_better_links_the_same_bill_as_another(
    sqlite_store: Store, simulator: Simulator, clock: Clock
) -> None:
    linked(sqlite_store, clock)
    assert link_other(sqlite_store, clock, is_separate=True) == []
    assert len(accounts(sqlite_store)) == 2


def test_an_account_is_not_relinked_to_the_bill_of_another(
    sqlite_store: Store, simulator: Simulator, clock: Clock
) -> None:
    first = linked(sqlite_store, clock)
    same = simulator.world
    simulator.world = world_of(*RUNWAY.streams, seed=8)
    second = linked(sqlite_store, clock, name="Other", credential=OTHER)
    simulator.world = same
    with pytest.raises(StoreError, match=f"linked already, as account {first}"):
        relink_account(sqlite_store, second, OTHER, now=clock())
    relink_account(sqlite_store, first, KEY, now=clock())


def test_the_same_key_is_refused_without_asking_for_its_bill(
    sqlite_store: Store, simulator: Simulator, clock: Clock
) -> None:
    linked(sqlite_store, clock)
    asked = len(simulator.requests)
    with pytest.raises(StoreError, match="linked already") as refused:
        link_account(sqlite_store, "runway", KEY, name="Again", now=clock())
    assert refused.value.likely_cause.startswith("The key, or another key")
    assert [path for _, path in list(simulator.requests)[asked:]] == ["/runway/v1/organization"]


def test_the_command_line_offers_to_link_it_all_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["link", "--help"])
    assert "--separate" in capsys.readouterr().out
