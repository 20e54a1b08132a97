"""Adding rows up: one line per group, with the period before beside it."""

from decimal import Decimal

import polars as pl
import polars.selectors as cs

from store.metrics.rows import CostFilter, plain
from store.records import LARGEST_AMOUNT, to_nanos

TOKENS = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens")
MEASURES = (*TOKENS, "requests")
MONEY = ("billed_cost", "credits_applied", "net_cost")
DECIDED_BY = {
    "provider": {"account_id"},
    "account": {"account_id"},
    "workspace": {"account_id", "workspace_id"},
    "api_key_hint": {"account_id", "api_key_id"},
    "api_key_name": {"account_id", "api_key_id"},
    "api_key_status": {"account_id", "api_key_id"},
}
"""Columns that need no grouping by where these are grouped by: they have one value there."""


def _current(column: str) -> pl.Expr:
    """The values of the current window, null elsewhere: a sum of it needs no list of each group's rows."""
    return pl.when("is_current").then(pl.col(column))


def known_sum(column: str) -> pl.Expr:
    """The sum of a column over the current window; null where no row reports it."""
    values = _current(column)
    return pl.when(values.count() > 0).then(values.sum()).otherwise(None).alias(column)


def _sum(column: str) -> pl.Expr:
    return _current(column).sum().alias(column)


def _previous(column: str) -> pl.Expr:
    """The sum over the previous window; null where it has no row, so that `new` and `no change` differ."""
    values = pl.when(~pl.col("is_current")).then(pl.col(column))
    return pl.when(values.count() > 0).then(values.sum()).otherwise(None).alias(f"previous_{column}")


def change(current: str, previous: str) -> pl.Expr:
    """(current − previous) ÷ previous as a ratio; null without a positive previous value."""
    before = pl.col(previous)
    return pl.when(before > 0).then((pl.col(current) - before) / before).otherwise(None).alias("change")


def only(column: str) -> pl.Expr:
    """The single current value of a text column, `mixed` where it has several."""
    values = _current(column)
    least = values.min()
    return pl.when(least != values.max()).then(pl.lit("mixed")).otherwise(least).alias(column)


def summed(rows: pl.DataFrame, by: list[str], *more: pl.Expr) -> pl.DataFrame:
    """One line per group that the current window has, with money, previous net cost, change, tokens and requests.

    Texts of the lines are `String`, whatever they are in the rows.
    """
    told = [name for name in by if DECIDED_BY.get(name, {name}) <= set(by) - {name}]
    lines = (
        rows.lazy()
        .group_by([name for name in by if name not in told])
        .agg(
            *[pl.col(name).first() for name in told],
            pl.col("is_current").any(),
            *[_sum(column) for column in MONEY],
            _previous("net_cost"),
            *[known_sum(column) for column in MEASURES],
            only("cost_basis"),
            *more,
        )
        .filter("is_current")
        .drop("is_current")
        .with_columns(change("net_cost", "previous_net_cost"), plain())
        .collect(engine="streaming")
    )
    return lines.select(*by, cs.exclude(by))


def finished(lines: pl.DataFrame, asked: CostFilter, *, default_sort: str, names: list[str]) -> pl.DataFrame:
    """The lines within the cost range, in the order asked for; equal ones by name, nulls last."""
    if asked.min_cost is not None:
        lines = lines.filter(pl.col("billed_cost") >= _bound(asked.min_cost))
    if asked.max_cost is not None:
        lines = lines.filter(pl.col("billed_cost") <= _bound(asked.max_cost))
    first = asked.sort or default_sort
    others = [name for name in names if name != first]
    by = _sorted_by(lines.select(first, *others))
    order = [asked.descending, *[False] * len(others)]
    return lines.sort(by, descending=order, nulls_last=True, maintain_order=True)


def _sorted_by(columns: pl.DataFrame) -> list[pl.Series]:
    """What sorts like the columns: of categorical text the place of each text among all, a small number."""
    if not any(isinstance(kind, pl.Categorical) for kind in columns.dtypes):
        return columns.get_columns()
    places = pl.Categorical().categories.to_series().rank("dense")
    return [
        places.gather(values.cat.physical()) if isinstance(values.dtype, pl.Categorical) else values
        for values in columns
    ]


def _bound(cost: Decimal) -> int:
    """An end of a cost range in nano-dollars; more than the store can hold is as much as it can."""
    return to_nanos(max(-LARGEST_AMOUNT, min(cost, LARGEST_AMOUNT)))


def totals(rows: pl.DataFrame) -> dict[str, int | float | None]:
    """Current sums of money, tokens and requests; `previous_…` for each; None where nothing is reported."""
    columns = (*MONEY, *MEASURES)
    line = rows.select(*[known_sum(column) for column in columns], *[_previous(column) for column in columns])
    return line.row(0, named=True)
