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
from pages.parts.cells import drawn
from pages.parts.columns import COLUMNS
from pages.parts.palette import OTHER, PROVIDERS
from pages.parts.text import LONGEST
from store.export import FORMULA_STARTS, MONEY_COLUMNS, to_csv

NANOS = st.none() | st.integers(-(2**62), 2**62)
WORDS = st.none() | st.text(max_size=12) | st.sampled_from(["=1+1", "@x", "-2", "a,b", 'say "x"', "two\nlines", "é…"])
HOSTILE_NUMBERS = {"-2"}
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
    columns = drawn(frame, frame.columns)
    exported = list(csv.DictReader(io.StringIO(to_csv(frame).decode(), newline="")))
    assert [column["name"] for column in columns] == frame.columns
    for column in columns:
        name = column["name"]
        assert len(column["values"]) == len(column["texts"]) == frame.height
        for value, line in zip(column["values"], exported, strict=True):
            assert inert(value or "") == line[name], (name, value)


def inert(text: str) -> str:
    return "'" + text if pl.select(pl.lit(text).str.contains(FORMULA_STARTS)).item() and not is_number(text) else text


def is_number(text: str) -> bool:
    """A negative amount begins as formulas do, and is none."""
    try:
        Decimal(text)
    except ArithmeticError:
        return False
    return text not in HOSTILE_NUMBERS


@given(st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=4))
def test_every_cell_reads_as_one_short_line(rows: list[dict[str, Any]]) -> None:
    for column in drawn(frame_of(rows), list(CELLS)):
        for text in column["texts"]:
            assert isinstance(text, str)
            assert len(text) <= LONGEST
            assert not {"\n", "\r", "\x00"} & set(text)


def row(**cells: Any) -> pl.DataFrame:
    return frame_of([{**dict.fromkeys(CELLS), "provider": "openai", "cost_basis": "reported", **cells}])


def texts(frame: pl.DataFrame, is_new: pl.Series | None = None) -> dict[str, Any]:
    return {column["name"]: column["texts"][0] for column in drawn(frame, frame.columns, is_new)}


def test_cells_are_written_in_peoples_notation() -> None:
    found = texts(
        row(
            model="a", billed_cost=1_234_560_000_000, net_cost=1, change=0.5, share=0.5, input_tokens=12_400_000,
            usage_quantity=1_500_000, from_day=date(2026, 3, 1), outlier="above", findings="idle, new",
        )
    )  # fmt: skip
    assert found == {
        "model": "a", "provider": "OpenAI", "billed_cost": "$1,234.56", "net_cost": "< $0.01", "change": "↑ 50.0 %",
        "share": "50.0 %", "input_tokens": "12.4M", "usage_quantity": "1.5", "last_used_at": "N/A",
        "from_day": "1 Mar 2026", "cost_basis": "reported", "outlier": "↑ above", "findings": "idle, new",
    }  # fmt: skip


def test_what_is_not_told_what_compares_with_nothing_and_zero_are_three_things() -> None:
    unknown = texts(row())
    assert (unknown["billed_cost"], unknown["input_tokens"]) == (numbers.UNKNOWN, numbers.UNKNOWN)
    assert (unknown["change"], unknown["outlier"], unknown["findings"]) == ("—", "—", "")
    zero = texts(row(billed_cost=0, input_tokens=0, change=0.0))
    assert (zero["billed_cost"], zero["input_tokens"], zero["change"]) == ("$0.00", "0", "0.0 %")


def test_a_cell_without_a_value_is_told_apart_by_more_than_its_words() -> None:
    tones = {column["name"]: column.get("tones") for column in drawn(row(input_tokens=7), ["input_tokens", "net_cost"])}
    assert tones == {"input_tokens": None, "net_cost": ["unknown"]}


def test_a_provider_has_a_dot_in_its_colour() -> None:
    frame = pl.concat([row(), row(provider="unheard-of")])
    assert drawn(frame, ["provider"])[0]["dots"] == [PROVIDERS["openai"], OTHER]


def test_money_that_was_not_reported_for_its_row_carries_a_mark_with_its_reason() -> None:
    frame = pl.concat([row(net_cost=1), row(net_cost=2, cost_basis="allocated")])
    plain, marked = drawn(frame, ["net_cost"])[0]["marks"]
    assert plain is None
    assert marked[0] == "a"
    assert "split" in marked[1]


def test_numbers_stand_right_and_words_left() -> None:
    sides = {column["name"]: column["align"] for column in drawn(row(), list(CELLS))}
    right = {name for name, side in sides.items() if side == "right"}
    assert right == {"billed_cost", "net_cost", "change", "share", "input_tokens", "usage_quantity"}


def test_a_line_without_a_past_is_new_and_one_with_an_unknown_past_is_not() -> None:
    assert texts(row(), pl.Series([True]))["change"] == "new"
    assert texts(row(change=0.5), pl.Series([False]))["change"] == "↑ 50.0 %"
    assert texts(row())["change"] == "—"


def test_the_mix_of_tokens_adds_up_to_all_of_them() -> None:
    counts = {"input_tokens": 100, "cached_input_tokens": 30, "cache_write_tokens": 10, "output_tokens": 100}
    unknown = dict.fromkeys(counts)
    frame = pl.DataFrame([counts, unknown], schema=dict.fromkeys(counts, pl.Int64))
    mix = drawn(frame, ["token_mix"])[0]
    assert mix["drawings"] == [[0.3, 0.15, 0.05, 0.5], None]
    assert mix["titles"][0] == "input read afresh 60 · from cache 30 · written to cache 10 · output 100"
    assert mix["texts"] == [None, "N/A"]


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
