"""AI Accounts: linking a provider's bill, and looking after the links."""

import streamlit as st

from pages.parts.account_cards import account_card
from pages.parts.account_table import account_table
from pages.parts.clock import utc_now
from pages.parts.link_form import link_band
from pages.parts.loading import opened_store
from pages.parts.progress import follow
from pages.parts.shell import heading, read_accounts, warnings
from pages.parts.tables import Sheet, show

now = utc_now()
store = opened_store()
found = read_accounts(store, now)
heading("AI Accounts")
warnings()
link_band(store, is_first=not found.rows)
follow(store)
wall = st.grid(2, min_column_width=420, gap="small", key="account-wall")
for row in found.rows:
    with wall:
        account_card(store, row, found.latest.get(row["id"]), found.states[row["id"]], now)
if found.rows:
    table = account_table(found)
    show(table, Sheet("accounts", tuple(table.columns), noun="account"), file_name="spendglass-accounts.csv")
