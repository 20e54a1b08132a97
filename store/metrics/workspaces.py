"""The Workspaces table, and what one line of it is made of."""

import polars as pl

from store.metrics.images import IMAGE_COLUMNS, image_sums, with_image_cost
from store.metrics.named_coverage import coverage_by_name
from store.metrics.outliers import outliers
from store.metrics.rows import CostFilter, plain
from store.metrics.sums import MONEY, TOKENS, finished, summed
from store.series import Spend

WORKSPACE_COLUMNS = (
    "workspace", "naming", "providers", "parts", "workspace_ids", *MONEY, "previous_net_cost", "change", "outlier",
    *TOKENS, "requests", *IMAGE_COLUMNS, "api_keys", "models", "coverage", "cost_basis",
)  # fmt: skip
PART_COLUMNS = (
    "provider", "account", "workspace_id", *MONEY, "previous_net_cost", "change", "share", *IMAGE_COLUMNS, "api_keys",
    "cost_basis",
)  # fmt: skip
UNNAMED = "unnamed"
PLACE = ["account_id", "workspace_id"]


def workspaces(spend: Spend, asked: CostFilter, covered: pl.DataFrame | None = None) -> pl.DataFrame:
    """One line per display name: workspaces of several providers under one name are one line.

    `parts` counts them. `naming` is `unnamed` where a workspace is shown under the provider's raw id, else null.
    `covered` is `workspace_coverage` of all workspaces: of the filters only the provider's changes `coverage`, which is
    null without it, and where nothing is known.
    """
    rows = spend.sums
    lines = (
        summed(with_image_cost(rows), ["workspace"], *image_sums())
        .join(_places(rows), on="workspace", how="left")
        .join(_models(rows), on="workspace", how="left")
        .join(outliers(spend, ["workspace"]), on="workspace", how="left")
    )
    if covered is None:
        lines = lines.with_columns(pl.lit(None, pl.Float64).alias("coverage"))
    else:
        mine = covered.filter(pl.col("provider").is_in(list(asked.providers))) if asked.providers else covered
        lines = lines.join(coverage_by_name(mine), on="workspace", how="left")
    return finished(lines, asked, default_sort="net_cost", names=["workspace"]).select(WORKSPACE_COLUMNS)


def _distinct(rows: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """The different values that columns have together in the window, per workspace name."""
    values = rows.lazy().filter("is_current").select("workspace", *columns).unique()
    return values.with_columns(plain()).collect(engine="streaming")


def _places(rows: pl.DataFrame) -> pl.DataFrame:
    """Per workspace name what stands behind it: `providers`, `workspace_ids`, `parts`, `api_keys` and `naming`."""
    found = _distinct(rows, "account_id", "provider", "workspace_id", "api_key_id")
    is_raw = (pl.col("workspace") == pl.col("workspace_id")).any()
    return found.group_by("workspace").agg(
        _listed("provider").alias("providers"),
        _listed("workspace_id").alias("workspace_ids"),
        pl.struct(PLACE).n_unique().cast(pl.Int64).alias("parts"),
        _keys(),
        pl.when(is_raw).then(pl.lit(UNNAMED)).alias("naming"),
    )


def _listed(column: str) -> pl.Expr:
    return pl.col(column).filter(pl.col(column) != "").unique().sort().str.join(", ")


def _keys() -> pl.Expr:
    used = pl.struct("account_id", "api_key_id").filter(pl.col("api_key_id") != "")
    return used.n_unique().cast(pl.Int64).alias("api_keys")


def _models(rows: pl.DataFrame) -> pl.DataFrame:
    return _distinct(rows, "model").group_by("workspace").agg(pl.len().cast(pl.Int64).alias("models"))


def workspace_parts(spend: Spend, workspace: str) -> pl.DataFrame:
    """What a line of `workspaces` is made of: one line per account and workspace id, largest net cost first.

    Columns: `PART_COLUMNS` and `account_id`. `share` is of the net cost of the line; null when that is not positive.
    """
    mine = with_image_cost(spend.sums).filter(pl.col("workspace") == workspace)
    keys = _distinct(mine, "account_id", "workspace_id", "api_key_id").group_by(PLACE).agg(_keys())
    parts = summed(mine, ["account_id", "provider", "account", "workspace_id"], *image_sums())
    parts = parts.join(keys, on=PLACE, how="left")
    total = pl.col("net_cost").sum()
    share = pl.when(total > 0).then(pl.col("net_cost") / total).otherwise(None).alias("share")
    order = ["net_cost", "provider", "account_id", "workspace_id"]
    return (
        parts.with_columns(share)
        .sort(order, descending=[True, False, False, False])
        .select(*PART_COLUMNS, "account_id")
    )


def unnamed(table: pl.DataFrame) -> list[str]:
    """The lines of `workspaces` shown by the provider's raw id, in their order."""
    return table.filter(pl.col("naming") == UNNAMED)["workspace"].to_list()
