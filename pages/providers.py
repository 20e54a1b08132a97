"""Providers: what the bill is, what moved it, and how far it can be trusted."""

from pages.parts import cards, numbers
from pages.parts.cost_page import open_page, reconciled_days, spend_chart, stop_if_empty
from pages.parts.coverage import coverage, coverage_card, with_coverage
from pages.parts.filter_bar import Bar
from pages.parts.gateways import gateway_notes
from pages.parts.provider_states import with_states
from pages.parts.reconciled import reconciled_note
from pages.parts.tables import Sheet, filled, show
from store import metrics

COLUMNS = (
    "provider", "state", "billed_cost", "credits_applied", "net_cost", "change", "outlier", "share", "coverage",
    "input_tokens", "output_tokens", "requests", "last_sync",
)  # fmt: skip

view = open_page("Providers", Bar("providers"), has_logs_button=True)
table = with_states(metrics.providers(view.spend, view.asked), view.accounts)
covered = coverage(view)
table = with_coverage(table, covered)
stop_if_empty(view, table)

cards.draw([*cards.cost_cards(view.spend, compared=view.compared), coverage_card(covered)])
reconciled_note(reconciled_days(view))
gateway_notes(view.elsewhere)
spend_chart(view, "provider" if view.spend.sums["provider"].n_unique() > 1 else "model")
sheet = Sheet(
    "providers",
    filled(table, COLUMNS, ("coverage",)),
    leads=lambda row: view.link("models", provider=row["provider"]),
    to="its models",
    order=view.order,
)
show(
    table,
    sheet,
    file_name=view.file_name("providers"),
    compared=view.compared,
    summary=f"{numbers.figure(int(table['net_cost'].sum()))} net",
)
