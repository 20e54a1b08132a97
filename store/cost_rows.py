"""Cost rows out of the database as Arrow: in the order of the primary key, text as categories.

SQLite is read by several threads at once, since one needs more than a second for a million rows. All of them see the
same moment: each opens its own transaction, and only transactions that saw the same `data_version` are used together.
The drivers are imported when they are used: they bring pandas along, which takes half a second.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from store.engine import BUSY_SECONDS, Store, read_only_uri
from store.errors import StoreError, explained
from store.records import Window

if TYPE_CHECKING:
    import pyarrow as pa

Schema = dict[str, pl.DataType | type[pl.DataType]]

COST_SCHEMA: Schema = {
    "day": pl.Date,
    "account_id": pl.Int64,
    "workspace_id": pl.Categorical,
    "api_key_id": pl.Categorical,
    "model": pl.Categorical,
    "variant": pl.Categorical,
    "upstream": pl.Categorical,
    "billed_cost": pl.Int64,
    "list_cost": pl.Int64,
    "credits_applied": pl.Int64,
    "cost_basis": pl.Categorical,
    "input_tokens": pl.Int64,
    "cached_input_tokens": pl.Int64,
    "cache_write_tokens": pl.Int64,
    "output_tokens": pl.Int64,
    "usage_quantity": pl.Int64,
    "usage_unit": pl.Categorical,
    "requests": pl.Int64,
}
READ_SCHEMA: Schema = {name: pl.String if kind == pl.Categorical else kind for name, kind in COST_SCHEMA.items()}
BATCH_ROWS = 100_000_000
READERS = 2
PARTS = 4
"""Pieces of the window per account, so that no reader is idle while another has all the rows."""
MOST_TRIES = 20

Piece = tuple[int, date, date]


def cost_rows(store: Store, window: Window, account_ids: Sequence[int]) -> pl.DataFrame:
    """Rows of `COST_SCHEMA` of these accounts in a window, ordered by account, day, workspace_id, api_key_id, model,
    variant and upstream, text by its bytes. Raises `StoreError`.
    """
    if not account_ids:
        return pl.DataFrame(schema=COST_SCHEMA)
    read = _read_postgresql if store.sqlite_path is None else _read_sqlite
    found = _explaining(store, lambda: read(store, window, sorted(account_ids)))
    text = [name for name, kind in COST_SCHEMA.items() if kind == pl.Categorical]
    return found.with_columns(pl.col(text).cast(pl.Categorical)).select(*COST_SCHEMA).rechunk()


def _explaining(store: Store, read: Callable[[], pl.DataFrame]) -> pl.DataFrame:
    if store.sqlite_path is None:
        from adbc_driver_postgresql.dbapi import Error  # noqa: PLC0415
    else:
        from adbc_driver_sqlite.dbapi import Error  # noqa: PLC0415
    try:
        return read()
    except Error as fault:
        raise explained(fault) from fault


def _read_sqlite(store: Store, window: Window, account_ids: Sequence[int]) -> pl.DataFrame:
    assert store.sqlite_path is not None
    pieces = list(_pieces(window, account_ids))
    tables: list[pa.Table | None] = [None] * len(pieces)
    left = iter(enumerate(pieces))

    def read_on(cursor: Any) -> None:
        for number, piece in left:
            tables[number] = _read_piece(cursor, piece)

    with ExitStack() as opened, ThreadPoolExecutor(READERS, "cost-rows") as threads:
        for reading in [threads.submit(read_on, cursor) for cursor in _cursors(opened, store.sqlite_path)]:
            reading.result()
    frames = [_typed(pl.from_arrow(table), account_id) for table, (account_id, *_) in zip(tables, pieces, strict=True)]
    return pl.concat(frames)


def _pieces(window: Window, account_ids: Sequence[int]) -> Iterator[Piece]:
    step = timedelta(days=-(-window.length // PARTS))
    for account_id in account_ids:
        start = window.start
        while start < window.end:
            yield account_id, start, min(start + step, window.end)
            start += step


def _cursors(opened: ExitStack, path: Path) -> list[Any]:
    """One cursor for each reader, each in a transaction, all of which see the same data; closed with `opened`."""
    for _ in range(MOST_TRIES):
        with ExitStack() as tried:
            cursors = [_cursor(tried, path) for _ in range(READERS)]
            if len({_version(cursor) for cursor in cursors}) == 1:
                opened.push(tried.pop_all())
                return cursors
    raise StoreError(
        "The costs could not be read at one moment: they changed again and again meanwhile.",
        likely_cause="Many syncs are being saved at once.",
        resolution="Try again in a moment.",
    )


def _cursor(opened: ExitStack, path: Path) -> Any:
    """The driver guesses types from its first batch of rows, so all rows are one batch."""
    from adbc_driver_sqlite import dbapi  # noqa: PLC0415

    connection = opened.enter_context(dbapi.connect(read_only_uri(path)))
    cursor = opened.enter_context(connection.cursor())
    cursor.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
    cursor.fetchall()
    cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": BATCH_ROWS})
    return cursor


def _version(cursor: Any) -> int:
    cursor.execute("SELECT version FROM data_version")
    return int(cursor.fetchone()[0])


def _read_piece(cursor: Any, piece: Piece) -> "pa.Table":
    """Without the account: it is the same in all rows."""
    account_id, *days = piece
    columns = ", ".join(name for name in COST_SCHEMA if name != "account_id")
    cursor.execute(
        f"SELECT {columns} FROM daily_cost WHERE account_id = ? AND day >= ? AND day < ? "  # noqa: S608  own columns
        "ORDER BY account_id, day, workspace_id, api_key_id, model, variant, upstream",
        [account_id, *[day.isoformat() for day in days]],
    )
    return cursor.fetch_arrow_table()


def _typed(found: pl.DataFrame | pl.Series, account_id: int) -> pl.DataFrame:
    assert isinstance(found, pl.DataFrame)
    return found.select(
        pl.col("day").cast(pl.String).str.to_date("%Y-%m-%d"),
        pl.lit(account_id, pl.Int64).alias("account_id"),
        *[pl.col(name).cast(kind) for name, kind in READ_SCHEMA.items() if name not in {"day", "account_id"}],
    )


def _read_postgresql(store: Store, window: Window, account_ids: Sequence[int]) -> pl.DataFrame:
    """Text ordered by its bytes, as SQLite orders it, whatever the database's language is."""
    from adbc_driver_postgresql import dbapi  # noqa: PLC0415

    url = store.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    ids = ", ".join(str(int(account_id)) for account_id in account_ids)
    order = ", ".join(f'{name} COLLATE "C"' for name in ("workspace_id", "api_key_id", "model", "variant", "upstream"))
    with dbapi.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(COST_SCHEMA)} FROM daily_cost WHERE account_id IN ({ids}) "  # noqa: S608  own columns
            f"AND day >= $1 AND day < $2 ORDER BY account_id, day, {order}",
            [window.start, window.end],
        )
        found = pl.from_arrow(cursor.fetch_arrow_table())
    assert isinstance(found, pl.DataFrame)
    return found.cast(pl.Schema(READ_SCHEMA))
