"""Linking a provider: choose, read how to get the right key, check it live, see what was found."""

from typing import Any

import streamlit as st

from connectors import CONNECTORS
from connectors.errors import ConnectorError
from linking import SameBill, link_account
from pages.parts.clock import utc_now
from pages.parts.credential_form import credential_form
from pages.parts.palette import name_of
from pages.parts.text import escaped
from pages.parts.trouble import explain
from store.accounts import account
from store.db import Store
from store.errors import StoreError

LINKED = "just-linked"
OPEN = "link-form"
FAULT = "link-fault"
ALIKE, SEPARATE = "link-alike", "link-separate"


def link_band(store: Store, *, is_first: bool) -> None:
    """The form beside its steps, behind a button once there is an account; then what linking found."""
    done, *notes = st.session_state.pop(LINKED, ("",))
    if done:
        st.success(done)
    for note in notes:
        st.info(escaped(note, 500))
    is_open = is_first or st.session_state.get(OPEN, False)
    if not is_first:
        verb = "Close the form" if is_open else "Link a provider"
        st.button(
            verb,
            type="secondary" if is_open else "primary",
            key="open-link-form",
            on_click=_set_open,
            args=(not is_open,),
        )
    if is_open:
        _form(store, is_first=is_first)


def _set_open(is_open: bool) -> None:
    st.session_state[OPEN] = is_open


def _form(store: Store, *, is_first: bool) -> None:
    with st.container(border=True, key="link-provider", gap="small"):
        st.subheader("Link your first provider" if is_first else "Link a provider", anchor=False)
        left, right = st.columns(2, gap="large")
        with left:
            if fault := st.session_state.pop(FAULT, None):
                explain(fault)
            provider = st.selectbox("Provider", list(CONNECTORS), format_func=name_of, key="link-provider-choice")
            is_separate = _separate(provider)
            given = credential_form(provider, f"link-{provider}", "Check and link", has_name=True)
            st.caption("The key is checked with the provider, sealed, and never shown again.")
            if given is not None:
                _link(store, provider, given, is_separate=is_separate)
        with right:
            connector = CONNECTORS[provider]
            st.markdown(f"**Needed: {connector.key_type}**" if connector.key_type else "**How to get the key**")
            st.markdown(connector.steps)
            if connector.data_delay:
                st.caption(f"How late its numbers are: {connector.data_delay}.")


def _separate(provider: str) -> bool:
    """Whether to link although the bill equals another's; only asked where that was the reason to refuse."""
    if st.session_state.get(ALIKE) != provider:
        return False
    return st.checkbox(
        "Link it although its bill equals that of another account",
        key=SEPARATE,
        help="Only if these are two organizations: two links of one bill count every dollar twice. Give the key again, "
        "since it was not kept.",
    )


def _link(store: Store, provider: str, given: dict[str, str], *, is_separate: bool) -> None:
    name = given.pop("name", None)
    notes: list[str] = []
    try:
        with st.spinner(f"Asking {CONNECTORS[provider].name}"):
            number = link_account(
                store, provider, given, name=name, now=utc_now(), tell=notes.append, is_separate=is_separate
            )
    except (ConnectorError, StoreError) as fault:
        st.session_state[FAULT] = fault
        if isinstance(fault, SameBill):
            st.session_state[ALIKE] = provider
    else:
        st.session_state.pop(ALIKE, None)
        st.session_state[LINKED] = (_found(account(store, number)), *notes)
        _set_open(is_open=False)
    st.rerun()


def _found(row: dict[str, Any]) -> str:
    whose = row["organization_name"] or row["organization_id"]
    bill = f" It reads the bill of {escaped(whose)}." if whose else ""
    return f"{escaped(row['name'])} is linked.{bill} The first sync has been asked for."
