"""The Models table."""

import polars as pl

from store.frames import MICROS, NANOS
from store.metrics.rows import CostFilter
from store.metrics.sums import MONEY, TOKENS, finished, known_sum, only, summed

MODEL_COLUMNS = (
    "model", "provider", "unit_cost", "pricing_unit", *MONEY, "previous_net_cost", "change", *TOKENS, "requests",
    "tokens_per_request", "usage_quantity", "usage_unit", "cost_basis",
)  # fmt: skip


def models(rows: pl.DataFrame, asked: CostFilter) -> pl.DataFrame:
    """One line per provider and model.

    `unit_cost` is net US dollars per `pricing_unit`: 1M tokens (input and output) where the model is counted in tokens
    alone, else its own unit; null where the provider reports no quantity, or several units whose costs cannot be told
    apart. `tokens_per_request` counts only rows that report both.
    """
    tokens = pl.sum_horizontal("input_tokens", "output_tokens", ignore_nulls=True)
    both = pl.col("is_current") & pl.col("requests").is_not_null() & pl.col("input_tokens").is_not_null()
    lines = summed(
        rows,
        ["provider", "model"],
        known_sum("usage_quantity"),
        only("usage_unit"),
        (pl.col("is_current") & pl.col("usage_unit").is_null() & (tokens > 0)).any().alias("has_token_rows"),
        tokens.filter(both).sum().alias("tokens_with_requests"),
        pl.col("requests").filter(both).sum().alias("requests_with_tokens"),
    ).with_columns(tokens.alias("tokens"))
    own_unit = pl.col("usage_unit").is_not_null() & (pl.col("usage_unit") != "mixed") & ~pl.col("has_token_rows")
    units = pl.col("usage_quantity") / MICROS
    in_tokens = pl.col("usage_unit").is_null() & (pl.col("tokens") > 0)
    dollars = pl.col("net_cost") / NANOS
    lines = lines.with_columns(
        pl.when(own_unit).then("usage_unit").when(in_tokens).then(pl.lit("1M tokens")).alias("pricing_unit"),
        pl.when(own_unit & (units > 0)).then(dollars / units)
        .when(in_tokens).then(dollars / pl.col("tokens") * 1_000_000).alias("unit_cost"),
        pl.when(pl.col("requests_with_tokens") > 0)
        .then(pl.col("tokens_with_requests") / pl.col("requests_with_tokens")).alias("tokens_per_request"),
    )  # fmt: skip
    return finished(lines, asked, default_sort="net_cost", names=["model", "provider"]).select(MODEL_COLUMNS)
