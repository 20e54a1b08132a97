"""Cells of a table: values as they are exported, and as people read them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import polars.selectors as cs

from pages.parts import numbers
from pages.parts.columns import COLUMNS, Column, Kind
from pages.parts.palette import OTHER, PROVIDERS, name_of
from pages.parts.text import shortened
from store.export import INSTANT, exact
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
OUTLIER_WORDS = {ABOVE: f"↑ {ABOVE}", BELOW: f"↓ {BELOW}"}
RIGHT: frozenset[Kind] = frozenset({"money", "unit_price", "change", "share", "count", "quantity"})
TONED: frozenset[Kind] = frozenset({"change", "state", "basis", "outlier", "findings"})
DRAWN: frozenset[Kind] = frozenset({"trend", "mix"})
"""Kinds of columns that are shown and not exported."""
BASIS = {
    "allocated": ("a", "Allocated: a reported amount that was split, the parts add up to it exactly."),
    "priced": ("p", "Priced: usage at public prices, since the bill itself comes from elsewhere."),
    "mixed": ("m", "Mixed: some of it reported for this very row, some allocated or priced."),
}
MIXED_TOKENS = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens")
UNKNOWN_TONE = "unknown"


def drawn(
    frame: pl.DataFrame, columns: Sequence[str], is_new: pl.Series | None = None, *, has_today: bool = False
) -> list[dict[str, Any]]:
    """The columns of a table for `ledger.draw`; each cell as a value and as a text.

    A value is what the CSV holds, None for an empty cell. `is_new` marks lines without a past; None where the past is
    not fully known. `has_today`: the last day of a trend is partial.
    """
    told = [name for name in columns if COLUMNS[name].kind not in DRAWN]
    values = exact(frame.select(told)).select(cs.datetime().dt.strftime(INSTANT), (~cs.datetime()).cast(pl.String))
    found = []
    for name in columns:
        column = COLUMNS[name]
        made: dict[str, Any] = {
            "name": name, "label": column.label, "help": column.help, "kind": column.kind,
            "align": "right" if column.kind in RIGHT else "left",
        }  # fmt: skip
        if column.kind in DRAWN:
            made |= _picture(frame, column.kind, has_today=has_today)
        else:
            made |= {"values": values[name].to_list(), **_told(frame[name], column, is_new)}
        if name == "net_cost" and "cost_basis" in frame.columns:
            made["marks"] = [BASIS.get(basis) for basis in frame["cost_basis"]]
        found.append(made)
    return found


def _told(cells: pl.Series, column: Column, is_new: pl.Series | None) -> dict[str, Any]:
    """Texts of a column, and all that makes them easier to read."""
    write = NOTATIONS.get(column.kind, str)
    texts = [column.missing if cell is None else write(cell) for cell in cells]
    if column.kind == "change":
        texts = _changes(cells, is_new)
    made: dict[str, Any] = {"texts": texts}
    if column.kind in {"money", "unit_price", "count", "quantity"}:
        made["exact"] = True
    if column.kind == "provider":
        made["dots"] = [PROVIDERS.get(slug, OTHER) for slug in cells]
    if column.kind == "share":
        made["drawings"] = [None if ratio is None else [ratio] for ratio in cells]
        made["kind"] = "bar"
    if column.kind in TONED:
        made["tones"] = [tone(text) for text in texts]
    elif cells.null_count():
        made["tones"] = [UNKNOWN_TONE if cell is None else "" for cell in cells]
    return made


def _changes(ratios: pl.Series, is_new: pl.Series | None) -> list[str]:
    fresh = [False] * ratios.len() if is_new is None or ratios.name != "change" else is_new.to_list()
    return ["new" if new else numbers.change(ratio) for ratio, new in zip(ratios, fresh, strict=True)]


def _picture(frame: pl.DataFrame, kind: Kind, *, has_today: bool) -> dict[str, Any]:
    """A line of the days, or the parts that the kinds of tokens make of them all."""
    nothing = [None] * frame.height
    if kind == "trend":
        days = frame["trend"].to_list()
        said = [_extremes(of_row) if of_row else None for of_row in days]
        return {"values": nothing, "texts": nothing, "drawings": days, "titles": said, "partial": has_today}
    mixes = [_mix(*counts) for counts in frame.select(MIXED_TOKENS).iter_rows()]
    return {
        "values": nothing,
        "texts": [None if mix else numbers.UNKNOWN for mix in mixes],
        "tones": [UNKNOWN_TONE] * frame.height,
        "drawings": [[count / sum(mix.values()) for count in mix.values()] if mix else None for mix in mixes],
        "titles": [" · ".join(f"{name} {numbers.count(count)}" for name, count in mix.items()) for mix in mixes],
    }


def _extremes(days: Sequence[float]) -> str:
    low, high = (numbers.money(Decimal(str(round(end, 9)))) for end in (min(days), max(days)))
    return f"{low} to {high} a day"


def _mix(every: int | None, cached: int | None, written: int | None, output: int | None) -> dict[str, int]:
    """Tokens by kind, which together are all of them; empty where none is reported."""
    cached, written, output = cached or 0, written or 0, output or 0
    fresh = max((every or 0) - cached - written, 0)
    mix = {"input read afresh": fresh, "from cache": cached, "written to cache": written, "output": output}
    return mix if sum(mix.values()) else {}


def _quantity(micros: int) -> str:
    return f"{(Decimal(micros) / MICROS).normalize():,f}"


def _time(at: datetime) -> str:
    return f"{numbers.day(at.date())}, {at.astimezone(UTC):%H:%M}"


NOTATIONS: dict[Kind, Callable[[Any], str]] = {
    "text": shortened,
    "money": lambda nanos: numbers.money(from_nanos(nanos)),
    "unit_price": numbers.unit_price,
    "count": numbers.count,
    "quantity": _quantity,
    "share": lambda ratio: f"{ratio * 100:,.1f} %",
    "time": _time,
    "day": numbers.full_day,
    "outlier": lambda word: OUTLIER_WORDS.get(word, word),
    "provider": name_of,
    "providers": lambda slugs: shortened(", ".join(name_of(slug) for slug in slugs.split(", ")), 160),
}
"""How a cell with a value is written; `str` for all other kinds."""


def tone(word: str) -> str:
    """The class of colour that a word is shown in; none for most."""
    for said, found in STARTS:
        if word.startswith(said):
            return found
    for words, found in ((GOOD_WORDS, "down"), (BAD_WORDS, "up"), (AMBER_WORDS, "amber")):
        if word in words:
            return found
    return UNKNOWN_TONE if word in {numbers.UNKNOWN, numbers.INCOMPARABLE} else ""
