"""Tables: one frame, shown in people's notation and exported with all digits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import streamlit as st

from pages.parts import numbers
from pages.parts.columns import COLUMNS, Column
from pages.parts.palette import INK, OTHER, PROVIDERS, name_of, readable
from pages.parts.text import escaped, shortened
from store.export import MONEY_COLUMNS, to_csv
from store.frames import MICROS
from store.records import from_nanos

PAGE_ROWS = 200
ROW_HEIGHT = 36
MOST_VISIBLE_ROWS = 15
GOOD_WORDS = frozenset({"ok", "succeeded", "active"})
BAD_WORDS = frozenset({"failed", "re-link"})
AMBER_WORDS = frozenset({"partial", "stale", "interrupted", "allocated", "priced", "mixed", "deleted", "expired"})


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of a page: its name in files and keys, its columns in order, and what a click on a row opens."""

    name: str
    columns: Sequence[str]
    opens: str | None = None
    noun: str = "row"


def theme() -> str:
    """`light` or `dark`, as the browser shows the page."""
    return "dark" if st.context.theme.type == "dark" else "light"


def show(frame: pl.DataFrame, sheet: Sheet, *, file_name: str, compared: bool = True, summary: str = "") -> int | None:
    """Draw the table with its export; returns the position in `frame` of the row to open, or None.

    A tick opens a row at once. A cell only offers to, since moving through cells by keyboard selects them too.

    `compared` says whether the previous period is fully known: only then is a line without one `new`.
    """
    exported = frame.select(sheet.columns)
    start = _page_start(sheet, frame.height)
    part = exported.slice(start, PAGE_ROWS)
    is_new = frame.slice(start, PAGE_ROWS)["previous_net_cost"].is_null() if _has_past(frame, compared) else None
    event = st.dataframe(
        styled(part, is_new=is_new, shade=theme()),
        hide_index=True,
        column_config={name: _config(name, is_first=name == sheet.columns[0]) for name in sheet.columns},
        on_select="rerun",
        selection_mode=("single-row", "single-cell") if sheet.opens else ("single-cell",),
        row_height=ROW_HEIGHT,
        height=ROW_HEIGHT * (min(part.height, MOST_VISIBLE_ROWS) + 1) + 2,
        placeholder=numbers.UNKNOWN,
        key=f"table-{sheet.name}",
        alt=f"{sheet.name}: {numbers.counted(frame.height, sheet.noun)}",
    )
    near = _position(event, "cells", start, frame.height) if sheet.opens else None
    is_opened = _foot(exported, sheet, file_name, summary, near)
    return near if is_opened else _position(event, "rows", start, frame.height) if sheet.opens else None


def _page_start(sheet: Sheet, rows: int) -> int:
    if rows <= PAGE_ROWS:
        return 0
    pages = -(-rows // PAGE_ROWS)
    chosen = min(st.session_state.get(f"page-{sheet.name}", 1) or 1, pages)
    return (int(chosen) - 1) * PAGE_ROWS


def _foot(exported: pl.DataFrame, sheet: Sheet, file_name: str, summary: str, near: int | None) -> bool:
    """The export, what it holds, and the row at hand; whether that row is to be opened."""
    is_opened = False
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="table-foot"):
        st.download_button(
            "Export CSV", data=lambda: to_csv(exported), file_name=file_name, mime="text/csv", on_click="ignore",
            key=f"csv-{sheet.name}",
        )  # fmt: skip
        said = numbers.counted(exported.height, sheet.noun)
        st.caption(" · ".join(escaped(part) for part in (said, summary) if part), width="content")
        if near is not None:
            name = escaped(_written(COLUMNS[sheet.columns[0]], exported[sheet.columns[0]][near]), 40)
            is_opened = st.button(f"{name}: see {sheet.opens}", key=f"open-{sheet.name}", type="primary")
        elif sheet.opens:
            st.caption(f"Tick a row to see {sheet.opens}.", width="content")
        if exported.height > PAGE_ROWS:
            st.pagination(-(-exported.height // PAGE_ROWS), key=f"page-{sheet.name}")
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
    """Providers are not pinned, since pinned columns are drawn faded and their colour is the chart's legend."""
    column = COLUMNS[name]
    if column.kind == "share":
        return st.column_config.ProgressColumn(
            column.label, help=column.help, format="percent", min_value=0, max_value=1, width=98
        )
    return st.column_config.Column(
        column.label,
        help=column.help,
        width=column.width,
        pinned=(is_first and column.kind != "provider") or None,
        alignment="right" if column.kind == "change" else None,
    )


def shown(part: pl.DataFrame, is_new: pl.Series | None = None) -> pl.DataFrame:
    """The cells as values: money and quantities as exact decimals, a change in words, a share to a tenth of
    a percent, all else as it is.

    `is_new` marks lines without a past; None where the past is not fully known.
    """
    cells = part.with_columns(
        *[_decimals(part[name], from_nanos, 9) for name in part.columns if name in MONEY_COLUMNS],
        *[_decimals(part[name], _from_micros, 6) for name in part.columns if name == "usage_quantity"],
        *[pl.col(name).round(3) for name in part.columns if name == "share"],
    )
    if "change" not in part.columns:
        return cells
    fresh = [False] * part.height if is_new is None else is_new.to_list()
    said = ["new" if new else numbers.change(ratio) for ratio, new in zip(part["change"], fresh, strict=True)]
    return cells.with_columns(pl.Series("change", said, dtype=pl.String))


def _decimals(values: pl.Series, exact: Callable[[int], Decimal], digits: int) -> pl.Series:
    return pl.Series(
        values.name, [None if value is None else exact(value) for value in values], dtype=pl.Decimal(38, digits)
    )


def _from_micros(micros: int) -> Decimal:
    return Decimal(micros) / MICROS


def styled(part: pl.DataFrame, *, is_new: pl.Series | None, shade: str) -> Any:
    """A pandas Styler of the cells: values inside, people's notation outside.

    A missing text is written out, since what Streamlit puts for a missing value is too faint to read.
    """
    texts = [name for name in part.columns if COLUMNS[name].kind == "text"]
    cells = shown(part, is_new).with_columns(*[pl.col(name).fill_null(COLUMNS[name].missing) for name in texts])
    style = cells.to_pandas().style
    for position, name in enumerate(part.columns):
        column = COLUMNS[name]
        if write := _notation(column):
            style = style.format(write, subset=[name], na_rep=numbers.UNKNOWN)
        if colour := _colour(column, shade):
            style = style.map(colour, subset=[name])
        elif position == 0:
            style = style.map(lambda _: f"color: {INK[shade]['pinned']}", subset=[name])
    return style


def _notation(column: Column) -> Callable[[Any], str] | None:
    """How a cell with a value is written; None where it is written as it is."""
    notations: dict[str, Callable[[Any], str]] = {
        "text": shortened,
        "money": numbers.money,
        "unit_price": numbers.unit_price,
        "count": numbers.count,
        "quantity": _quantity,
        "time": _time,
        "day": numbers.full_day,
        "provider": lambda slug: f"● {name_of(slug)}",
        "providers": lambda slugs: ", ".join(name_of(slug) for slug in slugs.split(", ")),
    }
    return notations.get(column.kind)


def _written(column: Column, value: Any) -> str:
    write = _notation(column)
    return numbers.UNKNOWN if value is None else write(value) if write else str(value)


def _quantity(amount: Decimal) -> str:
    return f"{amount.normalize():,f}"


def _time(at: datetime) -> str:
    return f"{numbers.day(at.date())}, {at.astimezone(UTC):%H:%M}"


def _colour(column: Column, shade: str) -> Callable[[Any], str] | None:
    if column.kind == "provider":
        return lambda slug: f"color: {readable(PROVIDERS.get(slug, OTHER), shade)}"
    if column.kind in {"change", "state", "basis"}:
        return lambda word: _word_colour(str(word), INK[shade])
    return None


def _word_colour(word: str, ink: dict[str, str]) -> str:
    for said, tone in (("↑", "up"), ("↓", "down"), ("new", "accent")):
        if word.startswith(said):
            return f"color: {ink[tone]}"
    for words, tone in ((GOOD_WORDS, "down"), (BAD_WORDS, "up"), (AMBER_WORDS, "amber")):
        if word in words:
            return f"color: {ink[tone]}"
    return ""
