"""API Keys: which key spends what, where, and which are worth a look."""

import polars as pl

from pages.parts import cards, numbers
from pages.parts.chargeback import chargeback
from pages.parts.cost_page import open_page, stop_if_empty
from pages.parts.filter_bar import Bar
from pages.parts.findings import finding_chips, findings, stop_without_finding
from pages.parts.loading import names
from pages.parts.tables import Sheet, filled, show
from store import metrics, queries

COLUMNS = (
    "api_key_hint", "api_key_name", "provider", "workspace", "net_cost", "change", "trend", "findings", "coverage",
    "outlier", "billed_cost", "credits_applied", "requests", "input_tokens", "cached_input_tokens",
    "cache_write_tokens", "output_tokens", "usage_quantity", "usage_unit", "images", "image_cost", "last_used_at",
    "created_at", "api_key_status", "account", "cost_basis", "api_key_id",
)  # fmt: skip

view = open_page("API Keys", Bar("api_keys"))
found = findings(view.store, view.asked.window, compared=view.compared)
lines = queries.api_key_lines(names(view.store), view.asked, view.spend, found)
stop_if_empty(view, lines)

known = lines.filter(pl.col("api_key_id") != "")["api_key_id"]
silent = lines.filter((pl.col("api_key_id") != "") & (pl.col("billed_cost") == 0))["api_key_id"]
used = cards.Card(
    "API keys",
    f"{known.n_unique():,}",
    f"{silent.n_unique():,} without cost",
    help="Keys that the filters leave over. Costs without a key stand in rows of their own.",
)
cards.draw([*cards.cost_cards(view.spend, compared=view.compared), used])
finding_chips(lines)
table = metrics.of_finding(lines, view.asked.finding)
stop_without_finding(table)
sheet = Sheet(
    "api_keys",
    filled(table, COLUMNS, (*metrics.IMAGE_COLUMNS, "coverage")),
    leads=lambda row: view.link("models", api_key=row["api_key_id"]) if row["api_key_id"] else None,
    to="the models that a key uses",
    order=view.order,
)
show(
    table,
    sheet,
    file_name=view.file_name("api-keys"),
    compared=view.compared,
    has_today=view.has_today,
    summary=f"{numbers.figure(int(table['net_cost'].sum()))} net",
    beside=lambda: chargeback(view, table),
)
