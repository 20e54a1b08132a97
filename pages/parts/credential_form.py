"""A form drawn from a provider's credential: its fields, titles and descriptions; secrets as passwords."""

from typing import Any, get_args

import streamlit as st
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from connectors import CONNECTORS

ROUND = "form-round"
FILE_HEIGHT = 140


def credential_form(provider: str, key: str, verb: str, *, has_name: bool = False) -> dict[str, Any] | None:
    """What was submitted just now, by the field's outside name, or None; with `has_name` also the account's `name`.

    Every submit ends the round, and its caller reruns: fresh widgets are drawn, and what was typed is forgotten.
    """
    fields = CONNECTORS[provider].credential.model_fields
    turn = st.session_state.get(ROUND, 0)
    with st.form(f"{key}-{turn}", clear_on_submit=True, border=False, enter_to_submit=True):
        given = {info.alias or name: _field(name, info, f"{key}-{name}-{turn}") for name, info in fields.items()}
        if has_name:
            given["name"] = st.text_input(
                "Name in Spendglass (optional)", key=f"{key}-name-{turn}", max_chars=80,
                placeholder="the organization's own name",
            )  # fmt: skip
        submitted = st.form_submit_button(verb, type="primary", key=f"{key}-submit")
    if not submitted:
        return None
    st.session_state[ROUND] = turn + 1
    return {name: value for name, value in given.items() if value not in (None, "")}


def _field(name: str, info: FieldInfo, key: str) -> str:
    label = info.title or name.replace("_", " ").capitalize()
    if not info.is_required():
        label = f"{label} (optional)"
    if _is_file(info):
        return st.text_area(label, key=key, help=info.description, height=FILE_HEIGHT, placeholder="{ … }")
    if _is_secret(info):
        return st.text_input(label, key=key, type="password", help=info.description, autocomplete="new-password")
    return st.text_input(label, key=key, help=info.description, autocomplete="off")


def _is_file(info: FieldInfo) -> bool:
    """Whether the field takes the many lines of a JSON file, which a password's single line would hide and join."""
    extra = info.json_schema_extra
    return isinstance(extra, dict) and extra.get("format") == "json"


def _is_secret(info: FieldInfo) -> bool:
    return SecretStr in {info.annotation, *get_args(info.annotation)}
