"""Workspaces and API keys: what vanishes, what stays, what is never erased."""

from datetime import timedelta
from typing import Any

import pytest

from store.models import ApiKey, Workspace, WorkspaceName
from store.records import ApiKeyRecord, WorkspaceRecord
from tests.store.cast import Syncing, bill, cost, march, rows


def key(key_id: str, **more: Any) -> ApiKeyRecord:
    return ApiKeyRecord(api_key_id=key_id, **{"workspace_id": "w1", **more})


def listed(sync: Syncing, *keys: ApiKeyRecord, complete: frozenset[str] | None) -> dict[str, str]:
    """The statuses of all keys after a statement that lists some."""
    sync.save(bill(march(1, 1), api_keys=keys, listed_workspaces=complete))
    return dict(rows(sync.store, ApiKey, "api_key_id", "status"))


def test_a_key_missing_from_a_complete_list_is_deleted_and_back_when_listed_again(sync: Syncing) -> None:
    whole = frozenset({"w1"})
    assert listed(sync, key("a"), key("b"), complete=whole) == {"a": "active", "b": "active"}
    assert listed(sync, key("a"), complete=whole) == {"a": "active", "b": "deleted"}
    assert listed(sync, key("a"), key("b", status="inactive"), complete=whole) == {"a": "active", "b": "inactive"}


@pytest.mark.parametrize("complete", [None, frozenset(), frozenset({"w2"})])
def test_a_key_missing_from_a_list_that_was_not_complete_is_untouched(
    sync: Syncing, complete: frozenset[str] | None
) -> None:
    listed(sync, key("a"), complete=frozenset({"w1"}))
    assert listed(sync, complete=complete) == {"a": "active"}


def test_a_key_known_only_from_the_bill_is_deleted_when_its_workspace_was_listed(sync: Syncing) -> None:
    sync.save(bill(march(1, 1), cost(1, "1"), cost(1, "1", workspace_id="w2", api_key_id="k2")))
    sync.save(bill(march(1, 1), listed_workspaces=frozenset({"w2"})))
    assert rows(sync.store, ApiKey, "api_key_id", "status") == [("k1", "unknown"), ("k2", "deleted")]
    sync.save(bill(march(1, 1), cost(1, "1", api_key_id="k3"), listed_workspaces=frozenset({"w1"})))
    assert ("k3", "deleted") in rows(sync.store, ApiKey, "api_key_id", "status")


def test_what_the_provider_no_longer_says_is_never_erased(sync: Syncing) -> None:
    said = {"name": "ci", "hint": "sk-…ab", "owner": "robot", "created_at": sync.now, "last_used_at": sync.now}
    sync.save(
        bill(
            march(1, 1),
            workspaces=(WorkspaceRecord(workspace_id="w1", name="Search", created_at=sync.now),),
            api_keys=(key("a", **said),),
        )
    )
    sync.save(bill(march(1, 1), workspaces=(WorkspaceRecord(workspace_id="w1"),), api_keys=(key("a"),)))
    assert rows(sync.store, Workspace, "name", "created_at") == [("Search", sync.now)]
    assert rows(sync.store, ApiKey, *said) == [tuple(said.values())]


def test_a_listed_key_is_refreshed_and_one_not_listed_keeps_its_time(sync: Syncing) -> None:
    listed(sync, key("a"), key("b"), complete=None)
    later = sync.at(sync.now + timedelta(hours=1))
    later.save(bill(march(1, 1), api_keys=(key("a", workspace_id="w2", name="new"),)))
    assert rows(sync.store, ApiKey, "api_key_id", "workspace_id", "name", "first_seen", "last_seen") == [
        ("a", "w2", "new", sync.now, later.now),
        ("b", "w1", None, sync.now, sync.now),
    ]


def test_a_workspace_no_longer_listed_stays_as_it_was(sync: Syncing) -> None:
    spaces = tuple(WorkspaceRecord(workspace_id=name, name=name.upper()) for name in ("w1", "w2"))
    sync.save(bill(march(1, 1), workspaces=spaces))
    sync.save(bill(march(1, 1), workspaces=(WorkspaceRecord(workspace_id="w2", status="archived"),)))
    assert rows(sync.store, Workspace, "workspace_id", "name", "status") == [
        ("w1", "W1", "active"),
        ("w2", "W2", "archived"),
    ]


def test_a_name_on_an_older_bill_does_not_take_the_place_of_a_newer_one(sync: Syncing) -> None:
    def named(first: int, last: int, **names: str) -> None:
        spaces = tuple(WorkspaceRecord(workspace_id=space, name=name) for space, name in names.items())
        sync.save(bill(march(first, last), workspaces=spaces))

    named(10, 12, w1="New")
    named(5, 9, w1="Old", w2="Gone")
    named(7, 8, w1="Old", w2="Older")
    assert rows(sync.store, Workspace, "workspace_id", "name") == [("w1", "New"), ("w2", "Gone")]
    assert rows(sync.store, WorkspaceName, "workspace_id", "name") == [("w1", "New"), ("w2", "Gone")]
    named(11, 12, w1="Newest")
    assert rows(sync.store, Workspace, "workspace_id", "name") == [("w1", "Newest"), ("w2", "Gone")]
