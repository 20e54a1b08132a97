"""Names of workspaces: the last one people gave, every one there ever was, and the way back."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from store.errors import UnknownName
from store.frames import data_version, read_names
from store.models import WorkspaceName
from store.names import find_workspace, history, rename, revert
from store.records import WorkspaceRecord
from tests.store.cast import Syncing, begin, bill, march, rows


def told(sync: Syncing, name: str | None) -> None:
    """The provider lists the workspace under a name."""
    sync.save(bill(march(1, 1), workspaces=(WorkspaceRecord(workspace_id="w1", name=name),)))


def shown(sync: Syncing) -> str:
    found: str = read_names(sync.store)["workspace"]["workspace"].item()
    return found


def test_the_name_shown_is_ours_before_the_providers_before_the_id(sync: Syncing) -> None:
    told(sync, None)
    assert shown(sync) == "w1"
    told(sync, "Search")
    assert shown(sync) == "Search"
    rename(sync.store, sync.account_id, "w1", "Ours", sync.now)
    told(sync, "Search 2")
    assert shown(sync) == "Ours"
    assert [(row["number"], row["name"], row["source"]) for row in history(sync.store, sync.account_id, "w1")] == [
        (1, "Search", "provider"),
        (2, "Ours", "user"),
        (3, "Search 2", "provider"),
    ]
    assert read_names(sync.store)["workspace"]["workspace_names"].item().split("\n") == [
        "w1",
        "Search",
        "Search 2",
        "Ours",
    ]


def test_the_same_name_again_is_not_written_again(sync: Syncing) -> None:
    for _ in range(2):
        told(sync, "Search")
        assert rename(sync.store, sync.account_id, "w1", "  Our \n team ", sync.now) == 2
    assert rows(sync.store, WorkspaceName, "name") == ["Our team", "Search"]


def test_going_back_to_an_earlier_name_is_a_new_entry_with_its_time(sync: Syncing) -> None:
    told(sync, "Search")
    rename(sync.store, sync.account_id, "w1", "Ours", sync.now)
    later, seen = sync.now + timedelta(hours=1), data_version(sync.store)
    assert revert(sync.store, sync.account_id, "w1", 1, later) == "Search"
    assert shown(sync) == "Search"
    assert history(sync.store, sync.account_id, "w1")[-1]["at"] == later
    assert data_version(sync.store) > seen
    with pytest.raises(UnknownName, match="no name number 9"):
        revert(sync.store, sync.account_id, "w1", 9, later)


@pytest.mark.parametrize("name", ["", " \n ", "x" * 201])
def test_an_empty_or_endless_name_is_refused(sync: Syncing, name: str) -> None:
    told(sync, "Search")
    with pytest.raises(UnknownName, match="1 to 200"):
        rename(sync.store, sync.account_id, "w1", name, sync.now)


def test_a_workspace_there_is_not_cannot_be_renamed(sync: Syncing) -> None:
    with pytest.raises(UnknownName, match="no workspace with the id 'w9'"):
        rename(sync.store, sync.account_id, "w9", "Ours", sync.now)
    with pytest.raises(UnknownName):
        revert(sync.store, sync.account_id, "w9", 1, sync.now)


def test_a_workspace_is_found_by_its_id_and_by_account_where_two_share_it(sync: Syncing) -> None:
    told(sync, "Search")
    assert find_workspace(sync.store, "w1") == (sync.account_id, "w1")
    other = begin(sync.store, sync.now, organization="org-2")
    told(other, "Search")
    with pytest.raises(UnknownName, match="Several accounts") as fault:
        find_workspace(sync.store, "w1")
    assert f"{other.account_id}:w1" in fault.value.resolution
    assert find_workspace(sync.store, f"{other.account_id}:w1") == (other.account_id, "w1")


@pytest.mark.parametrize("reference", ["w9", "1:w9", "99999999999999999999:w1", "²:w1", ":", "' OR 1=1 --"])
def test_a_reference_to_nothing_says_how_to_list_them(sync: Syncing, reference: str) -> None:
    told(sync, "Search")
    with pytest.raises(UnknownName) as fault:
        find_workspace(sync.store, reference)
    assert "export workspaces" in fault.value.resolution


@pytest.mark.parametrize(
    "change", [lambda sync: told(sync, "B"), lambda sync: rename(sync.store, 1, "w1", "C", sync.now)]
)
def test_every_change_of_a_name_is_noticed_by_the_pages_caches(
    sync: Syncing, change: Callable[[Syncing], object]
) -> None:
    told(sync, "A")
    seen = data_version(sync.store)
    change(sync)
    assert data_version(sync.store) > seen
