"""API Keys: which key spends what, where, and which spend nothing."""

import polars as pl

from pages.parts import cards, numbers
from pages.parts.cost_page import open_page, stop_if_empty
from pages.parts.filter_bar import Bar, drill
from pages.parts.tables import Sheet, show
from store import queries

COLUMNS = (
    "api_key_hint", "api_key_name", "provider", "workspace", "billed_cost", "credits_applied", "net_cost", "change",
    "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "requests", "last_used_at",
    "api_key_status", "account", "cost_basis", "api_key_id",
)  # fmt: skip

view = open_page("API Keys", Bar("api_keys"))
table = queries.api_keys(view.store, view.asked, view.everything)
stop_if_empty(view, table)

known = table.filter(pl.col("api_key_id") != "")["api_key_id"]
silent = table.filter((pl.col("api_key_id") != "") & (pl.col("billed_cost") == 0))["api_key_id"]
used = cards.Card(
    "API keys",
    f"{known.n_unique():,}",
    f"{silent.n_unique():,} without cost",
    help="Keys of the rows shown below. Costs without a key stand in rows of their own.",
)
cards.draw([*cards.cost_cards(view.rows, view.asked, compared=view.compared), used])
row = show(
    table,
    Sheet("api_keys", COLUMNS, opens="the models a key uses"),
    file_name=view.file_name("api-keys"),
    compared=view.compared,
    summary=f"{numbers.figure(int(table['net_cost'].sum()))} net",
)
if row is not None and table["api_key_id"][row]:
    drill("models.py", api_key=table["api_key_id"][row])
