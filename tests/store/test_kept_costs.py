"""Costs kept in memory answer as the database would, whatever was read before."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import polars as pl
import pytest

from store.engine import Store
from store.frames import data_version
from store.kept_costs import KeptCosts, Parted
from store.queries import parted_rows
from store.records import Window
from tests.store.cast import Syncing, bill, cost, day, march


class Reading:
    """`parted_rows` that remembers the windows it was asked for."""

    def __init__(self) -> None:
        self.windows: list[Window] = []

    def __call__(self, store: Store, window: Window) -> Parted:
        self.windows.append(window)
        return parted_rows(store, window)


def month(sync: Syncing) -> None:
    sync.save(bill(march(1, 30), *[cost(number, str(number)) for number in range(1, 31)]))


@pytest.mark.parametrize("window", [march(20, 30), march(26, 30), march(16, 22), march(10, 12), march(30, 30)])
def test_a_shorter_period_is_cut_out_of_a_longer_one(sync: Syncing, window: Window) -> None:
    month(sync)
    reading = Reading()
    kept = KeptCosts(reading)
    kept.parted(sync.store, march(16, 30), 1)
    found, wanted = kept.parted(sync.store, window, 1), parted_rows(sync.store, window)
    assert found[0].equals(wanted[0])
    assert found[1].equals(wanted[1])
    is_within = window.previous.start >= day(1)
    assert reading.windows == ([march(16, 30)] if is_within else [march(16, 30), window])


def test_a_longer_period_is_read_and_kept_instead(sync: Syncing) -> None:
    month(sync)
    reading = Reading()
    kept = KeptCosts(reading)
    for window in (march(28, 30), march(16, 30), march(28, 30)):
        assert kept.parted(sync.store, window, 1)[0].equals(parted_rows(sync.store, window)[0])
    assert reading.windows == [march(28, 30), march(16, 30)]


def test_a_saved_change_is_read_at_once(sync: Syncing) -> None:
    month(sync)
    kept = KeptCosts()
    before = kept.parted(sync.store, march(16, 30), data_version(sync.store))[0]
    sync.save(bill(march(30, 30), cost(30, "99")))
    after = kept.parted(sync.store, march(16, 30), data_version(sync.store))[0]
    last = pl.col("day") == day(30)
    assert before.filter(last)["billed_cost"].to_list() == [30 * 10**9]
    assert after.filter(last)["billed_cost"].to_list() == [99 * 10**9]


def test_what_could_not_be_read_is_not_kept(sync: Syncing) -> None:
    month(sync)
    faults = [OSError("no")]

    def read(store: Store, window: Window) -> Parted:
        if faults:
            raise faults.pop()
        return parted_rows(store, window)

    kept = KeptCosts(read)
    with pytest.raises(OSError, match="no"):
        kept.parted(sync.store, march(16, 30), 1)
    assert kept.parted(sync.store, march(16, 30), 1)[0].height == 30


def test_sessions_that_come_at_once_share_one_reading(sync: Syncing) -> None:
    month(sync)
    reading = Reading()
    kept = KeptCosts(reading)
    heights: list[int] = []
    begin = threading.Barrier(8)

    def ask() -> None:
        begin.wait()
        heights.append(kept.parted(sync.store, march(16, 30), 1)[0].height)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heights == [30] * 8
    assert reading.windows == [march(16, 30)]


def test_a_frame_never_mixes_what_was_saved_before_and_after(sync: Syncing) -> None:
    """While a month is saved again and again with another price, all rows of a frame have the same."""
    whole = march(1, 30)

    def save(price: int) -> None:
        days = (whole.start + timedelta(days=number) for number in range(whole.length))
        sync.save(bill(whole, *[cost(one.day, str(price)) for one in days]))

    save(1)
    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(lambda: [save(price) for price in range(2, 30)])
        while not writing.done():
            frame = parted_rows(sync.store, march(16, 30))[0]
            assert (frame.height, frame["billed_cost"].n_unique()) == (30, 1)
        writing.result()
    assert parted_rows(sync.store, march(16, 30))[0]["billed_cost"].to_list() == [29 * 10**9] * 30
