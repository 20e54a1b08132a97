"""LiteLLM's keys: which kind reads everybody's spend, how the others look, and how the proxy words its refusals.

https://docs.litellm.ai/docs/proxy/access_control - texts of refusals are classified and never quoted: they hold hashes.
"""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import Field, SecretStr, field_validator

from connectors.base import Credential, masked
from connectors.errors import ConnectorError, CredentialLacksBilling, CredentialRejected, ProviderUnavailable
from connectors.http import RequestRefused
from connectors.litellm_address import base_url

ROUTES = (
    "/user/list", "/user/daily/activity", "/user/daily/activity/aggregated", "/team/daily/activity", "/team/list",
    "/key/list", "/key/info",
)  # fmt: skip
"""All that the connector reads besides the public readiness."""

STEPS = """\
As the proxy's admin, make a view-only user, and a key of it that may only read (two calls with the master key):

1. `POST /user/new` with `{"user_id": "spendglass", "user_role": "proxy_admin_viewer", "auto_create_key": false}`
2. `POST /key/generate` with `{"user_id": "spendglass", "key_alias": "spendglass", "allowed_routes": ["/user/list",
   "/user/daily/activity", "/user/daily/activity/aggregated", "/team/daily/activity", "/team/list", "/key/list",
   "/key/info"]}`
3. Copy the key (`sk-…`) and the proxy's root URL here. LiteLLM 1.76 or newer with a database is needed.

Such a key reads spend, teams and the masked form of keys, and with `/user/list` the users' names and addresses, which
Spendglass does not keep. It cannot call models or change anything. Without `allowed_routes` the same key could also
call models, that is, spend money; the master key could do everything: do not use it here."""

_KEY_NEEDED = "Make a key of a view-only admin (role proxy_admin_viewer) on the proxy itself."
_WRONG_KINDS = (
    ("sk-proj-", "This is an OpenAI project key (sk-proj-…), not a key of your LiteLLM proxy."),
    ("sk-svcacct-", "This is an OpenAI service-account key (sk-svcacct-…), not a key of your LiteLLM proxy."),
    ("sk-admin-", "This is an OpenAI admin key (sk-admin-…), not a key of your LiteLLM proxy."),
    ("sk-ant-", "This is an Anthropic key (sk-ant-…), not a key of your LiteLLM proxy."),
    ("sk-or-", "This is an OpenRouter key (sk-or-…), not a key of your LiteLLM proxy."),
    ("sk-...", "This is the masked form of a key, not the key itself."),
    ("sess-", "This is a browser token of the OpenAI dashboard (sess-…), which must not leave the browser."),
    ("AKIA", "This is an AWS access key id (AKIA…), not a key of your LiteLLM proxy."),
    ("ASIA", "This is a temporary AWS access key id (ASIA…), not a key of your LiteLLM proxy."),
    ("ABSK", "This is an Amazon Bedrock API key (ABSK…), not a key of your LiteLLM proxy."),
    ("AIza", "This is a Google API key (AIza…), not a key of your LiteLLM proxy."),
    ("key_", "This is a Runway key (key_…), not a key of your LiteLLM proxy."),
    ("{", "This is a JSON document, such as a Google service account, not a key of your LiteLLM proxy."),
)
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MARK_OF_OPENAI = "T3BlbkFJ"
"""Stands in the middle of every OpenAI key made before 2024, which began with `sk-` alone."""


class LiteLLMCredential(Credential):
    """A virtual key of a view-only admin, and where the proxy is."""

    api_key: SecretStr = Field(
        alias="apiKey", title="Key", description="Virtual key (sk-…) of a view-only admin user of the proxy."
    )
    base_url: str = Field(
        alias="baseUrl",
        title="Base URL",
        description="Root of the proxy, such as https://litellm.example.com; plain http on private networks only.",
    )

    @field_validator("api_key")
    @classmethod
    def _is_of_the_right_kind(cls, value: SecretStr) -> SecretStr:
        key = value.get_secret_value().strip()
        for prefix, verdict in _WRONG_KINDS:
            if key.startswith(prefix):
                raise ValueError(f"{verdict} {_KEY_NEEDED}")
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ValueError("A key has no blanks, line breaks or special characters. Copy it again.")
        if _HASH.fullmatch(key):
            raise ValueError("This is the hash by which the proxy lists a key, not the key itself (sk-…).")
        if not key.startswith("sk-") or key == "sk-":
            raise ValueError(f"A key of a LiteLLM proxy begins with sk-. {_KEY_NEEDED}")
        if _MARK_OF_OPENAI in key:
            raise ValueError(f"This is an OpenAI key, not a key of your LiteLLM proxy. {_KEY_NEEDED}")
        return SecretStr(key)

    @field_validator("base_url")
    @classmethod
    def _is_a_place_to_ask(cls, value: str) -> str:
        return base_url(value)

    @property
    def hint(self) -> str:
        return masked(self.api_key.get_secret_value())


_DENIED = (
    "only proxy admin", "only admin users", "not allowed to access this route", "service-account keys",
    "user= none not found", "only view their own", "not allowed to list",
)  # fmt: skip
_UNKNOWN = ("token_not_found_in_db", "expired_key", "key is blocked", "virtual key expected", "no api key passed in")
_NO_DATABASE = ("no connected db", "no_db_connection", "prisma client is not initialized", "no db connected")


def refuse(status: int, body: Mapping[str, Any] | None, text: str) -> ConnectorError | None:
    """A refusal told by its text: the proxy says 401 for all that goes wrong while it looks a key up."""
    lowered = text.lower()
    if any(mark in lowered for mark in _NO_DATABASE):
        return no_database()
    if status == 404 and (body or {}).get("detail") == "Not Found":  # noqa: PLR2004
        return RequestRefused(
            "The LiteLLM proxy has no such route (status 404).",
            status=status,
            likely_cause="The base URL has a wrong path, is not of a LiteLLM proxy, or the proxy is older than 1.76.",
        )
    if "litellm enterprise" in lowered:
        return RequestRefused(f"LiteLLM offers this only with an Enterprise licence (status {status}).", status=status)
    return _refused_key(status, lowered)


def _refused_key(status: int, lowered: str) -> ConnectorError | None:
    if "not allowed to call this route" in lowered:
        return _missing_route(lowered)
    if any(mark in lowered for mark in _DENIED):
        return CredentialLacksBilling(
            "Wrong key type: LiteLLM shows everybody's spend only to an admin's or a view-only admin's key.",
            likely_cause="The key belongs to an ordinary user, to a team, or to nobody.",
            resolution=f"{_KEY_NEEDED} Then link the account with it.",
        )
    if status == 401:  # noqa: PLR2004
        return CredentialRejected(
            "The LiteLLM proxy does not know this key: it is mistyped, deleted, expired or blocked."
        )
    return None


def no_database() -> ProviderUnavailable:
    return ProviderUnavailable(
        "The LiteLLM proxy runs without a database, so it keeps no spend.",
        likely_cause="DATABASE_URL is not set on the proxy, or its database is down.",
        resolution="Give the proxy a PostgreSQL database (DATABASE_URL); the next sync tries again.",
    )


def _missing_route(lowered: str) -> CredentialLacksBilling:
    tried = lowered.rpartition("tried to call route: ")[2]
    named = next(
        (route for route in sorted(ROUTES, key=len, reverse=True) if tried.startswith(route)), "a route it needs"
    )
    return CredentialLacksBilling(
        f"This LiteLLM key may not call {named}.",
        likely_cause="The key's allowed_routes are too narrow.",
        resolution="Make a key with the allowed_routes that stand beside the link form, and link the account with it.",
    )


def is_transient(status: int, _body: Mapping[str, Any] | None, text: str) -> bool:
    """A 401 in unknown words may be any fault of the proxy's, such as a database driver's; worth asking again."""
    lowered = text.lower()
    known = (*_UNKNOWN, *_DENIED, *_NO_DATABASE, "not allowed to call this route")
    return status == 401 and not any(mark in lowered for mark in known)  # noqa: PLR2004
