"""Chips of what is worth a look about API keys: each filters the table, and stands in the address."""

import polars as pl
import streamlit as st

from pages.parts.columns import FINDING_RULES
from pages.parts.loading import costs, metered, metered_version, names
from pages.parts.numbers import figure
from pages.parts.text import escaped
from store.db import Store
from store.metrics import FINDINGS, finding_counts
from store.queries import key_findings
from store.records import Window

FINDING, CHIPS = "finding", "finding-chips"


def finding_chips(lines: pl.DataFrame) -> None:
    """Draw the chips, each with its number of keys among the lines, before any of them filters."""
    chosen = st.session_state.get(FINDING)
    counts = finding_counts(lines)
    st.session_state[CHIPS] = chosen
    st.pills(
        "Findings", list(FINDINGS), format_func=lambda name: _chip(name, counts[name]), key=CHIPS, on_change=_choose,
        help=FINDING_RULES,
    )  # fmt: skip


def stop_without_finding(table: pl.DataFrame) -> None:
    """Say that no line has the chosen finding; returns when one has."""
    if not table.is_empty():
        return
    st.write("Nothing here has this finding. The other chips and filters still apply.")
    st.button("Show all keys", on_click=_forget, key="finding-forget")
    st.stop()


def _forget() -> None:
    st.session_state[CHIPS] = None
    _choose()


def _chip(name: str, count: int) -> str:
    return escaped(f"{FINDINGS[name]} {figure(count) if name == 'unattributed' else f'{count:,}'}")


def _choose() -> None:
    st.session_state[FINDING] = st.session_state[CHIPS]


def findings(store: Store, window: Window, *, compared: bool) -> pl.DataFrame:
    """`queries.key_findings`, without the period before unless it is fully known."""
    return _findings(store, window, metered_version(store), compared)


@st.cache_resource(show_spinner=False, max_entries=8)
def _findings(_store: Store, window: Window, version: tuple[int, int], compared: bool) -> pl.DataFrame:
    del version
    parted = costs(_store, window)
    if not compared:
        parted = (parted[0].alone(), parted[1].alone())
    return key_findings(_store, window, parted, names(_store), metered(_store, window))
