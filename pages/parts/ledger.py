"""The table that pages show: rows of HTML that a browser can read, link and print, drawn by a component of our own.

Streamlit's own table is a canvas: it fades what is unknown below what can be read, sorts only the rows it was given and
without telling Python, so that the export would differ, and has no links, so that Back would not undo a drill-down.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from pages.parts.palette import INK, MIX

HERE = Path(__file__).parent
SCRIPT = (HERE / "ledger.js").read_text()
LOOKS = (HERE / "ledger.css").read_text()
ROW_HEIGHT = 36
SCROLL_BAR = 14
TONES = ("up", "down", "amber", "accent", "faint")


def draw(
    data: dict[str, Any], *, key: str, rows_visible: int, shade: str, on_open: Callable[[str], None] | None = None
) -> None:
    """Draw a table of `data`: `label`, `columns` (see `cells.drawn`), and the `keys` of rows that open, with the one
    `opened`. `on_open` is called with the key of a row that a person asks to open or to close, before the page's run.
    """
    table = st.components.v2.component(
        "ledger", html='<div class="ledger"></div>', css=LOOKS, js=SCRIPT, isolate_styles=False
    )
    inks = {**{tone: INK[shade][tone] for tone in TONES}, **{f"mix-{at}": ink for at, ink in enumerate(MIX, 1)}}
    height = ROW_HEIGHT * (rows_visible + 1) + SCROLL_BAR

    def opened() -> None:
        if on_open:
            on_open(st.session_state[key]["opened"])

    table(key=key, data={**data, "inks": inks, "height": height}, height=height, on_opened_change=opened)
