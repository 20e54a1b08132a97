"""OpenRouter's two kinds of keys, which look alike, and how OpenRouter words its refusals.

https://openrouter.ai/docs/guides/overview/auth/management-api-keys - a management key, formerly provisioning key, reads
the whole account and calls no models; a standard key calls models and reads the spend counters of itself alone.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import Field, SecretStr, field_validator

from connectors.base import Credential, masked
from connectors.errors import ConnectorError, CredentialLacksBilling, CredentialRejected, ProviderUnavailable

STEPS = """\
1. Open openrouter.ai → Settings → **Management keys**, create a key for Spendglass alone and paste it as
   *management key*.
2. As *API key*, paste a standard key of the same account (Settings → **API keys**); with a management key it is only
   checked, not used.

Such a management key reads spend, workspaces and keys of the whole account. It cannot call models, but it could create,
change and delete keys and workspaces: OpenRouter offers none that only reads. If you would rather not hand it out,
leave it empty: then the daily total of that one standard key is shown, exact, but no models, tokens or other keys.
A standard key can call models at your expense: give one with a low credit limit."""

MANAGEMENT_NEEDED = "Create a key under openrouter.ai → Settings → Management keys"
_WRONG_KINDS = (
    ("sk-ant-", "This is an Anthropic key (sk-ant-…), not one of OpenRouter."),
    ("sk-proj-", "This is an OpenAI project key (sk-proj-…), not one of OpenRouter."),
    ("sk-admin-", "This is an OpenAI admin key (sk-admin-…), not one of OpenRouter."),
    ("sk-svcacct-", "This is an OpenAI service-account key (sk-svcacct-…), not one of OpenRouter."),
    ("AKIA", "This is an AWS access key id (AKIA…), not a key of OpenRouter."),
    ("ASIA", "This is a temporary AWS access key id (ASIA…), not a key of OpenRouter."),
    ("ABSK", "This is an Amazon Bedrock API key (ABSK…), not a key of OpenRouter."),
    ("AIza", "This is a Google API key (AIza…), not a key of OpenRouter."),
    ("key_", "This is a Runway key (key_…), not one of OpenRouter."),
    ("{", "This is a JSON document, such as a Google service account, not a key of OpenRouter."),
)
_SHORTEST_KEY = 24


class OpenRouterCredential(Credential):
    """A standard key, and a management key for all that it cannot see."""

    api_key: SecretStr = Field(alias="apiKey", title="API key", description="Standard key (sk-or-v1-…).")
    provisioning_key: SecretStr | None = Field(
        default=None,
        alias="provisioningKey",
        title="Management key",
        description="Management key, formerly provisioning key (sk-or-v1-…): reads models, keys and workspaces.",
    )

    @field_validator("provisioning_key", mode="before")
    @classmethod
    def _may_be_left_empty(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("api_key", "provisioning_key")
    @classmethod
    def _is_of_the_right_kind(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        key = value.get_secret_value().strip()
        for prefix, verdict in _WRONG_KINDS:
            if key.startswith(prefix):
                raise ValueError(f"{verdict} Keys of OpenRouter begin with sk-or-v1-.")
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ValueError("A key has no blanks, line breaks or special characters. Copy it again.")
        if "..." in key or len(key) < _SHORTEST_KEY:
            raise ValueError("This is too short to be an OpenRouter key. Copy the whole key, not its masked form.")
        if not key.startswith("sk-or-"):
            raise ValueError("This is not an OpenRouter key: those begin with sk-or-v1-.")
        return SecretStr(key)

    @property
    def hint(self) -> str:
        return masked((self.provisioning_key or self.api_key).get_secret_value())


def refuse(status: int, body: Mapping[str, Any] | None, _text: str) -> ConnectorError | None:
    """What a refusal means. A standard key on what only management keys may read was seen with 401 and with 403."""
    error = (body or {}).get("error")
    said = str(error.get("message") if isinstance(error, dict) else error).lower()
    if status in {401, 403} and ("management key" in said or "provisioning key" in said):
        return wrong_kind()
    if status == 401:  # noqa: PLR2004
        return CredentialRejected("OpenRouter does not know this key: it is invalid, disabled, expired or deleted.")
    if status == 402:  # noqa: PLR2004
        return ProviderUnavailable(
            "OpenRouter answers nothing while the account is out of credits (status 402).",
            likely_cause="The balance is negative.",
            resolution="Buy credits at OpenRouter; the next sync goes on from here.",
        )
    return wrong_kind() if status == 403 else None  # noqa: PLR2004


def wrong_kind() -> CredentialLacksBilling:
    """The error for a standard key where a management key is needed."""
    return CredentialLacksBilling(
        "Wrong key type: OpenRouter shows models, keys and workspaces only to a management key.",
        likely_cause="A standard key, which calls models, was given as management key.",
        resolution=f"{MANAGEMENT_NEEDED}, or leave the management key empty to read one key's daily total alone.",
    )
