"""Tables: one frame, shown in people's notation and exported with all digits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
import streamlit as st

from pages.parts import numbers
from pages.parts.cells import marks, styled, written
from pages.parts.columns import COLUMNS
from pages.parts.text import escaped
from store.export import to_csv

PAGE_ROWS = 100
ROW_HEIGHT = 36
MOST_VISIBLE_ROWS = 15
NARROW_PROVIDER = 114


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of a page: its name in files and keys, its columns in order, and what a click on a row opens."""

    name: str
    columns: Sequence[str]
    opens: str | None = None
    noun: str = "row"
    click: str | None = None
    """What a click into a row shows on the page itself; without it a click offers what a tick does."""


def theme() -> str:
    """`light` or `dark`, as the browser shows the page."""
    return "dark" if st.context.theme.type == "dark" else "light"


def show(
    frame: pl.DataFrame,
    sheet: Sheet,
    *,
    file_name: str,
    compared: bool = True,
    summary: str = "",
    beside: Callable[[], None] | None = None,
) -> int | None:
    """Draw the table with its export; returns the position in `frame` of the row to open, or None.

    A tick opens a row at once. A cell only offers to, since moving through cells by keyboard selects them too.

    `compared` says whether the previous period is fully known: only then is a line without one `new`. `beside` draws
    more next to the export. A trend is drawn and not exported. Providers that stand first are told by a mark in their
    colour: first columns are pinned, and pinned text is drawn too faded for a colour.
    """
    exported = frame.select(name for name in sheet.columns if COLUMNS[name].kind != "trend")
    start = _page_start(sheet, frame.height)
    part = frame.select(sheet.columns).slice(start, PAGE_ROWS)
    if COLUMNS[sheet.columns[0]].kind == "provider":
        part = part.select(marks(part[sheet.columns[0]]), pl.all())
    is_new = frame.slice(start, PAGE_ROWS)["previous_net_cost"].is_null() if _has_past(frame, compared) else None
    event = st.dataframe(
        styled(part, is_new=is_new, shade=theme()),
        hide_index=True,
        column_config={name: _config(name, is_first=name in {"mark", sheet.columns[0]}) for name in part.columns},
        on_select="rerun",
        selection_mode=("single-row", "single-cell") if sheet.opens else ("single-cell",),
        row_height=ROW_HEIGHT,
        height=ROW_HEIGHT * (min(part.height, MOST_VISIBLE_ROWS) + 1) + 2,
        placeholder=numbers.UNKNOWN,
        key=f"table-{sheet.name}",
        alt=f"{sheet.name}: {numbers.counted(frame.height, sheet.noun)}",
    )
    near = _position(event, "cells", start, frame.height) if sheet.opens and not sheet.click else None
    is_opened = _foot(exported, sheet, file_name, summary, near, beside)
    return near if is_opened else _position(event, "rows", start, frame.height) if sheet.opens else None


def filled(frame: pl.DataFrame, columns: Sequence[str], optional: Sequence[str]) -> list[str]:
    """The columns without those of the optional ones that no line has a value in."""
    return [name for name in columns if name not in optional or frame[name].count()]


def clicked_row(sheet: Sheet, rows: int) -> int | None:
    """Where in the whole table the cell is that was last clicked; None without one."""
    event = st.session_state.get(f"table-{sheet.name}")
    return _position(event, "cells", _page_start(sheet, rows), rows) if event else None


def _page_start(sheet: Sheet, rows: int) -> int:
    if rows <= PAGE_ROWS:
        return 0
    pages = -(-rows // PAGE_ROWS)
    chosen = min(st.session_state.get(f"page-{sheet.name}", 1) or 1, pages)
    return (int(chosen) - 1) * PAGE_ROWS


def _foot(
    exported: pl.DataFrame,
    sheet: Sheet,
    file_name: str,
    summary: str,
    near: int | None,
    beside: Callable[[], None] | None,
) -> bool:
    """The export, what it holds, and the row at hand; whether that row is to be opened."""
    is_opened = False
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"table-foot-{sheet.name}"):
        st.download_button(
            "Export CSV", data=lambda: to_csv(exported), file_name=file_name, mime="text/csv", on_click="ignore",
            key=f"csv-{sheet.name}",
        )  # fmt: skip
        if beside:
            beside()
        said = numbers.counted(exported.height, sheet.noun)
        st.caption(" · ".join(escaped(part) for part in (said, summary) if part), width="content")
        if near is not None:
            name = escaped(written(COLUMNS[sheet.columns[0]], exported[sheet.columns[0]][near]), 40)
            is_opened = st.button(f"{name}: see {sheet.opens}", key=f"open-{sheet.name}", type="primary")
        elif sheet.opens:
            click = f" Click into it for {sheet.click}." if sheet.click else ""
            st.caption(f"Tick a row to see {sheet.opens}.{click}", width="content")
        if exported.height > PAGE_ROWS:
            st.pagination(-(-exported.height // PAGE_ROWS), width="stretch", key=f"page-{sheet.name}")
    return is_opened


def _position(event: Any, what: str, start: int, rows: int) -> int | None:
    """Where the ticked row or the clicked cell is in the whole table; None when it is no longer there."""
    found = event["selection"].get(what) or []
    if not found:
        return None
    at = start + (found[0][0] if what == "cells" else found[0])
    return at if at < rows else None


def _has_past(frame: pl.DataFrame, compared: bool) -> bool:
    return compared and "previous_net_cost" in frame.columns


def _config(name: str, *, is_first: bool) -> Any:
    column = COLUMNS[name]
    if column.kind == "mark":
        return st.column_config.ImageColumn(column.label, width=column.width, pinned=True)
    if column.kind == "trend":
        return st.column_config.LineChartColumn(column.label, help=column.help, width=column.width)
    if column.kind == "share":
        return st.column_config.ProgressColumn(
            column.label, help=column.help, format="percent", min_value=0, max_value=1, width=column.width or 78
        )
    return st.column_config.Column(
        column.label,
        help=column.help,
        width=NARROW_PROVIDER if is_first and column.kind == "provider" else column.width,
        pinned=is_first or None,
        alignment="right" if column.kind == "change" else None,
    )
