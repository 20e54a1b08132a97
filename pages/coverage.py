"""Coverage: which part of the bill is metered, and which models, keys and workspaces bypass it."""

import streamlit as st

from pages.parts import cards, numbers
from pages.parts.cost_page import open_page
from pages.parts.coverage import calls_without_names, coverage, coverage_card, teach_metering, unpriced_models
from pages.parts.coverage_figures import figures, key_band, names_note, rivals, unpriced_note, workspace_band
from pages.parts.filter_bar import Bar, drill
from pages.parts.tables import Sheet, show
from store.metrics.coverage import MODEL_COVERAGE_COLUMNS, listed

view = open_page("Coverage", Bar("coverage", sort="unmetered", searched="model"))
found = coverage(view)
if not found.is_metered:
    teach_metering()
    st.stop()

cards.draw([coverage_card(found), *figures(found)])
unpriced_note(unpriced_models(view))
names_note(calls_without_names(view))
rivals(found)
table = listed(found.models, view.asked)
row = show(
    table,
    Sheet("coverage", MODEL_COVERAGE_COLUMNS, opens="the API keys that use the model", noun="model"),
    file_name=view.file_name("coverage"),
    summary=f"{numbers.figure(int(table['unmetered'].sum()))} unmetered",
)
key_band(view)
workspace_band(view)
if row is not None:
    drill("api_keys.py", provider=table["provider"][row], model=table["model"][row])
