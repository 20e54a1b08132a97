"""The Providers table."""

import polars as pl

from store.metrics.outliers import outliers
from store.metrics.rows import CostFilter
from store.metrics.sums import MONEY, TOKENS, finished, summed
from store.series import Spend

PROVIDER_COLUMNS = (
    "provider", *MONEY, "previous_net_cost", "change", "outlier", "share", *TOKENS, "requests", "cost_basis",
)  # fmt: skip


def providers(spend: Spend, asked: CostFilter) -> pl.DataFrame:
    """One line per provider. `share` is of the net cost of all lines shown; null when that is not positive."""
    lines = summed(spend.sums, ["provider"])
    total = pl.col("net_cost").sum()
    lines = lines.with_columns(pl.when(total > 0).then(pl.col("net_cost") / total).otherwise(None).alias("share"))
    lines = lines.join(outliers(spend, ["provider"]), on="provider", how="left")
    return finished(lines, asked, default_sort="net_cost", names=["provider"]).select(PROVIDER_COLUMNS)
