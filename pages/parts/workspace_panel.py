"""One line of the Workspaces table opened: what it is made of, its keys, and its names."""

from functools import partial

import polars as pl
import streamlit as st

from pages.parts.clock import utc_now
from pages.parts.cost_page import CostView
from pages.parts.naming import past_names
from pages.parts.palette import name_of
from pages.parts.tables import Sheet, filled, open_row, show
from pages.parts.text import escaped, shortened
from pages.parts.trouble import explain
from store.db import Store
from store.errors import StoreError
from store.metrics import IMAGE_COLUMNS, workspace_parts
from store.names import rename

COLUMNS = (
    "provider", "account", "workspace_id", "billed_cost", "credits_applied", "net_cost", "change", "share", "images",
    "image_cost", "api_keys", "cost_basis",
)  # fmt: skip
TABLE = "workspaces"
NAME, NAMED, WHICH, FAULT = "workspace-name", "workspace-named", "workspace-which", "workspace-fault"
Place = tuple[int, str]


def workspace_panel(view: CostView, name: str) -> None:
    """Parts, keys and names of the workspaces shown as `name`."""
    parts = workspace_parts(view.spend, name)
    with st.container(border=True, key="workspace-panel", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="workspace-head"):
            st.subheader(escaped(name, 60), anchor=False, width="stretch")
            st.button("Close", key="workspace-close", type="tertiary", on_click=_close, width="content")
        sheet = Sheet(
            "workspace_parts",
            filled(parts, COLUMNS, IMAGE_COLUMNS),
            leads=lambda row: view.link("api_keys", provider=row["provider"], workspace=name),
            to="the API keys of its provider",
        )
        show(parts, sheet, file_name=view.file_name("workspace-parts"), compared=view.compared)
        named = parts.filter(pl.col("workspace_id") != "")
        if named.is_empty():
            st.caption("The provider gives these costs to no workspace, so that there is nothing to name.")
        else:
            _names(view.store, name, named)


def _close() -> None:
    open_row(TABLE, None)
    st.session_state.pop(FAULT, None)


def _names(store: Store, name: str, parts: pl.DataFrame) -> None:
    places = {(part["account_id"], part["workspace_id"]): _described(part) for part in parts.iter_rows(named=True)}
    field, past = st.columns([2, 3], gap="medium")
    with field:
        chosen = _chosen(places)
        _field(store, name, chosen, leaves=len(chosen) < len(places))
    with past:
        for number, (place, label) in enumerate(places.items()):
            if len(places) > 1:
                st.caption(escaped(label))
            past_names(
                store, *place, name, place=f"{number}-", then=partial(_follow, name) if len(places) == 1 else str
            )


def _described(part: dict[str, str]) -> str:
    return f"{name_of(part['provider'])} · {shortened(part['account'], 24)} · {shortened(part['workspace_id'], 24)}"


def _chosen(places: dict[Place, str]) -> list[Place]:
    """Which of the workspaces under one name get another."""
    if len(places) == 1:
        return list(places)
    if st.session_state.get(WHICH) not in places:
        st.session_state[WHICH] = None
    which = st.selectbox(
        "Rename", list(places), index=None, format_func=places.__getitem__, key=WHICH, placeholder="All of them"
    )
    return [which] if which else list(places)


def _field(store: Store, name: str, places: list[Place], *, leaves: bool) -> None:
    """The name to edit. What was typed stays when it is refused."""
    if st.session_state.get(NAMED) != (name, places):
        st.session_state[NAMED] = (name, places)
        st.session_state[NAME] = name
    with st.form("workspace-naming", border=False):
        st.text_input("Name", key=NAME)
        st.form_submit_button("Rename", on_click=_rename, args=(store, name, places), kwargs={"leaves": leaves})
    refused, fault = st.session_state.get(FAULT, (None, None))
    if fault and refused == name:
        explain(fault)


def _rename(store: Store, old: str, places: list[Place], *, leaves: bool) -> None:
    """Give all places the name typed; the panel follows unless others keep the old one."""
    st.session_state.pop(FAULT, None)
    typed = " ".join(st.session_state[NAME].split())
    try:
        for account_id, workspace_id in places:
            rename(store, account_id, workspace_id, typed, utc_now())
    except StoreError as fault:
        st.session_state[FAULT] = (old, fault)
    else:
        if not leaves:
            _follow(old, typed)


def _follow(old: str, name: str) -> None:
    """Keep the panel, and a filter by the old name, at the workspace."""
    if st.query_params.get("workspace") == old:
        st.query_params["workspace"] = name
    open_row(TABLE, name)
