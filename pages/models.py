"""Models: what each costs, in all and per unit, and which is worth it."""

from pages.parts import cards, numbers
from pages.parts.cost_page import open_page, spend_chart, stop_if_empty
from pages.parts.filter_bar import Bar
from pages.parts.image_band import image_band
from pages.parts.model_figures import efficiency_badges, model_cards
from pages.parts.price_band import DAYS, price_band
from pages.parts.tables import Sheet, filled, show
from store import metrics
from store.metrics.model_totals import model_totals

COLUMNS = (
    "model", "provider", "unit_cost", "pricing_unit", "unit_change", "net_cost", "change", "trend", "efficiency",
    "outlier", "token_mix", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens",
    "cache_hit_share", "requests", "tokens_per_request", "usage_quantity", "usage_unit", "images", "image_cost",
    "billed_cost", "credits_applied", "cost_basis",
)  # fmt: skip

view = open_page("Models", Bar("models"))
table = metrics.models(view.spend, view.asked)
stop_if_empty(view, table)

net = cards.cost_cards(view.spend, compared=view.compared)[0]
cards.draw([net, *model_cards(model_totals(view.spend.sums, table), compared=view.compared)])
efficiency_badges(table)
if price_band(table) == DAYS:
    spend_chart(view, "model")
sheet = Sheet(
    "models",
    filled(table, COLUMNS, metrics.IMAGE_COLUMNS),
    leads=lambda row: view.link("api_keys", provider=row["provider"], model=row["model"]),
    to="the API keys that use the model",
    order=view.order,
)
show(
    table,
    sheet,
    file_name=view.file_name("models"),
    compared=view.compared,
    has_today=view.has_today,
    summary=f"{numbers.figure(int(table['net_cost'].sum()))} net",
)
image_band(view)
