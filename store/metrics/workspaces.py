"""The Workspaces table."""

import polars as pl

from store.metrics.rows import CostFilter
from store.metrics.sums import MONEY, TOKENS, finished, summed

WORKSPACE_COLUMNS = (
    "workspace", "providers", "workspace_ids", *MONEY, "previous_net_cost", "change", *TOKENS, "requests",
    "api_keys", "models", "cost_basis",
)  # fmt: skip


def _listed(column: str, name: str) -> pl.Expr:
    values = pl.col(column).filter(pl.col("is_current") & (pl.col(column) != ""))
    return values.unique().sort().str.join(", ").alias(name)


def workspaces(rows: pl.DataFrame, asked: CostFilter) -> pl.DataFrame:
    """One line per display name: workspaces of several providers under one name are one line."""
    current, keys = pl.col("is_current"), pl.struct("account_id", "api_key_id")
    lines = summed(
        rows,
        ["workspace"],
        _listed("provider", "providers"),
        _listed("workspace_id", "workspace_ids"),
        keys.filter(current & (pl.col("api_key_id") != "")).n_unique().cast(pl.Int64).alias("api_keys"),
        pl.col("model").filter(current).n_unique().cast(pl.Int64).alias("models"),
    )
    return finished(lines, asked, default_sort="net_cost", names=["workspace"]).select(WORKSPACE_COLUMNS)
