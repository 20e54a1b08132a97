"""Names of workspaces: giving one, seeing all it ever had, going back."""

from collections.abc import Callable
from typing import Any

import polars as pl
import streamlit as st

from pages.parts.clock import utc_now
from pages.parts.loading import names
from pages.parts.numbers import counted, instant
from pages.parts.palette import name_of
from pages.parts.text import escaped, shortened
from pages.parts.trouble import attempt, explain_last
from store.db import Store
from store.names import LONGEST_NAME, history, rename, revert

SOURCES = {"provider": "named by the provider", "user": "named here"}
OPEN = "naming"
MOST_UNNAMED = 3
SELECT, CHOSEN = "naming-workspace", "naming-chosen"


def naming_buttons(store: Store, unnamed: list[str]) -> None:
    """A button that opens the dialog, which stays open until people close it, and one that opens it at each of the
    first few workspaces shown by the provider's id; `unnamed` are these ids.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="naming-buttons"):
        st.button("Rename workspaces", key="rename-workspaces", on_click=_set_open, args=(True,))
        if unnamed:
            st.caption(f"{counted(len(unnamed), 'workspace')} shown by the provider's id:", width="content")
        for place in _places(store, unnamed[:MOST_UNNAMED]):
            st.button(
                f"Name {escaped(place[1], 16)}", key=f"name-{place[0]}:{place[1]}", on_click=_open_at,
                args=(f"{place[0]}:{place[1]}",),
            )  # fmt: skip
    if st.session_state.get(OPEN):
        _dialog(store)


def _places(store: Store, unnamed: list[str]) -> list[tuple[int, str]]:
    known = names(store)["workspace"].filter(pl.col("workspace") == pl.col("workspace_id"))
    found = pl.DataFrame({"workspace": unnamed}, schema={"workspace": pl.String}).join(
        known, on="workspace", maintain_order="left"
    )
    return [(row["account_id"], row["workspace_id"]) for row in found.iter_rows(named=True)]


def _open_at(place: str) -> None:
    st.session_state[CHOSEN] = place
    _set_open(is_open=True)


def _set_open(is_open: bool) -> None:
    st.session_state[OPEN] = is_open


def _close() -> None:
    st.session_state[OPEN] = False


@st.dialog("Rename workspaces", width="medium", on_dismiss=_close)
def _dialog(store: Store) -> None:
    known = names(store)
    providers = dict(known["account"].select("account_id", "provider").iter_rows())
    spaces = known["workspace"].sort("workspace", "workspace_id").rows(named=True)
    by_key = {f"{row['account_id']}:{row['workspace_id']}": row for row in spaces}
    if not by_key:
        st.write("No workspace is known yet.")
        return
    # A select box whose labels change forgets its choice, and a renamed workspace has another label.
    if st.session_state.get(CHOSEN) in by_key:
        st.session_state[SELECT] = st.session_state[CHOSEN]
    chosen = st.selectbox(
        "Workspace",
        list(by_key),
        format_func=lambda key: _described(by_key[key], providers),
        key=SELECT,
        on_change=_choose,
    )
    st.session_state[CHOSEN] = chosen
    row = by_key[chosen]
    with st.form("naming-form", clear_on_submit=True, border=False):
        st.text_input("New name", key="naming-name", max_chars=LONGEST_NAME, placeholder=shortened(row["workspace"]))
        st.form_submit_button("Rename", type="primary", on_click=_rename, args=(store, row))
    explain_last()
    past_names(store, row["account_id"], row["workspace_id"], row["workspace"])


def _choose() -> None:
    st.session_state[CHOSEN] = st.session_state[SELECT]


def _described(row: dict[str, Any], providers: dict[int, str]) -> str:
    provider = name_of(providers[row["account_id"]])
    return f"{shortened(row['workspace'], 50)} · {provider} · {shortened(row['workspace_id'], 24)}"


def _rename(store: Store, row: dict[str, Any]) -> None:
    attempt(rename, store, row["account_id"], row["workspace_id"], st.session_state["naming-name"] or "", utc_now())


def past_names(
    store: Store,
    account_id: int,
    workspace_id: str,
    shown: str,
    *,
    place: str = "",
    then: Callable[[str], object] = str,
) -> None:
    """Every name a workspace had with its time, and a button per earlier one; `then` is told the name gone back to.

    `place` tells apart several such lists on one page.
    """
    past = history(store, account_id, workspace_id)
    st.markdown("**Every name it had**")
    if not past:
        st.caption("None yet: it is shown by its id.")
    for entry in reversed(past):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(escaped(entry["name"], 60), width="stretch")
            st.caption(f"{instant(entry['at'])}, {SOURCES[entry['source']]}", width="content")
            if entry["name"] == shown:
                st.caption("shown now", width="content")
            else:
                st.button(
                    "Revert to this name", key=f"revert-{place}{entry['number']}", on_click=_revert,
                    args=(store, account_id, workspace_id, entry["number"], then), width="content",
                )  # fmt: skip


def _revert(store: Store, account_id: int, workspace_id: str, number: int, then: Callable[[str], object]) -> None:
    attempt(lambda: then(revert(store, account_id, workspace_id, number, utc_now())))
