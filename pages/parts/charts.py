"""Figures from frames: pure functions, without Streamlit. Days are UTC, amounts US dollars."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import plotly.graph_objects as go
import polars as pl

from pages.parts.numbers import day, figure
from pages.parts.palette import INK, OTHER
from pages.parts.text import for_plotly
from store.frames import NANOS
from store.records import Window

MOST_SERIES = 7
OTHER_NAME = "Other"
HEIGHT = 320
PREVIOUS_LINE = "#8b929b"
ROOM_FOR_PARTIAL = 14
"""Pixels right of the last day, whose bar can be narrower than the word above it."""
HALF_A_DAY = timedelta(hours=12)


def ranked(days: pl.DataFrame, by: str) -> list[str]:
    """The values of `by` in the current window, largest net cost first, equal ones by name."""
    current = days.filter("is_current").group_by(by).agg(pl.col("net_cost").sum())
    return current.sort("net_cost", by, descending=[True, False])[by].to_list()


def series(days: pl.DataFrame, by: str, window: Window, shown: Sequence[str]) -> dict[str, list[int]]:
    """Net nano-dollars of each day, per shown value, the rest added up as Other; days without cost are 0."""
    named = pl.when(pl.col(by).is_in(shown)).then(by).alias(by)
    sums = days.filter("is_current").group_by(named, "day").agg(pl.col("net_cost").sum())
    rows: dict[str | None, list[int]] = {name: [0] * window.length for name in shown}
    for name, chosen, amount in sums.iter_rows():
        rows.setdefault(name, [0] * window.length)[(chosen - window.start).days] = amount
    return {OTHER_NAME if name is None else name: amounts for name, amounts in rows.items()}


def previous_total(days: pl.DataFrame, window: Window) -> list[int]:
    """Net nano-dollars of each day of the previous window, in order, to be drawn on the current days."""
    sums = dict(days.filter(~pl.col("is_current")).group_by("day").agg(pl.col("net_cost").sum()).iter_rows())
    return [sums.get(chosen, 0) for chosen in window.previous.days()]


def daily_costs(
    days: pl.DataFrame,
    by: str,
    window: Window,
    *,
    today: date,
    colours: Mapping[str, str],
    name_of: Callable[[str], str] = str,
    compared: bool = True,
) -> go.Figure:
    """Stacked bars of net cost per day, the previous window as a thin line on the same days, today hatched.

    `days` is `metrics.daily` of both windows; `colours` are by value of `by`. At most seven series and Other.
    """
    names = ranked(days, by)
    shown = names if len(names) <= MOST_SERIES else names[: MOST_SERIES - 1]
    axis = list(window.days())
    stacks = series(days, by, window, shown)
    bars = []
    for name, nanos in stacks.items():
        is_other = name == OTHER_NAME and name not in shown
        bars.append(
            {
                "type": "bar",
                "x": axis,
                "y": [amount / NANOS for amount in nanos],
                "name": OTHER_NAME if is_other else for_plotly(name_of(name)),
                "customdata": [figure(amount) for amount in nanos],
                "hovertemplate": "%{customdata}",
                "marker": _marker(OTHER if is_other else colours.get(name, OTHER), axis, today),
            }
        )
    lines = _lines(axis, list(stacks.values()), previous_total(days, window) if compared else None, window)
    notes = []
    if today in window:
        position, size = axis.index(today), {"size": 12}
        top = sum(max(parts[position], 0) for parts in stacks.values()) / NANOS
        notes = [{"x": today, "y": top, "text": "partial", "showarrow": False, "yanchor": "bottom", "font": size}]
    return unchecked([*bars, *lines], {**_layout(window), "annotations": notes})


def unchecked(traces: list[dict[str, Any]], layout: dict[str, Any]) -> go.Figure:
    """The figure without Plotly's check of every property, which takes eight times as long: tests do it instead."""
    return go.Figure(traces, layout, _validate=False)


def _marker(colour: str, axis: Sequence[date], today: date) -> dict[str, Any]:
    return {
        "color": colour,
        "line": {"width": 0},
        "pattern": {
            "shape": ["/" if chosen == today else "" for chosen in axis],
            "fillmode": "overlay",
            "fgcolor": "#ffffff",
            "fgopacity": 0.75,
            "size": 5,
            "solidity": 0.35,
        },
    }


def _lines(
    axis: Sequence[date], stacks: Sequence[list[int]], before: list[int] | None, window: Window
) -> list[dict[str, Any]]:
    totals = [sum(parts) for parts in zip(*stacks, strict=True)] if stacks else [0] * len(axis)
    lines: list[dict[str, Any]] = []
    if before is not None:
        earlier = [
            f"{figure(nanos)} on {day(at - timedelta(days=window.length))}"
            for at, nanos in zip(axis, before, strict=True)
        ]
        lines.append(
            {
                "type": "scatter", "x": axis, "y": [nanos / NANOS for nanos in before], "name": "Previous period",
                "mode": "lines", "customdata": earlier, "hovertemplate": "%{customdata}",
                "line": {"color": PREVIOUS_LINE, "width": 1.5, "dash": "dot"},
            }
        )  # fmt: skip
    lines.append(
        {
            "type": "scatter", "x": axis, "y": [nanos / NANOS for nanos in totals], "name": "<b>Sum</b>",
            "mode": "markers", "showlegend": False, "marker": {"opacity": 0},
            "customdata": [figure(nanos) for nanos in totals], "hovertemplate": "<b>%{customdata}</b>",
        }
    )  # fmt: skip
    return lines


def _layout(window: Window) -> dict[str, Any]:
    first, last = (datetime.combine(end, time()) for end in (window.start, window.last_day))
    return {
        "barmode": "relative",
        "bargap": 0.22,
        "height": HEIGHT,
        "margin": {"l": 0, "r": ROOM_FOR_PARTIAL, "t": 8, "b": 0},
        "hovermode": "x unified",
        "dragmode": False,
        "showlegend": False,
        "font": {"size": 13},
        "xaxis": {
            "tickformat": "%-d %b",
            "hoverformat": "%a %-d %b %Y (UTC)",
            "showgrid": False,
            "fixedrange": True,
            "range": [first - HALF_A_DAY, last + HALF_A_DAY],
        },
        "yaxis": {"tickprefix": "$", "tickformat": "~s", "nticks": 5, "rangemode": "tozero", "fixedrange": True},
    }


def legend(drawn: go.Figure) -> str:
    """The names of a chart's series in their colours, as HTML that wraps: Plotly's own takes its room from the plot."""
    lines = []
    for trace in drawn.data:
        colour = trace.line.color if trace.type == "scatter" and trace.mode == "lines" else trace.marker.color
        if trace.showlegend is False or colour is None:
            continue
        mark = (
            f'class="line" style="border-color:{colour}"'
            if colour != trace.marker.color
            else f'style="background:{colour}"'
        )
        lines.append(f"<span><i {mark}></i>{trace.name}</span>")
    return f'<div class="legend">{"".join(lines)}</div>'


def inked(drawn: go.Figure, shade: str) -> go.Figure:
    """The figure with axis labels and notes in the theme's ink: Streamlit's own fading is too pale to read."""
    ink = INK[shade]["text"]
    drawn.update_annotations(font_color=ink)
    return drawn.update_layout(
        xaxis={"tickfont": {"color": ink}, "title": {"font": {"color": ink}}}, yaxis={"tickfont": {"color": ink}},
        legend={"font": {"color": ink}},
    )  # fmt: skip
