"""Saved views: name what the filters show, come back to it, hand out its link."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from pages.parts import period
from pages.parts.clock import utc_now
from pages.parts.columns import COLUMNS, sort_word
from pages.parts.palette import name_of
from pages.parts.text import escaped
from pages.parts.trouble import attempt, explain_last
from store.db import Store
from store.views import LONGEST_NAME, forget_view, save_view, views

PENDING = "pending-view"
NAME = "view-name"
PAGES = {
    "providers": ("Providers", ""),
    "models": ("Models", "models"),
    "api_keys": ("API Keys", "api_keys"),
    "workspaces": ("Workspaces", "workspaces"),
    "coverage": ("Coverage", "coverage"),
    "sync_logs": ("Sync Logs", "sync_logs"),
}
"""Title and address of each page, by the table it shows."""


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
    """Go to the view's page; its filter bar takes the values over (see `taken`)."""
    table = row["page"] if row["page"] in PAGES else "providers"
    st.session_state[PENDING] = row["filters"]["filters"]
    st.switch_page(f"{table}.py", query_params=row["filters"]["chips"])


def taken(defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a view that was just opened, all others at their defaults; empty when none was."""
    if PENDING not in st.session_state:
        return {}
    found: dict[str, Any] = st.session_state.pop(PENDING)
    days = tuple(date.fromisoformat(text) for text in found.get("days", ()))
    return {**defaults, **{name: value for name, value in found.items() if name in defaults}, "days": days}


def _link(table: str, filters: Mapping[str, Any], chips: Mapping[str, str]) -> None:
    st.caption("Link to this view")
    st.code(address(st.context.url or "", table, filters, chips), language=None, wrap_lines=True)


def address(url: str, table: str, filters: Mapping[str, Any], chips: Mapping[str, str]) -> str:
    """The address that shows the view to anyone who can reach the server; `url` is that of any of its pages."""
    path = PAGES[table][1]
    base = url.partition("?")[0].rstrip("/")
    for _, other in PAGES.values():
        base = base.removesuffix(f"/{other}") if other else base
    query = urlencode({**_written(filters), **chips}, doseq=True)
    return f"{base}/{path}" + (f"?{query}" if query else "")


def _written(filters: Mapping[str, Any]) -> dict[str, Any]:
    """The values as the bar's controls write them into the address."""
    write: dict[str, Callable[[Any], Any]] = {
        "provider": lambda slugs: [name_of(slug) for slug in slugs],
        "period": period.PERIODS.get,
        "days": lambda days: [str(chosen) for chosen in days],
        "sort": lambda name: sort_word(name) if name in COLUMNS else name,
    }
    return {name: write[name](value) if name in write else value for name, value in filters.items()}
