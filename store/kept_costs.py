"""The longest span of costs read so far, kept in memory: a shorter period is a part of it and needs no database."""

import threading
from collections.abc import Callable

from store.engine import Store
from store.queries import parted_series
from store.records import Window
from store.series import CostSeries, Spend


class KeptCosts:
    """Costs of one data version, for any number of threads; a period not within them is read and kept instead."""

    def __init__(self, read: Callable[[Store, Window], tuple[CostSeries, CostSeries]] = parted_series) -> None:
        self._read = read
        self._alone = threading.Lock()
        self._version = -1
        self._span: Window | None = None
        self._kept: tuple[CostSeries, CostSeries] | None = None

    def parted(self, store: Store, window: Window, version: int) -> tuple[Spend, Spend]:
        """`queries.parted_spend` of the window at a data version, whatever was read before."""
        wanted = Window(window.previous.start, window.end)
        with self._alone:
            kept = self._kept if version == self._version else None
            if kept is None or self._span is None or not _holds(self._span, wanted):
                self._kept = None
                kept = self._read(store, wanted)
                self._version, self._span, self._kept = version, wanted, kept
        return kept[0].within(window), kept[1].within(window)


def _holds(span: Window, wanted: Window) -> bool:
    return span.start <= wanted.start and wanted.end <= span.end
