"""What a saved statement leaves in the store, and what it leaves alone."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from store.accounts import unlink
from store.errors import LeaseLost
from store.leases import new_holder
from store.models import Account, ApiKey, ControlTotal, DailyCost, Lease, Restatement, Workspace
from store.records import ApiKeyRecord, LineItem, WorkspaceRecord
from store.runs import control_totals, restatements
from store.tables import rows_of, table
from store.write import Saved, save_statement
from tests.store.cast import Syncing, begin, bill, cost, day, everything, march, rows

FULL = {
    "variant": "batch",
    "upstream": "anthropic",
    "list_cost": Decimal("2.5"),
    "credits_applied": Decimal("0.25"),
    "cost_basis": "allocated",
    "input_tokens": 7,
    "cached_input_tokens": 0,
    "cache_write_tokens": 1,
    "output_tokens": 2**62,
    "usage_quantity": Decimal("1.5"),
    "usage_unit": "images",
    "requests": 0,
}


def test_every_field_of_a_cost_comes_back_as_it_was_given(sync: Syncing) -> None:
    line = LineItem(label="gpt-5 in, „batch“", amount=Decimal("1.10"), quantity=Decimal("1E+2"), unit="tokens")
    sync.save(bill(march(1, 1), cost(1, "2", line_items=(line,), **FULL), cost(1, "3", model="plain")))
    chosen = table(DailyCost)
    with sync.store.read() as connection:
        full, plain = rows_of(connection, select(chosen).order_by(chosen.c.billed_cost))
    assert {name: full[name] for name in FULL} == FULL
    assert (full["day"], full["workspace_id"], full["api_key_id"], full["model"]) == (day(1), "w1", "k1", "gpt-5")
    assert full["line_items"] == '[{"label":"gpt-5 in, „batch“","amount":"1.10","quantity":"100","unit":"tokens"}]'
    assert {name for name, value in plain.items() if value is None} == {
        "list_cost", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "usage_quantity",
        "usage_unit", "requests", "line_items",
    }  # fmt: skip


def test_saving_twice_equals_saving_once(sync: Syncing) -> None:
    statement = bill(
        march(1, 3),
        cost(1, "1.5"),
        cost(3, "0.000000001"),
        workspaces=(WorkspaceRecord(workspace_id="w1", name="Search"),),
        api_keys=(ApiKeyRecord(api_key_id="k1", workspace_id="w1", name="ci"),),
        listed_workspaces=frozenset({"w1"}),
        control_totals={day(1): Decimal("1.5"), day(3): Decimal("0.000000001")},
    )
    assert sync.save(statement) == Saved(cost_rows=2, workspaces=1, api_keys=1, restated_days=0)
    once = everything(sync.store)
    assert sync.save(statement) == Saved(cost_rows=2, workspaces=1, api_keys=1, restated_days=0)
    assert everything(sync.store) == once


def test_a_restated_day_replaces_the_old_one(sync: Syncing) -> None:
    sync.save(bill(march(1, 2), cost(1, "1"), cost(2, "2")))
    sync.save(bill(march(2, 2), cost(2, "2.5")))
    assert rows(sync.store, DailyCost, "day", "billed_cost") == [(day(1), Decimal(1)), (day(2), Decimal("2.5"))]


def test_a_vanished_row_vanishes(sync: Syncing) -> None:
    sync.save(bill(march(1, 2), cost(1, "1"), cost(2, "2"), cost(2, "3", model="o9")))
    sync.save(bill(march(1, 2), cost(2, "3", model="o9")))
    assert rows(sync.store, DailyCost, "day", "model") == [(day(2), "o9")]


def test_days_outside_the_window_and_other_accounts_are_not_touched(sync: Syncing) -> None:
    other = begin(sync.store, sync.now, organization="org-2")
    other.save(bill(march(1, 9), cost(5, "50")))
    sync.save(bill(march(4, 6), cost(4, "4"), cost(5, "5"), cost(6, "6")))
    sync.save(bill(march(5, 5)))
    assert rows(sync.store, DailyCost, "account_id", "day") == [
        (sync.account_id, day(4)),
        (sync.account_id, day(6)),
        (other.account_id, day(5)),
    ]


def test_the_covered_range_joins_forward_and_backward(sync: Syncing) -> None:
    for window in (march(10, 12), march(12, 14), march(15, 15), march(8, 9), march(1, 20)):
        sync.save(bill(window))
    covered = sync.account()
    assert (covered["covered_from"], covered["covered_to"]) == (day(1), day(21))


def test_a_window_before_a_gap_is_refused_and_changes_nothing(sync: Syncing) -> None:
    sync.save(bill(march(10, 12), cost(11, "1")))
    before = everything(sync.store)
    with pytest.raises(ValueError, match="does not touch"):
        sync.save(bill(march(1, 8), cost(2, "1")))
    assert everything(sync.store) == before


def test_a_window_after_a_gap_begins_a_new_covered_range_and_keeps_the_old_rows(sync: Syncing) -> None:
    sync.save(bill(march(1, 5), cost(2, "1")))
    sync.save(bill(march(9, 12), cost(9, "3")))
    covered = sync.account()
    assert (covered["covered_from"], covered["covered_to"]) == (day(9), day(13))
    assert rows(sync.store, DailyCost, "day") == [day(2), day(9)]


def test_a_change_to_a_finished_day_is_recorded_with_before_and_after(sync: Syncing) -> None:
    sync.save(bill(march(10, 20), cost(10, "1"), cost(11, "2"), cost(12, "3")))
    saved = sync.save(bill(march(10, 20), cost(10, "1"), cost(12, "2.999999999"), cost(13, "-4")))
    assert saved.restated_days == 3
    assert restatements(sync.store, sync.run_id) == [
        {"day": day(11), "before": Decimal(2), "after": Decimal(0)},
        {"day": day(12), "before": Decimal(3), "after": Decimal("2.999999999")},
        {"day": day(13), "before": Decimal(0), "after": Decimal(-4)},
    ]


def test_a_day_moved_between_models_at_the_same_total_is_no_restatement(sync: Syncing) -> None:
    sync.save(bill(march(10, 10), cost(10, "3")))
    assert sync.save(bill(march(10, 10), cost(10, "1"), cost(10, "2", model="o9"))).restated_days == 0


def test_a_day_saved_while_it_was_today_may_grow_without_a_restatement(sync: Syncing) -> None:
    sync.save(bill(march(19, 20), cost(19, "9"), cost(20, "1")))
    tomorrow = sync.at(sync.now + timedelta(days=1))
    assert tomorrow.save(bill(march(19, 21), cost(19, "9"), cost(20, "7"), cost(21, "1"))).restated_days == 0
    assert tomorrow.save(bill(march(19, 21), cost(19, "9"), cost(20, "8"), cost(21, "2"))).restated_days == 1
    assert [row["day"] for row in restatements(sync.store, sync.run_id)] == [day(20)]


def test_a_day_read_before_midnight_and_saved_after_it_was_not_over(sync: Syncing) -> None:
    after_midnight = sync.at(sync.now + timedelta(hours=13))
    values = {"run_id": sync.run_id, "holder": sync.holder, "now": after_midnight.now}
    statement = bill(march(19, 20), cost(20, "1"))
    save_statement(sync.store, sync.account_id, statement, today=day(20), **values)
    assert sync.account()["finished_to"] == day(20)
    assert after_midnight.save(bill(march(19, 21), cost(20, "2"))).restated_days == 0


def test_a_partial_day_that_was_skipped_stays_unfinished(sync: Syncing) -> None:
    sync.save(bill(march(19, 20), cost(20, "1")))
    later = sync.at(sync.now + timedelta(days=2))
    later.save(bill(march(21, 22), cost(21, "1")))
    assert later.save(bill(march(20, 22), cost(20, "5"), cost(21, "1"))).restated_days == 0
    assert later.save(bill(march(20, 22), cost(20, "6"), cost(21, "1"))).restated_days == 1


def test_going_backward_records_no_restatement(sync: Syncing) -> None:
    sync.save(bill(march(15, 20), cost(15, "1")))
    assert sync.save(bill(march(1, 14), cost(3, "3"))).restated_days == 0
    assert sync.save(bill(march(1, 14), cost(3, "4"))).restated_days == 1
    assert rows(sync.store, Restatement, "day", "before", "after") == [(day(3), Decimal(3), Decimal(4))]


def test_control_totals_are_kept_per_day_and_replaced_with_their_days(sync: Syncing) -> None:
    sync.save(bill(march(1, 2), cost(1, "1"), cost(2, "2"), control_totals={day(1): Decimal(1), day(2): Decimal(2)}))
    sync.save(bill(march(2, 3), cost(3, "3"), control_totals={day(3): Decimal(3)}))
    assert rows(sync.store, ControlTotal, "day") == [day(1), day(3)]
    assert control_totals(sync.store, sync.account_id, march(1, 20)) == {day(1): 10**9, day(3): 3 * 10**9}


def test_a_lost_lease_leaves_nothing_changed(sync: Syncing) -> None:
    sync.save(bill(march(1, 2), cost(1, "1")))
    with sync.store.write() as connection:
        connection.execute(update(table(Lease)).values(holder=new_holder()))
    before = everything(sync.store)
    with pytest.raises(LeaseLost) as fault:
        sync.save(bill(march(1, 3), cost(1, "2"), workspaces=(WorkspaceRecord(workspace_id="w2"),)))
    assert fault.value.likely_cause
    assert everything(sync.store) == before


def test_an_account_unlinked_with_its_data_takes_no_more_statements(sync: Syncing) -> None:
    unlink(sync.store, sync.account_id, keep_data=False, now=sync.now)
    with pytest.raises(LeaseLost):
        sync.save(bill(march(1, 2), cost(1, "1")))
    assert (
        rows(sync.store, Account, "id") == rows(sync.store, DailyCost, "day") == rows(sync.store, ApiKey, "name") == []
    )


def test_workspaces_and_keys_found_only_on_the_bill_are_remembered(sync: Syncing) -> None:
    sync.save(bill(march(1, 1), cost(1, "1"), cost(1, "2", workspace_id="", api_key_id="", model="fee")))
    assert rows(sync.store, Workspace, "workspace_id", "name", "status") == [("w1", None, "unknown")]
    assert rows(sync.store, ApiKey, "api_key_id", "workspace_id", "status") == [("k1", "w1", "unknown")]
