"""Workspaces: what each costs under the name people know it by, and giving it that name."""

from pages.parts import cards, numbers
from pages.parts.cost_page import open_page, spend_chart, stop_if_empty
from pages.parts.coverage import covered_workspaces
from pages.parts.filter_bar import Bar
from pages.parts.naming import naming_buttons
from pages.parts.tables import Sheet, filled, opened_row, show
from pages.parts.workspace_panel import workspace_panel
from store import metrics

COLUMNS = (
    "workspace", "net_cost", "change", "coverage", "outlier", "providers", "naming", "parts", "billed_cost",
    "credits_applied", "images", "image_cost", "input_tokens", "cached_input_tokens", "cache_write_tokens",
    "output_tokens", "requests", "api_keys", "models", "cost_basis", "workspace_ids",
)  # fmt: skip

view = open_page("Workspaces", Bar("workspaces"))
table = metrics.workspaces(view.spend, view.asked, covered_workspaces(view))
stop_if_empty(view, table)

used = cards.Card("Workspaces", f"{table.height:,}", "with cost in this period", help="One for each name shown below.")
cards.draw([*cards.cost_cards(view.spend, compared=view.compared), used])
spend_chart(view, "workspace")
naming_buttons(view.store, metrics.unnamed(table))
sheet = Sheet(
    "workspaces",
    filled(table, COLUMNS, (*metrics.IMAGE_COLUMNS, "coverage")),
    leads=lambda row: view.link("api_keys", workspace=row["workspace"]),
    to="its API keys",
    opens="its parts and names",
    key="workspace",
    order=view.order,
)
show(
    table,
    sheet,
    file_name=view.file_name("workspaces"),
    compared=view.compared,
    summary=f"{numbers.figure(int(table['net_cost'].sum()))} net",
)
if (opened := opened_row(sheet, table)) is not None:
    workspace_panel(view, opened)
