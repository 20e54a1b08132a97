"""OpenAI's cost rows: exact amounts in all the spellings that were seen, nulls wherever nothing was grouped.

A spelling may carry digits beyond the nano-dollar, as real answers do. They stay below 1e-12 dollars a row, so every
sum is still exact to the nano-dollar once it is rounded.
"""

import math
import zlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from demo.cells import Cell
from demo.openai_labels import line_item, printed_quantity, quantity_unit

COST_DIMENSIONS = ("project_id", "user_id", "line_item", "api_key_id", "api_source")
DIGITS = 16
FLOAT_IS_CLEAN_BELOW = 1_000 * 10**9
SPELLINGS = 6
JSON = dict[str, Any]


def cost_results(
    cells: list[Cell], start: int, *, groups: Sequence[str], filters: Mapping[str, Sequence[str]], surplus: int
) -> list[JSON]:
    """The rows of one bucket. `surplus` nano-dollars are added to its first row."""
    grouped: dict[tuple[str | None, ...], list[Cell]] = {}
    for cell in cells:
        if not cell.is_billed:
            continue
        place = _place(cell)
        if all(place[dimension] in chosen for dimension, chosen in filters.items() if chosen):
            grouped.setdefault(tuple(place[dimension] for dimension in groups), []).append(cell)
    rows = []
    for key in sorted(grouped, key=repr):
        rows.append(_row(dict(zip(groups, key, strict=True)), grouped[key], start, surplus))
        surplus = 0
    return rows


def _place(cell: Cell) -> dict[str, str | None]:
    return {
        "project_id": cell.workspace_id or None,
        "api_key_id": cell.api_key_id or None,
        "line_item": line_item(cell),
        "user_id": None,
        "api_source": "unlabeled",
    }


def _row(place: Mapping[str, str | None], cells: list[Cell], start: int, surplus: int) -> JSON:
    luck = zlib.crc32(f"{start} {place}".encode())
    row: JSON = {
        "object": "organization.costs.result",
        "amount": {"value": spelled(sum(cell.nanos for cell in cells) + surplus, luck), "currency": "usd"},
        **dict.fromkeys(COST_DIMENSIONS),
        "quantity": None,
        "quantity_unit": None,
        **place,
    }
    if "line_item" in place:
        row["quantity"] = printed_quantity(cells[0], sum(cell.quantity for cell in cells))
        row["quantity_unit"] = quantity_unit(cells[0])
    if luck % 5 == 0:
        row |= {"organization_id": "org-demo", "organization_name": "Demo Company"}
    return row


def spelled(nanos: int, luck: int) -> str | float:
    """An amount in dollars: a string or a number, with zeros, noise or an exponent behind it, as `luck` has it."""
    exact = Decimal(nanos).scaleb(-9)
    spelling = luck % SPELLINGS
    if spelling in {0, 1} and abs(nanos) < FLOAT_IS_CLEAN_BELOW:
        number = float(exact)
        return math.nextafter(number, math.inf if luck & 64 else -math.inf) if nanos and spelling else number
    if spelling == 2:  # noqa: PLR2004 - one of the spellings
        return f"{exact + Decimal(luck % 997).scaleb(-DIGITS):.{DIGITS + 10}f}"
    if spelling == 3:  # noqa: PLR2004
        return str(exact.normalize() if nanos else exact)
    return f"{exact:.{DIGITS}f}"
