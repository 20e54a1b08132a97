"""Cells of a table: values as they are exported, written as people read them."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pandas as pd
import polars as pl

from pages.parts import numbers
from pages.parts.columns import COLUMNS, Column
from pages.parts.palette import INK, OTHER, PROVIDERS, name_of, readable
from pages.parts.text import shortened
from store.export import MONEY_COLUMNS
from store.frames import MICROS
from store.metrics.findings import FINDINGS
from store.metrics.outliers import ABOVE, BELOW
from store.records import from_nanos

GOOD_WORDS = frozenset({"ok", "succeeded", "active", "most efficient"})
BAD_WORDS = frozenset({"failed", "re-link"})
AMBER_WORDS = frozenset(
    {"partial", "stale", "interrupted", "allocated", "priced", "mixed", "deleted", "expired", "unnamed"}
)
STARTS = (
    ("↑", "up"), (ABOVE, "up"), ("↓", "down"), (BELOW, "down"), ("new", "accent"), (FINDINGS["deleted"], "up"),
    (FINDINGS["drifting"], "amber"),
)  # fmt: skip
DOT = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='20' height='20'%3E"
    "%3Ccircle cx='10' cy='10' r='4' fill='{colour}'/%3E%3C/svg%3E"
)
# Streamlit writes every cell into a column of text: Arrow's would be copied for each of them.
pd.set_option("mode.string_storage", "python")
OUTLIER_WORDS = {ABOVE: f"↑ {ABOVE}", BELOW: f"↓ {BELOW}"}


def shown(part: pl.DataFrame, is_new: pl.Series | None = None) -> pl.DataFrame:
    """The cells as values: money and quantities as exact decimals, a change in words, a share to a tenth of
    a percent, all else as it is.

    `is_new` marks lines without a past; None where the past is not fully known.
    """
    cells = part.with_columns(
        *[_decimals(part[name], from_nanos, 9) for name in part.columns if name in MONEY_COLUMNS],
        *[_decimals(part[name], _from_micros, 6) for name in part.columns if name == "usage_quantity"],
        *[pl.col(name).round(3) for name in part.columns if COLUMNS[name].kind == "share"],
    )
    known = [False] * part.height
    fresh = {"change": known if is_new is None else is_new.to_list()}
    return cells.with_columns(
        _changes(part[name], fresh.get(name, known)) for name in part.columns if COLUMNS[name].kind == "change"
    )


def _changes(ratios: pl.Series, fresh: list[bool]) -> pl.Series:
    said = ["new" if new else numbers.change(ratio) for ratio, new in zip(ratios, fresh, strict=True)]
    return pl.Series(ratios.name, said, dtype=pl.String)


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
    texts = [name for name in part.columns if COLUMNS[name].kind in {"text", "state", "outlier", "findings"}]
    cells = shown(part, is_new).with_columns(*[pl.col(name).fill_null(COLUMNS[name].missing) for name in texts])
    pinned = part.columns[: 2 if "mark" in part.columns else 1]
    notations: dict[str, Callable[[Any], str]] = {}
    colours: dict[str, list[str]] = {}
    for name in part.columns:
        column = COLUMNS[name]
        if column.kind == "provider" and name not in pinned:
            notations[name] = lambda slug: f"● {name_of(slug)}"
        elif write := _notation(column):
            notations[name] = write
        if name in pinned:
            colours[name] = [f"color: {INK[shade]['pinned']}"] * part.height
        elif colour := _colour(column, shade):
            colours[name] = [colour(value) for value in cells[name]]
    style = _frame(cells).style.format(notations, subset=list(notations), na_rep=numbers.UNKNOWN)
    return style.apply(lambda _: pd.DataFrame(colours, dtype=object), axis=None, subset=list(colours))


def _frame(cells: pl.DataFrame) -> pd.DataFrame:
    """The cells in pandas; days of a trend as lists, since arrays take a hundred times as long to be written as text,
    which Streamlit does with every cell.
    """
    found = cells.to_pandas()
    for name in cells.columns:
        if COLUMNS[name].kind == "trend":
            found[name] = pd.Series(cells[name].to_list(), dtype=object)
    return found


def marks(providers: pl.Series) -> pl.Series:
    """A dot in each provider's colour, as the pictures of a column."""
    dots = [DOT.format(colour=quote(PROVIDERS.get(slug, OTHER))) for slug in providers]
    return pl.Series("mark", dots, dtype=pl.String)


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
        "outlier": lambda word: OUTLIER_WORDS.get(word, word),
        "provider": name_of,
        "providers": lambda slugs: ", ".join(name_of(slug) for slug in slugs.split(", ")),
    }
    return notations.get(column.kind)


def written(column: Column, value: Any) -> str:
    write = _notation(column)
    return numbers.UNKNOWN if value is None else write(value) if write else str(value)


def _quantity(amount: Decimal) -> str:
    return f"{amount.normalize():,f}"


def _time(at: datetime) -> str:
    return f"{numbers.day(at.date())}, {at.astimezone(UTC):%H:%M}"


def _colour(column: Column, shade: str) -> Callable[[Any], str] | None:
    if column.kind == "provider":
        return lambda slug: f"color: {readable(PROVIDERS.get(slug, OTHER), shade)}"
    if column.kind in {"change", "state", "basis", "outlier", "findings"}:
        return lambda word: _word_colour(str(word), INK[shade])
    return None


def _word_colour(word: str, ink: dict[str, str]) -> str:
    for said, tone in STARTS:
        if word.startswith(said):
            return f"color: {ink[tone]}"
    for words, tone in ((GOOD_WORDS, "down"), (BAD_WORDS, "up"), (AMBER_WORDS, "amber")):
        if word in words:
            return f"color: {ink[tone]}"
    return ""
