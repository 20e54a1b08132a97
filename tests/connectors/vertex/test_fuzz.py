"""Damaged answers: whatever arrives, it is an error or a statement that adds up to the bill's own total."""

import json
import random
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import ConnectorError
from connectors.fields import Fields
from connectors.vertex import fetch
from connectors.vertex_table import ExportTable
from store.records import to_nanos
from tests.connectors.damage import BODIES, assert_adds_up, damage
from tests.connectors.local_server import Reply, Request
from tests.connectors.vertex.conftest import Open
from tests.connectors.vertex.wire import TABLE, TWO_DAYS, Bigquery, composed_bill

OVER_THE_WIRE = 250
TRUE_TOTAL, TRUE_CREDIT = Decimal("23.8625"), Decimal("0.525")
TRUE_NANOS = (23_862_500_000, 525_000_000)
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 10**30, Decimal("0.5"), Decimal("NaN"), Decimal("1E+400"), Decimal("1E-400"), "", "x", "NaN",
    "1e999", "9" * 60, "\0", "\ud800", "USD", "💸", date(2026, 11, 9), date(1, 1, 1), datetime(2026, 11, 9),  # noqa: DTZ001
    datetime(2026, 11, 9, tzinfo=UTC), [], {}, 2**63, 1.5, float("inf"), b"x", "2026-11-10", "0.8", "0",
)  # fmt: skip
ODD_JSON = (None, True, 0, -1, "", "x", "NaN", "1e999", [], {}, [None], {"v": 1}, 2**63)


class FuzzedSession:
    """A session below the client: rows of typed cells, some of them damaged."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.table = ExportTable(path=f"acme-finops.billing.{TABLE}", location="EU", partition=None, created=None,
                                 is_empty=False)  # fmt: skip
        self.answered_at = datetime(2026, 11, 10, 12, tzinfo=UTC)
        self._rows = rows

    def rows(self, sql: str, parameters: Any) -> list[Fields]:
        return [Fields("BigQuery", row) for row in self._rows]


def typed_rows() -> list[dict[str, Any]]:
    """The composed rows as Google's client gives them."""
    read = {
        "STRING": str,
        "BIGNUMERIC": Decimal,
        "DATE": date.fromisoformat,
        "TIMESTAMP": lambda text: datetime.fromtimestamp(int(text) / 10**6, UTC),
    }
    bill = composed_bill()
    return [
        {
            name: None if cell is None else read[kind](cell)
            for (name, kind), cell in zip(bill["schema"], row, strict=True)
        }
        for row in bill["rows"]
    ]


def is_another_bill(damaged: set[str]) -> bool:
    """Whether the damage makes no wrong bill but another one: a new rate, or an amount and its day's total alike."""
    return bool({"rate", "currency"} & damaged) or damaged in ({"cost", "day_cost"}, {"credit", "day_credit"})


def test_ten_thousand_damaged_answers_crash_nothing_and_change_no_total_in_silence() -> None:
    chance, whole = random.Random(20_261_120), typed_rows()
    errors: list[ConnectorError] = []
    quiet = 0
    for _ in range(BODIES):
        rows = [dict(row) for row in whole]
        row = chance.choice(rows)
        damaged = chance.sample(sorted(row), chance.randint(1, 2))
        for name in damaged:
            row[name] = chance.choice(ODD)
        try:
            statement = fetch(FuzzedSession(rows), TWO_DAYS)  # type: ignore[arg-type]
        except ConnectorError as error:
            errors.append(error)
            continue
        assert_adds_up(statement, TWO_DAYS)
        if not is_another_bill(set(damaged)):
            applied = sum((cost.credits_applied for cost in statement.costs), Decimal(0))
            assert statement.control_total is not None
            assert (to_nanos(statement.control_total), to_nanos(applied)) == TRUE_NANOS
        quiet += 1
    assert len(errors) > BODIES / 10
    assert quiet > BODIES / 10
    assert not [error for error in errors if "9" * 60 in error.message]


def test_lost_repeated_and_swapped_rows_are_seen() -> None:
    whole = typed_rows()
    for position in range(1, len(whole)):
        for rows in (whole[:position] + whole[position + 1 :], [*whole, whole[position]]):
            with pytest.raises(ConnectorError, match="do not add up"):
                fetch(FuzzedSession(rows), TWO_DAYS)  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore:Unknown type:FutureWarning")
def test_damaged_json_on_the_way_to_googles_client_is_an_error_or_the_bill(opened: Open) -> None:
    chance = random.Random(7)
    position = -1
    bigquery = Bigquery()

    def answer(request: Request) -> Reply:
        nonlocal position
        reply = bigquery.answer(request)
        position -= 1
        if position != -1:
            return reply
        value = json.loads(reply.body)
        for _ in range(chance.randint(1, 2)):
            damage(value, chance, ODD_JSON)
        return Reply(reply.status, json.dumps(value).encode())

    session = opened(answer)
    fetch(session, TWO_DAYS)
    outcomes = {"bill": 0, "error": 0}
    for number in range(OVER_THE_WIRE):
        session._table = None
        position = number % 5
        try:
            statement = fetch(session, TWO_DAYS)
        except ConnectorError:
            outcomes["error"] += 1
        else:
            assert_adds_up(statement, TWO_DAYS)
            outcomes["bill"] += 1
    assert min(outcomes.values()) > OVER_THE_WIRE / 20


def test_the_undamaged_rows_are_the_composed_bill() -> None:
    statement = fetch(FuzzedSession(typed_rows()), TWO_DAYS)  # type: ignore[arg-type]
    assert statement.control_total == TRUE_TOTAL
    assert sum(cost.credits_applied for cost in statement.costs) == TRUE_CREDIT
