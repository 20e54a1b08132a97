"""The Models table."""

import polars as pl

from store.metrics.efficiency import most_efficient
from store.metrics.images import IMAGE_COLUMNS, image_sums, with_image_cost
from store.metrics.outliers import outliers
from store.metrics.rows import CostFilter
from store.metrics.sums import MONEY, TOKENS, finished, known_sum, only, summed
from store.metrics.trends import day_sums, trends
from store.metrics.unit_costs import MODEL, unit_costs
from store.series import Spend

MODEL_COLUMNS = (
    "model", "provider", "unit_cost", "pricing_unit", "unit_change", "efficiency", *MONEY, "previous_net_cost",
    "change", "outlier", *TOKENS, "cache_hit_share", "requests", "tokens_per_request", "usage_quantity", "usage_unit",
    *IMAGE_COLUMNS, "cost_basis",
)  # fmt: skip


def models(spend: Spend, asked: CostFilter) -> pl.DataFrame:
    """One line per provider and model: `MODEL_COLUMNS`, `trend`, and more of `unit_costs`.

    `tokens_per_request` counts only rows that report both, `cache_hit_share` is cached ÷ all input over the rows that
    report both.
    """
    rows = with_image_cost(spend.sums)
    tokens = pl.sum_horizontal("input_tokens", "output_tokens", ignore_nulls=True)
    both = pl.col("is_current") & pl.col("requests").is_not_null() & pl.col("input_tokens").is_not_null()
    cached = pl.col("is_current") & pl.col("cached_input_tokens").is_not_null() & pl.col("input_tokens").is_not_null()
    sums = day_sums(spend, MODEL)
    lines = (
        summed(
            rows,
            MODEL,
            known_sum("usage_quantity"),
            only("usage_unit"),
            pl.when(both).then(tokens).sum().alias("tokens_with_requests"),
            pl.when(both).then("requests").sum().alias("requests_with_tokens"),
            pl.when(cached).then("cached_input_tokens").sum().alias("cached_with_input"),
            pl.when(cached).then("input_tokens").sum().alias("input_with_cached"),
            *image_sums(),
        )
        .with_columns(
            pl.when(pl.col("usage_unit") != "mixed").then("usage_quantity").alias("usage_quantity"),
            _ratio("tokens_with_requests", "requests_with_tokens").alias("tokens_per_request"),
            _ratio("cached_with_input", "input_with_cached").alias("cache_hit_share"),
        )
        .join(unit_costs(rows), on=MODEL, how="left")
        .join(outliers(spend, MODEL, sums), on=MODEL, how="left")
        .join(trends(sums, MODEL, asked.window), on=MODEL, how="left")
    )
    ordered = finished(most_efficient(lines), asked, default_sort="net_cost", names=["model", "provider"])
    return ordered.select(*MODEL_COLUMNS, "units", "previous_unit_cost", "billed_unit_cost", "trend")


def _ratio(part: str, whole: str) -> pl.Expr:
    return pl.when(pl.col(whole) > 0).then(pl.col(part) / pl.col(whole))
