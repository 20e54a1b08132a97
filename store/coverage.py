"""Which windows a sync reads: pure arithmetic on days.

An account covers one unbroken range of days. Forward first, so that new days show at once; then backward, newest first.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from store.records import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far a provider answers: `history_days` back, `restated_days` read again, `window_days` at a time.

    `first_day` is the first one that the account's own credential can read, where that is later.
    """

    history_days: int
    restated_days: int
    window_days: int
    first_day: date | None = None

    def oldest(self, today: date) -> date:
        """The first day the provider still serves; today at the latest."""
        oldest = today - timedelta(days=self.history_days - 1)
        return oldest if self.first_day is None else max(oldest, min(self.first_day, today))


def forward(covered: Window | None, reach: Reach, today: date, since: date | None = None) -> list[Window]:
    """Windows from the last covered days, or `since`, through today; in the order they join the covered range.

    The first sync of an account reads its newest window first and goes backward (see `backward`).
    """
    end = today + timedelta(days=1)
    oldest = reach.oldest(today)
    if covered is None:
        return [Window(max(oldest, end - timedelta(days=reach.window_days)), end)]
    start = min(covered.end - timedelta(days=reach.restated_days), today)
    if since is not None:
        start = min(max(since, covered.start), covered.end, today)
    return list(_ascending(max(start, oldest), end, reach.window_days))


def backward(covered: Window, reach: Reach, today: date, since: date | None = None) -> list[Window]:
    """Windows from the covered range towards the oldest day served, or `since`; newest first."""
    target = max(reach.oldest(today), since or date.min)
    windows = []
    end = covered.start
    while end > target:
        start = max(target, end - timedelta(days=reach.window_days))
        windows.append(Window(start, end))
        end = start
    return windows


def around(days: Iterable[date], reach: Reach) -> list[Window]:
    """As few windows as hold all the days, oldest first, none longer than the provider allows."""
    windows: list[Window] = []
    for day in sorted(set(days)):
        after = day + timedelta(days=1)
        if windows and (after - windows[-1].start).days <= reach.window_days:
            windows[-1] = Window(windows[-1].start, after)
        else:
            windows.append(Window(day, after))
    return windows


def differing(saved: Mapping[date, int], told: Mapping[date, int], window: Window, *, beyond: int = 0) -> list[date]:
    """Days of the window whose nano-dollar totals differ by more than `beyond`; a missing day is zero."""
    return [day for day in window.days() if abs(saved.get(day, 0) - told.get(day, 0)) > beyond]


def _ascending(start: date, end: date, longest: int) -> Iterator[Window]:
    while start < end:
        stop = min(end, start + timedelta(days=longest))
        yield Window(start, stop)
        start = stop
