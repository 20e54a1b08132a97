"""fal's keys: which kind reads costs, how the others look, and how fal words its refusals.

https://docs.fal.ai/documentation/model-apis/authentication/key-based - a key is `key_id:key_secret` and has the scope
API or ADMIN, which its shape does not tell. fal's words for a wrong scope and for an unknown key overlap, so what is
called invalid is asked once more where any key may read (see `connectors.fal`).
"""

from collections.abc import Mapping
from typing import Any

from pydantic import Field, SecretStr, field_validator

from connectors.base import Credential
from connectors.errors import ConnectorError, CredentialLacksBilling

STEPS = """\
1. Open fal.ai/dashboard/keys and choose, at the top, the account or team whose bill you want to see: a key belongs to
   one of them.
2. Create a key with the scope **ADMIN** and copy it whole (`key_id:key_secret`) here.

Such a key reads costs, own apps, key names and the balance. fal offers no read-only scope: an ADMIN key can also run
models, which costs money, deploy apps, and create and delete keys, so keep it nowhere else. Spendglass only ever reads
with it.

Link each team with a key of its own. Rented machines (fal Compute) are on fal's invoice but in no report that such a
key can read."""

ADMIN_KEY_NEEDED = "Create a key with the scope ADMIN at fal.ai/dashboard/keys and copy it whole (key_id:key_secret)."
_WRONG_KINDS = (
    ("sk-ant-", "This is an Anthropic key (sk-ant-…), not one of fal."),
    ("sk-or-", "This is an OpenRouter key (sk-or-…), not one of fal."),
    ("sk-admin-", "This is an OpenAI admin key (sk-admin-…), not one of fal."),
    ("sk-", "This is a key of OpenAI or of a LiteLLM proxy (sk-…), not one of fal."),
    ("sess-", "This is a browser token of the OpenAI dashboard (sess-…), which must not leave the browser."),
    ("AKIA", "This is an AWS access key id (AKIA…), not a key of fal."),
    ("ASIA", "This is a temporary AWS access key id (ASIA…), not a key of fal."),
    ("ABSK", "This is an Amazon Bedrock API key (ABSK…), not a key of fal."),
    ("AIza", "This is a Google API key (AIza…), not a key of fal."),
    ("key_", "This is a Runway key (key_…), not one of fal."),
    ("eyJ", "This is a login token (eyJ…), which must not leave the browser, not a key of fal."),
    ("http", "This is an address, not a key."),
    ("{", "This is a JSON document, such as a Google service account, not a key of fal."),
)
_WITH_COLON = ("http", "{")
_HEADER_WORDS = ("key ", "bearer ", "authorization:", "fal_key=")
_LACKS_SCOPE = ("not permitted", "admin api key", "admin key")
_SHOWN = 8
_LONG_ENOUGH = 2 * _SHOWN


class FalCredential(Credential):
    """A key of scope ADMIN."""

    api_key: SecretStr = Field(
        alias="apiKey",
        title="ADMIN key",
        description="Key with the scope ADMIN, whole: key_id:key_secret.",
    )

    @field_validator("api_key")
    @classmethod
    def _is_of_the_right_kind(cls, value: SecretStr) -> SecretStr:
        key = value.get_secret_value().strip()
        if key.lower().startswith(_HEADER_WORDS):
            raise ValueError("Paste the key alone (key_id:key_secret), without the words before it.")
        for prefix, verdict in _WRONG_KINDS:
            if key.startswith(prefix) and (":" not in key or prefix in _WITH_COLON):
                raise ValueError(f"{verdict} {ADMIN_KEY_NEEDED}")
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ValueError("A key has no blanks, line breaks or special characters. Copy it again.")
        key_id, colon, secret = key.partition(":")
        if not colon:
            raise ValueError(f"This is at most half of a fal key: a whole one has a colon inside. {ADMIN_KEY_NEEDED}")
        if not key_id or not secret or ":" in secret:
            raise ValueError("A fal key is key_id:key_secret, with one colon and something on both sides of it.")
        if set(secret) <= set("*.") or "..." in secret:
            raise ValueError("This is the masked form of a fal key. fal shows a key whole only when it is created.")
        return SecretStr(key)

    @property
    def hint(self) -> str:
        return shortened(self.api_key.get_secret_value().partition(":")[0])


def shortened(key_id: str) -> str:
    """The beginning of a key's id, which is no secret."""
    return (key_id[:_SHOWN] if len(key_id) >= _LONG_ENOUGH else key_id[:2]) + "…"


def lacks_scope() -> CredentialLacksBilling:
    return CredentialLacksBilling(
        "Wrong key type: fal shows costs only to a key of scope ADMIN.",
        likely_cause="The key is genuine, but has the scope API: it runs models and cannot read the bill.",
        resolution=f"{ADMIN_KEY_NEEDED} Then re-link the account.",
    )


def refuse(status: int, _body: Mapping[str, Any] | None, text: str) -> ConnectorError | None:
    """A refusal that tells the wrong scope; None for all others, also for one that may mean it."""
    is_told = any(words in text.lower() for words in _LACKS_SCOPE)
    return lacks_scope() if status == 403 or (status == 401 and is_told) else None  # noqa: PLR2004
