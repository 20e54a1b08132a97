"""The connection to a LiteLLM proxy: opened once, guarded, and with a memory for what holds for the whole proxy."""

from typing import Any
from urllib.parse import urlsplit

from connectors.errors import CredentialRejected
from connectors.http import ProviderHttp
from connectors.litellm_address import GuardedNetwork, GuardedTransport, base_url
from connectors.litellm_directory import Directory
from connectors.litellm_key import LiteLLMCredential, is_transient, refuse
from settings import endpoint


class LiteLLMSession(ProviderHttp):
    """A connection that remembers what holds for the whole proxy, so that a backfill asks it once.

    `known_as` is the base URL of the credential, `root` the one that is asked in its place.
    """

    sees_everybody = False
    has_totals = True
    has_teams = True
    directory: Directory | None = None

    def __init__(self, *, root: str, known_as: str, **options: Any) -> None:
        super().__init__(base_url=root, **options)
        self.root, self.known_as = root, known_as

    @property
    def is_overheard(self) -> bool:
        """Whether the key travels over a network without encryption."""
        parts = urlsplit(self.root)
        return parts.scheme == "http" and parts.hostname not in {"127.0.0.1", "::1", "localhost"}


def connect(credential: LiteLLMCredential) -> LiteLLMSession:
    root = _root(credential)
    return LiteLLMSession(
        root=root,
        known_as=credential.base_url,
        provider="LiteLLM",
        headers={"Authorization": f"Bearer {credential.api_key.get_secret_value()}"},
        min_interval=0.15,
        refuse=refuse,
        is_transient=is_transient,
        transport=GuardedTransport(GuardedNetwork(is_plain=root.startswith("http:"))),
    )


def _root(credential: LiteLLMCredential) -> str:
    """The credential's base URL, or `SPENDGLASS_ENDPOINT_LITELLM` in its place."""
    try:
        return base_url(endpoint("litellm", credential.base_url))
    except ValueError as error:
        flaw = str(error)
    raise CredentialRejected(flaw, likely_cause="SPENDGLASS_ENDPOINT_LITELLM is malformed.", resolution="Correct it.")
