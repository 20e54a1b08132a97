"""Packed days: always the rows they are a copy of, and never needed."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from settings import Settings
from store import packed
from store.accounts import unlink
from store.cost_rows import cost_rows, every_packed_day, is_packed_well
from store.doctor import diagnose
from store.models import DailyCost, PackedDay
from store.packed import COST_SCHEMA
from store.records import Statement, Window
from store.tables import table
from store.write import save_statement
from tests.store.cast import Syncing, bill, cost, day, march, rows
from tests.store.test_agreement import DAYS, FIRST, fresh_sync, statements

SPAN = Window(FIRST, FIRST + timedelta(days=DAYS))


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Days of three rows are packed already."""
    monkeypatch.setattr(packed, "LEAST_ROWS", 3)


def three(on: int, dollars: str = "1", **more: Any) -> list[Any]:
    return [cost(on, dollars, model=model, **more) for model in ("a", "b", "ü")]


def packed_days(sync: Syncing) -> list[date]:
    return [found for account_id, found in every_packed_day(sync.store) if account_id == sync.account_id]


def row_by_row(sync: Syncing, window: Window) -> pl.DataFrame:
    """What is read when no day is packed, from then on."""
    with sync.store.write() as connection:
        connection.execute(delete(table(PackedDay)))
    return cost_rows(sync.store, window, [sync.account_id])


def test_packed_days_are_the_rows_after_any_statements(sync: Syncing) -> None:
    number, today = 5000, FIRST + timedelta(days=DAYS + 5)

    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(statements(), min_size=1, max_size=4))
    def agree(saved: list[Statement]) -> None:
        nonlocal number
        number += 1
        with fresh_sync(sync, number) as own:
            for statement in saved:
                before = own.account()["covered_from"]
                if before is None or statement.window.end >= before:
                    values = {"run_id": own.run_id, "holder": own.holder, "now": own.now, "today": today}
                    save_statement(own.store, own.account_id, statement, **values)
            found = cost_rows(own.store, SPAN, [own.account_id])
            assert all(is_packed_well(own.store, own.account_id, one) for one in packed_days(own))
            assert found.equals(row_by_row(own, SPAN))

    agree()


def test_days_of_many_rows_are_packed_and_others_are_not(sync: Syncing) -> None:
    sync.save(bill(march(1, 4), *three(1), cost(2, "5"), *three(4)))
    assert packed_days(sync) == [day(1), day(4)]
    read = cost_rows(sync.store, march(1, 4), [sync.account_id])
    assert read["day"].to_list() == [day(1)] * 3 + [day(2)] + [day(4)] * 3
    assert dict(read.schema) == COST_SCHEMA


def test_every_kind_of_value_is_the_same_packed_or_not(sync: Syncing) -> None:
    full = {"list_cost": 1, "input_tokens": 2**62, "usage_quantity": 3, "usage_unit": "images", "requests": 0}
    sync.save(bill(march(1, 2), *three(1, "-0.000000001", **full), *three(2, workspace_id="", api_key_id="")))
    assert packed_days(sync) == [day(1), day(2)]
    read = cost_rows(sync.store, march(1, 2), [sync.account_id])
    assert read.equals(row_by_row(sync, march(1, 2)))


def test_a_day_that_shrinks_is_packed_no_more(sync: Syncing) -> None:
    sync.save(bill(march(1, 2), *three(1), *three(2)))
    sync.save(bill(march(2, 2), cost(2, "9")))
    assert packed_days(sync) == [day(1)]
    assert cost_rows(sync.store, march(2, 2), [sync.account_id])["billed_cost"].to_list() == [9 * 10**9]


def test_forgetting_an_account_forgets_its_packed_days(sync: Syncing) -> None:
    sync.save(bill(march(1, 1), *three(1)))
    unlink(sync.store, sync.account_id, keep_data=False, now=sync.now)
    assert rows(sync.store, PackedDay, "day") == []


@pytest.mark.parametrize("file", [b"", b"ARROW1 and no more", b"\0" * 4000])
def test_a_packed_day_that_does_not_open_is_read_by_its_rows(
    sync: Syncing, file: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    sync.save(bill(march(1, 2), *three(1), *three(2)))
    chosen = table(PackedDay)
    with sync.store.write() as connection:
        connection.execute(update(chosen).where(chosen.c.day == day(1)).values(rows=file))
    assert cost_rows(sync.store, march(1, 2), [sync.account_id]).height == 6
    assert "2026-03-01" in caplog.text


def test_the_doctor_finds_a_packed_day_that_is_not_its_rows(sync: Syncing, chosen: Settings) -> None:
    sync.save(bill(march(1, 2), *three(1), *three(2)))
    costs = table(DailyCost)
    with sync.store.write() as connection:
        connection.execute(update(costs).where((costs.c.day == day(2)) & (costs.c.model == "b")).values(requests=77))
    found = [finding for finding in diagnose(sync.store, chosen, sync.now) if finding.what == "packed days"]
    assert [(finding.level, "2026-03-02" in finding.detail) for finding in found] == [("error", True), ("error", False)]
    assert found[0].next_step.endswith(f"sync {sync.account_id} --since 2026-03-02`.")
    assert found[1].detail == "1 of 2 days kept packed equal their rows"
