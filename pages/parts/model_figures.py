"""The figures of the Models page: price of a token, cache, images, and who is the most efficient."""

import polars as pl
import streamlit as st

from pages.parts import numbers
from pages.parts.cards import Card
from pages.parts.palette import name_of
from pages.parts.text import escaped, shortened
from store.metrics.efficiency import MOST_EFFICIENT, RULE
from store.metrics.model_totals import ModelTotals


def model_cards(found: ModelTotals, *, compared: bool) -> list[Card]:
    """What stands beside the net cost."""
    return [_token_price(found, compared=compared), _cache(found), _images(found)]


def _token_price(found: ModelTotals, *, compared: bool) -> Card:
    ratio = found.price_change if compared else None
    return Card(
        "Per 1M tokens",
        numbers.unit_price(found.per_million_tokens),
        numbers.change(ratio),
        "off" if ratio is None or abs(ratio) < numbers.NO_CHANGE else "red" if ratio > 0 else "green",
        "at the same mix of models" if ratio is not None else "nothing to compare with",
        help=(
            "Net cost of all models counted in tokens, divided by their tokens in and out. The change compares prices "
            "alone: the tokens of this period, each model's at its price now and at its price of the period before."
        ),
    )


def _cache(found: ModelTotals) -> Card:
    now, before = found.cached_share, found.cached_share_before
    moved = None if now is None or before is None else (now - before) * 100
    return Card(
        "Cache hit share",
        numbers.UNKNOWN if now is None else numbers.percent(now),
        numbers.INCOMPARABLE if moved is None else f"{'+' if moved >= 0 else numbers.MINUS}{abs(moved):.1f} points",
        "off",
        "vs previous period" if moved is not None else "nothing to compare with",
        help="Cached input tokens of all input tokens, over the rows that report both. Cached input costs less.",
    )


def _images(found: ModelTotals) -> Card:
    return Card(
        "Per image",
        numbers.unit_price(found.per_image),
        numbers.INCOMPARABLE if found.images is None else f"{found.images:,} images",
        "off",
        "no images counted" if found.images is None else f"for {numbers.figure(found.image_cost)}",
        help="Net cost of images divided by the images that providers counted. By model version: see below the table.",
    )


def efficiency_badges(table: pl.DataFrame) -> None:
    """One line: the most efficient model of each unit that has one, with its price, and the rule on hover."""
    best = table.filter(pl.col("efficiency") == MOST_EFFICIENT).sort("net_cost", descending=True)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="efficient"):
        st.caption("Most efficient model", width="content", help=RULE)
        if best.is_empty():
            st.caption("none: no two models of one unit are large enough and apart enough to compare.", width="content")
        for line in best.iter_rows(named=True):
            price = f"{numbers.unit_price(line['billed_unit_cost'])} per {shortened(line['pricing_unit'], 30)}"
            st.badge(
                f"{escaped(line['model'], 40)} · {escaped(price)}", color="green", icon=":material/trophy:",
                help=f"{escaped(name_of(line['provider']))}: the lowest billed cost per unit of its kind.",
            )  # fmt: skip
