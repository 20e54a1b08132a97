"""Metered costs read so far, kept in memory: while clients meter, it is a day or two of them that change."""

import threading
from collections.abc import Callable
from datetime import date, timedelta

import polars as pl

from store.engine import Store
from store.metered import METERED_SCHEMA, event_counts, read_metered
from store.records import Window


class KeptMetered:
    """Metered costs of a span, for any number of threads; a day is read again when it has other events than before."""

    def __init__(self, read: Callable[[Store, Window], pl.DataFrame] = read_metered) -> None:
        self._read = read
        self._alone = threading.Lock()
        self._version = -1
        self._span: Window | None = None
        self._days: dict[date, tuple[int, pl.DataFrame]] = {}

    def within(self, store: Store, window: Window, version: int) -> pl.DataFrame:
        """`metered.read_metered` of the window at a `metering_version`, or newer."""
        with self._alone:
            is_held = self._span is not None and self._span.start <= window.start and window.end <= self._span.end
            if self._span is None or not is_held:
                self._span, self._version = window, -1
            if version != self._version:
                self._days = self._renewed(store, self._span)
                self._version = version
            days = [rows for day, (_, rows) in self._days.items() if window.start <= day < window.end]
        return pl.concat([pl.DataFrame(schema=METERED_SCHEMA), *days], rechunk=True)

    def _renewed(self, store: Store, span: Window) -> dict[date, tuple[int, pl.DataFrame]]:
        found = {}
        for day, events in event_counts(store, span).items():  # before the rows, which may be newer
            known, rows = self._days.get(day, (0, None))
            if rows is None or known != events:
                rows = self._read(store, Window(day, day + timedelta(days=1)))
            found[day] = (events, rows)
        return found
