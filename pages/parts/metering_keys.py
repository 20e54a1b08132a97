"""Keys of metering clients: made and shown once, listed by their hints, revoked."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl
import streamlit as st

from pages.parts.text import escaped
from pages.parts.trouble import attempt, explain_last
from store.db import Store
from store.metering_keys import LONGEST_NAME, create_key, revoke_key

FRESH = "fresh-metering-key"
NAME = "metering-key-name"
SCHEMA: dict[str, Any] = {
    "key_name": pl.String,
    "hint": pl.String,
    "key_state": pl.String,
    "created_at": pl.Datetime("us", "UTC"),
    "last_used_at": pl.Datetime("us", "UTC"),
    "revoked_at": pl.Datetime("us", "UTC"),
}


def new_key(store: Store, now: datetime) -> None:
    """The form that makes a key, and the key that was just made, shown in this one run of the page."""
    explain_last()
    with (
        st.form("metering-key-form", clear_on_submit=True, border=False),
        st.container(horizontal=True, vertical_alignment="bottom", gap="small"),
    ):
        st.text_input(
            "Name of the application", key=NAME, max_chars=LONGEST_NAME, placeholder="search-service", width=320
        )
        st.form_submit_button("Make metering key", type="primary", on_click=attempt, args=(_make, store, now))
    if made := st.session_state.pop(FRESH, None):
        name, key = made
        with st.container(border=True, key="fresh-key", gap="small"):
            st.markdown(f"**Key of {escaped(name)}.** Copy it now: it is not shown again.")
            st.code(key, language=None)


def _make(store: Store, now: datetime) -> None:
    name = st.session_state[NAME] or ""
    _, key = create_key(store, name, now)
    st.session_state[FRESH] = (name, key)


def key_rows(keys: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """The keys as a table, those that work first, newest first."""
    rows = [{**key, "key_name": key["name"], "key_state": "revoked" if key["revoked_at"] else "active"} for key in keys]
    table = pl.DataFrame([{name: row[name] for name in SCHEMA} for row in rows], schema=SCHEMA)
    return table.sort("key_state", "created_at", descending=[False, True], nulls_last=True)


def revoking(store: Store, keys: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """A choice of the keys that can be revoked here, and the button that does so."""
    live = {key["id"]: key for key in keys if key["id"] is not None and not key["revoked_at"]}
    if not live:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="revoking"):
        chosen = st.selectbox(
            "Revoke a key",
            list(live),
            format_func=lambda number: f"{live[number]['name']} · {live[number]['hint']}",
            key="revoke-which",
            width=320,
        )
        st.button("Revoke", key="revoke", on_click=attempt, args=(revoke_key, store, chosen, now))
    st.caption("A revoked key is refused within seconds. What it counted stays.")
