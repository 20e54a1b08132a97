"""The API Keys table."""

from dataclasses import replace

import polars as pl

from store.metrics.costs import costs
from store.metrics.findings import with_findings
from store.metrics.images import IMAGE_COLUMNS, image_sums, with_image_cost
from store.metrics.outliers import outliers
from store.metrics.rows import CostFilter
from store.metrics.sums import MONEY, TOKENS, change, finished, known_sum, only, summed
from store.metrics.trends import day_sums, trends
from store.series import Spend

API_KEY_COLUMNS = (
    "api_key_id", "api_key_hint", "api_key_name", "api_key_status", "findings", "provider", "account", "workspace_id",
    "workspace", *MONEY, "previous_net_cost", "change", "outlier", *TOKENS, "requests", "usage_quantity", "usage_unit",
    *IMAGE_COLUMNS, "created_at", "last_used_at", "coverage", "cost_basis",
)  # fmt: skip
KEY_IDENTITY = ["account_id", "api_key_id", "api_key_hint", "api_key_name", "api_key_status", "provider", "account"]
LINE = ["account_id", "api_key_id", "workspace_id"]
"""What makes a line of the table its own."""


def api_keys(spend: Spend, asked: CostFilter, known: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """One line per key and workspace it spends in, then the known keys that spend nothing.

    `known` are the keys that the filter leaves over, with the names of their places; those without a cost row in the
    window stand with zero cost and unknown usage. `found` is `key_findings`. Columns: `API_KEY_COLUMNS`, `account_id`
    and `trend`. `usage_quantity` is null where a key is metered in several units.
    """
    rows = with_image_cost(spend.sums)
    sums = day_sums(spend, LINE)
    lines = summed(
        rows, [*KEY_IDENTITY, "workspace_id", "workspace"], known_sum("usage_quantity"), only("usage_unit"),
        *image_sums(),
    ).with_columns(pl.when(pl.col("usage_unit") != "mixed").then("usage_quantity").alias("usage_quantity"))  # fmt: skip
    lines = pl.concat([lines, _silent(known, lines, sums, asked)], how="diagonal")
    lines = (
        with_findings(lines, found)
        .join(outliers(spend, LINE, sums), on=LINE, how="left")
        .join(trends(sums, LINE, asked.window), on=LINE, how="left")
    )
    names = ["provider", "api_key_name", "api_key_id", "workspace", "account_id", "workspace_id"]
    return finished(lines, asked, default_sort="net_cost", names=names).select(*API_KEY_COLUMNS, "account_id", "trend")


def _silent(known: pl.DataFrame, lines: pl.DataFrame, sums: pl.DataFrame, asked: CostFilter) -> pl.DataFrame:
    """The known keys without a line, with zero cost now and what they cost before; `sums` are `day_sums`."""
    days = [day.isoformat() for day in asked.window.previous.days()]
    cost = pl.sum_horizontal(days).alias("previous_net_cost")
    before = sums.select(*LINE[:2], cost).group_by(LINE[:2]).agg(pl.col("previous_net_cost").sum())
    return (
        known.select(*KEY_IDENTITY, "workspace_id", "workspace")
        .join(lines, on=LINE[:2], how="anti")
        .join(before, on=LINE[:2], how="left")
        .with_columns(
            *[pl.lit(0, pl.Int64).alias(column) for column in MONEY], pl.col("previous_net_cost").fill_null(0)
        )
        .with_columns(change("net_cost", "previous_net_cost"))
    )


def key_costs(spend: Spend, asked: CostFilter, lines: pl.DataFrame) -> pl.DataFrame:
    """The `costs` rows behind lines of `api_keys`, equal to them to the last digit; newest day first."""
    wanted = lines.select(LINE).unique().with_columns(pl.col(pl.String).cast(pl.Categorical))
    mine = replace(spend, sums=spend.sums.join(wanted, on=LINE, how="semi"))
    return costs(mine, CostFilter(window=asked.window))
