"""Coverage: which part of the bill is metered, and which models, keys and workspaces bypass it."""

import streamlit as st

from pages.parts import cards, numbers
from pages.parts.cost_page import open_page
from pages.parts.coverage import calls_without_names, coverage, coverage_card, teach_metering, unpriced_models
from pages.parts.coverage_figures import figures, key_band, names_note, rivals, unpriced_note, workspace_band
from pages.parts.filter_bar import Bar
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
sheet = Sheet(
    "coverage",
    MODEL_COVERAGE_COLUMNS,
    noun="model",
    leads=lambda row: view.link("api_keys", provider=row["provider"], model=row["model"]),
    to="the API keys that use the model",
    order=view.order,
)
show(
    table,
    sheet,
    file_name=view.file_name("coverage"),
    summary=f"{numbers.figure(int(table['unmetered'].sum()))} unmetered",
)
key_band(view)
workspace_band(view)
