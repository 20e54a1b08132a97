"""The cost rows themselves, and how they stand to the providers' own totals."""

import polars as pl

from store.frames import MICROS
from store.metrics.rows import CostFilter
from store.metrics.sums import MONEY, TOKENS, finished
from store.series import Spend

COST_COLUMNS = (
    "day", "provider", "account", "workspace_id", "workspace", "api_key_id", "api_key_hint", "model", "variant",
    "upstream", *MONEY, "cost_basis", *TOKENS, "usage_quantity", "usage_unit", "requests",
)  # fmt: skip


def costs(spend: Spend, asked: CostFilter) -> pl.DataFrame:
    """Every cost row of the window as saved; newest day first unless asked otherwise."""
    names = ["day", "provider", "account", "workspace_id", "api_key_id", "model", "variant", "upstream"]
    return finished(spend.rows(), asked, default_sort="day", names=names).select(COST_COLUMNS)


def reconciled(spend: Spend, elsewhere: Spend, controls: pl.DataFrame) -> dict[str, int]:
    """Days with an own total of the provider, days whose rows equal it, and unattributed nano-dollars of spend.

    `elsewhere` is what `spending` leaves out: a gateway's own total holds both.
    """
    window = spend.window
    own = controls.filter(pl.col("day").is_between(window.start, window.end, closed="left"))
    whole = pl.concat([spend.bills, elsewhere.bills])
    billed = whole.group_by("account_id", "day").agg(pl.col("billed_cost").sum())
    both = own.join(billed, on=["account_id", "day"], how="left").with_columns(pl.col("billed_cost").fill_null(0))
    is_lost = pl.col("is_current") & (pl.col("workspace_id") == "") & (pl.col("api_key_id") == "")
    return {
        "days": both.height,
        "equal_days": both.filter((pl.col("billed_cost") - pl.col("control_total")).abs() < MICROS // 1000).height,
        "unattributed": int(spend.sums.filter(is_lost)["billed_cost"].sum()),
    }
