"""One linked account: how it is, what it covers, and what can be done with it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import streamlit as st

from connectors import CONNECTORS
from connectors.errors import ConnectorError
from linking import relink_account
from pages.parts import numbers
from pages.parts.clock import utc_now
from pages.parts.credential_form import credential_form
from pages.parts.palette import name_of
from pages.parts.shell import problem_text
from pages.parts.states import State, Tone
from pages.parts.text import escaped
from pages.parts.trouble import attempt, explain
from store.accounts import set_paused, unlink
from store.db import Store
from store.errors import StoreError
from store.runs import request_sync

Colour = Literal["green", "blue", "gray", "orange", "red"]
COLOURS: dict[Tone, Colour] = {"good": "green", "busy": "blue", "quiet": "gray", "amber": "orange", "bad": "red"}
ACTION = "account-action"
FAULT = "relink-fault"
KEEP = "Keep its data"
DELETE = "Delete its data"
MEANING = {
    KEEP: "Its costs stay in all pages. Linking the same organization again takes them up.",
    DELETE: "All costs, workspaces, keys and sync logs of this account are removed for good.",
}


def account_card(
    store: Store, row: Mapping[str, Any], run: Mapping[str, Any] | None, state: State, now: datetime
) -> None:
    """A bordered box with the account's facts and actions. `row` and `run` as in `overview.account_state`."""
    with st.container(border=True, key=f"account-{row['id']}", gap="small", height="stretch"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{escaped(name_of(row['provider']))}** · {escaped(row['name'])}", width="content")
            st.badge(state.word, color=COLOURS[state.tone])
        st.caption(_key(row))
        st.caption(_days(row))
        if state.tone in {"bad", "amber"}:
            (st.error if state.tone == "bad" else st.warning)(problem_text(row, state, run))
        else:
            st.caption(state.sentence)
        _buttons(store, row, now)
        what, number = st.session_state.get(ACTION, ("", 0))
        if number == row["id"]:
            (_relink if what == "relink" else _unlink)(store, row)


def _key(row: Mapping[str, Any]) -> str:
    said = [f"Key {escaped(row['hint'])}" if row["linked"] else "No key"]
    if row["organization_name"] or row["organization_id"]:
        said.append(f"organization {escaped(row['organization_name'] or row['organization_id'])}")
    return " · ".join(said)


def _days(row: Mapping[str, Any]) -> str:
    said = f"Linked {numbers.full_day(row['created_at'].date())}"
    if row["covered_from"] is None:
        return said
    return f"{said} · days read from {numbers.full_day(row['covered_from'])} on"


def _buttons(store: Store, row: Mapping[str, Any], now: datetime) -> None:
    number = row["id"]
    with st.container(horizontal=True, gap="small"):
        if row["linked"]:
            st.button(
                "Sync now", key=f"sync-{number}", on_click=attempt, args=(request_sync, store, number, "manual", now)
            )
            st.button(
                "Resume" if row["paused"] else "Pause", key=f"pause-{number}", on_click=attempt,
                args=(set_paused, store, number), kwargs={"paused": not row["paused"]},
                help="Sync on schedule again" if row["paused"] else "Stop the schedule; all data stays",
            )  # fmt: skip
        if row["provider"] in CONNECTORS:
            st.button(
                "Re-link", key=f"relink-{number}", on_click=_open, args=("relink", number),
                help="Put a new key in the place of the old one",
            )  # fmt: skip
        st.button(
            "Unlink" if row["linked"] else "Delete data",
            key=f"unlink-{number}",
            on_click=_open,
            args=("unlink", number),
        )


def _open(what: str, number: int) -> None:
    st.session_state[ACTION] = (what, number)


def _close() -> None:
    st.session_state.pop(ACTION, None)


def _relink(store: Store, row: Mapping[str, Any]) -> None:
    if fault := st.session_state.pop(FAULT, None):
        explain(fault)
    given = credential_form(row["provider"], f"relink-{row['id']}", "Check and re-link")
    st.button("Cancel", key=f"cancel-{row['id']}", type="tertiary", on_click=_close)
    if given is None:
        return
    try:
        with st.spinner(f"Asking {CONNECTORS[row['provider']].name}"):
            relink_account(store, row["id"], given, now=utc_now())
    except (ConnectorError, StoreError) as fault:
        st.session_state[FAULT] = fault
    else:
        _close()
    st.rerun()


def _unlink(store: Store, row: Mapping[str, Any]) -> None:
    number = row["id"]
    choices = (KEEP, DELETE) if row["linked"] else (DELETE,)
    chosen = st.radio(
        "Forget the key and", choices, key=f"unlink-data-{number}", captions=[MEANING[it] for it in choices]
    )
    verb = "Delete data" if not row["linked"] else f"Unlink and {chosen.replace(' its', '').lower()}"
    with st.container(horizontal=True, gap="small"):
        st.button(verb, key=f"unlink-now-{number}", type="primary", on_click=_unlink_now, args=(store, number, chosen))
        st.button("Cancel", key=f"cancel-{number}", type="tertiary", on_click=_close)


def _unlink_now(store: Store, number: int, chosen: str) -> None:
    attempt(unlink, store, number, keep_data=chosen == KEEP, now=utc_now())
    _close()
