"""How much of the bill is metered; `D` is one dollar."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from store.metrics import CostFilter
from store.metrics.coverage import (
    MODEL_COVERAGE_COLUMNS,
    SEEN_SCHEMA,
    listed,
    model_coverage,
    model_family,
    seen,
    summed_coverage,
    unpriced,
)
from tests.store.cast import day
from tests.store.test_metrics import ASKED, D, frame, kept, lines, row, spend


def chosen(rows: pl.DataFrame, asked: CostFilter) -> pl.DataFrame:
    return kept(rows, asked).sums


def told(on: int, dollars: float, **more: Any) -> dict[str, Any]:
    """A metered cost of a day of March."""
    values = {"provider": "openai", "model": "gpt-5", "api_key": "", "workspace": "", "events": 1, "unpriced_events": 0}
    return {**values, "day": day(on), "cost": int(dollars * D), "priced_cost": 0, **more}


def told_of(*events: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(events), schema=SEEN_SCHEMA)


def covered(costs: Iterable[dict[str, Any]], *events: dict[str, Any]) -> pl.DataFrame:
    return model_coverage(chosen(frame(*costs), ASKED), told_of(*events), ASKED)


@pytest.mark.parametrize(
    ("bill", "client"),
    [
        ("gpt-4o-mini-2024-07-18", "gpt-4o-mini"),
        ("claude-sonnet-4.6", "anthropic.claude-sonnet-4-6-v1:0"),
        ("claude-sonnet-4.6", "us.anthropic.claude-sonnet-4-6-20260101-v1:0"),
        ("claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("gemini-3.0-pro", "models/gemini-3.0-pro-latest"),
        ("gemini-2.5-flash", "vertex_ai/gemini-2.5-flash@20250601"),
        ("GPT-5", "openai/gpt-5"),
    ],
)
def test_the_names_of_one_model_meet(bill: str, client: str) -> None:
    assert model_family(bill) == model_family(client)


@pytest.mark.parametrize(
    ("one", "other"),
    [("gpt-5", "gpt-5-mini"), ("gpt-4o", "gpt-4"), ("claude-opus-4-1", "claude-opus-4-5"), ("", "-v1")],
)
def test_the_names_of_different_models_do_not(one: str, other: str) -> None:
    assert model_family(one) != model_family(other)


def test_a_model_is_covered_up_to_its_bill_and_the_rest_is_over_metered() -> None:
    table = covered(
        [row(12, 10), row(12, 4, model="o9"), row(12, 2, model="quiet")],
        told(12, 7), told(13, 1, model="gpt-5-2026-01-01"), told(12, 9, model="o9"), told(12, 3, model="unbilled"),
    )  # fmt: skip
    assert tuple(table.columns) == MODEL_COVERAGE_COLUMNS
    columns = ("model", "billed_cost", "metered_cost", "covered", "unmetered", "over_metered", "coverage")
    assert lines(table, *columns) == [
        ("gpt-5", 10 * D, 8 * D, 8 * D, 2 * D, 0, 0.8),
        ("quiet", 2 * D, 0, 0, 2 * D, 0, 0.0),
        ("o9", 4 * D, 9 * D, 4 * D, 0, 5 * D, 1.0),
        ("unbilled", 0, 3 * D, 0, 0, 3 * D, None),
    ]
    total = summed_coverage(table, ["provider"])
    assert lines(total, "provider", "billed_cost", "covered", "unmetered", "over_metered", "coverage") == [
        ("openai", 16 * D, 12 * D, 4 * D, 8 * D, 0.75)
    ]


def test_too_much_of_one_model_covers_no_other() -> None:
    table = covered([row(12, 10), row(12, 10, model="o9")], told(12, 20))
    assert summed_coverage(table, ["provider"])["coverage"].to_list() == [0.5]


def test_only_what_was_metered_in_the_window_counts_and_the_window_before_is_told_beside() -> None:
    table = covered([row(12, 10), row(2, 10)], told(2, 9), told(12, 5), told(28, 5))
    assert lines(table, "coverage", "previous_coverage") == [(0.5, 0.9)]


def test_a_bill_that_was_paid_back_is_not_to_be_covered() -> None:
    table = covered([row(12, -10)], told(12, 1))
    assert lines(table, "billed_cost", "covered", "unmetered", "over_metered", "coverage") == [(-10 * D, 0, 0, D, None)]


def test_a_gateways_rows_meter_the_bill_behind_it_and_are_no_bill_themselves() -> None:
    elsewhere = frame(row(12, 6, provider="litellm", upstream="openai", requests=7))
    metered = seen(told_of(), spend(elsewhere))
    rows = chosen(frame(row(12, 10), row(12, 5, provider="litellm", upstream="groq")), ASKED)
    table = model_coverage(rows, metered, ASKED)
    assert lines(table, "provider", "billed_cost", "covered", "events") == [("openai", 10 * D, 6 * D, 7)]


def test_events_without_a_price_are_counted_and_cover_nothing() -> None:
    metered = told_of(told(12, 0, model="new", unpriced_events=3, events=3), told(12, 0, model="old"))
    assert lines(unpriced(metered, ASKED), "provider", "model", "unpriced_events") == [("openai", "new", 3)]
    table = model_coverage(chosen(frame(row(12, 4, model="new")), ASKED), metered, ASKED)
    assert lines(table, "model", "coverage", "unpriced_events") == [("new", 0.0, 3), ("old", None, 0)]


def test_lines_are_searched_sorted_and_kept_by_their_bill() -> None:
    table = covered([row(12, 10), row(12, 4, model="o9"), row(12, 2, model="gpt-5-mini")], told(12, 7))
    assert listed(table, ASKED)["model"].to_list() == ["o9", "gpt-5", "gpt-5-mini"]
    asked = replace(ASKED, search="GPT", sort="billed_cost", descending=False, max_cost=Decimal(5))
    assert listed(table, asked)["model"].to_list() == ["gpt-5-mini"]


def test_nothing_metered_and_nothing_billed_is_nothing() -> None:
    rows = chosen(frame(), ASKED)
    assert model_coverage(rows, told_of(), ASKED).height == 0
    assert summed_coverage(model_coverage(rows, told_of(), ASKED), ["provider"]).height == 0
