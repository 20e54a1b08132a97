"""boto3 against a server on 127.0.0.1: refusals, faults of the wire, price, and what the host may not change."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import botocore.endpoint
import pytest

from connectors.bedrock import BEDROCK, check, connect, fetch
from connectors.bedrock_key import BedrockCredential
from connectors.bedrock_session import BedrockSession
from connectors.errors import (
    ConnectorError,
    CredentialLacksBilling,
    CredentialRejected,
    ProviderUnavailable,
    RateLimited,
    UnexpectedResponse,
)
from connectors.patience import patience
from tests.connectors.bedrock.fake import (
    FAKE,
    FOLDER,
    JSON_TYPE,
    SECRET,
    answer_name,
    identity,
    refusal,
    sts_refusal,
)
from tests.connectors.bedrock.wire import ONE_DAY, TWO_DAYS
from tests.connectors.contract import Life
from tests.connectors.local_server import Reply, Request, provider, raw_provider

Answer = Callable[[Request], Reply]
QUESTIONS = ("services", "sums", "lines_111122223333_page_2", "credits_111122223333")
HTML = {"Content-Type": "text/html"}


class Link:
    """A session to a server that answers by `answer`."""

    def __init__(self, stack: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
        self._stack, self._monkeypatch = stack, monkeypatch

    def __call__(self, answer: Answer) -> BedrockSession:
        return self.to(self._stack.enter_context(provider(answer)))

    def to(self, url: str) -> BedrockSession:
        self._monkeypatch.setenv("SPENDGLASS_ENDPOINT_BEDROCK", url)
        session = connect(BedrockCredential.model_validate(FAKE.credential))
        self._stack.callback(session.close)
        return session


@pytest.fixture
def link(monkeypatch: pytest.MonkeyPatch) -> Iterator[Link]:
    with ExitStack() as stack:
        stack.enter_context(patience(attempts=1, total_seconds=20))
        yield Link(stack, monkeypatch)


def composed(request: Request) -> Reply:
    return FAKE.answer(Life.NORMAL, request)


def failure(act: Callable[[], Any]) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        act()
    error = caught.value
    assert error.likely_cause
    assert error.resolution
    assert SECRET not in f"{error.message}{error.likely_cause}{error.resolution}"
    return error


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (refusal("LimitExceededException"), RateLimited, "throttling"),
        (refusal("ThrottlingException"), RateLimited, "throttling"),
        (Reply(429, b"{}", JSON_TYPE), RateLimited, "throttling"),
        (refusal("InternalFailure", status=500), ProviderUnavailable, "status 500"),
        (Reply(503, b"<html>", HTML), ProviderUnavailable, "status 503"),
        (refusal("DataUnavailableException"), ProviderUnavailable, "no data yet"),
        (refusal("BillExpirationException"), UnexpectedResponse, "no days that old"),
        (
            refusal("ValidationException", "You haven't enabled historical data beyond 14 months."),
            UnexpectedResponse,
            "no days that old",
        ),
        (refusal("ValidationException", "Start is wrong"), UnexpectedResponse, "status 400, ValidationException"),
        (refusal("InvalidNextTokenException"), UnexpectedResponse, "next-page token"),
        (refusal("RequestChangedException"), UnexpectedResponse, "next-page token"),
        (refusal("AccessDeniedException"), CredentialLacksBilling, "ce:GetDimensionValues is denied"),
        (refusal("OptInRequired", status=403), CredentialLacksBilling, "not set up"),
        (refusal("SubscriptionRequiredException", status=403), CredentialLacksBilling, "not set up"),
        (refusal("UnrecognizedClientException"), CredentialRejected, "does not know this access key"),
        (refusal("InvalidSignatureException", "does not match"), CredentialRejected, "does not belong"),
        (refusal("InvalidSignatureException", "Signature expired: 1 is now earlier"), CredentialRejected, "expired"),
        (refusal("ExpiredTokenException"), CredentialRejected, "expired"),
        (refusal("RequestExpired"), CredentialRejected, "expired"),
        (refusal("BillingViewHealthStatusException"), UnexpectedResponse, "BillingViewHealthStatusException"),
        (Reply(403, b"<html>Log in</html>", HTML), ProviderUnavailable, "Something other than AWS"),
        (Reply(307, b"", {"Location": "https://elsewhere.example/"}), UnexpectedResponse, "redirected"),
    ],
)
def test_a_refusal_of_cost_explorer_is_told_by_kind(
    link: Link, reply: Reply, kind: type[ConnectorError], words: str
) -> None:
    session = link(lambda _: reply)
    error = failure(lambda: fetch(session, ONE_DAY))
    assert isinstance(error, kind)
    assert words in error.message


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (sts_refusal("InvalidClientTokenId"), CredentialRejected, "does not know this access key"),
        (sts_refusal("SignatureDoesNotMatch"), CredentialRejected, "does not belong"),
        (sts_refusal("ExpiredToken"), CredentialRejected, "expired"),
        (sts_refusal("AccessDenied"), CredentialLacksBilling, "sts:GetCallerIdentity is denied"),
        (sts_refusal("Throttling", status=400), RateLimited, "throttling"),
        (Reply(500, b"", {}), ProviderUnavailable, "status 500"),
        (Reply(200, b"<html>Log in</html>", HTML), UnexpectedResponse, ""),
        (Reply(200, b"no xml at all", HTML), UnexpectedResponse, "no XML of AWS"),
        (Reply(200, b"<a><GetCallerIdentityResult/></a>", HTML), UnexpectedResponse, "Account or Arn is missing"),
        (Reply(403, b"<html>Log in</html>", HTML), ProviderUnavailable, "Something other than AWS"),
    ],
)
def test_a_refusal_of_sts_is_told_by_kind(link: Link, reply: Reply, kind: type[ConnectorError], words: str) -> None:
    session = link(lambda _: reply)
    error = failure(lambda: check(session))
    assert isinstance(error, kind)
    assert words in error.message
    assert (session.meter.requests, session.meter.cost) == (1, 0)


def at_question(name: str, spoil: Callable[[Reply], Reply]) -> Answer:
    """The composed answers, the one of this name spoiled."""

    def answer(request: Request) -> Reply:
        reply = composed(request)
        is_meant = answer_name(json.loads(request.body)) == name
        return spoil(reply) if is_meant else reply

    return answer


def changed(member: str, value: Any) -> Callable[[Reply], Reply]:
    """An answer with another value wherever it has this member."""

    def put(node: Any) -> Any:
        if isinstance(node, dict):
            return {name: value if name == member else put(child) for name, child in node.items()}
        return [put(child) for child in node] if isinstance(node, list) else node

    return lambda reply: Reply(200, json.dumps(put(json.loads(reply.body))).encode(), JSON_TYPE)


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (
            lambda reply: Reply(reply.status, reply.body, reply.headers, cut_at=len(reply.body) // 2),
            ProviderUnavailable,
        ),
        (lambda reply: Reply(reply.status, reply.body, reply.headers, cut_at=0), ProviderUnavailable),
        (lambda reply: Reply(200, reply.body[:-9], JSON_TYPE), UnexpectedResponse),
        (lambda reply: Reply(200, b"[]", JSON_TYPE), UnexpectedResponse),
        (lambda reply: Reply(200, b"{}", JSON_TYPE), UnexpectedResponse),
        (lambda reply: Reply(200, b"", JSON_TYPE), UnexpectedResponse),
        (lambda reply: Reply(200, b"<html>Log in</html>", HTML), UnexpectedResponse),
        (lambda reply: Reply(200, b'{"DimensionValues": NaN, "ResultsByTime": NaN}', JSON_TYPE), UnexpectedResponse),
        (lambda reply: changed("NextPageToken", "")(Reply(200, b'{"NextPageToken": 1}')), UnexpectedResponse),
    ],
)
def test_a_fault_in_any_answer_ends_in_an_error(
    link: Link, name: str, spoil: Callable[[Reply], Reply], kind: type[ConnectorError]
) -> None:
    session = link(at_question(name, spoil))
    assert type(failure(lambda: fetch(session, TWO_DAYS))) is kind


@pytest.mark.parametrize("name", QUESTIONS[1:])
@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("ResultsByTime", None), ("ResultsByTime", {}), ("TimePeriod", None), ("TimePeriod", {"Start": "soon"}),
        ("Groups", None), ("Keys", None), ("Keys", ["one"]), ("Keys", ["one", 2]), ("Metrics", None),
        ("UnblendedCost", None), ("UnblendedCost", {"Amount": "1", "Unit": "EUR"}), ("UnblendedCost", {"Amount": "1"}),
        ("Amount", "NaN"), ("Amount", "1,5"), ("Amount", True), ("Amount", "9" * 30), ("NextPageToken", ""),
        ("NextPageToken", 7),
    ],
)  # fmt: skip
def test_a_changed_member_of_any_report_ends_in_an_error(link: Link, name: str, member: str, value: Any) -> None:
    def spoil(reply: Reply) -> Reply:
        whole = json.loads(reply.body)
        if member == "NextPageToken":
            return Reply(200, json.dumps(whole | {member: value}).encode(), JSON_TYPE)
        return changed(member, value)(reply)

    session = link(at_question(name, spoil))
    error = failure(lambda: fetch(session, TWO_DAYS))
    assert isinstance(error, UnexpectedResponse)
    assert "9" * 30 not in error.message


def test_a_server_that_is_not_there_is_named_as_unreachable(link: Link) -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    session = link.to(f"http://127.0.0.1:{port}")
    assert "could not be reached" in failure(lambda: fetch(session, ONE_DAY)).message


def test_a_dripping_answer_is_given_up(link: Link) -> None:
    def drip(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not over.wait(0.02):
            connection.sendall(b" ")

    with raw_provider(drip) as url, patience(attempts=1, total_seconds=0.2):
        error = failure(lambda: fetch(link.to(url), ONE_DAY))
    assert type(error) is ProviderUnavailable
    assert "in time" in error.message


def test_a_silent_server_is_given_up(link: Link) -> None:
    def keep_silent(_connection: socket.socket, over: threading.Event) -> None:
        over.wait(5)

    with raw_provider(keep_silent) as url, patience(attempts=1, total_seconds=0.2):
        error = failure(lambda: fetch(link.to(url), ONE_DAY))
    assert "in time" in error.message


def test_a_huge_answer_is_not_read_to_its_end(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.bedrock_session.MAX_BYTES", 20_000)
    session = link(lambda _: Reply(200, b" " * 40_000 + b"{}", JSON_TYPE))
    assert "reading stopped" in failure(lambda: fetch(session, ONE_DAY)).message


def test_attempts_are_those_that_patience_allows_and_each_is_counted(
    link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(botocore.endpoint.time, "sleep", pauses.append)
    session = link(lambda _: refusal("ThrottlingException"))
    with patience(attempts=4, total_seconds=20):
        failure(lambda: fetch(session, ONE_DAY))
    assert (session.meter.requests, session.meter.cost, len(pauses)) == (4, Decimal("0.04"), 3)
    failure(lambda: fetch(session, ONE_DAY))
    assert session.meter.requests == 5


def test_attempts_end_when_the_time_is_over(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 1_000, 10))
    monkeypatch.setattr(botocore.endpoint.time, "sleep", lambda _: None)
    monkeypatch.setattr("connectors.bedrock_session.monotonic", lambda: next(clock))
    session = link(lambda _: Reply(503, b"", {}))
    with patience(attempts=6, total_seconds=15):
        assert "in all the time" in failure(lambda: fetch(session, ONE_DAY)).message
    assert session.meter.requests == 1


def test_a_passing_fault_is_healed_by_another_try(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(botocore.endpoint.time, "sleep", lambda _: None)
    spoiled = iter([Reply(503, b"", {}), refusal("LimitExceededException")])
    session = link(lambda request: next(spoiled, None) or composed(request))
    with patience(attempts=3, total_seconds=20):
        assert fetch(session, TWO_DAYS).control_total == Decimal("55.75")
    assert session.meter.requests == 8


def test_nothing_more_is_asked_once_the_budget_is_spent(link: Link) -> None:
    seen: list[Request] = []

    def answer(request: Request) -> Reply:
        seen.append(request)
        return composed(request)

    session = link(answer)
    session.meter.allowance = Decimal("0.03")
    error = failure(lambda: fetch(session, TWO_DAYS))
    assert type(error) is RateLimited
    assert "SPENDGLASS_SYNC_BUDGET" in error.resolution
    assert (len(seen), session.meter.cost) == (3, Decimal("0.03"))


def test_a_whole_budget_is_enough(link: Link) -> None:
    session = link(composed)
    session.meter.allowance = Decimal("0.06")
    assert fetch(session, TWO_DAYS).costs
    assert session.meter.cost == Decimal("0.06")


def test_checking_tells_account_and_services_for_a_cent(link: Link) -> None:
    session = link(composed)
    found = check(session)
    assert (found.organization_id, found.name) == ("111122223333", "AWS account 111122223333")
    assert found.notes[0].startswith("Billed in the last 30 days: Amazon Bedrock; Claude Haiku 4.5")
    assert (session.meter.requests, session.meter.cost) == (2, Decimal("0.01"))


def test_a_key_of_the_root_user_is_warned_of(link: Link) -> None:
    def answer(request: Request) -> Reply:
        is_identity = request.body.startswith(b"Action=")
        return identity("arn:aws:iam::111122223333:root") if is_identity else composed(request)

    assert "root user" in check(link(answer)).notes[0]


def test_profiles_and_endpoints_of_the_host_change_nothing(
    link: Link, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("[broken\n")
    for name, value in (
        ("AWS_PROFILE", "missing"),
        ("AWS_CONFIG_FILE", str(tmp_path / "config")),
        ("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "config")),
        ("AWS_ACCESS_KEY_ID", "AKIAOFTHEHOST0000000"),
        ("AWS_SECRET_ACCESS_KEY", "of the host"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("AWS_MAX_ATTEMPTS", "nonsense"),
    ):
        monkeypatch.setenv(name, value)
    seen: list[Request] = []

    def answer(request: Request) -> Reply:
        seen.append(request)
        return composed(request)

    assert fetch(link(answer), TWO_DAYS).costs
    assert all(
        request.headers["Authorization"].split("/")[0].endswith(FAKE.credential["accessKeyId"]) for request in seen
    )


def test_aws_itself_is_asked_where_no_endpoint_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPENDGLASS_ENDPOINT_BEDROCK", raising=False)
    hosts = {}
    for region in ("us-east-1", "eu-central-1", "cn-north-1"):
        session = connect(BedrockCredential.model_validate({**FAKE.credential, "region": region}))
        with patience(attempts=1, total_seconds=1):
            from connectors.patience import current_patience

            hosts[region] = session._client("ce", current_patience()).meta.endpoint_url
        session.close()
    assert hosts == {
        "us-east-1": "https://ce.us-east-1.amazonaws.com",
        "eu-central-1": "https://ce.us-east-1.amazonaws.com",
        "cn-north-1": "https://ce.cn-northwest-1.amazonaws.com.cn",
    }


def test_the_steps_name_the_policy_and_the_price() -> None:
    for words in ("ce:GetCostAndUsage", "ce:GetDimensionValues", "$0.01", "cannot change anything"):
        assert words in BEDROCK.steps


def test_no_composed_answer_goes_unused() -> None:
    assert {file.stem for file in FOLDER.glob("*.json")} == {
        "services", "sums", "lines_111122223333_page_1", "lines_111122223333_page_2", "credits_111122223333",
        "lines_444455556666",
    }  # fmt: skip
