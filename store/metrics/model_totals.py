"""The figures above the Models table."""

from dataclasses import dataclass

import polars as pl

from store.frames import NANOS
from store.metrics.unit_costs import INPUT_UNIT, TOKENS_UNIT


@dataclass(frozen=True, slots=True)
class ModelTotals:
    """None where nothing is reported. Prices are net US dollars, `image_cost` net nano-dollars, shares 0 to 1.

    `price_change` compares prices alone: today's tokens of each model at its price now and at its price before.
    """

    per_million_tokens: float | None
    price_change: float | None
    cached_share: float | None
    cached_share_before: float | None
    images: int | None
    image_cost: int | None
    per_image: float | None


def model_totals(rows: pl.DataFrame, table: pl.DataFrame) -> ModelTotals:
    """`rows` are the `sums` of a `Spend`, `table` is `models` of it."""
    price, change = _token_price(table)
    images, cost = _known(table["images"]), _known(table["image_cost"])
    share, share_before = (_cached_share(rows, pl.col("is_current") == now) for now in (True, False))
    per_image = cost / NANOS / images if images and cost is not None else None
    return ModelTotals(price, change, share, share_before, images, cost, per_image)


def _known(values: pl.Series) -> int | None:
    return int(values.sum()) if values.count() else None


def _token_price(table: pl.DataFrame) -> tuple[float | None, float | None]:
    """The price of a million tokens over all models, and its change at the present mix of models."""
    counted = table.filter(pl.col("pricing_unit").is_in([TOKENS_UNIT, INPUT_UNIT]) & pl.col("unit_cost").is_not_null())
    both = pl.col("previous_unit_cost").is_not_null()
    paid = pl.col("unit_cost") * pl.col("units")
    before = (pl.col("previous_unit_cost") * pl.col("units")).sum()
    sums = counted.select(
        pl.when(pl.col("units").sum() > 0).then(paid.sum() / pl.col("units").sum()).alias("price"),
        pl.when(before > 0).then((paid.filter(both).sum() - before) / before).alias("change"),
    )
    price, change = sums.row(0)
    return price, change


def _cached_share(rows: pl.DataFrame, of_window: pl.Expr) -> float | None:
    both = of_window & pl.col("cached_input_tokens").is_not_null() & pl.col("input_tokens").is_not_null()
    whole, cached = pl.when(both).then("input_tokens").sum(), pl.when(both).then("cached_input_tokens").sum()
    share: float | None = rows.select(pl.when(whole > 0).then(cached / whole)).item()
    return share
