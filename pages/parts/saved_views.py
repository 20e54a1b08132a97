"""Saved views: name what the filters show, come back to it, hand out its link."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.parts.addresses import PAGES, relative, whole
from pages.parts.clock import utc_now
from pages.parts.text import escaped
from pages.parts.travel import go
from pages.parts.trouble import attempt, explain_last
from store.db import Store
from store.views import LONGEST_NAME, forget_view, save_view, views

NAME = "view-name"


def views_button(store: Store, table: str, filters: Mapping[str, Any], chips: Mapping[str, str]) -> None:
    """A button that opens the saved views. `filters` are the bar's values that differ from a fresh page's."""
    with st.popover("Views", key="views", help="Saved views, and a link to this one"):
        explain_last()
        _link(table, filters, chips)
        with st.form("view-form", clear_on_submit=True, border=False):
            st.text_input("Save this view as", key=NAME, max_chars=LONGEST_NAME, placeholder="Monthly report")
            st.form_submit_button(
                "Save view", on_click=_save, args=(store, table, {"filters": dict(filters), "chips": dict(chips)})
            )
        saved = views(store)
        for row in saved:
            _row(store, row)
        if not saved:
            st.caption("No view is saved yet.")


def _save(store: Store, table: str, filters: Mapping[str, Any]) -> None:
    attempt(save_view, store, st.session_state[NAME] or "", table, _plain(filters), utc_now())


def _plain(filters: Mapping[str, Any]) -> dict[str, Any]:
    """The same with days as text, so that it can be kept as JSON."""
    written = {
        name: [str(part) for part in value] if name == "days" else value for name, value in filters["filters"].items()
    }
    return {"filters": written, "chips": dict(filters["chips"])}


def _row(store: Store, row: Mapping[str, Any]) -> None:
    title = PAGES.get(row["page"], PAGES["providers"])[0]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button(escaped(row["name"], 60), key=f"view-{row['name']}", help=f"Open on {title}", width="stretch"):
            open_view(row)
        st.button(
            "Delete", key=f"forget-{row['name']}", type="tertiary", on_click=attempt,
            args=(forget_view, store, row["name"]),
        )  # fmt: skip


def open_view(row: Mapping[str, Any]) -> None:
    """Go to the view's page as its link does."""
    table = row["page"] if row["page"] in PAGES else "providers"
    go(relative(table, row["filters"]["filters"], row["filters"]["chips"]))


def _link(table: str, filters: Mapping[str, Any], chips: Mapping[str, str]) -> None:
    st.caption("Link to this view")
    st.code(whole(st.context.url or "", table, filters, chips), language=None, wrap_lines=True)
