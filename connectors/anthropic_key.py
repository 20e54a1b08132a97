"""Anthropic's keys: which kind reads costs, how the others look, and how Anthropic words its refusals.

https://platform.claude.com/docs/en/manage-claude/admin-api-keys - a refusal is told by status, type and code: its text
may change, is never quoted, and is searched for one scope's name only.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import Field, SecretStr, field_validator

from connectors.base import Credential, masked
from connectors.errors import ConnectorError, CredentialLacksBilling, CredentialRejected

STEPS = """\
1. As an **admin** of the organization, open platform.claude.com → Settings → **Admin keys**. Individual accounts have
   none: create an organization first.
2. Create an admin key and copy it (`sk-ant-admin01-…`) here.

Such a key reads costs, usage, workspaces and the masked form of API keys. It cannot call models. Anthropic offers no
read-only kind: an admin key can also rename, disable and archive API keys and workspaces and manage members, so keep it
nowhere else. Spendglass only ever reads with it.

Claude Enterprise organizations: an owner creates a key with the scope `read:analytics` (`sk-ant-api01-…`), which can do
nothing else; it shows costs by model, not by workspace or API key."""

_ADMIN_KEY_NEEDED = "Create an Admin API key (sk-ant-admin01-…) in the Claude Console under Settings → Admin keys."
_WRONG_KINDS = (
    ("sk-ant-api03-", "This is an inference key (sk-ant-api03-…): it calls models but cannot read costs."),
    ("sk-ant-oat", "This is a login token (sk-ant-oat…): it expires within hours, so a schedule cannot use it."),
    ("sk-ant-ort", "This is a refresh token of a login (sk-ant-ort…), not an API key."),
    ("sk-ant-sid", "This is a browser session (sk-ant-sid…), which must not leave the browser."),
    ("sk-admin-", "This is an OpenAI admin key (sk-admin-…), not one of Anthropic."),
    ("sk-proj-", "This is an OpenAI project key (sk-proj-…), not one of Anthropic."),
    ("sk-svcacct-", "This is an OpenAI service-account key (sk-svcacct-…), not one of Anthropic."),
    ("sk-or-", "This is an OpenRouter key (sk-or-…), not one of Anthropic."),
    ("AKIA", "This is an AWS access key id (AKIA…), not a key of Anthropic."),
    ("ASIA", "This is a temporary AWS access key id (ASIA…), not a key of Anthropic."),
    ("ABSK", "This is an Amazon Bedrock API key (ABSK…), not a key of Anthropic."),
    ("AIza", "This is a Google API key (AIza…), not a key of Anthropic."),
    ("key_", "This is a Runway key (key_…), not one of Anthropic."),
    ("{", "This is a JSON document, such as a Google service account, not a key of Anthropic."),
)
_ENTERPRISE = "sk-ant-api01-"
_SHORTEST_KEY = 20


class AnthropicCredential(Credential):
    """An Admin API key, or the analytics key of a Claude Enterprise organization."""

    api_key: SecretStr = Field(
        alias="apiKey",
        title="Admin API key",
        description="Admin API key (sk-ant-admin01-…); Claude Enterprise: a key with the scope read:analytics.",
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
        if len(key) < _SHORTEST_KEY or "..." in key:
            raise ValueError("This is too short to be an Anthropic key. Copy the whole key, not its masked form.")
        if not key.startswith("sk-ant-"):
            raise ValueError(f"Keys of Anthropic begin with sk-ant-; this one does not. {_ADMIN_KEY_NEEDED}")
        return SecretStr(key)

    @property
    def is_enterprise(self) -> bool:
        """Whether the key belongs to a Claude Enterprise organization, which has no workspaces and no API keys."""
        return self.api_key.get_secret_value().startswith(_ENTERPRISE)

    @property
    def hint(self) -> str:
        return masked(self.api_key.get_secret_value())


def wrong_kind() -> CredentialLacksBilling:
    return CredentialLacksBilling(
        "Wrong key type: Anthropic shows costs only to an Admin API key.",
        likely_cause="This is an inference key, or the key of an organization that has no cost reports.",
        resolution=f"{_ADMIN_KEY_NEEDED} Then re-link the account.",
    )


def refuse(status: int, body: Mapping[str, Any] | None, text: str) -> ConnectorError | None:
    """A refusal of the key; None for all that is about the question asked."""
    if status == 401:  # noqa: PLR2004
        return CredentialRejected(
            "Anthropic does not accept this key: it is invalid, revoked or expired, or no Admin API key.",
            likely_cause="The key is mistyped, was revoked, has expired, or is an inference key.",
            resolution=f"{_ADMIN_KEY_NEEDED} Then re-link the account.",
        )
    if status in {400, 403} and _code(body) == "organization_type_not_supported":
        return CredentialLacksBilling(
            "Anthropic does not offer this report to the kind of organization that the key belongs to.",
            likely_cause="Console organizations need an Admin API key, Claude Enterprise an analytics key.",
            resolution="Create the key in the other kind of organization and re-link the account.",
        )
    if status != 403:  # noqa: PLR2004
        return None
    if "read:analytics" in text:
        return CredentialLacksBilling(
            "This Anthropic key may not read costs: it lacks the scope read:analytics.",
            likely_cause="The scopes of a Claude Enterprise key are fixed when it is created.",
            resolution="Create a key with the scope read:analytics and re-link the account.",
        )
    return wrong_kind()


def _code(body: Mapping[str, Any] | None) -> object:
    error = (body or {}).get("error")
    details = error.get("details") if isinstance(error, dict) else None
    return details.get("error_code") if isinstance(details, dict) else None
