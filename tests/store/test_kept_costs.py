"""Costs kept in memory answer as the database would, whatever was read before."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import polars as pl
import pytest

from store.engine import Store
from store.frames import data_version, read_costs
from store.kept_costs import KeptCosts
from store.queries import parted_series, parted_spend
from store.records import Window
from store.series import CostSeries, Spend
from tests.store.cast import Syncing, bill, cost, day, march


class Reading:
    """`parted_series` that remembers the spans it was asked for."""

    def __init__(self) -> None:
        self.windows: list[Window] = []

    def __call__(self, store: Store, window: Window) -> tuple[CostSeries, CostSeries]:
        self.windows.append(window)
        return parted_series(store, window)


def rows_of(spend: Spend) -> pl.DataFrame:
    return spend.rows().drop("series").sort("day", "billed_cost")


def month(sync: Syncing) -> None:
    sync.save(bill(march(1, 30), *[cost(number, str(number)) for number in range(1, 31)]))


@pytest.mark.parametrize("window", [march(20, 30), march(26, 30), march(16, 22), march(10, 12), march(30, 30)])
def test_a_shorter_period_is_cut_out_of_a_longer_one(sync: Syncing, window: Window) -> None:
    month(sync)
    reading = Reading()
    kept = KeptCosts(reading)
    kept.parted(sync.store, march(16, 30), 1)
    found, wanted = kept.parted(sync.store, window, 1), parted_spend(sync.store, window)
    for ours, theirs in zip(found, wanted, strict=True):
        assert rows_of(ours).equals(rows_of(theirs))
        assert ours.sums.drop("series").equals(theirs.sums.drop("series"))
        assert ours.by_day(["model"]).equals(theirs.by_day(["model"]))
        assert ours.bills.sort("day").equals(theirs.bills.sort("day"))
    assert reading.windows == [march(1, 30)]


def test_a_longer_period_is_read_and_kept_instead(sync: Syncing) -> None:
    month(sync)
    reading = Reading()
    kept = KeptCosts(reading)
    for window in (march(28, 30), march(16, 30), march(28, 30)):
        assert rows_of(kept.parted(sync.store, window, 1)[0]).equals(rows_of(parted_spend(sync.store, window)[0]))
    assert reading.windows == [march(25, 30), march(1, 30)]


def test_a_saved_change_is_read_at_once(sync: Syncing) -> None:
    month(sync)
    kept = KeptCosts()
    before = kept.parted(sync.store, march(16, 30), data_version(sync.store))[0]
    sync.save(bill(march(30, 30), cost(30, "99")))
    after = kept.parted(sync.store, march(16, 30), data_version(sync.store))[0]
    last = pl.col("day") == day(30)
    assert rows_of(before).filter(last)["billed_cost"].to_list() == [30 * 10**9]
    assert rows_of(after).filter(last)["billed_cost"].to_list() == [99 * 10**9]


def test_what_could_not_be_read_is_not_kept(sync: Syncing) -> None:
    month(sync)
    faults = [OSError("no")]

    def read(store: Store, window: Window) -> tuple[CostSeries, CostSeries]:
        if faults:
            raise faults.pop()
        return parted_series(store, window)

    kept = KeptCosts(read)
    with pytest.raises(OSError, match="no"):
        kept.parted(sync.store, march(16, 30), 1)
    assert rows_of(kept.parted(sync.store, march(16, 30), 1)[0]).height == 15


def test_sessions_that_come_at_once_share_one_reading(sync: Syncing) -> None:
    month(sync)
    reading = Reading()
    kept = KeptCosts(reading)
    heights: list[int] = []
    begin = threading.Barrier(8)

    def ask() -> None:
        begin.wait()
        heights.append(rows_of(kept.parted(sync.store, march(16, 30), 1)[0]).height)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heights == [15] * 8
    assert reading.windows == [march(1, 30)]


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
            frame = read_costs(sync.store, whole)
            assert (frame.height, frame["billed_cost"].n_unique()) == (30, 1)
        writing.result()
    assert read_costs(sync.store, whole)["billed_cost"].to_list() == [29 * 10**9] * 30
