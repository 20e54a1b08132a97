"""Metering: keys for the clients that count their calls here, and how to point them here."""

import streamlit as st

from pages.parts.clock import utc_now
from pages.parts.loading import opened_store
from pages.parts.metering_keys import key_rows, new_key, revoking
from pages.parts.metering_steps import steps
from pages.parts.shell import heading, warnings
from pages.parts.tables import Sheet, show
from settings import settings
from store.metering_keys import list_keys

store, now = opened_store(), utc_now()
heading("Metering")
warnings()
st.write(
    "Applications that count their own calls here let you see which part of a bill they know of. Prompts and answers "
    "are dropped unread. A linked LiteLLM proxy counts by itself."
)
new_key(store, now)
keys = list_keys(store, settings())
if keys:
    table = key_rows(keys)
    show(table, Sheet("metering_keys", tuple(table.columns), noun="key"), file_name="spendglass-metering-keys.csv")
    revoking(store, keys, now)
else:
    st.caption("No metering key yet.")
steps(st.context.url or "")
