"""Which sums the rows of a bill are held against when AWS writes more of it while it is read.

A sync reads the sums first and the rows after them, so rows of a day that has grown in between are above its sum. Only
then the sums are read once more: one request for all linked accounts and days that differ, and none where AWS has
written nothing, as is usual between two of its few updates a day. A day on which the sums have moved past the rows
takes the total of its rows; one on which they have not is told as it is, with a remainder.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from connectors.bedrock_ledger import Ledger, Sums, read_amounts, summed
from connectors.bedrock_rows import DUST, Bill, Place
from store.records import Window

if TYPE_CHECKING:
    from connectors.bedrock_session import BedrockSession


def settled(
    session: "BedrockSession", window: Window, ledger: Ledger, accounts: Iterable[str], bill: Bill
) -> dict[Place, Sums]:
    """AWS's sums of each day of the window and each account, of the same bill as the rows wherever possible."""
    places = [(day, account) for account in accounts for day in window.days()]
    told = {place: summed(ledger.amounts.get(place, {})) for place in places}
    moved = [place for place in places if _differ(told[place], bill.held(*place))]
    if moved:
        again = read_amounts(session, _span(day for day, _ in moved), ledger.services)
        for place in moved:
            after = summed(again.get(place, {}))
            told[place] = Sums(*map(_total, told[place], bill.held(*place), after))
    return told


def _differ(told: Sums, held: Sums) -> bool:
    return any(abs(one - other) >= DUST for one, other in zip(told, held, strict=True))


def _span(days: Iterable[date]) -> Window:
    known = sorted(days)
    return Window(known[0], known[-1] + timedelta(days=1))


def _total(before: Decimal, rows: Decimal, after: Decimal) -> Decimal:
    """What the rows add up to if AWS's sum went past that while they were read, else its newest sum."""
    return rows if before != after and min(before, after) <= rows <= max(before, after) else after
