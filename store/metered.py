"""Reading what clients metered, day by day."""

from datetime import date

import polars as pl
from sqlalchemy import BigInteger, func, select, type_coerce

from store.engine import Store
from store.models import MeteredCost
from store.packed import Schema
from store.records import Window
from store.tables import table

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
    wanted = [type_coerce(saved.c[name], BigInteger) if name in MONEY else saved.c[name] for name in METERED_SCHEMA]
    query = select(*wanted).where(saved.c.day >= window.start, saved.c.day < window.end)
    with store.read() as connection:
        rows = connection.execute(query).all()
    values = zip(*rows, strict=True) if rows else ((),) * len(METERED_SCHEMA)
    told = zip(METERED_SCHEMA.items(), values, strict=True)
    series = [pl.Series(name, column, dtype=kind) for (name, kind), column in told]
    return pl.DataFrame(series).sort([name for name in METERED_SCHEMA if name not in MONEY])


def event_counts(store: Store, window: Window) -> dict[date, int]:
    """The number of metered events of each day of a window that has any, oldest first; each event adds one for good."""
    saved = table(MeteredCost)
    inside = (saved.c.day >= window.start) & (saved.c.day < window.end)
    query = select(saved.c.day, func.sum(saved.c.events)).where(inside).group_by(saved.c.day).order_by(saved.c.day)
    with store.read() as connection:
        return {day: int(events) for day, events in connection.execute(query)}
