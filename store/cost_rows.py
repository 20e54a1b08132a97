"""Cost rows out of the database: in the order of the primary key, text as categories, of one moment."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from store.engine import Store
from store.errors import explained
from store.records import Window

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
ROWS_AT_ONCE = 50_000


def cost_rows(store: Store, window: Window, account_ids: Sequence[int]) -> pl.DataFrame:
    """Rows of `COST_SCHEMA` of these accounts in a window, ordered by account, day, workspace_id, api_key_id, model,
    variant and upstream, text by its bytes. Raises `StoreError`.
    """
    if not account_ids:
        return pl.DataFrame(schema=COST_SCHEMA)
    read = _read_postgresql if store.sqlite_path is None else _read_sqlite
    found = read(store, window, sorted(account_ids))
    text = [name for name, kind in COST_SCHEMA.items() if kind == pl.Categorical]
    return found.with_columns(pl.col(text).cast(pl.Categorical)).select(*COST_SCHEMA).rechunk()


def _read_sqlite(store: Store, window: Window, account_ids: Sequence[int]) -> pl.DataFrame:
    """By Python's own SQLite: a second library on the same file would undo the first one's locks when it closes it."""
    marks = ", ".join("?" * len(account_ids))
    query = (
        f"SELECT {', '.join(COST_SCHEMA)} FROM daily_cost "  # noqa: S608  own columns and marks
        f"WHERE account_id IN ({marks}) AND day >= ? AND day < ? "
        "ORDER BY account_id, day, workspace_id, api_key_id, model, variant, upstream"
    )
    days = (window.start.isoformat(), window.end.isoformat())
    parts = []
    with store.read() as connection:
        driver: Any = connection.connection.driver_connection
        cursor = driver.execute(query, (*account_ids, *days))
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            parts.append(_typed(rows))
    return pl.concat(parts) if parts else pl.DataFrame(schema=READ_SCHEMA)


def _typed(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    columns = dict(zip(COST_SCHEMA, zip(*rows, strict=True), strict=True))
    schema = {**READ_SCHEMA, "day": pl.String}
    read = [pl.Series(name, values, dtype=schema[name]) for name, values in columns.items()]
    return pl.DataFrame(read).with_columns(pl.col("day").str.to_date("%Y-%m-%d"))


def _read_postgresql(store: Store, window: Window, account_ids: Sequence[int]) -> pl.DataFrame:
    """Text ordered by its bytes, as SQLite orders it, whatever the database's language is."""
    from adbc_driver_postgresql import dbapi  # noqa: PLC0415

    url = store.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    ids = ", ".join(str(int(account_id)) for account_id in account_ids)
    order = ", ".join(f'{name} COLLATE "C"' for name in ("workspace_id", "api_key_id", "model", "variant", "upstream"))
    query = (
        f"SELECT {', '.join(COST_SCHEMA)} FROM daily_cost WHERE account_id IN ({ids}) "  # noqa: S608  own columns
        f"AND day >= $1 AND day < $2 ORDER BY account_id, day, {order}"
    )
    try:
        with dbapi.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute(query, [window.start, window.end])
            found = pl.from_arrow(cursor.fetch_arrow_table())
    except dbapi.Error as fault:
        raise explained(fault) from fault
    assert isinstance(found, pl.DataFrame)
    return found.cast(pl.Schema(READ_SCHEMA))
