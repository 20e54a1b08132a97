"""Tables as CSV: exactly the rows and columns given, money as plain dollars, text made inert for spreadsheets."""

import polars as pl
import polars.selectors as cs

from store.frames import MICROS, NANOS

MONEY_COLUMNS = frozenset(
    {
        "billed_cost", "credits_applied", "net_cost", "previous_net_cost", "list_cost", "image_cost", "sync_cost",
        "before", "after", "difference", "metered_cost", "covered", "unmetered", "over_metered",
    }
)  # fmt: skip
INSTANT = "%Y-%m-%dT%H:%M:%SZ"
FORMULA_STARTS = r"^[\s\p{C}]*[=+\-@＝＋－＠]|^[\t\r\n]"
"""Full-width signs count too: spreadsheets of East Asian locales run them."""


def to_csv(table: pl.DataFrame) -> bytes:
    """UTF-8 CSV with a header. Money and quantities keep all digits; null is an empty cell.

    Text that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    return printed(table).write_csv(datetime_format=INSTANT).encode()


def printed(table: pl.DataFrame) -> pl.DataFrame:
    """The table as it is exported: money and quantities as decimal text, hostile text inert."""
    inert = [_inert(table[name]) for name in table.select(cs.string() | cs.categorical() | cs.enum()).columns]
    return exact(table.with_columns(inert))


def exact(table: pl.DataFrame) -> pl.DataFrame:
    """The table with money and quantities as decimal text, all digits kept."""
    return table.with_columns(
        *[_decimal(column, NANOS, 9, 2) for column in table.columns if column in MONEY_COLUMNS],
        *[_decimal(column, MICROS, 6, 0) for column in table.columns if column == "usage_quantity"],
    )


def _inert(texts: pl.Series) -> pl.Series:
    """As `String`. Each different text is looked at once: a column of many rows has few."""
    different = texts.unique().cast(pl.String)
    hostile = different.filter(different.str.contains(FORMULA_STARTS))
    plain = texts.cast(pl.String)
    return plain if hostile.is_empty() else plain.replace(hostile, "'" + hostile)


def _decimal(column: str, unit: int, digits: int, least: int) -> pl.Expr:
    """A whole number of small units as a decimal number in text, trailing zeros cut down to `least` places."""
    value = pl.col(column)
    sign = pl.when(value < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    whole = (value.abs() // unit).cast(pl.String)
    part = (value.abs() % unit).cast(pl.String).str.zfill(digits)
    kept = part.str.slice(0, least) + part.str.slice(least).str.strip_chars_end("0")
    dot = pl.when(kept == "").then(pl.lit("")).otherwise(pl.lit("."))
    return (sign + whole + dot + kept).alias(column)
