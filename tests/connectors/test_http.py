import gzip
import json
import logging
import socket
import ssl
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import formatdate
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.errors import (
    ConnectorError,
    CredentialLacksBilling,
    CredentialRejected,
    ProviderUnavailable,
    RateLimited,
    UnexpectedResponse,
)
from connectors.http import MAX_PAGES, VERSION, ProviderHttp, RequestRefused, paginate, patience
from tests.connectors.local_server import Reply, Request, provider, raw_provider

Answer = httpx.Response | Exception
SECRET = "sk-admin-NEVER-SHOWN"
NOW = 1_795_132_800.0


class Clock:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.seconds += seconds

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def opened(
    answers: list[Answer] | Callable[[httpx.Request], httpx.Response], clock: Clock, **options: Any
) -> ProviderHttp:
    """A connection whose answers come in this order, the last one for ever."""
    position = iter(range(1_000_000))

    def handle(request: httpx.Request) -> httpx.Response:
        if callable(answers):
            return answers(request)
        answer = answers[min(next(position), len(answers) - 1)]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    settings: dict[str, Any] = {
        "provider": "Acme",
        "base_url": "https://api.acme.test/v1",
        "headers": {"Authorization": f"Bearer {SECRET}"},
        "transport": httpx.MockTransport(handle),
        "sleep": clock.sleep,
        "monotonic": clock.monotonic,
        "now": lambda: NOW,
    }
    return ProviderHttp(**(settings | options))


def json_answer(value: Any, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=value, headers=headers)


GOOD = json_answer({"ok": True})


def failure(http: ProviderHttp, path: str = "/costs") -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        http.get_json(path)
    return caught.value


def test_fractions_arrive_as_decimals_to_the_last_digit(clock: Clock) -> None:
    answer = httpx.Response(200, content=b'{"amount": 0.1234567890123456789012345678}')
    assert opened([answer], clock).get_json("/costs") == {"amount": Decimal("0.1234567890123456789012345678")}


def test_the_request_carries_key_agent_path_and_repeated_parameters(clock: Clock) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={})

    opened(answer, clock).get_json("/costs", [("group_by[]", "a"), ("group_by[]", "b"), ("page", "x=&y")])
    assert seen[0].url.path == "/v1/costs"
    assert seen[0].url.params.multi_items() == [("group_by[]", "a"), ("group_by[]", "b"), ("page", "x=&y")]
    assert seen[0].headers["authorization"] == f"Bearer {SECRET}"
    assert seen[0].headers["user-agent"] == f"spendglass/{VERSION}"


def test_a_question_by_post_carries_its_content_and_is_tried_again_like_any_other(clock: Clock) -> None:
    seen: list[tuple[str, str, bytes]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.method, request.url.path, request.content))
        return httpx.Response(503 if len(seen) == 1 else 200, json={"ok": True})

    http = opened(answer, clock)
    assert http.post_json("/query", {"days": [1, 2]}) == {"ok": True}
    assert [(method, path, json.loads(body)) for method, path, body in seen] == [
        ("POST", "/v1/query", {"days": [1, 2]})
    ] * 2
    assert http.meter.requests == 2


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        ({"Date": "Sat, 21 Nov 2026 12:00:00 GMT"}, datetime(2026, 11, 21, 12, tzinfo=UTC)),
        ({"Date": "Sat, 21 Nov 2026 14:00:00 +0200"}, datetime(2026, 11, 21, 12, tzinfo=UTC)),
        ({"Date": "tomorrow"}, None),
        ({}, None),
    ],
)
def test_the_providers_own_clock_is_told_by_its_latest_answer(
    clock: Clock, told: dict[str, str], moment: datetime | None
) -> None:
    http = opened([json_answer({}, **told)], clock)
    assert http.answered_at is None
    http.get_json("/costs")
    assert http.answered_at == moment


def test_the_agent_names_the_projects_version() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert project["project"]["version"] == VERSION


def test_the_secret_shows_neither_in_repr_nor_in_logs(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    http = opened([GOOD], clock)
    http.get_json("/costs", [("page", "cursor-in-query")])
    assert SECRET not in repr(http) + str(vars(http))
    assert SECRET not in caplog.text
    assert "cursor-in-query" not in caplog.text


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_a_passing_fault_is_tried_again(clock: Clock, status: int) -> None:
    http = opened([httpx.Response(status), httpx.Response(status), GOOD], clock)
    assert http.get_json("/costs") == {"ok": True}
    assert http.meter.requests == 3


@pytest.mark.parametrize(
    "fault",
    [
        httpx.ConnectError,
        httpx.ConnectTimeout,
        httpx.ReadTimeout,
        httpx.ReadError,
        httpx.RemoteProtocolError,
        httpx.WriteError,
        httpx.PoolTimeout,
    ],
)
def test_a_passing_network_fault_is_tried_again(clock: Clock, fault: type[httpx.TransportError]) -> None:
    assert opened([fault("gone"), GOOD], clock).get_json("/costs") == {"ok": True}


def test_pauses_double_with_jitter_and_end_after_six_attempts(clock: Clock) -> None:
    http = opened([httpx.Response(503)], clock)
    assert isinstance(failure(http), ProviderUnavailable)
    assert http.meter.requests == 6
    assert [whole <= pause <= 1.25 * whole for whole, pause in zip([1, 2, 4, 8, 16], clock.pauses, strict=True)] == [
        True
    ] * 5


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "120"}, 120),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "1500", "Retry-After": "2"}, 1.5),
        ({"Retry-After": formatdate(NOW + 30, usegmt=True)}, 30),
        ({"Retry-After": formatdate(1_000_030, usegmt=True), "Date": formatdate(1_000_000, usegmt=True)}, 30),
    ],
)
def test_the_pause_asked_for_is_kept(clock: Clock, headers: dict[str, str], seconds: float) -> None:
    opened([httpx.Response(429, headers=headers), GOOD], clock).get_json("/costs")
    assert clock.pauses == [seconds]


@pytest.mark.parametrize("value", ["-5", "0", "soon", "", "NaN", "inf", "1e9", "٣", formatdate(NOW - 60, usegmt=True)])
def test_an_absurd_pause_is_replaced_by_our_own(clock: Clock, value: str) -> None:
    headers = [(b"retry-after", value.encode())]
    opened([httpx.Response(429, headers=headers), GOOD], clock).get_json("/costs")
    assert 1 <= clock.pauses[0] <= 1.25


@pytest.mark.parametrize(
    ("value", "words"),
    [("121", "2 min"), ("9000", "2 h"), ("9" * 400, "more than a day"), (formatdate(NOW + 600, usegmt=True), "10 min")],
)
def test_a_pause_above_two_minutes_ends_at_once_and_is_named(clock: Clock, value: str, words: str) -> None:
    http = opened([httpx.Response(429, headers={"Retry-After": value})], clock)
    caught = failure(http)
    assert isinstance(caught, RateLimited)
    assert words in caught.message
    assert http.meter.requests == 1


def test_a_server_fault_with_a_long_pause_is_an_outage_not_a_rate_limit(clock: Clock) -> None:
    assert isinstance(
        failure(opened([httpx.Response(503, headers={"Retry-After": "3600"})], clock)), ProviderUnavailable
    )


def test_a_provider_that_says_not_to_retry_is_obeyed(clock: Clock) -> None:
    http = opened([httpx.Response(429, headers={"x-should-retry": "false"})], clock)
    assert isinstance(failure(http), RateLimited)
    assert http.meter.requests == 1


def test_all_attempts_together_end_within_five_minutes(clock: Clock) -> None:
    http = opened([httpx.Response(429, headers={"Retry-After": "100"})], clock)
    assert isinstance(failure(http), RateLimited)
    assert sum(clock.pauses) == 200
    assert http.meter.requests == 3


def test_a_person_before_a_form_waits_for_two_attempts_only(clock: Clock) -> None:
    http = opened([httpx.Response(503)], clock)
    with patience(attempts=2, total_seconds=15):
        failure(http)
    assert http.meter.requests == 2
    with patience(attempts=2, total_seconds=15):
        assert isinstance(failure(opened([httpx.Response(429, headers={"Retry-After": "16"})], clock)), RateLimited)
    assert sum(clock.pauses) < 2


def test_patience_ends_with_its_block(clock: Clock) -> None:
    with patience(attempts=1, total_seconds=1):
        pass
    http = opened([httpx.Response(503)], clock)
    failure(http)
    assert http.meter.requests == 6


def passes(status: int, _body: object, text: str) -> bool:
    return status == 401 and "scopes" in text


def test_a_refusal_known_to_pass_is_tried_after_five_and_thirty_seconds(clock: Clock) -> None:
    refused = json_answer({"error": "Missing scopes"}, 401)
    assert opened([refused, refused, GOOD], clock, is_transient=passes).get_json("/costs") == {"ok": True}
    assert clock.pauses == [5, 30]


def test_a_refusal_that_stays_is_told_after_three_attempts(clock: Clock) -> None:
    http = opened([json_answer({"error": "Missing scopes"}, 401)], clock, is_transient=passes)
    assert isinstance(failure(http), CredentialRejected)
    assert http.meter.requests == 3


def test_a_person_before_a_form_does_not_wait_for_a_refusal_to_pass(clock: Clock) -> None:
    http = opened([json_answer({"error": "Missing scopes"}, 401)], clock, is_transient=passes)
    with patience(attempts=2, total_seconds=15):
        assert isinstance(failure(http), CredentialRejected)
    assert clock.pauses == []


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, RequestRefused),
        (401, CredentialRejected),
        (402, RequestRefused),
        (403, CredentialLacksBilling),
        (404, RequestRefused),
        (422, RequestRefused),
    ],
)
def test_a_refusal_is_told_once_and_by_kind(clock: Clock, status: int, error: type[ConnectorError]) -> None:
    http = opened([json_answer({"error": {"message": f"no, {SECRET}"}}, status)], clock)
    caught = failure(http)
    assert type(caught) is error
    assert str(status) in caught.message
    assert "/costs" in caught.message
    assert SECRET not in caught.message
    assert http.meter.requests == 1
    assert getattr(caught, "status", status) == status


def test_the_connector_words_its_own_refusals(clock: Clock) -> None:
    seen: list[tuple[Any, ...]] = []

    def refuse(*told: Any) -> ConnectorError:
        seen.append(told)
        return CredentialLacksBilling("Wrong kind of key.")

    http = opened([json_answer({"error": "no"}, 401), httpx.Response(403, content=b"plain")], clock, refuse=refuse)
    assert failure(http).message == "Wrong kind of key."
    failure(http)
    assert seen == [(401, {"error": "no"}, '{"error":"no"}'), (403, None, "plain")]


@pytest.mark.parametrize("status", [401, 403])
def test_a_web_page_instead_of_a_refusal_does_not_blame_the_key(clock: Clock, status: int) -> None:
    page = httpx.Response(status, content=b"<html>", headers={"Content-Type": "text/html; charset=utf-8"})
    assert isinstance(failure(opened([page], clock)), ProviderUnavailable)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  ",
        b'{"data": [',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e99999999999999999999}',
        b"[" * 100_000,
        b'{"a": ' + b"9" * 5_000 + b"}",
        b'{"a": "\\ud800"}',
        b"\xff\xfe\x00",
        b'{"a": 1} tail',
    ],
    ids=repr,
)
def test_a_body_that_is_no_json_is_tried_once_more_and_then_told(clock: Clock, body: bytes) -> None:
    http = opened([httpx.Response(200, content=body, headers={"Content-Type": "application/json"})], clock)
    caught = failure(http)
    assert type(caught) is UnexpectedResponse
    assert "/costs" in caught.message
    assert "application/json" in caught.message
    assert http.meter.requests == 2


def test_half_an_answer_is_forgiven_once(clock: Clock) -> None:
    assert opened([httpx.Response(200, content=b'{"ok": tr'), GOOD], clock).get_json("/costs") == {"ok": True}


def test_a_surrogate_pair_is_a_character(clock: Clock) -> None:
    answer = httpx.Response(200, content=b'{"name": "\\ud83d\\ude00"}')
    assert opened([answer], clock).get_json("/costs") == {"name": "😀"}


def test_a_web_page_instead_of_json_is_told_at_once(clock: Clock) -> None:
    page = httpx.Response(200, content=b"<html>secret page</html>", headers={"Content-Type": "text/html"})
    http = opened([page], clock)
    caught = failure(http)
    assert type(caught) is UnexpectedResponse
    assert "text/html" in caught.message
    assert "secret page" not in caught.message
    assert http.meter.requests == 1


@pytest.mark.parametrize(("value", "expect"), [([], dict), (1, dict), ("x", dict), (None, dict), ({}, list)])
def test_json_of_another_shape_is_told(clock: Clock, value: Any, expect: type) -> None:
    with pytest.raises(UnexpectedResponse):
        opened([json_answer(value)], clock).get_json("/costs", expect=expect)


def test_an_array_is_given_where_it_is_expected(clock: Clock) -> None:
    assert opened([json_answer([1])], clock).get_json("/costs", expect=list) == [1]


@pytest.mark.parametrize("location", ["https://evil.test/v1/costs", "http://169.254.169.254/latest", "//evil.test"])
def test_a_redirect_to_another_host_is_not_followed(clock: Clock, location: str) -> None:
    http = opened([httpx.Response(302, headers={"Location": location})], clock)
    caught = failure(http)
    assert type(caught) is UnexpectedResponse
    assert "redirected to another host; not followed" in caught.message
    assert http.meter.requests == 1


def test_a_redirect_on_the_same_host_is_not_followed_either(clock: Clock) -> None:
    http = opened([httpx.Response(301, headers={"Location": "/v2/costs"})], clock)
    assert "redirected (status 301)" in failure(http).message


def test_requests_are_spaced_except_on_loopback(clock: Clock) -> None:
    http = opened([GOOD], clock, min_interval=0.25)
    for _ in range(3):
        http.get_json("/costs")
    assert clock.pauses == [0.25, 0.25]
    for host in ("127.0.0.1", "localhost", "[::1]"):
        near = opened([GOOD], clock, min_interval=0.25, base_url=f"http://{host}:1234")
        near.get_json("/costs")
        near.get_json("/costs")
    assert clock.pauses == [0.25, 0.25]


def test_an_answer_above_the_size_limit_is_not_read_on(clock: Clock) -> None:
    read: list[int] = []

    def stream() -> Iterator[bytes]:
        for number in range(1_000):
            read.append(number)
            yield b" " * 1024

    http = opened(lambda _: httpx.Response(200, content=stream()), clock, max_bytes=10 * 1024)
    assert "more than 10 KiB" in failure(http).message
    assert len(read) == 11
    assert http.meter.requests == 1


def test_a_compressed_bomb_is_not_unpacked_to_its_end(clock: Clock) -> None:
    packed = gzip.compress(b" " * 50_000_000)
    sent: list[int] = []

    def stream() -> Iterator[bytes]:
        for start in range(0, len(packed), 1024):
            sent.append(start)
            yield packed[start : start + 1024]

    headers = {"Content-Encoding": "gzip"}
    http = opened(lambda _: httpx.Response(200, headers=headers, content=stream()), clock, max_bytes=3_000_000)
    assert type(failure(http)) is UnexpectedResponse
    assert len(sent) <= 4


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd"])
def test_a_compression_nobody_asked_for_is_refused(clock: Clock, encoding: str) -> None:
    answer = httpx.Response(200, headers={"Content-Encoding": encoding}, content=iter([b"x"]))
    assert "compression" in failure(opened(lambda _: answer, clock)).message


def test_a_gzipped_answer_is_unpacked_and_a_damaged_one_told(clock: Clock) -> None:
    good = gzip.compress(b'{"ok": true}')
    for body, wanted in ((good, None), (b"no gzip", UnexpectedResponse)):
        http = opened(
            lambda _, b=body: httpx.Response(200, headers={"Content-Encoding": "gzip"}, content=iter([b])), clock
        )
        if wanted:
            assert type(failure(http)) is wanted
        else:
            assert http.get_json("/costs") == {"ok": True}


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (caused(httpx.ConnectError("x"), socket.gaierror(-2, "unknown")), "api.acme.test could not be resolved"),
        (caused(httpx.ConnectError("x"), ConnectionRefusedError(111, "no")), "api.acme.test refuses the connection"),
        (caused(httpx.ConnectError("x"), ssl.SSLCertVerificationError(1, "bad")), "certificate of api.acme.test"),
        (caused(httpx.ConnectError("x"), ssl.SSLError(1, "wrong version")), "is it really https"),
        (httpx.ProxyError("407"), "proxy"),
        (httpx.ConnectError("x"), "network path to api.acme.test"),
        (httpx.ReadTimeout("x"), "api.acme.test is slow"),
    ],
)
def test_an_unreachable_provider_is_told_with_its_cause(clock: Clock, error: Exception, words: str) -> None:
    caught = failure(opened([error], clock))
    assert isinstance(caught, ProviderUnavailable)
    assert words in caught.likely_cause
    assert caught.__context__ is None


def test_nothing_listening_is_told_with_host_and_without_query() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    http = ProviderHttp(provider="Acme", base_url=f"http://127.0.0.1:{port}", headers={}, sleep=lambda _: None)
    with pytest.raises(ProviderUnavailable) as caught:
        http.get_json("/costs", [("page", "hidden")])
    http.close()
    assert "127.0.0.1 refuses the connection" in caught.value.likely_cause
    assert "hidden" not in caught.value.message + caught.value.likely_cause


def local(url: str, timeout: float = 5.0) -> ProviderHttp:
    return ProviderHttp(provider="Acme", base_url=url, headers={"X-Key": SECRET}, timeout=timeout, sleep=lambda _: None)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"


@pytest.mark.parametrize("head", [HEAD, b"HTTP/1.1 200 OK\r\nX: "], ids=["in the body", "in the headers"])
def test_a_dripping_answer_ends_within_the_time_limit_and_is_tried_once_more(head: bytes) -> None:
    def drip(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(head)
        while not over.wait(0.02):
            connection.sendall(b" ")

    with raw_provider(drip) as url:
        http = local(url, timeout=0.3)
        started = time.monotonic()
        with pytest.raises(ProviderUnavailable):
            http.get_json("/costs")
        assert time.monotonic() - started < 3
        assert http.meter.requests == 2
        http.close()


def test_a_silent_server_ends_within_the_time_limit() -> None:
    def say_nothing(connection: socket.socket, over: threading.Event) -> None:
        over.wait()

    with raw_provider(say_nothing) as url:
        http = local(url, timeout=0.1)
        with pytest.raises(ProviderUnavailable, match="in time"):
            http.get_json("/costs")
        assert http.meter.requests == 6
        http.close()


def test_a_connection_cut_in_the_body_is_tried_again_and_then_an_outage() -> None:
    with provider(lambda _: Reply(body=b'{"ok": true}', cut_at=5)) as url:
        http = local(url)
        with pytest.raises(ProviderUnavailable, match="cut the connection"):
            http.get_json("/costs")
        assert http.meter.requests == 6
        http.close()


def test_a_connection_cut_once_is_forgiven() -> None:
    replies = iter([Reply(body=b'{"ok": true}', cut_at=5), Reply(body=b'{"ok": true}')])
    with provider(lambda _: next(replies)) as url:
        http = local(url)
        assert http.get_json("/costs") == {"ok": True}
        http.close()


def test_one_connection_serves_many_requests_with_its_deadline_each() -> None:
    def answer(request: Request) -> Reply:
        return Reply(body=json.dumps({"path": request.path}).encode())

    with provider(answer) as url:
        http = local(url)
        assert [http.get_json(f"/{number}")["path"] for number in range(5)] == ["/0", "/1", "/2", "/3", "/4"]
        http.close()


def pages_of(*cursors: str | None) -> list[str | None]:
    """The cursors asked with, for answers that name these next cursors in turn."""
    asked: list[str | None] = []

    def read(cursor: str | None) -> str | None:
        asked.append(cursor)
        return cursors[len(asked) - 1]

    for _ in paginate(read, lambda page: page, what="Acme /costs"):
        pass
    return asked


def test_all_pages_are_read_in_turn() -> None:
    assert pages_of("a", "b", None) == [None, "a", "b"]


@pytest.mark.parametrize("cursors", [("a", "a"), ("a", "b", "a"), ("",), ("a", "")])
def test_a_repeated_or_empty_cursor_is_an_error(cursors: tuple[str, ...]) -> None:
    with pytest.raises(UnexpectedResponse, match="Acme /costs"):
        pages_of(*cursors)


def test_a_chain_without_end_is_cut() -> None:
    read: list[str | None] = []

    def endless(cursor: str | None) -> str:
        read.append(cursor)
        return str(len(read))

    with pytest.raises(UnexpectedResponse, match="1,000 pages"):
        list(paginate(endless, lambda page: page, what="Acme /costs"))
    assert len(read) == MAX_PAGES
