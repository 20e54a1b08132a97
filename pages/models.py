"""Models: what each costs, in all and per unit."""

from pages.parts import cards, numbers
from pages.parts.cost_page import open_page, spend_chart, stop_if_empty
from pages.parts.filter_bar import Bar, drill
from pages.parts.tables import Sheet, show
from store import metrics

COLUMNS = (
    "model", "provider", "unit_cost", "pricing_unit", "billed_cost", "credits_applied", "net_cost", "change",
    "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "requests", "tokens_per_request",
    "usage_quantity", "usage_unit", "cost_basis",
)  # fmt: skip

view = open_page("Models", Bar("models"))
table = metrics.models(view.rows, view.asked)
stop_if_empty(view, table)

used = cards.Card("Models", f"{table.height:,}", "with cost in this period", help="Models of the rows shown below.")
cards.draw([*cards.cost_cards(view.rows, view.asked, compared=view.compared), used])
spend_chart(view, "model")
row = show(
    table,
    Sheet("models", COLUMNS, opens="the API keys that use the model"),
    file_name=view.file_name("models"),
    compared=view.compared,
    summary=f"{numbers.figure(int(table['net_cost'].sum()))} net",
)
if row is not None:
    drill("api_keys.py", provider=table["provider"][row], model=table["model"][row])
