"""The choice between two charts of models, and the one of prices drawn."""

import polars as pl
import streamlit as st

from pages.parts import numbers
from pages.parts.charts import inked, legend
from pages.parts.price_chart import plotted, price_chart, said
from pages.parts.tables import theme
from pages.parts.text import escaped

PRICES, DAYS = "Price and volume", "Cost per day"


def price_band(table: pl.DataFrame) -> str:
    """Draws price against volume unless the other chart was chosen; returns which one is wanted."""
    points = plotted(table)
    if points.is_empty():
        return DAYS
    drawn: str = st.segmented_control(
        "Chart", (PRICES, DAYS), default=PRICES, required=True, key="model-chart", label_visibility="collapsed"
    )
    if drawn == DAYS:
        return DAYS
    sentence = said(points)
    with st.container(gap=None, key="chart-words"):
        st.subheader(escaped(sentence, 200), anchor=False)
        left_out = table.height - points.height
        others = (
            f" {numbers.counted(left_out, 'model')} without such a price stand in the table alone." if left_out else ""
        )
        st.caption(f"Net US\\$ per 1M tokens over tokens, both axes logarithmic, area is net cost.{others}")
    chart = inked(price_chart(points, theme()), theme())
    with st.container(gap="xsmall", key="chart-and-legend"):
        st.plotly_chart(chart, config={"displayModeBar": False}, key="chart-prices", alt=sentence)
        st.html(legend(chart))
    return PRICES
