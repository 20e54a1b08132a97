"""Metered costs kept in memory are those of the database, and only days with new events are read again."""

from datetime import UTC, date, datetime, timedelta

import polars as pl

from store.engine import Store
from store.kept_metered import KeptMetered
from store.metered import read_metered
from store.metering import metering_version, save_events
from store.records import Window
from tests.metering.test_store import metered
from tests.store.cast import march


class Reading:
    """`read_metered` that remembers the days it was asked for."""

    def __init__(self) -> None:
        self.days: list[int] = []

    def __call__(self, store: Store, window: Window) -> pl.DataFrame:
        assert window.length == 1
        self.days.append(window.start.day)
        return read_metered(store, window)


def call(store: Store, event_id: str, on: int, **more: str) -> None:
    at = datetime(2026, 3, on, 12, tzinfo=UTC)
    save_events(store, [metered(event_id, occurred_at=at, **more)], at + timedelta(days=1))


def test_a_day_is_read_again_when_it_has_new_events(store: Store) -> None:
    reading = Reading()
    kept = KeptMetered(reading)
    for on in (10, 11, 12):
        call(store, f"{on}", on, api_key="prod")
    assert kept.within(store, march(9, 13), metering_version(store)).equals(read_metered(store, march(9, 13)))
    call(store, "again", 11, api_key="prod")
    call(store, "new", 9)
    assert kept.within(store, march(9, 13), metering_version(store)).equals(read_metered(store, march(9, 13)))
    assert reading.days == [10, 11, 12, 9, 11]


def test_a_shorter_period_is_cut_out_and_an_older_one_is_read(store: Store) -> None:
    reading = Reading()
    kept = KeptMetered(reading)
    for on in (8, 10, 11, 12):
        call(store, f"{on}", on)
    version = metering_version(store)
    for window, read in ((march(10, 12), [10, 11, 12]), (march(11, 11), []), (march(7, 11), [8]), (march(1, 5), [])):
        reading.days.clear()
        found = kept.within(store, window, version)
        assert found.equals(read_metered(store, window))
        assert found.schema == read_metered(store, window).schema
        assert reading.days == read


def test_nothing_metered_is_an_empty_frame(store: Store) -> None:
    empty = KeptMetered().within(store, Window(date(2026, 3, 1), date(2026, 3, 9)), 0)
    assert empty.equals(read_metered(store, march(1, 8)))
