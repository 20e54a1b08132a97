"""The API Keys table."""

import polars as pl

from store.metrics.rows import CostFilter
from store.metrics.sums import MONEY, TOKENS, finished, summed

API_KEY_COLUMNS = (
    "api_key_id", "api_key_hint", "api_key_name", "api_key_status", "provider", "account", "workspace", *MONEY,
    "previous_net_cost", "change", *TOKENS, "requests", "last_used_at", "cost_basis",
)  # fmt: skip
KEY_IDENTITY = ["account_id", "api_key_id", "api_key_hint", "api_key_name", "api_key_status", "provider", "account"]


def api_keys(rows: pl.DataFrame, asked: CostFilter, idle: pl.DataFrame) -> pl.DataFrame:
    """One line per key and workspace it spends in, then the idle ones.

    `idle` holds the known keys (see `frames.read_keys`); those without a cost row in the window stand with zero cost
    and unknown usage.
    """
    lines = summed(rows, [*KEY_IDENTITY, "workspace_id", "workspace"])
    silent = idle.join(lines, on=["account_id", "api_key_id"], how="anti").with_columns(
        *[pl.lit(0, pl.Int64).alias(column) for column in MONEY]
    )
    lines = pl.concat([lines, silent.drop("workspace_names", "last_used_at")], how="diagonal").join(
        idle.select("account_id", "api_key_id", "last_used_at"), on=["account_id", "api_key_id"], how="left"
    )
    names = ["provider", "api_key_name", "api_key_id", "workspace"]
    return finished(lines, asked, default_sort="net_cost", names=names).select(API_KEY_COLUMNS)
