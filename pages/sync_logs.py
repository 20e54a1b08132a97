"""Sync Logs: every reading of every bill, what came of it, and what to do where it failed."""

import polars as pl
import streamlit as st

from pages.parts import cards
from pages.parts.charts import inked
from pages.parts.clock import utc_now
from pages.parts.filter_bar import Bar, filter_bar, order
from pages.parts.loading import opened_store
from pages.parts.run_details import details
from pages.parts.run_figures import STATUSES, run_cards, stop_without_runs
from pages.parts.shell import frame
from pages.parts.tables import Sheet, opened_row, show, theme
from pages.parts.timeline import timeline
from store.queries import sync_logs

BAR = Bar("sync_logs", sort="id", has_cost_range=False, searched="account, status or message")
COLUMNS = (
    "id", "provider", "account", "status", "queued_at", "ended_at", "trigger", "message", "windows_saved",
    "windows_planned", "from_day", "to_day", "cost_rows", "workspaces", "api_keys", "restated_days", "http_requests",
    "sync_cost", "bytes_billed", "error_kind", "likely_cause", "resolution", "notes", "started_at",
)  # fmt: skip

now = utc_now()
store = opened_store()
accounts = frame(store, "Sync Logs", now)
asked = filter_bar(store, BAR, now.date(), accounts.providers)
wanted = st.pills(
    "Status", STATUSES, selection_mode="multi", key="status", bind="query-params", label_visibility="collapsed"
)
table = sync_logs(store, asked)
if wanted:
    table = table.filter(pl.col("status").is_in(list(wanted)))
stop_without_runs(table, asked.window, BAR)

cards.draw(run_cards(table))
st.caption("One mark per sync, by account, times in UTC.")
st.plotly_chart(
    inked(timeline(table, now), theme()), config={"displayModeBar": False}, key="timeline", alt="One mark per sync"
)
sheet = Sheet("sync_logs", COLUMNS, noun="sync", opens="what it did", key="id", order=order(BAR, asked))
show(
    table,
    sheet,
    file_name=f"spendglass-sync-logs-{asked.window.start:%Y%m%d}-{asked.window.last_day:%Y%m%d}.csv",
)
if (opened := opened_row(sheet, table)) is not None:
    details(store, table.row(by_predicate=pl.col("id") == int(opened), named=True))
