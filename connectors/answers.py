"""What an HTTP answer means: an answer to use, or a problem and how often it is worth asking again.

Messages name provider, endpoint path, status and content type, never a value of the body.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

from connectors.errors import (
    ConnectorError,
    CredentialLacksBilling,
    CredentialRejected,
    ProviderUnavailable,
    RateLimited,
    UnexpectedResponse,
)
from connectors.patience import LONGEST_PAUSE, in_words, told_pause

ALWAYS = 1_000
"""Attempts: as many as the patience allows."""
TWICE = 2
NOT_FOUND = 404
TRANSIENT_PAUSES = (5.0, 30.0)

Refuse = Callable[[int, Mapping[str, Any] | None, str], ConnectorError | None]
"""Status, body where it is a JSON object, body as text → the connector's own error; None leaves it to this module."""
IsTransient = Callable[[int, Mapping[str, Any] | None, str], bool]
"""The same three → whether this refusal is known to pass by itself."""


class RequestRefused(UnexpectedResponse):
    """A 4xx that is neither about the key nor about the rate: the provider does not offer what was asked."""

    def __init__(self, message: str, *, status: int, likely_cause: str | None = None) -> None:
        super().__init__(message, likely_cause=likely_cause)
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer off the wire. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower() or "no content type"

    @property
    def is_html(self) -> bool:
        return "html" in self.content_type


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one attempt: a value, or a problem that is worth `tries` attempts in all.

    `pauses` are the seconds to wait after the first attempt, the second, …; the last holds on; empty: usual back-off.
    """

    value: Any = None
    problem: ConnectorError | None = None
    tries: int = 1
    pauses: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Reads the answers of one provider. `now`, in Unix seconds, is asked only where an answer has no `Date`."""

    provider: str
    refuse: Refuse | None = None
    is_transient: IsTransient | None = None
    now: Callable[[], float] = time.time

    def outcome(self, answer: Answer, path: str, expect: type) -> Outcome:
        """The JSON value of type `expect`, or the problem."""
        if 200 <= answer.status < 300:  # noqa: PLR2004
            return self._success(answer, path, expect)
        if answer.status < 400:  # noqa: PLR2004
            return Outcome(problem=self._unexpected(path, f"redirected (status {answer.status}); not followed"))
        if answer.status in {408, 409, 429} or answer.status >= 500:  # noqa: PLR2004
            return self._again(answer, path)
        if answer.is_html and answer.status in {401, 403, 407}:
            return Outcome(problem=self._blocked(answer, path))
        return self._refusal(answer, path)

    def _success(self, answer: Answer, path: str, expect: type) -> Outcome:
        try:
            value = parse_json(answer.body)
        except ValueError:
            what = "an empty body" if not answer.body.strip() else "a body that is not valid JSON"
            problem = self._unexpected(path, f"answered with {what} ({answer.content_type})")
            return Outcome(problem=problem, tries=1 if answer.is_html else TWICE)
        if not isinstance(value, expect):
            shape = "an object" if expect is dict else "an array"
            return Outcome(problem=self._unexpected(path, f"answered with JSON that is not {shape}"))
        return Outcome(value=value)

    def _again(self, answer: Answer, path: str) -> Outcome:
        pause = told_pause(answer.headers, self.now)
        asks = f"; it asks to wait {in_words(pause)}" if pause is not None else ""
        problem: ConnectorError
        if answer.status == 429:  # noqa: PLR2004
            problem = RateLimited(f"{self.provider} limits how often {path} may be read (status 429){asks}.")
        else:
            problem = ProviderUnavailable(f"{self.provider} could not answer {path} (status {answer.status}){asks}.")
        is_hopeless = (pause or 0) > LONGEST_PAUSE or answer.headers.get("x-should-retry") == "false"
        return Outcome(problem=problem, tries=1 if is_hopeless else ALWAYS, pauses=() if pause is None else (pause,))

    def _refusal(self, answer: Answer, path: str) -> Outcome:
        text = answer.body.decode("utf-8", "replace")
        try:
            parsed = parse_json(answer.body)
        except ValueError:
            parsed = None
        body = parsed if isinstance(parsed, dict) else None
        problem = self.refuse(answer.status, body, text) if self.refuse else None
        passes = self.is_transient is not None and self.is_transient(answer.status, body, text)
        return Outcome(
            problem=problem or self._refused(answer.status, path),
            tries=1 + len(TRANSIENT_PAUSES) if passes else 1,
            pauses=TRANSIENT_PAUSES if passes else (),
        )

    def _refused(self, status: int, path: str) -> ConnectorError:
        if status == 401:  # noqa: PLR2004
            return CredentialRejected(f"{self.provider} does not accept the key (status 401 on {path}).")
        if status == 403:  # noqa: PLR2004
            return CredentialLacksBilling(f"{self.provider} does not let this key read {path} (status 403).")
        return RequestRefused(f"{self.provider} refused the request to {path} (status {status}).", status=status)

    def _blocked(self, answer: Answer, path: str) -> ConnectorError:
        return ProviderUnavailable(
            f"A web page answered {path} instead of {self.provider} (status {answer.status}).",
            likely_cause="A firewall, proxy or login page stands between this machine and the provider.",
        )

    def _unexpected(self, path: str, what: str) -> UnexpectedResponse:
        return UnexpectedResponse(f"{self.provider}: {path} {what}.")


def parse_json(body: bytes) -> Any:
    """The JSON value, fractions as `Decimal`.

    Raises `ValueError` for all that is not plain JSON: NaN, half a surrogate pair, nesting or exponents beyond reason.
    """
    try:
        value = json.loads(body, parse_float=Decimal, parse_constant=_no_number)
        if b"\\ud" in body.lower():
            json.dumps(value, ensure_ascii=False, default=str).encode()
    except (RecursionError, ArithmeticError) as error:
        raise ValueError("too deep or too large to be JSON for us") from error
    return value


def _no_number(literal: str) -> NoReturn:
    raise ValueError(f"{literal} is not a number")
