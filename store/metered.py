"""Reading what clients metered, day by day."""

import polars as pl
from sqlalchemy import select

from store.engine import Store
from store.models import MeteredCost
from store.packed import Schema
from store.records import Window, to_nanos
from store.tables import rows_of, table

METERED_SCHEMA: Schema = {
    "day": pl.Date,
    "source": pl.String,
    "provider": pl.String,
    "model": pl.String,
    "api_key": pl.String,
    "workspace": pl.String,
    "application": pl.String,
    "operation": pl.String,
    "cost": pl.Int64,
    "priced_cost": pl.Int64,
    "events": pl.Int64,
    "failed_events": pl.Int64,
    "unpriced_events": pl.Int64,
}
MONEY = ("cost", "priced_cost")


def read_metered(store: Store, window: Window) -> pl.DataFrame:
    """Metered events of a window added up per day and grain, in order; `METERED_SCHEMA`, money in nano-dollars.

    `priced_cost` is the part of `cost` at public prices; `unpriced_events` have no cost at all.
    """
    saved = table(MeteredCost)
    query = select(*[saved.c[name] for name in METERED_SCHEMA]).where(
        saved.c.day >= window.start, saved.c.day < window.end
    )
    with store.read() as connection:
        rows = rows_of(connection, query)
    for row in rows:
        row.update({name: to_nanos(row[name]) for name in MONEY})
    return pl.DataFrame(rows, schema=METERED_SCHEMA).sort([name for name in METERED_SCHEMA if name not in MONEY])
