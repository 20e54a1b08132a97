"""Price against volume: one bubble per model that is counted in tokens. Pure functions, without Streamlit."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import polars as pl

from pages.parts.charts import unchecked
from pages.parts.numbers import count, figure, percent, unit_price
from pages.parts.palette import OTHER, PROVIDERS, name_of, readable
from pages.parts.text import for_plotly
from store.metrics.unit_costs import TOKENS_UNIT

HEIGHT = 380
MOST_LABELS = 7
SMALLEST, LARGEST = 8.0, 56.0
"""Diameters of bubbles in pixels."""
PLOT_WIDTHS = (560, 620, 700, 800, 920, 1060, 1220, 1320)
PLOT_HEIGHT = 300
"""Pixels. A name keeps its size where the plot is wider, so that its place has to hold at each; where the plot is
narrower than all of these, as on a phone, names are not drawn (see `look`) and every bubble has its own on hover.
"""
LETTER_WIDTH, LINE_HEIGHT = 6.3, 15
RIGHT_MARGIN = 24
ROOM = 0.35
"""Decades beyond the outermost bubbles."""

PLACES = (
    "top center", "bottom center", "middle right", "middle left",
    "top right", "top left", "bottom right", "bottom left",
)  # fmt: skip
Box = tuple[float, float, float, float]
"""Pixels: left, low, right, high."""


def plotted(table: pl.DataFrame) -> pl.DataFrame:
    """The lines of the Models table that can stand in the chart: with a positive price per 1M tokens, dearest first."""
    can = (pl.col("pricing_unit") == TOKENS_UNIT) & (pl.col("unit_cost") > 0) & (pl.col("net_cost") > 0)
    return table.filter(can.fill_null(value=False)).sort(
        "net_cost", "model", "provider", descending=[True, False, False]
    )


def said(points: pl.DataFrame) -> str:
    """What the chart shows, in a sentence without markup; names as the provider writes them."""
    first = points.row(0, named=True)
    share = percent(first["net_cost"] / points["net_cost"].sum())
    return f"{first['model']} takes {share} of what tokens cost, at {unit_price(first['unit_cost'])} per {TOKENS_UNIT}"


def label_places(points: pl.DataFrame) -> dict[tuple[str, str], str]:
    """Where the names of the dearest models can stand without covering a bubble or another name at any width."""
    largest = points["net_cost"].max()
    radii = [_diameter(cost, largest) / 2 for cost in points["net_cost"]]
    plots = [_Plot(points, radii, width) for width in PLOT_WIDTHS]
    places: dict[tuple[str, str], str] = {}
    for number, (provider, model) in enumerate(points.select("provider", "model").head(MOST_LABELS).iter_rows()):
        letters = len(for_plotly(model))
        for place in PLACES:
            if all(plot.has_room(number, place, letters) for plot in plots):
                for plot in plots:
                    plot.take(number, place, letters)
                places[provider, model] = place
                break
    return places


class _Plot:
    """The plot at one width: where its bubbles are, and the names that stand so far."""

    def __init__(self, points: pl.DataFrame, radii: Sequence[float], width: int) -> None:
        self._width = width
        xs, ys = _pixels(points["units"], width), _pixels(points["unit_cost"], PLOT_HEIGHT)
        self._bubbles = np.array([xs, ys, radii])
        self._names: list[Box] = []

    def has_room(self, number: int, place: str, letters: int) -> bool:
        box = self._box(number, place, letters)
        if box[0] < 0 or box[2] > self._width + RIGHT_MARGIN or any(_overlap(box, name) for name in self._names):
            return False
        xs, ys, radii = self._bubbles
        touched = np.hypot(xs - xs.clip(box[0], box[2]), ys - ys.clip(box[1], box[3])) < radii
        return not touched.any() or np.flatnonzero(touched).tolist() == [number]

    def take(self, number: int, place: str, letters: int) -> None:
        self._names.append(self._box(number, place, letters))

    def _box(self, number: int, place: str, letters: int) -> Box:
        x, y, radius = self._bubbles[:, number].tolist()
        return _name_box(x, y, radius, place, letters)


def _pixels(values: pl.Series, length: int) -> list[float]:
    first, last = _decades(values, ROOM)
    return [(math.log10(value) - first) / (last - first) * length for value in values]


def _name_box(x: float, y: float, radius: float, place: str, letters: int) -> Box:
    """What a name takes beside a bubble, at the distance that Plotly keeps."""
    away, width = radius / 0.8 + 1, LETTER_WIDTH * letters
    up, across = place.split()
    low = {"top": y + away, "middle": y - LINE_HEIGHT / 2, "bottom": y - away - LINE_HEIGHT}[up]
    left = {"center": x - width / 2, "right": x + away, "left": x - away - width}[across]
    return left, low, left + width, low + LINE_HEIGHT


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _diameter(cost: int, largest: Any) -> float:
    return max(SMALLEST, LARGEST * math.sqrt(cost / largest))


def price_chart(points: pl.DataFrame, shade: str) -> go.Figure:
    """Net US dollars per 1M tokens over millions of tokens, both logarithmic; a bubble's area is its net cost.

    `points` is `plotted`. The dearest models are labelled, all are named on hover.
    """
    bubbles = []
    largest = points["net_cost"].max()
    places = label_places(points)
    for provider in sorted(points["provider"].unique(), key=name_of):
        mine = points.filter(pl.col("provider") == provider)
        colour = PROVIDERS.get(provider, OTHER)
        names = [for_plotly(model) for model in mine["model"]]
        bubbles.append(
            {
                "type": "scatter",
                "x": mine["units"].to_list(),
                "y": mine["unit_cost"].to_list(),
                "mode": "markers+text",
                "name": for_plotly(name_of(provider)),
                "text": [
                    name if (provider, model) in places else ""
                    for name, model in zip(names, mine["model"], strict=True)
                ],
                "textposition": [places.get((provider, model), "top center") for model in mine["model"]],
                "textfont": {"size": 12, "color": readable(colour, shade)},
                "cliponaxis": False,
                "marker": {
                    "size": [_diameter(cost, largest) for cost in mine["net_cost"]],
                    "color": colour,
                    "opacity": 0.72,
                    "line": {"width": 1, "color": colour},
                },
                "customdata": [
                    [name, unit_price(line["unit_cost"]), count(line["units"] * 1_000_000), figure(line["net_cost"])]
                    for name, line in zip(names, mine.iter_rows(named=True), strict=True)
                ],
                "hovertemplate": (
                    "<b>%{customdata[0]}</b><br>%{customdata[1]} per 1M tokens<br>%{customdata[2]} tokens"
                    "<br>%{customdata[3]} net<extra></extra>"
                ),
            }
        )
    return unchecked(bubbles, _layout(points))


def _layout(points: pl.DataFrame) -> dict[str, Any]:
    axis = {"type": "log", "fixedrange": True, "zeroline": False, "dtick": 1}
    return {
        "height": HEIGHT,
        "margin": {"l": 0, "r": RIGHT_MARGIN, "t": 8, "b": 0},
        "hovermode": "closest",
        "dragmode": False,
        "showlegend": False,
        "font": {"size": 13},
        "xaxis": {
            **axis,
            "title": {"text": "Tokens, millions"},
            "tickformat": "~s",
            "showgrid": False,
            "range": _decades(points["units"], ROOM),
        },
        "yaxis": {**axis, "tickprefix": "$", "tickformat": "~g", "range": _decades(points["unit_cost"], ROOM)},
    }


def _decades(values: pl.Series, room: float) -> list[float]:
    """The axis' ends as powers of ten, with room for bubbles and their names."""
    if values.is_empty():
        return [0.0, 1.0]
    return [math.log10(float(values.min())) - room, math.log10(float(values.max())) + room]  # type: ignore[arg-type]
