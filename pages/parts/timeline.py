"""Syncs over time: one mark per run, its form and colour telling how it ended."""

from datetime import datetime, timedelta

import plotly.graph_objects as go
import polars as pl

from pages.parts.numbers import instant
from pages.parts.palette import name_of
from pages.parts.text import for_plotly

MARKS = {
    "succeeded": ("#1a936f", "circle"),
    "partial": ("#b87a00", "diamond"),
    "interrupted": ("#b87a00", "x"),
    "failed": ("#d1493f", "x"),
    "running": ("#868c94", "circle-open"),
    "queued": ("#868c94", "circle-open"),
}


def timeline(runs: pl.DataFrame, now: datetime) -> go.Figure:
    """`runs` is `queries.sync_logs`; one line per account, times in UTC, a day at least."""
    drawn = go.Figure()
    lines = [
        f"{name_of(slug)} · {for_plotly(name, 24)}" for slug, name in runs.select("provider", "account").iter_rows()
    ]
    named = runs.with_columns(pl.Series("line", lines, pl.String))
    for status, (colour, symbol) in MARKS.items():
        mine = named.filter(pl.col("status") == status)
        if mine.is_empty():
            continue
        drawn.add_scatter(
            x=mine["queued_at"].dt.replace_time_zone(None).to_list(),
            y=mine["line"].to_list(),
            mode="markers",
            name=status,
            marker={"color": colour, "symbol": symbol, "size": 10},
            customdata=[instant(at) for at in mine["queued_at"]],
            hovertemplate=f"%{{y}}<br>%{{customdata}}<br><b>{status}</b><extra></extra>",
        )
    different = named["line"].n_unique()
    drawn.update_layout(
        height=96 + 32 * different,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        dragmode=False,
        showlegend=True,
        legend={"orientation": "h", "yanchor": "bottom", "y": 1, "x": 0},
        font_size=13,
    )
    times = runs["queued_at"]
    first, last = min([*times, now - timedelta(days=1)]), max([*times, now])
    margin = (last - first) / 50
    drawn.update_xaxes(
        range=[(first - margin).replace(tzinfo=None), (last + margin).replace(tzinfo=None)],
        tickformat="%H:%M\n%-d %b", showgrid=False, fixedrange=True, title=None,
    )  # fmt: skip
    drawn.update_yaxes(fixedrange=True, title=None, type="category")
    return drawn
