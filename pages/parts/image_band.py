"""Images: what they cost by model version, and in which quality and sizes. Only drawn where there are any."""

import streamlit as st

from pages.parts import numbers
from pages.parts.cost_page import CostView
from pages.parts.tables import Sheet, filled, show
from store.frames import NANOS
from store.metrics.images import RESOLUTION_COLUMNS, resolutions

COLUMNS = tuple(name for name in RESOLUTION_COLUMNS if name != "previous_net_cost")
QUALITIES = ("standard_images", "hd_images")


def image_band(view: CostView) -> None:
    """The table of image models with its own export."""
    table = resolutions(view.spend)
    if table.is_empty():
        return
    made, cost = int(table["images"].sum()), int(table["image_cost"].sum())
    with st.container(gap=None, key="image-words"):
        price = numbers.unit_price(cost / NANOS / made)
        st.subheader(f"{made:,} images at \\{price} each", anchor=False)
        st.caption("By model version. Models whose images are only counted carry their whole cost.")
    show(
        table,
        Sheet("images", filled(table, COLUMNS, QUALITIES), noun="model"),
        file_name=view.file_name("images"),
        compared=view.compared,
        summary=f"{numbers.figure(cost)} net",
    )
