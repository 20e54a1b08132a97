"""A bill that Anthropic writes on while it is read: which total its days get."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.anthropic import fetch
from store.records import Window
from tests.connectors.anthropic.fake import EMPTY_PAGE
from tests.connectors.anthropic.wire import (
    COST,
    DAY,
    OLD_COST,
    OLD_DAY,
    ONE_DAY,
    Ask,
    Query,
    account,
    bounds,
    line,
    old_line,
    page,
    session,
)

OLD_ONE_DAY = Window(OLD_DAY, OLD_DAY + timedelta(days=1))


def grows(cost: str, *, by: str) -> Ask:
    """An account whose day costs a cent, and `by` more cents with each answer of the report `cost`."""
    told = Decimal(0)

    def answer(path: str, query: Query) -> Any:
        nonlocal told
        if path != cost:
            return EMPTY_PAGE
        told += Decimal(by) if told else Decimal(1)
        if path == COST:
            return page([line(str(told))])
        return page([{**bounds(OLD_DAY), "results": [old_line(str(told))]}])

    return answer


@pytest.mark.parametrize(("cost", "window"), [(COST, ONE_DAY), (OLD_COST, OLD_ONE_DAY)])
@pytest.mark.parametrize("by", ["1", "0.0000001", "-2"])
def test_a_day_that_moves_past_its_total_while_it_is_read_takes_that_of_its_lines(
    cost: str, window: Window, by: str
) -> None:
    seen: list[tuple[str, Query, str]] = []
    statement = fetch(session(grows(cost, by=by), seen=seen), window)
    third = (1 + 2 * Decimal(by)).scaleb(-2)
    assert [record.billed_cost for record in statement.costs] == [third]
    assert statement.control_totals == {window.start: third}
    assert "unattributed" not in "".join(statement.notes)
    assert len([path for path, *_ in seen if path == cost]) == 3


def test_a_total_that_differs_while_the_lines_stand_still_keeps_its_remainder() -> None:
    seen: list[tuple[str, Query, str]] = []
    statement = fetch(session(account([line("100")], "125"), seen=seen), ONE_DAY)
    assert statement.control_totals == {DAY: Decimal("1.25")}
    assert "unattributed" in statement.notes[0]
    assert len([path for path, *_ in seen if path == COST]) == 3
