"""Tables: one frame, shown in people's notation and exported with all digits."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from pages.parts import ledger, numbers
from pages.parts.cells import DRAWN, RIGHT, drawn
from pages.parts.columns import COLUMNS
from pages.parts.text import escaped
from store.export import to_csv

PAGE_ROWS = 100
MOST_VISIBLE_ROWS = 15
OPENED = "opened-"
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Order:
    """How a table is sorted, by which columns it can be, and the address that shows it sorted otherwise."""

    column: str
    descending: bool
    columns: Sequence[str]
    address: Callable[[str, bool], str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of a page: its name in files and keys, and its columns in order.

    `leads`: the address that a row leads to, None for a row that leads nowhere; `to` says what is there. `opens`: what
    a row shows on the page itself, and `key` the column whose values tell rows apart then.
    """

    name: str
    columns: Sequence[str]
    noun: str = "row"
    leads: Callable[[Row], str | None] | None = None
    to: str = ""
    opens: str = ""
    key: str = ""
    order: Order | None = None


def theme() -> str:
    """`light` or `dark`, as the browser shows the page."""
    return "dark" if st.context.theme.type == "dark" else "light"


def show(
    frame: pl.DataFrame,
    sheet: Sheet,
    *,
    file_name: str,
    compared: bool = True,
    has_today: bool = False,
    summary: str = "",
    beside: Callable[[], None] | None = None,
) -> None:
    """Draw the table with its export.

    `compared` says whether the previous period is fully known: only then is a line without one `new`. `has_today`: the
    last day is partial. `beside` draws more next to the export. Pictures in cells are not exported.
    """
    start = _page_start(sheet, frame.height)
    part = frame.slice(start, PAGE_ROWS)
    is_new = part["previous_net_cost"].is_null() if _has_past(frame, compared) else None
    columns = drawn(part, sheet.columns, is_new, has_today=has_today)
    if sheet.leads:
        columns[0]["links"] = [sheet.leads(row) for row in part.iter_rows(named=True)]
    if sheet.order:
        columns = [{**column, **_sorting(column["name"], sheet.order)} for column in columns]
    data: dict[str, Any] = {
        "label": f"{sheet.name}: {numbers.counted(frame.height, sheet.noun)}",
        "columns": columns,
    }
    if sheet.opens:
        data |= {"keys": part[sheet.key].cast(pl.String).to_list(), "opened": opened_row(sheet, frame)}
    ledger.draw(
        data, key=f"table-{sheet.name}", rows_visible=min(part.height, MOST_VISIBLE_ROWS), shade=theme(),
        on_open=partial(_turn, sheet.name) if sheet.opens else None,
    )  # fmt: skip
    exported = frame.select(name for name in sheet.columns if COLUMNS[name].kind not in DRAWN)
    _foot(exported, sheet, file_name, summary, beside)


def filled(frame: pl.DataFrame, columns: Sequence[str], optional: Sequence[str]) -> list[str]:
    """The columns without those of the optional ones that no line has a value in."""
    return [name for name in columns if name not in optional or frame[name].count()]


def opened_row(sheet: Sheet, frame: pl.DataFrame) -> str | None:
    """The key of the row that stands open, where the whole table has it."""
    found: str | None = st.session_state.get(OPENED + sheet.name)
    return found if found in frame[sheet.key].cast(pl.String) else None


def open_row(sheet: str, key: str | None) -> None:
    """Let the row of that key stand open in a table, or none."""
    st.session_state[OPENED + sheet] = key


def _turn(sheet: str, key: str) -> None:
    open_row(sheet, None if st.session_state.get(OPENED + sheet) == key else key)


def _sorting(name: str, order: Order) -> dict[str, str]:
    """The link of a heading: numbers begin with the largest, words with the first; a second click turns round."""
    if name not in order.columns:
        return {}
    if name != order.column:
        return {"sort": order.address(name, COLUMNS[name].kind in RIGHT)}
    sorted_as = "descending" if order.descending else "ascending"
    return {"sort": order.address(name, not order.descending), "sorted": sorted_as}


def _page_start(sheet: Sheet, rows: int) -> int:
    """The first row of the chosen page; other filters and another order begin with the first page."""
    state, page = st.session_state, f"page-{sheet.name}"
    asked = sheet.order and (sheet.order.address("", True), sheet.order.column, sheet.order.descending)
    if state.get(f"paged-{sheet.name}") != asked:
        state[f"paged-{sheet.name}"] = asked
        state[page] = 1
    pages = max(-(-rows // PAGE_ROWS), 1)
    return (min(int(state.get(page) or 1), pages) - 1) * PAGE_ROWS


def _foot(
    exported: pl.DataFrame, sheet: Sheet, file_name: str, summary: str, beside: Callable[[], None] | None
) -> None:
    """The export, what it holds, and what a click on a row does."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"table-foot-{sheet.name}"):
        st.download_button(
            "Export CSV", data=lambda: to_csv(exported), file_name=file_name, mime="text/csv", on_click="ignore",
            key=f"csv-{sheet.name}",
        )  # fmt: skip
        if beside:
            beside()
        said = numbers.counted(exported.height, sheet.noun)
        st.caption(" · ".join(escaped(part) for part in (said, summary) if part), width="content")
        if sheet.opens or sheet.leads:
            named = f" Its name leads to {sheet.to}." if sheet.opens and sheet.leads else ""
            st.caption(f"Click a row to see {sheet.opens or sheet.to}.{named}", width="content")
        if exported.height > PAGE_ROWS:
            st.pagination(-(-exported.height // PAGE_ROWS), width="stretch", key=f"page-{sheet.name}")


def _has_past(frame: pl.DataFrame, compared: bool) -> bool:
    return compared and "previous_net_cost" in frame.columns
