"""What gateways passed on to providers whose own bill is linked: told, and not counted twice."""

import polars as pl
import streamlit as st

from pages.parts.numbers import figure
from pages.parts.palette import name_of
from pages.parts.text import escaped
from store.metrics import left_out
from store.series import Spend


def gateway_notes(elsewhere: Spend) -> None:
    """A line per gateway with the amount, and on hover how much of it is on whose bill.

    `elsewhere` is `metrics.billed_elsewhere`, `chosen`.
    """
    sums = left_out(elsewhere)
    if sums.is_empty():
        return
    with st.container(gap=None, key="gateway-notes"):
        for gateway in sums["provider"].unique(maintain_order=True):
            mine = sums.filter(pl.col("provider") == gateway)
            amount = escaped(figure(int(mine["billed_cost"].sum())))
            parts = ", ".join(f"{name_of(upstream)} {figure(cost)}" for _, upstream, cost in mine.iter_rows())
            st.caption(
                f":material/info: {amount} of {escaped(name_of(gateway))} traffic is billed by linked providers "
                "and not counted twice.",
                help=f"On whose bill it is: {escaped(parts, 300)}. No total, chart, table or export of costs holds it.",
            )
