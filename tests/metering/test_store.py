"""Metered events in the store: counted once, added up exactly, refused when they come too late."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event as sqlalchemy_event

from settings import Settings
from store import metering_rows
from store.backup import backup, restore
from store.db import Store, open_store
from store.errors import StoreError
from store.events import LATEST_DAYS, MeteredEvent
from store.frames import data_version
from store.metering import TOKENS, metering_version, prune, save_events
from store.models import MeteredCost, SeenEvent
from store.records import LARGEST_AMOUNT, LARGEST_NANOS
from tests.store.cast import everything, rows

NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)


def metered(event_id: str, **more: Any) -> MeteredEvent:
    """A completion at noon of 2026-03-20 that cost a tenth of a cent."""
    told = {
        "source": "revenium",
        "operation": "completion",
        "provider": "openai",
        "model": "gpt-5",
        "occurred_at": NOON,
    }
    return MeteredEvent(**{"cost": Decimal("0.001"), **told, **more}, event_id=event_id)


def sums(store: Store, *columns: str) -> list[Any]:
    return rows(store, MeteredCost, *columns)


def test_events_of_one_grain_are_added_up_exactly(store: Store, now: datetime) -> None:
    costs = [Decimal("0.1"), Decimal("0.2"), Decimal("0.000000003"), Decimal("0.0000000004")]
    events = [metered(str(number), cost=cost, input_tokens=number) for number, cost in enumerate(costs)]
    assert save_events(store, events[:2], now).new == 2
    assert save_events(store, events[2:], now).new == 2
    assert sums(store, "cost", "events", "input_tokens") == [(Decimal("0.300000003"), 4, 6)]


def test_an_event_that_comes_again_changes_nothing(store: Store, now: datetime) -> None:
    first = metered("a", input_tokens=7)
    again = metered("a", input_tokens=9, cost=Decimal(5), occurred_at=NOON - timedelta(days=3))
    assert save_events(store, [first, first], now).new == 1
    before, version = everything(store), metering_version(store)
    assert save_events(store, [again, first], now).new == 0
    assert (everything(store), metering_version(store)) == (before, version)


def test_one_call_told_by_clients_of_two_kinds_counts_once(store: Store, now: datetime) -> None:
    assert save_events(store, [metered("a"), metered("a", source="opentelemetry")], now).new == 1


@pytest.mark.parametrize(
    "other",
    [
        {"provider": "azure"},
        {"model": "gpt-6"},
        {"api_key": "prod"},
        {"workspace": "Search"},
        {"application": "bot"},
        {"operation": "image"},
        {"usage_unit": "images"},
        {"occurred_at": NOON - timedelta(days=1)},
    ],
)
def test_what_differs_in_the_grain_is_another_row(other: dict[str, Any], store: Store, now: datetime) -> None:
    save_events(store, [metered("a"), metered("b", **other)], now)
    assert sums(store, "events") == [1, 1]


def test_neighbouring_texts_are_not_taken_for_each_other(store: Store, now: datetime) -> None:
    save_events(store, [metered("a", api_key="ab", workspace="c"), metered("b", api_key="a", workspace="bc")], now)
    assert sums(store, "api_key", "workspace") == [("a", "bc"), ("ab", "c")]


def test_the_longest_texts_are_stored(store: Store, now: datetime) -> None:
    texts = {name: chr(0x4E00 + at) * 300 for at, name in enumerate(("model", "api_key", "workspace", "application"))}
    assert save_events(store, [metered("é" * 200, **texts)], now).new == 1
    assert sums(store, *texts) == [tuple(texts.values())]


def test_the_day_is_the_utc_day_of_the_call(store: Store, now: datetime) -> None:
    tokyo = datetime.fromisoformat("2026-03-20T08:59:59+09:00")
    save_events(store, [metered("a", occurred_at=tokyo)], now)
    assert [str(day) for day in sums(store, "day")] == ["2026-03-19"]


def test_what_no_client_says_stays_unknown_and_what_one_says_is_kept(store: Store, now: datetime) -> None:
    save_events(store, [metered("a"), metered("b", output_tokens=0)], now)
    save_events(store, [metered("c", cached_input_tokens=5), metered("d")], now)
    assert sums(store, *TOKENS, "usage_quantity") == [(None, 5, None, 0, None)]


def test_unpriced_failed_and_priced_events_are_counted_apart(store: Store, now: datetime) -> None:
    events = [
        metered("client's word", cost=Decimal(2)),
        metered("public price", cost=Decimal(3), is_priced=True),
        metered("unpriced", cost=None),
        metered("failed", cost=None, is_failed=True),
        metered("failed with a cost", cost=Decimal(9), is_failed=True),
    ]
    save_events(store, events, now)
    columns = ("cost", "priced_cost", "events", "unpriced_events", "failed_events")
    assert sums(store, *columns) == [(Decimal(5), Decimal(3), 5, 1, 2)]


def test_quantities_are_added_up_to_the_millionth(store: Store, now: datetime) -> None:
    seconds = {"operation": "audio", "usage_unit": "seconds"}
    save_events(store, [metered(str(n), usage_quantity=Decimal("0.1"), **seconds) for n in range(3)], now)
    assert sums(store, "usage_quantity", "usage_unit") == [(Decimal("0.3"), "seconds")]


@pytest.mark.parametrize(
    ("occurred_at", "is_taken"),
    [
        (NOON + timedelta(days=1), True),
        (NOON + timedelta(days=1, seconds=1), False),
        (NOON - timedelta(days=LATEST_DAYS, hours=12), True),
        (NOON - timedelta(days=LATEST_DAYS, hours=12, seconds=1), False),
    ],
)
def test_late_and_future_events_are_taken_within_limits(
    occurred_at: datetime, is_taken: bool, store: Store, now: datetime
) -> None:
    counted = save_events(store, [metered("a"), metered("b", occurred_at=occurred_at)], now)
    assert counted.new == 1 + is_taken
    assert [(at, refusal.field) for at, refusal in counted.refused.items()] == [(1, "occurred_at")] * (not is_taken)


@pytest.mark.parametrize(
    ("name", "largest"),
    [("cost", LARGEST_AMOUNT), ("input_tokens", LARGEST_NANOS), ("usage_quantity", Decimal(LARGEST_NANOS).scaleb(-6))],
)
def test_an_event_that_would_leave_the_range_of_the_store_is_refused_alone(
    name: str, largest: Any, store: Store, now: datetime
) -> None:
    assert save_events(store, [metered("a", **{name: largest})], now).new == 1
    counted = save_events(store, [metered("b", **{name: 1}), metered("c", **{name: 0})], now)
    assert (counted.new, {at: refusal.field for at, refusal in counted.refused.items()}) == (1, {0: name})
    assert sums(store, name, "events") == [(largest, 2)]


def test_more_events_than_are_looked_up_at_once_are_each_counted_once(
    store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metering_rows, "LOOKED_UP_AT_ONCE", 7)
    events = [metered(str(n), model=f"model-{n % 20}", occurred_at=NOON - timedelta(days=n % 3)) for n in range(100)]
    assert save_events(store, events[:60], now).new == 60
    assert save_events(store, events, now).new == 40
    assert (sum(sums(store, "events")), len(sums(store, "events"))) == (100, 60)


def test_a_save_that_fails_saves_nothing(store: Store, now: datetime) -> None:
    save_events(store, [metered("a")], now)
    before = everything(store)

    def refuse(*given: Any) -> None:
        if "metered_cost" in given[2] and given[2].startswith("INSERT"):
            raise ZeroDivisionError

    sqlalchemy_event.listen(store.engine, "before_cursor_execute", refuse)
    with pytest.raises(ZeroDivisionError):
        save_events(store, [metered("b")], now)
    sqlalchemy_event.remove(store.engine, "before_cursor_execute", refuse)
    assert everything(store) == before
    assert save_events(store, [metered("b")], now).new == 1


def test_a_read_only_database_is_explained(sqlite_settings: Settings, now: datetime) -> None:
    opened = open_store(sqlite_settings)
    sqlalchemy_event.listen(
        opened.engine, "checkout", lambda connection, *_: connection.execute("PRAGMA query_only=ON")
    )
    with pytest.raises(StoreError, match="read-only"):
        save_events(opened, [metered("a")], now)
    assert sums(opened, "events") == []
    opened.close()


def test_metering_moves_its_own_version_and_not_that_of_the_costs(store: Store, now: datetime) -> None:
    costs, seen = data_version(store), metering_version(store)
    save_events(store, [metered("a")], now)
    assert data_version(store) == costs
    assert metering_version(store) > seen


def test_only_digests_that_may_no_longer_come_are_forgotten(store: Store, now: datetime) -> None:
    last, gone = now - timedelta(days=LATEST_DAYS), now - timedelta(days=LATEST_DAYS + 1)
    save_events(store, [metered("last", occurred_at=last), metered("now")], now)
    save_events(store, [metered(f"gone {n}", occurred_at=gone) for n in range(3)], now - timedelta(days=1))
    costs = sums(store, "day", "cost", "events")
    assert [prune(store, now.date(), limit=2) for _ in range(3)] == [2, 1, 0]
    assert rows(store, SeenEvent, "day") == [last.date(), now.date()]
    assert sums(store, "day", "cost", "events") == costs
    assert save_events(store, [metered("last", occurred_at=last)], now).new == 0


def test_a_backup_brings_metering_back_and_what_was_counted_stays_counted(
    store: Store, now: datetime, tmp_path: Path
) -> None:
    save_events(store, [metered("a", usage_quantity=Decimal("1.5"), usage_unit="images")], now)
    before = everything(store)
    backup(store, tmp_path / "backup.db")
    save_events(store, [metered("b"), metered("c", model="other")], now)
    seen = metering_version(store)
    restore(store, tmp_path / "backup.db", now)
    assert everything(store) == before
    assert metering_version(store) != seen
    assert save_events(store, [metered("a"), metered("b")], now).new == 1
