"""Numbers and times as people read them.

`N/A` is "the provider does not say", `—` is "nothing to compare with", 0 is measured.
"""

import math
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from store.records import Window, from_nanos

UNKNOWN = "N/A"
INCOMPARABLE = "—"
CENT = Decimal("0.01")
MILLION = Decimal(1_000_000)
MINUS = "−"
NO_CHANGE = 0.0005
SMALLEST_PRICE = 1e-7
TENFOLD = 10
WHOLE = 100
STEPS = ((1_000_000_000_000, "T"), (1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K"))


def money(dollars: Decimal | None) -> str:
    """`$1,234.56` with all whole digits; what is below a cent but not zero says so."""
    if dollars is None:
        return UNKNOWN
    sign = MINUS if dollars < 0 else ""
    size = abs(dollars)
    if 0 < size < CENT:
        return f"> {MINUS}$0.01" if sign else "< $0.01"
    return f"{sign}${size.quantize(CENT, rounding=ROUND_HALF_EVEN):,}"


def figure(nanos: int | None) -> str:
    """The same, shorter above a million: `$1.23M`. Takes nano-dollars."""
    if nanos is None:
        return UNKNOWN
    dollars = from_nanos(nanos)
    if abs(dollars) < MILLION:
        return money(dollars)
    sign = MINUS if dollars < 0 else ""
    return f"{sign}${(abs(dollars) / MILLION).quantize(CENT, rounding=ROUND_HALF_EVEN):,}M"


def unit_price(dollars: float | None) -> str:
    """Four decimals, as prices per million tokens are quoted; three digits of what is smaller than a cent."""
    if dollars is None:
        return UNKNOWN
    sign, size = MINUS if dollars < 0 else "", abs(dollars)
    if 0 < size < SMALLEST_PRICE:
        return f"{'>' if sign else '<'} {sign}$0.0000001"
    if 0 < size < CENT:
        written = f"{size:.{2 - math.floor(math.log10(size))}f}".rstrip("0")
        return f"{sign}${written:0<6}"
    return f"{sign}${size:,.4f}"


def count(number: float | None) -> str:
    """`950`, `12.4K`, `3.1M`, `2.0B`."""
    if number is None:
        return UNKNOWN
    for size, letter in STEPS:
        if abs(number) >= size * 0.99995:
            return f"{number / size:,.1f}{letter}"
    return f"{number:,.0f}"


def change(ratio: float | None) -> str:
    """`↑ 12.3 %`, `↓ 4.0 %`."""
    if ratio is None:
        return INCOMPARABLE
    if abs(ratio) < NO_CHANGE:
        return "0.0 %"
    arrow = "↑" if ratio > 0 else "↓"
    size = abs(ratio)
    return f"{arrow} {size * 100:,.1f} %" if size < TENFOLD else f"{arrow} {size * 100:,.0f} %"


def percent(ratio: float) -> str:
    """Whole percents; what is not all is never written as 100, what is not nothing never as 0."""
    whole = round(ratio * 100)
    if whole == WHOLE and ratio < 1:
        return "> 99 %"
    if whole == 0 and ratio > 0:
        return "< 1 %"
    return f"{whole} %"


def day(chosen: date) -> str:
    """`3 Nov`."""
    return f"{chosen.day} {chosen:%b}"


def full_day(chosen: date) -> str:
    """`3 Nov 2026`."""
    return f"{chosen.day} {chosen:%b %Y}"


def days(window: Window) -> str:
    """`1 Oct – 31 Oct 2026`; the first year only where it differs."""
    first, last = window.start, window.last_day
    if first == last:
        return full_day(first)
    return f"{day(first) if first.year == last.year else full_day(first)} – {full_day(last)}"


def instant(at: datetime) -> str:
    """`23 Nov 2026, 14:05 UTC`."""
    utc = at.astimezone(UTC)
    return f"{full_day(utc.date())}, {utc:%H:%M} UTC"


def ago(at: datetime, now: datetime) -> str:
    """`just now`, `4 min ago`, `3 h ago`, `2 days ago`."""
    passed = now - at
    if passed < timedelta(minutes=1):
        return "just now"
    if passed < timedelta(hours=1):
        return f"{passed // timedelta(minutes=1)} min ago"
    if passed < timedelta(hours=48):
        return f"{passed // timedelta(hours=1)} h ago"
    return f"{passed.days} days ago"


def counted(number: int, word: str) -> str:
    """`1 row`, `1,204 rows`."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
