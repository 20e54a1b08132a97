"""What a member of an answer may be."""

from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import UnexpectedResponse
from connectors.fields import Fields


@pytest.mark.parametrize(
    ("value", "count"),
    [(None, None), (0, 0), (7, 7), ("7", 7), (Decimal("7.0"), 7), (10**18 - 1, 10**18 - 1)],
)
def test_a_count_is_a_whole_number_in_any_spelling(value: Any, count: int | None) -> None:
    found = Fields("Acme /costs", {"calls": value}).count("calls")
    assert found == count
    assert type(found) in {int, type(None)}


@pytest.mark.parametrize("value", [-1, True, 10**18, "x", "-1", Decimal("0.5"), Decimal("1E+400"), [7]])
def test_what_is_no_count_is_refused_without_its_value(value: Any) -> None:
    with pytest.raises(UnexpectedResponse, match=r"^Acme /costs: calls (is|has) [a-z ]+\.$"):
        Fields("Acme /costs", {"calls": value}).count("calls")
