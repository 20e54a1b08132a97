"""Odd accounts at Google: whatever the billing export holds, the store holds, to the nano-dollar and the token."""

from datetime import date, datetime
from random import Random

import pytest

from demo.odd_vertex import odd_vertex_world, rename_project
from demo.vertex_export import rows
from demo.vertex_lines import COLUMNS
from store.db import Store
from store.names import history
from tests.sync.conftest import TODAY, Clock
from tests.sync.conserved import all_days
from tests.sync.lives import OddAccount, grow_and_restate, odd_account, odd_manners

WINDOW_DAYS = 13
RENAMES = ("Renamed", "=1+1", "データ|*b*", "<b>new</b>")


def live_through(seed: int, store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    world = odd_vertex_world(seed, TODAY)
    with odd_account(
        world, "vertex", store, clock, monkeypatch,
        manners=odd_manners(seed), history_days=50, window_days=WINDOW_DAYS,
    ) as account:  # fmt: skip
        account.sync()
        chance = Random(f"names {seed}")
        for number in range(3):
            rename(account, chance, number)
            grow_and_restate(account, seed + number, syncs=1)
            assert_projects_are_named(account)


def rename(account: OddAccount, chance: Random, number: int) -> None:
    """A project takes a name that none had before."""
    project = chance.choice(account.simulator.world.story("vertex").workspaces).workspace_id
    name = f"{chance.choice(RENAMES)} {number}"
    account.simulator.world = rename_project(account.simulator.world, project, name, account.clock())


def assert_projects_are_named(account: OddAccount) -> None:
    """Each by its newest line, unless that is a correction of days long saved; and never by a name it has left."""
    shown = account.workspace_names()
    for project, (name, day) in newest_names(account).items():
        told = [row["name"] for row in history(account.store, account.account_id, project)]
        assert len(told) == len(set(told))
        if (account.clock().date() - day).days < 5:
            assert shown[project] == name


def newest_names(account: OddAccount) -> dict[str, tuple[str, date]]:
    """The name on the newest line of each project, and the day of its use."""
    found: dict[str, tuple[str, str, date]] = {}
    world, now = account.simulator.world, account.clock()
    projects = {known.workspace_id for known in world.story("vertex").workspaces}
    days = all_days(account.clock)
    for line in rows(world, days.start, days.end, now):
        told = dict(zip(COLUMNS, line, strict=True))
        project, written, start = told["project.id"], told["export_time"] or "", told["usage_start_time"] or ""
        if project in projects and told["project.name"] and written >= found.get(project, ("",))[0]:
            found[project] = (written, told["project.name"], datetime.fromisoformat(start).date())
    return {project: (name, day) for project, (_, name, day) in found.items()}


@pytest.mark.parametrize("seed", range(10))
def test_an_odd_account_at_google_is_conserved_while_its_projects_are_renamed(
    seed: int, sqlite_store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_through(seed, sqlite_store, clock, monkeypatch)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10, 160))
def test_many_odd_accounts_at_google_are_conserved(
    seed: int, sqlite_store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_through(seed, sqlite_store, clock, monkeypatch)
