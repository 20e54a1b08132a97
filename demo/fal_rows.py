"""How fal prints what some cells cost: a row, or one for each rate, as binary fractions or to the last digit.

`cost` is the old name of `cost_total`; a row may leave out whatever it need not tell.
"""

import math
import zlib
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, localcontext
from random import Random
from typing import Any

from demo.cells import Cell
from demo.fal_spend import FalStory, unit_of
from demo.wire import Request

NOISY_BELOW = 1_000
"""Dollars. The noise of larger sums would reach a nano-dollar."""
EXACT_DIGITS = 60
PIECE_DIGITS = 28
PRICE_DECIMALS = 18
LONGEST_DECIMALS = 38
MOST_RATES = 3
DISPENSABLE = ("unit_price", "percent_discount", "cost_subtotal", "cost_discount", "quantity")
NAMES_OF_COST = ("cost_total", "cost")
JSON = dict[str, Any]


def story_of(request: Request) -> FalStory:
    story = request.world.story("fal")
    assert isinstance(story, FalStory)
    return story


def money_rows(request: Request, begin: datetime, cells: Sequence[Cell]) -> list[JSON]:
    """Rows that add up to what the cells cost; these are of one unit, one discount."""
    story = story_of(request)
    chance = Random(f"{begin} {cells[0].identity}")  # noqa: S311 - a repeatable world, no secret
    with localcontext(prec=EXACT_DIGITS):
        nanos = sum(request.manners.dusted(cell.nanos, (cell.day, *cell.identity)) for cell in cells)
        total = Decimal(nanos).scaleb(-9)
        unit, quanta = unit_of(cells[0].kind)
        quantity = Decimal(sum(cell.quantity for cell in cells)) / quanta
        pieces = _pieces(total, chance) if story.is_exact else [total]
        counts = [quantity, *[Decimal(0)] * (len(pieces) - 1)]
        rows = [_row(begin, cells[0], piece, (count, unit), story) for piece, count in zip(pieces, counts, strict=True)]
    names_unit = bool(chance.randrange(2))
    return [_less(row, chance, names_unit=names_unit) if story.is_terse else row for row in rows]


def _pieces(total: Decimal, chance: Random) -> list[Decimal]:
    """The total in parts of many digits, which add up to it."""
    parts = []
    for _ in range(chance.randrange(MOST_RATES) if total else 0):
        with localcontext(prec=PIECE_DIGITS):
            part = total / chance.randint(3, 7)
        parts.append(round(part, LONGEST_DECIMALS))
    return [*parts, total - sum(parts)]


def _row(begin: datetime, cell: Cell, total: Decimal, used: tuple[Decimal, str], story: FalStory) -> JSON:
    quantity, unit = used
    percent = discount(cell)
    with localcontext(prec=PIECE_DIGITS):
        subtotal = total * 100 / (100 - percent)
    unit_price = round(subtotal / quantity, PRICE_DECIMALS) if quantity else Decimal(0)
    number = _exact if story.is_exact else _number
    luck = zlib.crc32(f"{begin} {cell.identity}".encode())
    spelled = _exact(total) if story.is_exact else _number(total, luck)
    return {
        "unit": unit,
        "quantity": number(quantity),
        "unit_price": number(unit_price),
        "percent_discount": percent or None,
        "cost_subtotal": number(subtotal),
        "cost_discount": number(subtotal - total),
        "cost_total": spelled,
        "cost": spelled,
        "currency": "USD",
    }


def discount(cell: Cell) -> Decimal:
    """Percent off."""
    return Decimal(cell.variant.removeprefix("discount ") if cell.variant.startswith("discount ") else 0)


def _less(row: JSON, chance: Random, *, names_unit: bool) -> JSON:
    """The row without some of what it need not tell, missing or null; with one name of its cost.

    The unit stands in all rows of a use or in none: amounts of another unit are another line of the bill.
    """
    left_out = [chance.choice(NAMES_OF_COST), *(name for name in DISPENSABLE if chance.randrange(2))]
    if not names_unit:
        left_out.append("unit")
    kept = {name: value for name, value in row.items() if name not in left_out}
    if chance.randrange(2):
        return kept | dict.fromkeys(left_out)
    return kept | {"currency": "usd"}


def _exact(number: Decimal) -> Decimal | int:
    return int(number) if number == number.to_integral_value() else number


def _number(exact: Decimal, luck: int = 1) -> float | int:
    """A JSON number; whole ones as integers, some of the others with the noise of binary fractions behind them."""
    if exact == exact.to_integral_value():
        return int(exact)
    number = float(exact)
    if luck % 4 == 0 and exact < NOISY_BELOW:
        return math.nextafter(number, math.inf if luck & 64 else -math.inf)
    return number
