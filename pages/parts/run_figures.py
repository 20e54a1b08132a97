"""The figures above the sync logs, and what to say when there is no sync to show."""

import polars as pl
import streamlit as st

from pages.parts import numbers
from pages.parts.cards import Card
from pages.parts.filter_bar import Bar, reset
from store.records import Window
from store.runs import OPEN

STATUSES = ("succeeded", "partial", "failed", "interrupted", "running", "queued")


def stop_without_runs(table: pl.DataFrame, window: Window, bar: Bar) -> None:
    """Say that nothing is left, with one way out; returns when there is a run."""
    if not table.is_empty():
        return
    with st.container(key="empty", gap="small"):
        st.subheader("No sync to show", anchor=False)
        st.write(f"No sync of {numbers.days(window)} (UTC) matches these filters.")
        st.button("Reset filters", on_click=_reset_all, args=(bar,), key="empty-reset")
    st.stop()


def _reset_all(bar: Bar) -> None:
    st.session_state["status"] = []
    reset(bar)


def run_cards(table: pl.DataFrame) -> list[Card]:
    """`table` is `queries.sync_logs`."""
    ended = table.filter(~pl.col("status").is_in(list(OPEN)))
    good = ended.filter(pl.col("status") == "succeeded").height
    bad = ended.height - good
    return [
        Card("Syncs", f"{table.height:,}", f"of {numbers.counted(table['account'].n_unique(), 'account')}"),
        Card(
            "Succeeded",
            f"{good:,} of {ended.height:,}",
            f"{bad:,} did not" if bad else "all of them",
            "orange" if bad else "green",
        ),
        Card(
            "Restated days",
            f"{int(table['restated_days'].sum()):,}",
            beside="finished days the provider changed",
            help="Days that were over when they were saved, and whose total the provider changed afterwards.",
        ),
        Card(
            "Cost of syncing",
            numbers.figure(int(table["sync_cost"].sum())),
            beside=numbers.counted(int(table["http_requests"].sum()), "provider request"),
            help="What providers charge for being asked. Most charge nothing.",
        ),
    ]
