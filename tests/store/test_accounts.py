"""Linking, re-linking and unlinking, so that no bill counts twice."""

from datetime import datetime
from typing import Any

import pytest

from store.accounts import account, accounts, credential_of, replace_credential, set_paused, unlink
from store.db import Store
from store.errors import StoreError, UnknownName
from store.models import ApiKey, ControlTotal, DailyCost, Lease, Restatement, SyncRun, Workspace, WorkspaceName
from store.names import rename
from store.runs import request_sync
from tests.store.cast import MARKER, Syncing, begin, bill, cost, link, march, rows


def relink(store: Store, account_id: int, organization: str | None, key: str = "sk-new") -> None:
    replace_credential(
        store,
        account_id,
        {"apiKey": key},
        hint="sk-…ew",
        organization_id=organization,
        organization_name=organization and organization.upper(),
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"organization": "org-1"}, {"organization": "org-1", "name": "again"}),
        ({"organization": None}, {"organization": None, "name": "the same key"}),
    ],
)
def test_the_same_bill_is_not_linked_twice(
    store: Store, now: datetime, first: dict[str, Any], second: dict[str, Any]
) -> None:
    account_id = link(store, now, **first)
    with pytest.raises(StoreError, match=f"linked already, as account {account_id}"):
        link(store, now, **second)
    assert len(accounts(store)) == 1


def test_other_organizations_and_other_providers_are_linked_beside_it(store: Store, now: datetime) -> None:
    made = [link(store, now), link(store, now, organization="org-2"), link(store, now, provider="anthropic")]
    assert [row["id"] for row in accounts(store, linked_only=True)] == made
    assert all(row["linked"] for row in accounts(store))
    assert not any("sealed_credential" in row for row in accounts(store))


def test_a_new_key_of_the_same_organization_takes_the_old_ones_place(store: Store, now: datetime) -> None:
    account_id = link(store, now)
    relink(store, account_id, "org-1")
    assert credential_of(store, account_id) == {"apiKey": "sk-new"}
    assert account(store, account_id)["hint"] == "sk-…ew"


def test_a_key_of_another_organization_is_refused(store: Store, now: datetime) -> None:
    account_id = link(store, now)
    with pytest.raises(StoreError, match="another organization"):
        relink(store, account_id, "org-2")
    assert credential_of(store, account_id)["apiKey"].startswith(MARKER)


def test_relinking_to_a_bill_that_another_account_reads_is_refused(store: Store, now: datetime) -> None:
    link(store, now, organization="org-1")
    unnamed = link(store, now, organization=None)
    with pytest.raises(StoreError, match="linked already"):
        relink(store, unnamed, "org-1")
    relink(store, unnamed, "org-3")
    assert account(store, unnamed)["organization_name"] == "ORG-3"


def test_an_unlinked_account_keeps_its_data_and_is_taken_up_again(sync: Syncing) -> None:
    store = sync.store
    sync.save(bill(march(1, 1), cost(1, "1")))
    unlink(store, sync.account_id, keep_data=True, now=sync.now)
    assert accounts(store, linked_only=True) == []
    assert account(store, sync.account_id)["unlinked_at"] == sync.now
    with pytest.raises(UnknownName, match="is not linked"):
        credential_of(store, sync.account_id)
    assert link(store, sync.now, name="back") == sync.account_id
    assert account(store, sync.account_id)["name"] == "back"
    assert account(store, sync.account_id)["covered_to"] is not None
    assert rows(store, DailyCost, "account_id") == [sync.account_id]


def test_unlinking_with_the_data_leaves_nothing_of_this_account_alone(sync: Syncing) -> None:
    store = sync.store
    other = begin(store, sync.now, organization="org-2")
    for each in (sync, other):
        each.save(bill(march(1, 1), cost(1, "1")))
        each.save(bill(march(1, 1), cost(1, "2"), control_totals={cost(1, "2").day: cost(1, "2").billed_cost}))
        rename(store, each.account_id, "w1", "Ours", each.now)
    unlink(store, sync.account_id, keep_data=False, now=sync.now)
    for model in (DailyCost, ControlTotal, Workspace, WorkspaceName, ApiKey, SyncRun, Restatement, Lease):
        assert set(rows(store, model, "account_id")) == {other.account_id}, model
    with pytest.raises(UnknownName):
        account(store, sync.account_id)
    with pytest.raises(UnknownName):
        request_sync(store, sync.account_id, "manual", sync.now)
    assert link(store, sync.now) not in {sync.account_id, other.account_id}


def test_a_linked_bill_is_found_before_an_unlinked_one(store: Store, now: datetime) -> None:
    left = link(store, now, organization="org-1")
    unlink(store, left, keep_data=True, now=now)
    unnamed = link(store, now, organization=None)
    relink(store, unnamed, "org-1")
    with pytest.raises(StoreError, match=f"as account {unnamed}"):
        link(store, now, organization="org-1")


def test_pausing_and_resuming_an_account(store: Store, now: datetime) -> None:
    account_id = link(store, now)
    for paused in (True, False):
        set_paused(store, account_id, paused=paused)
        assert account(store, account_id)["paused"] is paused
    with pytest.raises(UnknownName, match="no account 99"):
        set_paused(store, 99, paused=True)
