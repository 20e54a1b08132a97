"""Syncs as they happen: a part of the page that looks into the database by itself."""

from typing import Any

import streamlit as st

from pages.parts import numbers
from pages.parts.palette import name_of
from pages.parts.text import escaped
from store.accounts import accounts
from store.db import Store
from store.frames import data_version
from store.runs import OPEN, latest_runs

BUSY_SECONDS = 1
IDLE_SECONDS = 20


def open_runs(store: Store) -> list[dict[str, Any]]:
    """The newest runs that are queued or running, by account."""
    return [run for _, run in sorted(latest_runs(store).items()) if run["status"] in OPEN]


def follow(store: Store) -> None:
    """Show the progress of open syncs; draw the page anew when one ends or begins, or an account has its first days."""
    at_work = open_runs(store)
    seen = (data_version(store), tuple(run["id"] for run in at_work), _with_data(store))
    every = BUSY_SECONDS if at_work else IDLE_SECONDS
    st.fragment(_watch, run_every=every)(store, seen)


def _with_data(store: Store) -> tuple[int, ...]:
    """The accounts of which any day has been read."""
    return tuple(row["id"] for row in accounts(store) if row["covered_from"] is not None)


def _watch(store: Store, seen: tuple[int, tuple[int, ...], tuple[int, ...]]) -> None:
    version, runs, with_data = seen
    at_work = open_runs(store)
    has_moved = tuple(run["id"] for run in at_work) != runs or _with_data(store) != with_data
    if has_moved or (not at_work and data_version(store) != version):
        st.rerun()
    names = {row["id"]: row for row in accounts(store)} if at_work else {}
    for run in at_work:
        row = names.get(run["account_id"])
        if row is not None:
            st.progress(
                portion(run), text=f"**{name_of(row['provider'])}** · {escaped(row['name'])}: {progress_text(run)}"
            )


def portion(run: dict[str, Any]) -> float:
    """How much of the planned windows is saved, 0 to 1."""
    return min(run["windows_saved"] / run["windows_planned"], 1.0) if run["windows_planned"] else 0.0


def progress_text(run: dict[str, Any]) -> str:
    if run["status"] == "queued":
        return "waiting for the server to begin"
    if not run["windows_planned"]:
        return "asking the provider"
    saved = f"{run['windows_saved']} of {numbers.counted(run['windows_planned'], 'part')} read"
    return f"{saved}, {numbers.counted(run['cost_rows'], 'cost row')}"
