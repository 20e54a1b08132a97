"""Which days Anthropic's analytics serve: found by asking, as the reach moves with the clock and may change.

The analytics are documented to reach back 365 days and not before 2026; whether they take an end in the future, as the
running day has, is not documented. A refused window is searched for the days that are served; the others are left to
the legacy reports.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import TypeVar

from connectors.answers import NOT_FOUND
from connectors.anthropic_directory import AnthropicSession
from connectors.anthropic_reports import ANALYTICS_COST, probe
from connectors.errors import CredentialLacksBilling
from connectors.http import RequestRefused
from store.records import Window

BAD_QUESTION = 400
_DAY = timedelta(days=1)

T = TypeVar("T")


def by_analytics(
    session: AnthropicSession, window: Window, read: Callable[[Window], T | None]
) -> tuple[Window | None, T | None]:
    """The days of a window that the analytics serve, and what was read of them; None twice where they serve none.

    A reading of nothing (None or empty) serves no day: the legacy reports say whether nothing was billed.
    """
    if session.is_enterprise:
        return window, read(window)
    if session.analytics_from is None or session.analytics_from >= window.end:
        return None, None
    span = Window(max(window.start, session.analytics_from), window.end)
    try:
        return _unless_empty(span, read(span))
    except CredentialLacksBilling:
        session.analytics_from = None
    except RequestRefused as refused:
        if refused.status == NOT_FOUND:
            session.analytics_from = None
        elif refused.status != BAD_QUESTION:
            raise
    served = _served(session, span) if session.analytics_from else None
    return _unless_empty(served, read(served)) if served else (None, None)


def _unless_empty(span: Window, found: T | None) -> tuple[Window | None, T | None]:
    return (span, found) if found else (None, None)


def _served(session: AnthropicSession, window: Window) -> Window | None:
    """The served days of a refused window, remembered in the session."""

    def is_served(day: date) -> bool:
        try:
            probe(session.analytics, ANALYTICS_COST, day)
        except RequestRefused:
            return False
        return True

    end = window.end if is_served(window.last_day) else window.last_day
    if end == window.start or not is_served(end - _DAY):
        session.analytics_from = window.end
        return None
    refused, first = window.start - _DAY, end - _DAY
    while first - refused > _DAY:
        middle = refused + (first - refused) // 2
        refused, first = (refused, middle) if is_served(middle) else (middle, first)
    session.analytics_from = first
    return Window(first, end)


def without(window: Window, served: Window | None) -> list[Window]:
    """The days of a window before and after those served."""
    if served is None:
        return [window]
    edges = ((window.start, served.start), (served.end, window.end))
    return [Window(start, end) for start, end in edges if start < end]
