"""One sync in full: what it read, what had changed, and, where it failed, why and what next."""

from typing import Any

import polars as pl
import streamlit as st

from pages.parts import numbers
from pages.parts.palette import name_of
from pages.parts.tables import Sheet, show
from pages.parts.text import escaped
from pages.parts.trouble import Told, explain
from store.db import Store
from store.records import to_nanos
from store.runs import restatements

MOST_NOTES = 20
RESTATED: dict[str, Any] = {"day": pl.Date, "before": pl.Int64, "after": pl.Int64, "difference": pl.Int64}


def details(store: Store, run: dict[str, Any]) -> None:
    """`run` is a row of `queries.sync_logs`."""
    with st.container(border=True, key="run-details", gap="small"):
        st.subheader(
            f"Sync {run['id']} of {escaped(name_of(run['provider']))} · {escaped(run['account'])}", anchor=False
        )
        st.write(_when(run))
        if run["message"]:
            explain(Told(run["message"], run["likely_cause"] or "not known", run["resolution"] or "see the notes"))
        st.write(_what(run))
        _restated(store, run)
        _notes(run["notes"])


def _when(run: dict[str, Any]) -> str:
    said = f"Asked for {numbers.instant(run['queued_at'])} ({escaped(run['trigger'])})"
    if run["started_at"] and run["ended_at"]:
        seconds = (run["ended_at"] - run["started_at"]).total_seconds()
        return f"{said}; took {seconds:,.0f} s; **{run['status']}**."
    return f"{said}; **{run['status']}**."


def _what(run: dict[str, Any]) -> str:
    parts = [_days_read(run)]
    counts = (("cost_rows", "cost row"), ("workspaces", "workspace"), ("api_keys", "API key"))
    parts.append(", ".join(numbers.counted(run[name], word) for name, word in counts))
    asked = numbers.counted(run["http_requests"], "request")
    parts.append(f"{asked} to the provider, which cost {numbers.figure(run['sync_cost'])}")
    return escaped(". ".join(parts) + ".", 500)


def _days_read(run: dict[str, Any]) -> str:
    if run["from_day"] is None or run["to_day"] is None:
        return "No day was read"
    days = f"{numbers.full_day(run['from_day'])} – {numbers.full_day(run['to_day'])}"
    return f"Read {days} in {run['windows_saved']} of {numbers.counted(run['windows_planned'], 'part')}"


def _restated(store: Store, run: dict[str, Any]) -> None:
    days = restatements(store, run["id"])
    if not days:
        return
    st.markdown(f"**{numbers.counted(len(days), 'finished day')} the provider changed afterwards**")
    lines = pl.DataFrame(
        [(row["day"], *map(to_nanos, (row["before"], row["after"], row["after"] - row["before"]))) for row in days],
        schema=RESTATED,
        orient="row",
    )
    show(lines, Sheet("restated_days", tuple(RESTATED), noun="day"), file_name=f"spendglass-restated-{run['id']}.csv")


def _notes(notes: str) -> None:
    lines = [line for line in notes.splitlines() if line.strip()]
    if not lines:
        return
    st.markdown("**Notes**")
    for line in lines[:MOST_NOTES]:
        st.caption(escaped(line, 300))
    if len(lines) > MOST_NOTES:
        st.caption(f"and {numbers.counted(len(lines) - MOST_NOTES, 'more note')}, in the CSV")
