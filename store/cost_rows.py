"""Cost rows out of the database: in the order of the primary key, text as categories, of one moment."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import polars as pl
from sqlalchemy import Connection, select

from store.engine import Store
from store.models import PackedDay
from store.packed import COST_SCHEMA, Days, packed_days, typed
from store.records import Window
from store.tables import table

TEXT_KEY = ("workspace_id", "api_key_id", "model", "variant", "upstream")
ROWS_AT_ONCE = 50_000


def cost_rows(store: Store, window: Window, account_ids: Sequence[int]) -> pl.DataFrame:
    """Rows of `COST_SCHEMA` of these accounts in a window, ordered by account, day, workspace_id, api_key_id, model,
    variant and upstream, text by its bytes. Raises `StoreError`.
    """
    with store.read() as connection:
        packed = packed_days(connection, account_ids, window)
        parts = [part for account_id in sorted(account_ids) for part in _parts(connection, account_id, window, packed)]
    return pl.concat(parts).rechunk() if parts else _empty()


def every_packed_day(store: Store) -> list[tuple[int, date]]:
    """Account and day of all days that are kept packed, in order."""
    chosen = table(PackedDay)
    query = select(chosen.c.account_id, chosen.c.day).order_by(chosen.c.account_id, chosen.c.day)
    with store.read() as connection:
        return [(row.account_id, row.day) for row in connection.execute(query)]


def is_packed_well(store: Store, account_id: int, day: date) -> bool:
    """Whether a packed day opens and holds just the day's rows."""
    window = Window(day, day + timedelta(days=1))
    with store.read() as connection:
        packed = packed_days(connection, [account_id], window)
        rows = list(_read(connection, account_id, window))
    found = packed.get(account_id, {}).get(day)
    return found is not None and found.equals(pl.concat([_empty(), *rows]))


def _empty() -> pl.DataFrame:
    return pl.DataFrame(schema=COST_SCHEMA)


def _parts(connection: Connection, account_id: int, window: Window, packed: Days) -> Iterator[pl.DataFrame]:
    """An account's packed days and the rows between them, oldest first."""
    start = window.start
    for day, rows in packed.get(account_id, {}).items():
        if start < day:
            yield from _read(connection, account_id, Window(start, day))
        yield rows
        start = day + timedelta(days=1)
    if start < window.end:
        yield from _read(connection, account_id, Window(start, window.end))


def _read(connection: Connection, account_id: int, window: Window) -> Iterator[pl.DataFrame]:
    """Row by row, as the driver gives them; text ordered by its bytes whatever the database's language is."""
    mark, collation = ("%s", ' COLLATE "C"') if connection.dialect.name == "postgresql" else ("?", "")
    query = (
        f"SELECT {', '.join(COST_SCHEMA)} FROM daily_cost "  # noqa: S608  own columns and marks
        f"WHERE account_id = {mark} AND day >= {mark} AND day < {mark} "
        f"ORDER BY day, {', '.join(name + collation for name in TEXT_KEY)}"
    )
    found = connection.exec_driver_sql(query, (account_id, window.start.isoformat(), window.end.isoformat()))
    while rows := found.fetchmany(ROWS_AT_ONCE):
        yield typed(rows)
