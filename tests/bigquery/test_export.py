"""The connector's own SQL, sent by Google's client and run by an engine that is neither ours nor Google's.

The emulator rounds `CAST(… AS BIGNUMERIC)` to five decimals where BigQuery keeps thirty-eight, takes `_PARTITIONTIME`
for now and bills no bytes. So amounts have at most five decimals here; partitions are tested on the demo's own engine.
"""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.patience import patience
from connectors.vertex import VERTEX, changed, check, fetch
from connectors.vertex_session import BigQuerySession
from demo.vertex_export import COLUMNS, rows
from demo.vertex_key import key_file
from demo.vertex_spend import VERTEX as STORY
from demo.vertex_sql import Table, parameter
from demo.world import World
from store.records import Window
from tests.bigquery.emulator import create_table, emulator, insert, with_tokens

pytestmark = pytest.mark.bigquery

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
WEEK = Window(TODAY - timedelta(days=16), TODAY - timedelta(days=9))
DATASET, TABLE = "billing", "gcp_billing_export_v1_01ABCD_2EF345_6789AB"
FEW_DECIMALS = Decimal("0.001")
RECORD = {"service": ("id", "description"), "sku": ("id", "description"), "project": ("id", "name")}


def column(name: str, kind: str, mode: str = "NULLABLE", *fields: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "type": kind, "mode": mode, **({"fields": list(fields)} if fields else {})}


SCHEMA = [
    *(
        column(name, "RECORD", "NULLABLE", *(column(part, "STRING") for part in parts))
        for name, parts in RECORD.items()
    ),
    *(column(name, "TIMESTAMP") for name in ("usage_start_time", "usage_end_time", "export_time")),
    *(column(name, "STRING") for name in ("currency", "cost_type")),
    column("currency_conversion_rate", "FLOAT64"),
    column("usage", "RECORD", "NULLABLE", column("amount", "NUMERIC"), column("unit", "STRING")),
    column("cost", "NUMERIC"),
    column("credits", "RECORD", "REPEATED", column("type", "STRING"), column("amount", "NUMERIC")),
]


def exported() -> list[tuple[str | None, ...]]:
    """A week of the demo's export with corrections, amounts cut to few decimals."""
    world = World(7, TODAY, stories=(STORY,), history_days=40).restate(0.2, seed=3)
    cost, entered = COLUMNS.index("cost"), COLUMNS.index("credits")
    lines = [list(row) for row in rows(world, WEEK.start - timedelta(days=1), WEEK.end + timedelta(days=1), NOW)]
    for line in lines:
        line[cost] = str(Decimal(line[cost] or 0).quantize(FEW_DECIMALS))
        entries = json.loads(line[entered] or "[]")
        line[entered] = json.dumps(
            [{**entry, "amount": str(Decimal(entry["amount"]).quantize(FEW_DECIMALS))} for entry in entries]
        )
    return [tuple(line) for line in lines]


def nested(line: tuple[str | None, ...]) -> dict[str, Any]:
    """A line as BigQuery's streaming interface takes it."""
    row: dict[str, Any] = {}
    for name, value in zip(COLUMNS, line, strict=True):
        if name == "_PARTITIONTIME":
            continue
        parent, _, part = name.partition(".")
        cell = json.loads(value or "[]") if name == "credits" else value
        if part:
            row.setdefault(parent, {})[part] = cell
        else:
            row[name] = cell
    return row


@pytest.fixture(scope="module")
def lines() -> list[tuple[str | None, ...]]:
    return exported()


@pytest.fixture(scope="module")
def bigquery(lines: list[tuple[str | None, ...]]) -> Iterator[str]:
    with emulator() as url:
        create_table(url, DATASET, TABLE, SCHEMA)
        insert(url, DATASET, TABLE, [nested(line) for line in lines])
        with with_tokens(url) as front:
            yield front


@pytest.fixture
def session(bigquery: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[BigQuerySession]:
    monkeypatch.setenv("SPENDGLASS_ENDPOINT_VERTEX", bigquery)
    opened = VERTEX.connect(VERTEX.credential.model_validate(key_file()))
    with patience(attempts=1, total_seconds=60):
        yield opened
    opened.close()


def is_ours(line: dict[str, str]) -> bool:
    return (
        line["cost_type"] in {"regular", "adjustment"}
        and (
            line["service.description"] in {"Vertex AI", "Gemini API"}
            or line["service.description"].startswith("Claude")
        )
        and WEEK.start.isoformat() <= line["usage_start_time"][:10] < WEEK.end.isoformat()
    )


def test_the_export_is_found_and_the_bill_is_that_of_its_lines(
    session: BigQuerySession, lines: list[tuple[str | None, ...]]
) -> None:
    assert check(session).organization_id == "01ABCD-2EF345-6789AB"
    statement = fetch(session, WEEK)
    chosen = [line for line in (dict(zip(COLUMNS, cells, strict=True)) for cells in lines) if is_ours(line)]  # type: ignore[arg-type]
    billed = sum(Decimal(line["cost"] or 0) / Decimal(line["currency_conversion_rate"] or 1) for line in chosen)
    credit = sum(
        Decimal(entry["amount"]) / Decimal(line["currency_conversion_rate"] or 1)
        for line in chosen
        for entry in json.loads(line["credits"] or "[]")
        if entry["type"] != "RESELLER_MARGIN"
    )
    assert len(chosen) > 200
    assert credit < 0
    assert abs(sum(cost.billed_cost for cost in statement.costs) - billed) < Decimal("1e-20")
    assert abs(sum(cost.credits_applied for cost in statement.costs) + credit) < Decimal("1e-20")
    assert {line["service.description"] for line in chosen} == {"Vertex AI", "Gemini API", "Claude Sonnet 4.6"}


def test_the_demos_own_engine_answers_as_this_one(
    session: BigQuerySession, lines: list[tuple[str | None, ...]]
) -> None:
    asked: list[tuple[str, dict[str, Any]]] = []
    ask = session.rows
    session.rows = lambda sql, parameters: (asked.append((sql, dict(parameters))), ask(sql, parameters))[1]  # type: ignore[method-assign]
    fetch(session, WEEK)
    changed(session, WEEK, NOW - timedelta(days=3))
    table = Table(lines)
    assert len(asked) == 2
    for sql, parameters in asked:
        told = {
            name: parameter("TIMESTAMP", value.isoformat()) if isinstance(value, datetime)
            else json.dumps(list(value)) if isinstance(value, tuple) else value
            for name, value in parameters.items()
        }  # fmt: skip
        mine = table.run(sql, told)
        theirs = [dict(row.members) for row in ask(sql, parameters)]
        names = [name for name, _ in mine.schema]
        assert len(mine.rows) == len(theirs) > 3
        shown = sorted(tuple(_comparable(row[name]) for name in names) for row in theirs)
        assert shown == sorted(
            tuple(_typed(cell, kind) for cell, (_, kind) in zip(row, mine.schema, strict=True)) for row in mine.rows
        )


def _typed(cell: str | None, kind: str) -> str:
    if cell is not None and kind == "TIMESTAMP":
        return _comparable(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(cell)))
    return _comparable(Decimal(cell) if cell is not None and kind == "BIGNUMERIC" else cell)


def _comparable(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else str(value)


def test_days_corrected_since_are_found_by_the_time_of_export(session: BigQuerySession) -> None:
    assert list(changed(session, WEEK, NOW - timedelta(days=1)))
    assert list(changed(session, WEEK, NOW + timedelta(days=1))) == []


def test_an_empty_window_is_a_statement_without_costs(session: BigQuerySession) -> None:
    assert fetch(session, Window(date(2025, 1, 1), date(2025, 2, 1))).costs == ()
