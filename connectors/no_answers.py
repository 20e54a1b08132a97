"""What it means that a request was not answered: an outage with its cause in words, and how often to ask again."""

import socket
import ssl
from collections.abc import Iterator

import httpx

from connectors.answers import ALWAYS, TWICE, Outcome
from connectors.errors import ProviderUnavailable, UnexpectedResponse


def no_answer(error: httpx.HTTPError, *, provider: str, host: str, path: str) -> Outcome:
    """The problem that an exception of the transport stands for; holds nothing of it, as it holds the request."""
    if isinstance(error, httpx.DecodingError):
        damaged = UnexpectedResponse(f"{provider}: {path} answered with a damaged compressed body.")
        return Outcome(problem=damaged, tries=TWICE)
    if isinstance(error, httpx.TimeoutException):
        message, cause = f"{provider} did not answer {path} in time.", f"{host} is slow or out of reach."
    elif isinstance(error, httpx.ReadError | httpx.RemoteProtocolError):
        message = f"{provider} cut the connection during its answer to {path}."
        cause = f"{host}, or a proxy before it, closed the connection too early."
    else:
        message, cause = f"{provider} could not be reached.", _why(error, host)
    is_untrusted = any(isinstance(reason, ssl.SSLCertVerificationError) for reason in _reasons(error))
    problem = ProviderUnavailable(message, likely_cause=cause)
    return Outcome(problem=problem, tries=1 if is_untrusted else ALWAYS)


def _why(error: httpx.HTTPError, host: str) -> str:
    reasons = tuple(_reasons(error))
    for kind, cause in (
        (ssl.SSLCertVerificationError, f"The TLS certificate of {host} is not trusted by this machine."),
        (ssl.SSLError, f"No TLS connection to {host} could be agreed on; is it really https?"),
        (socket.gaierror, f"The name {host} could not be resolved (DNS)."),
        (ConnectionRefusedError, f"{host} refuses the connection: nothing listens at that address."),
        (httpx.UnsupportedProtocol, "The base URL must start with https:// or http://."),
        (httpx.ProxyError, "The proxy set for this machine does not let the connection through."),
    ):
        if any(isinstance(reason, kind) for reason in reasons):
            return cause
    return f"This machine has no working network path to {host}."


def _reasons(error: BaseException) -> Iterator[BaseException]:
    reason: BaseException | None = error
    while reason is not None:
        yield reason
        reason = reason.__cause__ or reason.__context__
