"""Figures: what a page is about, in four cards."""

from dataclasses import dataclass
from typing import Any, Literal, TypedDict

import polars as pl
import streamlit as st

from pages.parts import numbers
from store.metrics import totals
from store.metrics.trends import day_sums, trends
from store.series import Spend

Tone = Literal["red", "green", "orange", "off"]


class Delta(TypedDict, total=False):
    """The part of a card that compares."""

    delta: str
    beside: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Card:
    """One figure. `delta` is words with their arrow, `beside` says against what, `trend` is drawn as a line."""

    label: str
    value: str
    delta: str = ""
    tone: Tone = "off"
    beside: str = ""
    help: str | None = None
    trend: tuple[float, ...] = ()


def draw(cards: list[Card]) -> None:
    wall = st.grid(len(cards), min_column_width=220, gap="small", key="cards")
    for card in cards:
        wall.metric(
            card.label,
            card.value,
            card.delta or None,
            delta_color=card.tone,
            delta_arrow="off",
            delta_description=card.beside or None,
            help=card.help,
            border=True,
            height="stretch",
            chart_data=list(card.trend) or None,
            chart_type="area",
        )


def cost_cards(spend: Spend, *, compared: bool) -> list[Card]:
    """Net, billed and credits of the window, each against the period before."""
    sums = totals(spend.sums)
    return [
        Card(
            "Net cost",
            numbers.figure(_whole(sums["net_cost"])),
            **_delta(sums, "net_cost", compared=compared),
            help="Billed minus credits, in US dollars, exactly as the providers bill it.",
            trend=_trend(spend),
        ),
        Card(
            "Billed",
            numbers.figure(_whole(sums["billed_cost"])),
            **_delta(sums, "billed_cost", compared=compared),
            help=f"What the providers charge, before credits. {_basis(spend.sums)}",
        ),
        Card(
            "Credits applied",
            numbers.figure(_whole(sums["credits_applied"])),
            **_delta(sums, "credits_applied", compared=compared, is_cost=False),
            help="Credits and discounts the providers took off.",
        ),
    ]


def _whole(amount: Any) -> int:
    return int(amount or 0)


def _delta(sums: dict[str, Any], name: str, *, compared: bool, is_cost: bool = True) -> Delta:
    now, before = sums[name], sums[f"previous_{name}"]
    if not compared:
        return {"delta": numbers.INCOMPARABLE, "beside": "nothing to compare with"}
    if not before or before < 0:
        return {"delta": "new" if now else numbers.INCOMPARABLE, "beside": "none before"}
    ratio = (_whole(now) - before) / before
    tone: Tone = "off" if abs(ratio) < numbers.NO_CHANGE or not is_cost else "red" if ratio > 0 else "green"
    return {"delta": numbers.change(ratio), "beside": "vs previous period", "tone": tone}


def _trend(spend: Spend) -> tuple[float, ...]:
    """Net US dollars per day of the window, in order."""
    return tuple(trends(day_sums(spend, ()), (), spend.window)["trend"][0])


def _basis(rows: pl.DataFrame) -> str:
    """What part of the billed cost is not as the provider reported it for that very row."""
    sums = rows.filter("is_current").group_by("cost_basis").agg(pl.col("billed_cost").sum())
    parts = dict(sums.iter_rows())
    whole = sum(parts.values())
    split = [
        f"{numbers.percent(parts[name] / whole)} {name}"
        for name in ("allocated", "priced")
        if whole > 0 and parts.get(name, 0) > 0
    ]
    return f"Of it {' and '.join(split)}, the rest reported row by row." if split else "All of it reported row by row."
