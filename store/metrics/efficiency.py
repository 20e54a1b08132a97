"""Which model is the cheapest for what it does, among those that can be compared."""

import polars as pl

from store.frames import NANOS
from store.metrics.images import IMAGES
from store.metrics.unit_costs import INPUT_UNIT, TOKENS_UNIT

MOST_EFFICIENT = "most efficient"
COMPARABLE = (TOKENS_UNIT, INPUT_UNIT, IMAGES, "video seconds", "1M characters")
"""Units of which one is as good as another: seconds may be of sound or of a machine, credits are what one pays for."""
LEAST_SHARE = 0.001
"""Of all the unit's quantity: what a model must have carried to be judged."""
LEAST_DOLLARS = 1
"""What it must have cost in the window."""
LEAST_LEAD = 0.01
"""By how much it must be cheaper than the next."""
RULE = (
    f"The lowest billed cost per unit, by {LEAST_LEAD:.0%} at least, among models counted in the same unit. Judged are "
    f"those that carried {LEAST_SHARE:.1%} of the unit's quantity and cost ${LEAST_DOLLARS} or more, by the provider's "
    "own bill and before credits. What a token costs depends on how much of the traffic is input, cached and output: "
    "this compares what was paid."
)


def most_efficient(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines with `efficiency`: `most efficient` at one line at most of each comparable unit, else null.

    Needs `model`, `provider`, `billed_cost` in nano-dollars, and what `unit_costs` gives.
    """
    share = pl.col("units") / pl.col("units").sum().over("pricing_unit")
    is_judged = (
        pl.col("pricing_unit").is_in(COMPARABLE)
        & ~pl.col("is_estimated")
        & (share >= LEAST_SHARE)
        & (pl.col("billed_cost") >= LEAST_DOLLARS * NANOS)
    )
    price = pl.col("billed_unit_cost")
    best = (
        lines.filter(is_judged.fill_null(value=False) & (price > 0))
        .sort("billed_unit_cost", "model", "provider")
        .with_columns(price.shift(-1).over("pricing_unit").alias("next"))
        .unique("pricing_unit", keep="first", maintain_order=True)
        .filter(price <= pl.col("next") * (1 - LEAST_LEAD))
        .select("provider", "model", pl.lit(MOST_EFFICIENT).alias("efficiency"))
    )
    return lines.join(best, on=["provider", "model"], how="left")
