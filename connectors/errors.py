"""The five ways a provider says no. Each is a next step.

    ConnectorError
    ├── CredentialRejected       the key is wrong or gone: link again
    ├── CredentialLacksBilling   the key is genuine but of the wrong kind: link the right kind
    ├── RateLimited              asked too often: what is saved stays, the next round goes on
    ├── ProviderUnavailable      no usable answer now: the next round tries again
    └── UnexpectedResponse       the answer has a shape we do not know: report it

No message ever carries a secret, a response body or a URL's query.
"""


class ConnectorError(Exception):
    """What went wrong, in one sentence for people, with the likely cause and the next step beside it."""

    kind = "connector_error"
    likely_cause = "The provider refused the request."
    resolution = "Open Sync Logs for the details and try again."

    def __init__(self, message: str, *, likely_cause: str | None = None, resolution: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.likely_cause = likely_cause or type(self).likely_cause
        self.resolution = resolution or type(self).resolution


class CredentialRejected(ConnectorError):
    """The provider does not know the key."""

    kind = "credential_rejected"
    likely_cause = "The key is mistyped, revoked or expired."
    resolution = "Create a new key at the provider and re-link the account."


class CredentialLacksBilling(ConnectorError):
    """The key is genuine, but may not read billing."""

    kind = "credential_lacks_billing"
    likely_cause = "The key is of a kind, or has permissions, that cannot read costs."
    resolution = "Create a key of the kind named beside the link form and re-link the account."


class RateLimited(ConnectorError):
    """The provider asked us to slow down, and waiting as told did not help."""

    kind = "rate_limited"
    likely_cause = "Another tool reads the same billing interface, or the provider lowered its limit."
    resolution = "Nothing to do: saved days stay, and the next sync goes on from here."


class ProviderUnavailable(ConnectorError):
    """No usable answer: a network fault, a time-out or a server error."""

    kind = "provider_unavailable"
    likely_cause = "The provider has an outage, or this machine cannot reach it."
    resolution = "Nothing to do if it passes: the next sync goes on from here. Else check network, proxy and DNS."


class UnexpectedResponse(ConnectorError):
    """The answer has a new shape. The message names endpoint and field, never a value."""

    kind = "unexpected_response"
    likely_cause = "The provider changed its interface, or something between here and there rewrote the answer."
    resolution = (
        "Update Spendglass; if it stays, report the message below as an issue. Nothing was changed in your data."
    )
