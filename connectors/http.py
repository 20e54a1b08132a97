"""The one home for transport: requests, pauses between them, limits of time and size, page chains.

    get_json ── attempt ── stream ── judge ──→ value
                   ↑                   │
                   └────── pause ──────┴─────→ the last problem, a ConnectorError, when no pause is left

httpx is imported in `connectors/` only. None of its exceptions goes further up: they hold request and headers.
"""

import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from ipaddress import ip_address
from typing import Any, TypeVar

import httpx
from tenacity import RetryCallState, Retrying, retry_if_result

from connectors.answers import ALWAYS, TWICE, Answer, IsTransient, Judge, Outcome, Refuse, RequestRefused
from connectors.base import Meter
from connectors.deadline import Connection, Deadline
from connectors.errors import ProviderUnavailable, UnexpectedResponse
from connectors.no_answers import no_answer
from connectors.patience import Patience, current_patience, patience, told_date
from connectors.tls import tls
from settings import settings

__all__ = ["MAX_BYTES", "Params", "ProviderHttp", "RequestRefused", "paginate", "patience"]

VERSION = "0.1.0"
CONNECT_SECONDS = 10.0
MAX_BYTES = 64 * 1024 * 1024
MAX_PAGES = 1_000
LONGEST_BACK_OFF = 60.0

Params = Sequence[tuple[str, str | int]]
Page = TypeVar("Page")

for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class ProviderHttp:
    """An opened connection to one provider account.

    `headers` carry the secret and are shown nowhere. `min_interval` is the seconds between requests, none on loopback.
    `timeout` is the seconds one answer may take, headers and body, `max_bytes` its size when unpacked.
    """

    def __init__(
        self,
        *,
        provider: str,
        base_url: str,
        headers: Mapping[str, str],
        min_interval: float = 0.0,
        refuse: Refuse | None = None,
        is_transient: IsTransient | None = None,
        timeout: float | None = None,
        max_bytes: int = MAX_BYTES,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.meter = Meter()
        self._provider = provider
        self._timeout = settings().http_timeout if timeout is None else timeout
        self._max_bytes = max_bytes
        self._sleep, self._monotonic = sleep, monotonic
        self._judge = Judge(provider=provider, refuse=refuse, is_transient=is_transient, now=now)
        self._connection = Connection()
        agent = {"User-Agent": f"spendglass/{VERSION}", "Accept": "application/json", "Accept-Encoding": "gzip"}
        self._client = httpx.Client(
            base_url=base_url,
            headers={**agent, **headers},
            follow_redirects=False,
            transport=transport,
            verify=tls(),
        )
        self._host = self._client.base_url.host
        self._min_interval = 0.0 if _is_loopback(self._host) else min_interval
        self._next_at = self._monotonic()
        self._answered_at: datetime | None = None

    def __repr__(self) -> str:
        return f"ProviderHttp({self._provider}, {self._host})"

    def close(self) -> None:
        self._client.close()

    @property
    def answered_at(self) -> datetime | None:
        """The provider's own clock: the `Date` of its latest answer, UTC; None where it told none."""
        return self._answered_at

    def get_json(self, path: str, params: Params = (), *, expect: type = dict) -> Any:
        """The JSON answer, an object or what `expect` says, fractions as `Decimal`. Raises only `ConnectorError`.

        Tried again as the surrounding `patience` allows: status 408, 409, 429, 5xx, time-outs and network faults; once
        more only where the answer dripped or was no JSON; never where the provider asks for a pause above two minutes.
        """
        return self._ask("GET", path, params, None, expect=expect)

    def post_json(self, path: str, content: Mapping[str, Any], *, expect: type = dict) -> Any:
        """The same for a question that is asked by POST and changes nothing at the provider."""
        return self._ask("POST", path, (), content, expect=expect)

    def _ask(self, method: str, path: str, params: Params, content: Mapping[str, Any] | None, *, expect: type) -> Any:
        policy = current_patience()
        deadline = self._monotonic() + policy.total_seconds
        retrying = Retrying(
            sleep=self._sleep,
            retry=retry_if_result(lambda outcome: outcome.problem is not None),
            wait=_pause,
            stop=lambda state: self._is_enough(state, policy, deadline),
            retry_error_callback=_last_outcome,
        )
        outcome: Outcome = retrying(self._attempt, method, path, params, content, expect=expect, deadline=deadline)
        if outcome.problem is not None:
            raise outcome.problem
        return outcome.value

    def _is_enough(self, state: RetryCallState, policy: Patience, deadline: float) -> bool:
        tries = _last_outcome(state).tries
        too_late = self._monotonic() + state.upcoming_sleep >= deadline
        # A pause for a transient refusal belongs to a sync: a person before a form must not wait for it.
        too_patient = tries < ALWAYS and tries > policy.attempts
        return state.attempt_number >= min(tries, policy.attempts) or too_late or too_patient

    def _attempt(
        self,
        method: str,
        path: str,
        params: Params,
        content: Mapping[str, Any] | None,
        *,
        expect: type,
        deadline: float,
    ) -> Outcome:
        if (early := self._next_at - self._monotonic()) > 0:
            self._sleep(early)
        self._next_at = self._monotonic() + self._min_interval
        self.meter.requests += 1
        seconds = min(self._timeout, max(deadline - self._monotonic(), 0.1))
        # A little later than the client's own limits, so that a silent server is told from a dripping one.
        with Deadline(seconds * 1.1, self._connection) as limit:
            try:
                answer = self._read(method, path, params, content, seconds)
            except httpx.HTTPError as error:
                answer = no_answer(error, provider=self._provider, host=self._host, path=path)
        if limit.has_passed:
            return self._too_slow(path, seconds)
        if isinstance(answer, Outcome):
            return answer
        self._answered_at = told_date(answer.headers)
        return self._judge.outcome(answer, path, expect)

    def _read(
        self, method: str, path: str, params: Params, content: Mapping[str, Any] | None, seconds: float
    ) -> Answer | Outcome:
        timeout = httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))
        trace = {"trace": self._connection.trace}
        question = self._client.build_request(
            method, path, params=list(params), json=content, timeout=timeout, extensions=trace
        )
        with closing(self._client.send(question, stream=True)) as response:
            if response.next_request is not None and response.next_request.url.host != self._host:
                return Outcome(problem=self._unexpected(path, "redirected to another host; not followed"))
            if response.headers.get("content-encoding", "identity").lower() not in {"identity", "gzip", "deflate"}:
                return Outcome(problem=self._unexpected(path, "answered in a compression that was not asked for"))
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > self._max_bytes:
                    size = f"more than {self._max_bytes // 1024:,} KiB; reading stopped"
                    return Outcome(problem=self._unexpected(path, f"answered with {size}"))
            return Answer(response.status_code, dict(response.headers), bytes(body))

    def _too_slow(self, path: str, seconds: float) -> Outcome:
        message = f"{self._provider} did not finish its answer to {path} within {seconds:.0f} s."
        return Outcome(problem=ProviderUnavailable(message), tries=TWICE)

    def _unexpected(self, path: str, what: str) -> UnexpectedResponse:
        return UnexpectedResponse(f"{self._provider}: {path} {what}.")


def paginate(
    read_page: Callable[[str | None], Page], next_cursor: Callable[[Page], str | None], *, what: str
) -> Iterator[Page]:
    """All pages of `what` (provider and endpoint, for messages), the first read with the cursor None.

    `next_cursor` gives None after the last page. An empty or repeated cursor and a chain without end raise
    `UnexpectedResponse`: pages that stop early would be a wrong total that looks right.
    """
    cursor: str | None = None
    seen: set[str] = set()
    for _ in range(MAX_PAGES):
        page = read_page(cursor)
        yield page
        cursor = next_cursor(page)
        if cursor is None:
            return
        if not cursor or cursor in seen:
            flaw = "repeated" if cursor else "empty"
            raise UnexpectedResponse(f"{what} says there is more, but its next-page cursor is {flaw}.")
        seen.add(cursor)
    raise UnexpectedResponse(f"{what} goes on for more than {MAX_PAGES:,} pages.")


def _pause(state: RetryCallState) -> float:
    if told := _last_outcome(state).pauses:
        return told[min(state.attempt_number, len(told)) - 1]
    backoff = min(2.0 ** (state.attempt_number - 1), LONGEST_BACK_OFF)
    return backoff + random.uniform(0, backoff / 4)  # noqa: S311 - spreads clients, guards nothing


def _last_outcome(state: RetryCallState) -> Outcome:
    if state.outcome is None:
        raise RuntimeError("asked for the outcome of an attempt that has not ended")
    outcome: Outcome = state.outcome.result()
    return outcome


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
