"""Google's own client on our terms: every request counted, every answer bounded, every error one of ours.

    BigQuery client ── AuthorizedSession ── Wire ──→ BigQuery
                               └─ TokenRequest ── Wire ──→ token endpoint

Imported when an account is opened, not before: Google's packages take most of a second to load.
"""

import io
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import google.auth.transport
import requests
import urllib3.exceptions
from google.api_core.exceptions import GoogleAPICallError, RetryError, from_http_status
from google.auth.exceptions import GoogleAuthError
from requests.adapters import HTTPAdapter

from connectors.answers import parse_json
from connectors.base import Meter
from connectors.errors import ConnectorError, CredentialRejected, ProviderUnavailable, UnexpectedResponse
from connectors.http import CONNECT_SECONDS, MAX_BYTES
from connectors.patience import told_date
from connectors.vertex_refusals import PROVIDER, refusal, rejected, unreachable
from settings import settings

CHUNK = 65_536
FAULTS_OF_SHAPE = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, AssertionError)
"""What Google's client raises where an answer is not what it expects."""
T = TypeVar("T")


def asked(path: str, project: str, call: Callable[[], T]) -> T:
    """What `call` gives back; raises only `ConnectorError`, with nothing of the request behind it.

    `path` names what was asked in messages, `project` the one whose permissions and quotas count.
    """
    outcome = _outcome(path, project, call)
    if isinstance(outcome, _Problem):
        raise outcome.error
    return outcome


@dataclass(frozen=True, slots=True)
class _Problem:
    error: ConnectorError


def _outcome(path: str, project: str, call: Callable[[], T]) -> T | _Problem:
    try:
        return call()
    except ConnectorError as known:
        known.__cause__ = known.__context__ = None
        return _Problem(known.with_traceback(None))
    except RetryError as given_up:
        return _Problem(_translated(given_up.cause or given_up, path, project))
    except (GoogleAPICallError, GoogleAuthError, requests.RequestException, OSError) as fault:
        return _Problem(_translated(fault, path, project))
    except FAULTS_OF_SHAPE:
        return _Problem(UnexpectedResponse(f"{PROVIDER}: {path} answered with JSON of an unknown shape."))


def _translated(fault: BaseException, path: str, project: str) -> ConnectorError:
    if isinstance(fault, GoogleAPICallError):
        return refusal(fault.code, _reason(fault), fault.message or "", path, project)
    if isinstance(fault, GoogleAuthError):
        return CredentialRejected("Google gave no access for this key.")
    if isinstance(fault, ConnectorError):
        return fault
    return unreachable(fault, path)


def _reason(fault: GoogleAPICallError) -> str:
    """BigQuery's own word for a refusal, empty where it has none."""
    first = next(iter(fault.errors or ()), None)
    reason = first.get("reason") if isinstance(first, Mapping) else None
    return reason if isinstance(reason, str) else ""


class Wire(HTTPAdapter):
    """Counts requests and reads whole answers: within a time and a size, no redirects, JSON objects only."""

    def __init__(self, meter: Meter) -> None:
        super().__init__(max_retries=0)
        self._meter = meter
        self.answered_at: datetime | None = None
        """The provider's own clock at its latest answer, UTC."""

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002 - all answers are read here, piece by piece
        timeout: Any = None,  # noqa: ARG002 - one limit for all
        verify: bool | str = True,
        cert: Any = None,
        proxies: dict[str, str] | None = None,
    ) -> requests.Response:
        self._meter.requests += 1
        path = str(request.path_url).partition("?")[0]
        seconds = settings().http_timeout
        deadline = time.monotonic() + seconds
        limits = (min(CONNECT_SECONDS, seconds), seconds)
        response = super().send(request, stream=True, timeout=limits, verify=verify, cert=cert, proxies=proxies)
        problem = self._read(response, path, deadline)
        if problem is not None:
            response.close()
            raise problem
        self.answered_at = told_date({name.lower(): value for name, value in response.headers.items()})
        return response

    def _read(self, response: requests.Response, path: str, deadline: float) -> Exception | None:
        """Puts the whole body in the place of the connection; what is wrong with the answer, if anything is."""
        if 300 <= response.status_code < 400:  # noqa: PLR2004
            return _unexpected(path, f"redirected (status {response.status_code}); not followed")
        body = bytearray()
        try:
            while chunk := response.raw.read1(CHUNK, decode_content=True):
                body += chunk
                if len(body) > MAX_BYTES:
                    return _unexpected(path, f"answered with more than {MAX_BYTES // 1024:,} KiB; reading stopped")
                if time.monotonic() > deadline:
                    return ProviderUnavailable(f"{PROVIDER} did not finish its answer to {path} in time.")
        except urllib3.exceptions.DecodeError:
            return _unexpected(path, "answered with a damaged compressed body")
        except urllib3.exceptions.HTTPError:
            return requests.exceptions.ChunkedEncodingError("the answer ended early")
        is_told = response.status_code < 400 or _is_told(bytes(body))  # noqa: PLR2004
        response.raw = io.BytesIO(bytes(body) if is_told else b"")
        return _flaw(response.status_code, response.headers.get("Content-Type", ""), bytes(body), path)


def _flaw(status: int, content_type: str, body: bytes, path: str) -> ConnectorError | None:
    """A success that is no JSON object, or a login page in the place of a refusal."""
    if status in {401, 403, 407} and "html" in content_type:
        return ProviderUnavailable(
            f"A web page answered {path} instead of {PROVIDER} (status {status}).",
            likely_cause="A firewall, proxy or login page stands between this machine and the provider.",
        )
    if not 200 <= status < 300:  # noqa: PLR2004
        return None
    try:
        value = parse_json(body)
    except ValueError:
        return _unexpected(path, "answered with a body that is not valid JSON")
    return None if isinstance(value, dict) else _unexpected(path, "answered with JSON that is not an object")


def _is_told(body: bytes) -> bool:
    """Whether a refusal has the shape that Google's client can read; of others the status says enough."""
    try:
        value = parse_json(body)
    except ValueError:
        return False
    error = value.get("error") if isinstance(value, dict) else None
    if isinstance(error, str):  # the token endpoint's own shape
        return True
    errors = error.get("errors", []) if isinstance(error, dict) else None
    return isinstance(errors, list) and all(isinstance(item, dict) for item in errors)


def _unexpected(path: str, what: str) -> UnexpectedResponse:
    return UnexpectedResponse(f"{PROVIDER}: {path} {what}.")


@dataclass(frozen=True, slots=True)
class _TokenAnswer(google.auth.transport.Response):
    status: int
    headers: Mapping[str, str]
    data: bytes


class TokenRequest(google.auth.transport.Request):
    """Asks the key's token endpoint, and tells by its answer whether the key or the network is at fault."""

    def __init__(self, wire: Wire) -> None:
        self.session = requests.Session()
        self.session.mount("https://", wire)
        self.session.mount("http://", wire)

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: Any = None,  # noqa: ARG002 - the wire's own limit holds
        **_options: Any,
    ) -> _TokenAnswer:
        response = self.session.request(method, url, data=body, headers=headers)
        status = response.status_code
        if status in {408, 429} or status >= 500:  # noqa: PLR2004
            raise from_http_status(status, "no token")  # type: ignore[no-untyped-call]
        if status >= 400:  # noqa: PLR2004
            raise rejected(response.text)
        if not isinstance(response.json().get("access_token"), str):
            raise _unexpected(str(response.request.path_url), "answered without an access token")
        return _TokenAnswer(status, response.headers, response.content)
