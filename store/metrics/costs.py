"""The cost rows themselves, and how they stand to the providers' own totals."""

import polars as pl

from store.frames import MICROS
from store.metrics.rows import CostFilter
from store.metrics.sums import MONEY, TOKENS, finished
from store.records import Window

COST_COLUMNS = (
    "day", "provider", "account", "workspace_id", "workspace", "api_key_id", "api_key_hint", "model", "variant",
    "upstream", *MONEY, "cost_basis", *TOKENS, "usage_quantity", "usage_unit", "requests",
)  # fmt: skip


def costs(rows: pl.DataFrame, asked: CostFilter) -> pl.DataFrame:
    """Every cost row of the window as saved; newest day first unless asked otherwise."""
    names = ["day", "provider", "account", "workspace_id", "api_key_id", "model", "variant", "upstream"]
    return finished(rows.filter("is_current"), asked, default_sort="day", names=names).select(COST_COLUMNS)


def reconciled(rows: pl.DataFrame, elsewhere: pl.DataFrame, controls: pl.DataFrame, window: Window) -> dict[str, int]:
    """Days with an own total of the provider, days whose rows equal it, and unattributed nano-dollars of spend.

    `rows` is the spend, `elsewhere` what `spending` leaves out: a gateway's own total holds both.
    """
    own = controls.filter(pl.col("day").is_between(window.start, window.end, closed="left"))
    whole = pl.concat(
        [part.lazy().filter("is_current").select("account_id", "day", "billed_cost") for part in (rows, elsewhere)]
    )
    billed = whole.group_by("account_id", "day").agg(pl.col("billed_cost").sum()).collect(engine="streaming")
    both = own.join(billed, on=["account_id", "day"], how="left").with_columns(pl.col("billed_cost").fill_null(0))
    is_lost = pl.col("is_current") & (pl.col("workspace_id") == "") & (pl.col("api_key_id") == "")
    lost = rows.lazy().filter(is_lost).select("billed_cost").collect()
    return {
        "days": both.height,
        "equal_days": both.filter((pl.col("billed_cost") - pl.col("control_total")).abs() < MICROS // 1000).height,
        "unattributed": int(lost["billed_cost"].sum()),
    }
