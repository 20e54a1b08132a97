"""Errors as boxes: what happened, the likely cause, the next step."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import streamlit as st

from pages.parts.text import escaped
from store.errors import StoreError

LAST = "last-fault"


class Explained(Protocol):
    """An error that knows its cause and its next step."""

    message: str
    likely_cause: str
    resolution: str


@dataclass(slots=True)
class Told:
    """The same, as a sync wrote it down."""

    message: str
    likely_cause: str
    resolution: str


def explain(fault: Explained) -> None:
    st.error(
        f"{escaped(fault.message, 500)}  \nLikely cause: {escaped(fault.likely_cause, 500)}  \n"
        f"Next step: {escaped(fault.resolution, 500)}"
    )


def attempt(action: Callable[..., object], *arguments: Any, **named: Any) -> None:
    """Do what a button asks for, as its callback; what the store refuses is explained by the run that follows."""
    try:
        action(*arguments, **named)
    except StoreError as fault:
        st.session_state[LAST] = fault


def explain_last() -> None:
    if fault := st.session_state.pop(LAST, None):
        explain(fault)
