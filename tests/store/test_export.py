"""What a table is as CSV: every digit, and nothing that a spreadsheet would run."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.export import to_csv
from store.frames import NANOS
from store.metrics import CostFilter
from store.queries import QUERIES, SORTABLE
from store.records import WorkspaceRecord
from tests.store.cast import Syncing, bill, cost, march

SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
STARTS = (*SIGNS, "\t=", "\r=", "\n=", " =", "  +", "\u00a0=", "\u200b=", "\ufeff=", "\x00=")
BODIES = ("1+1", "cmd|' /C calc'!A0", 'HYPERLINK("http://x","y")', "SUM(A1:A9)*2")
PAYLOADS = [start + body for start in STARTS for body in BODIES]
HARMLESS = [
    "gpt-5",
    "a=b",
    "1-2",
    "x@y",
    "'quoted",
    "",
    " leading",
    "$1",
    "50%",
    "#1",
    "日本",
    "sk-ant-…AA",
    "_",
    "(1)",
]


def cells(table: pl.DataFrame) -> list[list[str]]:
    return list(csv.reader(io.StringIO(to_csv(table).decode(), newline="")))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_text_that_a_spreadsheet_would_run_is_made_inert(payload: str) -> None:
    assert cells(pl.DataFrame({"model": [payload]}))[1:] == [["'" + payload]]


def test_there_are_enough_payloads() -> None:
    assert len(set(PAYLOADS)) >= 60


@pytest.mark.parametrize("text", HARMLESS)
def test_text_that_is_no_formula_is_untouched(text: str) -> None:
    assert cells(pl.DataFrame({"model": [text], "more": ["x"]}))[1:] == [[text, "x"]]


@pytest.mark.parametrize(
    ("nanos", "text"),
    [
        (0, "0.00"),
        (1, "0.000000001"),
        (-1, "-0.000000001"),
        (-5 * NANOS // 10, "-0.50"),
        (1_234_567_123_456_789, "1234567.123456789"),
        (100 * NANOS, "100.00"),
        (2**63 - 1, "9223372036.854775807"),
        (-(2**63) + 1, "-9223372036.854775807"),
        (None, ""),
    ],
)
def test_money_is_written_with_all_its_digits_and_never_quoted(nanos: int | None, text: str) -> None:
    table = pl.DataFrame(
        {"billed_cost": [nanos], "requests": [-3]}, schema={"billed_cost": pl.Int64, "requests": pl.Int64}
    )
    assert to_csv(table).decode() == f"billed_cost,requests\n{text},-3\n"


@given(st.lists(st.integers(-(2**63) + 1, 2**63 - 1), min_size=1, max_size=20))
def test_every_amount_reads_back_exactly(nanos: list[int]) -> None:
    written = [Decimal(row[0]) for row in cells(pl.DataFrame({"net_cost": nanos}, schema={"net_cost": pl.Int64}))[1:]]
    assert written == [Decimal(value).scaleb(-9) for value in nanos]


def test_quantities_are_plain_decimals() -> None:
    table = pl.DataFrame({"usage_quantity": [1_500_000, 2_000_000, -1, None], "model": ["m"] * 4})
    assert [row[0] for row in cells(table)[1:]] == ["1.5", "2", "-0.000001", ""]


def test_cells_with_newlines_quotes_and_commas_survive_the_round_trip() -> None:
    texts = ['say "hi", you', "two\nlines", "a\r\nb", ",", '"', "semi;colon"]
    table = pl.DataFrame({"model": texts, "variant": texts[::-1]})
    assert cells(table)[1:] == [list(pair) for pair in zip(texts, texts[::-1], strict=True)]


def test_times_are_utc_and_days_are_iso() -> None:
    table = pl.DataFrame({"at": [datetime(2026, 3, 20, 12, 30, tzinfo=UTC)], "day": [date(2026, 3, 20)]})
    assert cells(table)[1] == ["2026-03-20T12:30:00Z", "2026-03-20"]


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_every_table_of_a_real_store_sorts_by_every_column_and_exports(sync: Syncing, name: str) -> None:
    hostile = WorkspaceRecord(workspace_id="w1", name="=cmd|' /C calc'!A0")
    sync.save(bill(march(11, 12), cost(11, "1.000000001"), cost(12, "-2", model="-2+3"), workspaces=(hostile,)))
    for column in SORTABLE[name]:
        asked = CostFilter(window=march(11, 20), sort=column, descending=False)
        written = cells(QUERIES[name](sync.store, asked))
        assert tuple(written[0]) == SORTABLE[name]
        assert len(written) > 1
        assert not [cell for row in written for cell in row if cell.startswith(("=", "+", "@"))]


def test_the_costs_export_adds_up_to_the_bill_to_the_last_digit(sync: Syncing) -> None:
    costs = [cost(11, "0.000000123"), cost(12, "1234567.1"), cost(13, "-0.1", credits_applied=Decimal("0.2"))]
    sync.save(bill(march(11, 13), *costs))
    header, *written = cells(QUERIES["costs"](sync.store, CostFilter(window=march(11, 13))))
    found = [dict(zip(header, row, strict=True)) for row in written]
    assert sum(Decimal(row["billed_cost"]) for row in found) == Decimal("1234567.000000123")
    assert sum(Decimal(row["net_cost"]) for row in found) == Decimal("1234566.800000123")
    assert {row["requests"] for row in found} == {""}
