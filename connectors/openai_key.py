"""OpenAI's keys: which kind reads costs, how the others look, and how OpenAI words its refusals.

https://platform.openai.com/docs/api-reference/admin-api-keys - the text of a refusal is classified and never quoted, as
it repeats part of the key.
"""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import Field, SecretStr, field_validator

from connectors.base import Credential, masked
from connectors.errors import (
    ConnectorError,
    CredentialLacksBilling,
    CredentialRejected,
    UnexpectedResponse,
)
from connectors.http import RequestRefused

STEPS = """\
1. As an **Owner**, open platform.openai.com → Settings → Organization → **Admin keys**.
2. Create a new admin key with permissions **Restricted**: *read* on usage (`api.usage.read`) and *read* on
   administration (`api.management.read`). **Read only** works too.
3. Copy the key (`sk-admin-…`) here. It expires if you say so; then link a new one.

Such a key reads costs, usage, projects, users and the masked form of API keys. It cannot call models and, restricted or
read only, cannot change anything. An admin key with permissions *All* could also create and delete keys, projects and
users: do not use one here."""

_ADMIN_KEY_NEEDED = "Create an organization admin key (sk-admin-…) under Settings → Organization → Admin keys."
_WRONG_KINDS = (
    ("sk-proj-", "This is an OpenAI project key (sk-proj-…): it calls models but cannot read costs."),
    ("sk-svcacct-", "This is the project key of a service account (sk-svcacct-…): it cannot read costs."),
    ("sess-", "This is a browser token of the OpenAI dashboard (sess-…), which must not leave the browser."),
    ("sk-ant-", "This is an Anthropic key (sk-ant-…), not one of OpenAI."),
    ("sk-or-", "This is an OpenRouter key (sk-or-…), not one of OpenAI."),
    ("AKIA", "This is an AWS access key id (AKIA…), not a key of OpenAI."),
    ("ASIA", "This is a temporary AWS access key id (ASIA…), not a key of OpenAI."),
    ("ABSK", "This is an Amazon Bedrock API key (ABSK…), not a key of OpenAI."),
    ("AIza", "This is a Google API key (AIza…), not a key of OpenAI."),
    ("{", "This is a JSON document, such as a Google service account, not a key of OpenAI."),
)
_SHORTEST_KEY = 16
_PARAM = re.compile(r"[a-z_]{1,40}", re.ASCII)


class OpenAICredential(Credential):
    """An organization admin key."""

    api_key: SecretStr = Field(
        alias="apiKey",
        title="Admin key",
        description="Organization admin key (sk-admin-…) with read on usage and on administration.",
    )

    @field_validator("api_key")
    @classmethod
    def _is_of_the_right_kind(cls, value: SecretStr) -> SecretStr:
        key = value.get_secret_value().strip()
        for prefix, verdict in _WRONG_KINDS:
            if key.startswith(prefix):
                raise ValueError(f"{verdict} {_ADMIN_KEY_NEEDED}")
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ValueError("A key has no blanks, line breaks or special characters. Copy it again.")
        if len(key) < _SHORTEST_KEY:
            raise ValueError("This is too short to be an OpenAI key. Copy the whole key, not its masked form.")
        return SecretStr(key)

    @property
    def hint(self) -> str:
        return masked(self.api_key.get_secret_value())


class KeyGroupingRefused(UnexpectedResponse):
    """OpenAI does not break costs down by API key for this organization or range."""


class CursorRefused(UnexpectedResponse):
    """OpenAI does not know its own cursor any more."""


def refuse(status: int, body: Mapping[str, Any] | None, text: str) -> ConnectorError | None:
    """A refusal told by its status first, then by its text: the member `error` is an object or a bare string."""
    lowered = text.lower()
    if status in {401, 403}:
        return _refused_key(status, lowered)
    if status != 400:  # noqa: PLR2004
        return None
    error = (body or {}).get("error")
    param = str(error.get("param") or "") if isinstance(error, dict) else ""
    if "api_key_id" in lowered:
        return KeyGroupingRefused("OpenAI refuses to break costs down by API key.")
    if param == "page" or "cursor" in lowered:
        return CursorRefused("OpenAI does not know its own next-page cursor any more.")
    named = f" because of the parameter {param}" if _PARAM.fullmatch(param.removesuffix("[]")) else ""
    return RequestRefused(f"OpenAI refused the request as malformed{named} (status 400).", status=status)


def _refused_key(status: int, lowered: str) -> ConnectorError:
    if "api.management.read" in lowered:
        return CredentialLacksBilling(
            "OpenAI does not let this key list projects and keys.",
            likely_cause="The admin key lacks the permission api.management.read.",
            resolution="Grant the key read on administration and re-link the account.",
        )
    if status == 403 or any(  # noqa: PLR2004
        mark in lowered for mark in ("missing scope", "missing_scope", "insufficient permission", "api.usage.read")
    ):
        return CredentialLacksBilling(
            "Wrong key type: OpenAI shows costs only to an organization admin key.",
            likely_cause="This is a project or service-account key, or an admin key without read on usage.",
            resolution=f"{_ADMIN_KEY_NEEDED} Give it read on usage (api.usage.read) and re-link the account.",
        )
    return CredentialRejected("OpenAI does not know this key: it is invalid or revoked.")


def is_transient(status: int, _body: Mapping[str, Any] | None, text: str) -> bool:
    """Good keys were told "Missing scopes" in waves, in August 2025 and April 2026.

    https://community.openai.com/t/1378804
    """
    return status == 401 and "missing scopes" in text.lower() and "api.usage.read" in text  # noqa: PLR2004
