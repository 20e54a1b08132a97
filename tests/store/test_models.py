"""What a unit of a model cost, who is the most efficient, and what images cost; `D` is one dollar."""

from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from store import metrics
from store.frames import MICROS
from store.metrics.efficiency import LEAST_LEAD
from store.metrics.images import RESOLUTION_COLUMNS, resolutions
from store.metrics.model_totals import model_totals
from tests.store.test_metrics import ASKED, D, frame, kept, lines, row

BY_NAME = replace(ASKED, sort="model", descending=False)


def table_of(*rows: dict[str, Any]) -> pl.DataFrame:
    return metrics.models(kept(frame(*rows), BY_NAME), BY_NAME)


def tokens(model: str, dollars: float, millions: float, **more: Any) -> dict[str, Any]:
    """A cost for tokens, a tenth of them output."""
    counted = round(millions * 1_000_000)
    return row(12, dollars, model=model, input_tokens=counted - counted // 10, output_tokens=counted // 10, **more)


def made(model: str, dollars: float, images: float, on: int = 12, **more: Any) -> dict[str, Any]:
    return row(on, dollars, model=model, usage_quantity=round(images * MICROS), usage_unit="images", **more)


def test_unit_costs_are_net_per_million_tokens_or_per_own_unit() -> None:
    table = table_of(
        row(12, 3, credits_applied=D, model="tokens", input_tokens=300_000, output_tokens=100_000),
        row(12, 4, model="input alone", input_tokens=2_000_000, output_tokens=0),
        made("images", 4, 8, input_tokens=5),
        row(12, 4, model="no quantity"),
        made("none made", 4, 0),
        row(12, 30, model="voices", usage_quantity=2_000_000 * MICROS, usage_unit="characters"),
        made("paid back", -4, 8),
    )
    assert lines(table, "model", "unit_cost", "pricing_unit") == [
        ("images", 0.5, "images"),
        ("input alone", 2.0, "1M input tokens"),
        ("no quantity", None, None),
        ("none made", None, None),
        ("paid back", None, "images"),
        ("tokens", 5.0, "1M tokens"),
        ("voices", pytest.approx(15), "1M characters"),
    ]


def test_a_model_of_several_units_is_priced_by_the_one_most_of_its_cost_is_counted_in() -> None:
    table = table_of(
        tokens("chat", 6, 3),
        row(12, 1, model="chat", variant="web-search", usage_quantity=100 * MICROS, usage_unit="requests"),
        row(12, 9, model="chat", variant="no quantity at all"),
        made("pictures", 4, 8),
        tokens("pictures", 1, 100, variant="prompts"),
    )
    assert lines(table, "model", "unit_cost", "pricing_unit") == [
        ("chat", 2.0, "1M tokens"),
        ("pictures", 0.5, "images"),
    ]


def test_the_change_of_a_price_is_told_apart_from_more_use() -> None:
    table = table_of(
        row(2, 10, model="more of it", input_tokens=1_000_000, output_tokens=1_000_000),
        row(12, 100, model="more of it", input_tokens=10_000_000, output_tokens=10_000_000),
        row(2, 10, model="dearer", input_tokens=1_000_000, output_tokens=1_000_000),
        row(12, 12, model="dearer", input_tokens=1_000_000, output_tokens=1_000_000),
        tokens("new", 1, 1),
    )
    assert lines(table, "model", "change", "unit_change") == [
        ("dearer", 0.2, 0.2),
        ("more of it", 9.0, 0.0),
        ("new", None, None),
    ]


def winners(*rows: dict[str, Any]) -> list[str]:
    return table_of(*rows).filter(pl.col("efficiency").is_not_null())["model"].to_list()


def test_the_most_efficient_model_is_the_cheapest_of_its_unit() -> None:
    assert winners(
        tokens("dear", 50, 10), tokens("cheap", 20, 10), made("picture", 10, 100), made("sketch", 5, 100),
        row(12, 1, model="embedding", input_tokens=10_000_000, output_tokens=0),
    ) == ["cheap", "sketch"]  # fmt: skip


@pytest.mark.parametrize(
    "rival",
    [
        tokens("too small a part", 2, 9.9),
        tokens("too little money", 0.5, 100),
        tokens("free", 0, 10_000),
        tokens("at list prices", 5, 10_000, cost_basis="priced"),
        tokens("hardly cheaper", 2_000 * (1 - LEAST_LEAD / 2), 10_000),
        row(12, 5, model="other unit", usage_quantity=10**6 * MICROS, usage_unit="seconds"),
    ],
    ids=lambda rival: rival["model"],
)
def test_what_can_not_be_compared_wins_nothing(rival: dict[str, Any]) -> None:
    assert rival["model"] not in winners(tokens("large", 2_000, 10_000), rival)


def test_credits_make_no_model_efficient() -> None:
    assert winners(tokens("credited", 50, 10, credits_applied=49 * D), tokens("cheap", 20, 10)) == ["cheap"]


def test_a_model_alone_in_its_unit_wins_nothing() -> None:
    assert winners(tokens("alone", 50, 10), made("picture", 10, 100)) == []


def test_of_two_equal_models_none_is_the_most_efficient() -> None:
    assert winners(tokens("a", 20, 10), tokens("b", 20, 10)) == []


def test_cache_hits_and_tokens_per_request_count_only_rows_that_report_both() -> None:
    table = table_of(
        row(12, 1, model="m", requests=2, input_tokens=90, output_tokens=10, cached_input_tokens=30),
        row(13, 1, model="m", input_tokens=1000),
        row(12, 1, model="silent", input_tokens=5),
    )
    assert lines(table, "model", "tokens_per_request", "cache_hit_share") == [
        ("m", 50.0, 30 / 90),
        ("silent", None, None),
    ]


def test_a_model_whose_images_are_only_counted_carries_its_whole_cost() -> None:
    rows = [
        tokens("counted", 8, 2),
        made("counted", 0, 3, variant="1024x1024"),
        made("counted", 0, 1, variant="1536x1024"),
        made("billed", 6, 3, variant="hd 1024x1792"),
        made("billed", 2, 5, variant="standard 1024x1024"),
        tokens("billed", 100, 1),
        tokens("text", 50, 1),
    ]
    table = table_of(*rows)
    assert lines(table, "model", "images", "image_cost", "pricing_unit", "unit_cost") == [
        ("billed", 8, 8 * D, "1M tokens", 100.0),
        ("counted", 4, 8 * D, "images", 2.0),
        ("text", None, None, "1M tokens", 50.0),
    ]
    mix = resolutions(kept(frame(*rows), ASKED))
    assert tuple(mix.columns) == RESOLUTION_COLUMNS
    assert lines(mix, "model", "images", "cost_per_image", "standard_images", "hd_images", "sizes") == [
        ("billed", 8, 1.0, 5, 3, "1024×1024 62 %, 1024×1792 38 %"),
        ("counted", 4, 2.0, None, None, "1024×1024 75 %, 1536×1024 25 %"),
    ]


def test_image_costs_stand_against_those_of_the_period_before() -> None:
    mix = resolutions(kept(frame(made("m", 4, 4, on=2), made("m", 6, 3), made("n", 1, 1)), ASKED))
    assert lines(mix, "model", "image_cost", "previous_net_cost", "change", "sizes") == [
        ("m", 6 * D, 4 * D, 0.5, "size not told 100 %"),
        ("n", D, None, None, "size not told 100 %"),
    ]


def test_the_figures_above_the_table_add_up_what_stands_in_it() -> None:
    rows = kept(
        frame(
            row(2, 4, model="a", input_tokens=1_000_000, output_tokens=1_000_000, cached_input_tokens=0),
            row(12, 6, model="a", input_tokens=1_000_000, output_tokens=1_000_000, cached_input_tokens=250_000),
            row(12, 2, model="new", input_tokens=2_000_000, output_tokens=0),
            made("picture", 5, 10),
        ),
        ASKED,
    )
    found = model_totals(rows.sums, metrics.models(rows, ASKED))
    assert (found.per_million_tokens, found.price_change) == (2.0, 0.5)
    assert (found.cached_share, found.cached_share_before) == (0.25, 0.0)
    assert (found.images, found.image_cost, found.per_image) == (10, 5 * D, 0.5)


def test_an_empty_window_has_no_figures() -> None:
    rows = kept(frame(), ASKED)
    table = metrics.models(rows, ASKED)
    assert (table.height, set(metrics.MODEL_COLUMNS) <= set(table.columns)) == (0, True)
    found = model_totals(rows.sums, table)
    assert {found.per_million_tokens, found.price_change, found.cached_share, found.images, found.per_image} == {None}
    assert resolutions(rows).height == 0
