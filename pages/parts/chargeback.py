"""The cost rows behind keys as CSV, to charge them to those who hold the keys."""

import polars as pl
import streamlit as st

from pages.parts import numbers
from pages.parts.cost_page import CostView
from pages.parts.text import escaped, shortened
from store.export import to_csv
from store.metrics import key_costs

PICKED = "chargeback-keys"
KEY = ["account_id", "api_key_id"]


def chargeback(view: CostView, lines: pl.DataFrame) -> None:
    """A button that opens the export; `lines` are those of the table shown."""
    with st.popover("Export cost rows", help="Per day and model, for chargeback"):
        keys = lines.filter(pl.col("api_key_id") != "").unique(KEY, maintain_order=True)
        named = {f"{row['account_id']}:{row['api_key_id']}": _named(row) for row in keys.iter_rows(named=True)}
        picked = st.multiselect(
            "Keys", list(named), format_func=lambda key: named.get(key, key), key=PICKED, placeholder="All lines shown"
        )
        mine = of_keys(lines, picked)
        said = f"Every cost row of these keys in {numbers.days(view.asked.window)}: day, model, tokens, cost."
        st.caption(escaped(f"{said} {numbers.figure(int(mine['net_cost'].sum()))} net.", 300))
        st.download_button(
            "Export these cost rows", data=lambda: to_csv(key_costs(view.spend, view.asked, mine)),
            file_name=view.file_name("chargeback"), mime="text/csv", on_click="ignore", key="csv-chargeback",
        )  # fmt: skip


def of_keys(lines: pl.DataFrame, picked: list[str]) -> pl.DataFrame:
    """The lines of the keys picked, each written as `account:key`; all lines when none is."""
    if not picked:
        return lines
    return lines.filter(pl.concat_str("account_id", pl.lit(":"), "api_key_id").is_in(picked))


def _named(row: dict[str, str | None]) -> str:
    told = (row["api_key_name"] or row["api_key_id"], row["workspace"], row["api_key_hint"])
    return " · ".join(shortened(text, 40) for text in told if text)
