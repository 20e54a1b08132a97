"""From what people call a period to a window of UTC days."""

from datetime import date, timedelta

from store.records import Window

CUSTOM = "custom"
PERIODS = {
    "7d": "Last 7 days",
    "30d": "Last 30 days",
    "90d": "Last 90 days",
    "month": "This month",
    "last-month": "Last month",
    "year": "Year to date",
    CUSTOM: "Custom range",
}
DEFAULT = "30d"


def window_of(period: str, today: date, days: tuple[date, ...] = ()) -> Window:
    """The window of a preset, today included; `days` are first and last day of a custom range, either order."""
    tomorrow = today + timedelta(days=1)
    if period == CUSTOM and days:
        return Window(min(days), max(days) + timedelta(days=1))
    if period == "month":
        return Window(today.replace(day=1), tomorrow)
    if period == "last-month":
        end = today.replace(day=1)
        return Window((end - timedelta(days=1)).replace(day=1), end)
    if period == "year":
        return Window(today.replace(month=1, day=1), tomorrow)
    length = {"7d": 7, "90d": 90}.get(period, 30)
    return Window(tomorrow - timedelta(days=length), tomorrow)
