"""The longest span of cost rows read so far, kept in memory: a shorter period is a part of it and needs no database."""

import threading
from collections.abc import Callable

import polars as pl

from store.engine import Store
from store.queries import parted_rows
from store.records import Window

Parted = tuple[pl.DataFrame, pl.DataFrame]


class KeptCosts:
    """Rows of one data version, for any number of threads; a period not within them is read and kept instead."""

    def __init__(self, read: Callable[[Store, Window], Parted] = parted_rows) -> None:
        self._read = read
        self._alone = threading.Lock()
        self._version = -1
        self._span: Window | None = None
        self._kept: Parted | None = None

    def parted(self, store: Store, window: Window, version: int) -> Parted:
        """`queries.parted_rows` of the window at a data version, whatever was read before."""
        wanted = Window(window.previous.start, window.end)
        with self._alone:
            kept = self._kept if version == self._version else None
            if kept is None or self._span is None or not _holds(self._span, wanted):
                self._kept = None
                kept = self._read(store, window)
                self._version, self._span, self._kept = version, wanted, kept
        days = pl.col("day").is_between(wanted.start, wanted.end, closed="left")
        return kept[0].filter(days), kept[1].filter(days)


def _holds(span: Window, wanted: Window) -> bool:
    return span.start <= wanted.start and wanted.end <= span.end
