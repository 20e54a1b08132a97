"""What a page shows and what it exports are the same cells."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.parts import numbers
from pages.parts.cells import marks, shown, styled
from pages.parts.columns import COLUMNS
from pages.parts.palette import OTHER, PROVIDERS
from store.export import FORMULA_STARTS, MONEY_COLUMNS, to_csv

NANOS = st.none() | st.integers(-(2**62), 2**62)
WORDS = st.none() | st.text(max_size=12) | st.sampled_from(["=1+1", "@x", "-2", "a,b", 'say "x"', "two\nlines", "é…"])
CELLS: dict[str, Any] = {
    "model": WORDS,
    "provider": st.sampled_from(["openai", "anthropic", "unheard-of"]),
    "billed_cost": NANOS,
    "net_cost": NANOS,
    "change": st.none() | st.floats(-1, 1e6),
    "share": st.none() | st.floats(0, 1),
    "input_tokens": st.none() | st.integers(0, 2**62),
    "usage_quantity": NANOS,
    "last_used_at": st.none() | st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001  made UTC below
    "from_day": st.none() | st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    "cost_basis": st.sampled_from(["reported", "mixed"]),
    "outlier": st.sampled_from([None, "above", "below", "usual"]),
    "findings": st.sampled_from(["", "idle", "new, drifting", "deleted but spending"]),
}
SCHEMA: dict[str, Any] = {
    "model": pl.String, "provider": pl.String, "billed_cost": pl.Int64, "net_cost": pl.Int64, "change": pl.Float64,
    "share": pl.Float64, "input_tokens": pl.Int64, "usage_quantity": pl.Int64,
    "last_used_at": pl.Datetime("us", "UTC"), "from_day": pl.Date, "cost_basis": pl.String,
    "outlier": pl.String, "findings": pl.String,
}  # fmt: skip


def frame_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    for row in rows:
        if row["last_used_at"] is not None:
            row["last_used_at"] = row["last_used_at"].replace(microsecond=0, tzinfo=UTC)
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


@given(st.lists(st.fixed_dictionaries(CELLS), max_size=8))
def test_the_export_is_the_table_cell_for_cell(rows: list[dict[str, Any]]) -> None:
    frame = frame_of(rows)
    table = shown(frame)
    exported = list(csv.DictReader(io.StringIO(to_csv(frame).decode(), newline="")))
    assert table.columns == frame.columns
    assert len(exported) == table.height
    for line, cells in zip(exported, table.iter_rows(named=True), strict=True):
        for name, value in cells.items():
            assert agrees(name, value, line[name]), (name, value, line[name])


def agrees(name: str, value: Any, text: str) -> bool:
    if name == "change":
        return bool(value == numbers.change(float(text) if text else None))
    if isinstance(value, Decimal):
        return Decimal(text) == value
    if isinstance(value, float):
        return abs(float(text) - value) <= 0.0005 + 1e-12
    return text == as_text(value)


def as_text(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, str) and pl.select(pl.lit(value).str.contains(FORMULA_STARTS)).item():
        return "'" + value
    return "" if value is None else str(value)


@given(st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=4))
def test_every_cell_can_be_drawn(rows: list[dict[str, Any]]) -> None:
    frame = frame_of(rows)
    html = styled(frame, is_new=None, shade="dark").to_html()
    assert html.count("<tr") == frame.height + 1


def test_cells_are_written_in_peoples_notation() -> None:
    rows = [
        {
            "model": "a", "provider": "openai", "billed_cost": 1_234_560_000_000, "net_cost": 1, "change": 0.5,
            "share": 0.5, "input_tokens": 12_400_000, "usage_quantity": 1_500_000, "last_used_at": None,
            "from_day": date(2026, 3, 1), "cost_basis": "reported", "outlier": "above", "findings": "idle, new",
        }
    ]  # fmt: skip
    html = styled(frame_of(rows), is_new=None, shade="light").to_html()
    for said in (
        "● OpenAI",
        "$1,234.56",
        "&lt; $0.01",
        "↑ 50.0 %",
        "12.4M",
        "1.5",
        "1 Mar 2026",
        "↑ above",
        "idle, new",
    ):
        assert f">{said}</td>" in html.replace("< $0.01", "&lt; $0.01"), said


def test_a_mark_has_the_colour_of_its_provider() -> None:
    known, unknown = marks(pl.Series(["openai", "unheard-of"]))
    assert PROVIDERS["openai"].replace("#", "%23") in known
    assert OTHER.replace("#", "%23") in unknown


def test_a_provider_that_stands_first_leaves_its_colour_to_its_mark() -> None:
    part = pl.DataFrame({"provider": ["openai"], "cost_basis": ["priced"]})
    first = styled(part.select(marks(part["provider"]), pl.all()), is_new=None, shade="light").to_html()
    assert ">OpenAI</td>" in first
    assert ">● OpenAI</td>" in styled(part.select("cost_basis", "provider"), is_new=None, shade="light").to_html()


def test_a_line_without_a_past_is_new_and_one_with_an_unknown_past_is_not() -> None:
    frame = pl.DataFrame({"change": [None, 0.5]}, schema={"change": pl.Float64})
    assert shown(frame, pl.Series([True, False]))["change"].to_list() == ["new", "↑ 50.0 %"]
    assert shown(frame)["change"].to_list() == ["—", "↑ 50.0 %"]


def test_every_money_column_is_written_as_money() -> None:
    named = MONEY_COLUMNS & COLUMNS.keys()
    assert {name for name, column in COLUMNS.items() if column.kind == "money"} == named


@pytest.mark.parametrize("page", ["providers", "models", "api_keys", "workspaces", "sync_logs"])
def test_every_column_of_a_page_has_a_heading(page: str) -> None:
    import ast
    from pathlib import Path

    tree = ast.parse((Path(__file__).parents[2] / "pages" / f"{page}.py").read_text())
    found = next(node for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "COLUMNS")
    names = ast.literal_eval(found.value)
    assert set(names) <= COLUMNS.keys()
    assert len(set(names)) == len(names)
