import logging
from collections.abc import Callable
from typing import Any

import pytest

from connectors.answers import RequestRefused
from connectors.errors import (
    ConnectorError,
    CredentialLacksBilling,
    CredentialRejected,
    ProviderUnavailable,
    RateLimited,
    UnexpectedResponse,
)
from connectors.patience import patience
from connectors.vertex import check, connect, fetch
from connectors.vertex_key import VertexCredential
from connectors.vertex_session import _retry
from tests.connectors.contract import MARKER
from tests.connectors.local_server import Reply, Request
from tests.connectors.test_contract import assert_keeps_secrets
from tests.connectors.vertex.conftest import Open
from tests.connectors.vertex.wire import PROJECTS, TWO_DAYS, Bigquery, json_reply, marked_key, refused, token_refused

ENDPOINTS = {
    "token": "/token",
    "tables": f"{PROJECTS}/datasets/billing/tables",
    "job": f"{PROJECTS}/jobs",
    "rows": f"{PROJECTS}/queries/",
}
TABLE_DENIED = "Access Denied: Table x: User does not have permission to query table x, or perhaps it does not exist."


def instead(place: str, reply: Reply) -> Callable[[Request], Reply]:
    """BigQuery with another reply at one of its endpoints."""
    bigquery = Bigquery()

    def answer(request: Request) -> Reply:
        path = ENDPOINTS[place]
        hit = request.path.startswith(path) if path.endswith("/") else request.path == path
        return reply if hit else bigquery.answer(request)

    return answer


def failure(opened: Open, answer: Callable[[Request], Reply]) -> ConnectorError:
    session = opened(answer)
    with pytest.raises(ConnectorError) as caught:
        fetch(session, TWO_DAYS)
    assert_keeps_secrets(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("place", "reply", "error", "words"),
    [
        ("token", token_refused("Invalid JWT Signature."), CredentialRejected, "does not know this key any more"),
        ("token", token_refused("Invalid grant: account not found"), CredentialRejected, "this service account"),
        ("token", token_refused("Account disabled: x"), CredentialRejected, "disabled"),
        ("token", token_refused("Token must be a short-lived token (60 minutes)"), CredentialRejected, "time"),
        ("token", json_reply({"error": "unauthorized_client"}, 401), CredentialRejected, "no access"),
        ("token", json_reply([], 400), CredentialRejected, "no access"),
        ("token", json_reply({"access_token": 7}), UnexpectedResponse, "without an access token"),
        (
            "job",
            refused(403, "accessDenied", "lacks bigquery.jobs.create"),
            CredentialLacksBilling,
            "may not run queries",
        ),
        ("job", refused(403, "accessDenied", TABLE_DENIED), CredentialLacksBilling, "may not read the billing export"),
        ("tables", refused(403, "accessDenied", "Denied"), CredentialLacksBilling, "may not read the billing export"),
        ("job", refused(403, "accessNotConfigured"), CredentialLacksBilling, "switched off in project acme-finops"),
        ("job", refused(403, "forbidden", "SERVICE_DISABLED"), CredentialLacksBilling, "switched off"),
        ("job", refused(403, "billingNotEnabled"), CredentialLacksBilling, "no billing account"),
        ("job", refused(403, "x", "prohibited by organization's policy"), CredentialLacksBilling, "organization"),
        ("tables", refused(404, "notFound", "Not found: Dataset x"), CredentialLacksBilling, "does not find"),
        ("job", refused(404, "notFound", "was not found in location US"), CredentialLacksBilling, "does not find"),
        ("job", refused(403, "quotaExceeded"), RateLimited, "quota"),
        ("job", refused(403, "rateLimitExceeded"), RateLimited, "limits how often"),
        ("job", refused(400, "bytesBilledLimitExceeded"), RequestRefused, "cost nothing"),
        ("job", refused(400, "invalidQuery", "Name x not found inside b"), RequestRefused, "invalidQuery"),
        ("rows", refused(400, "invalid"), RequestRefused, "status 400"),
        ("job", refused(401, "authError"), CredentialRejected, "401"),
        ("rows", refused(500, "internalError"), ProviderUnavailable, "500"),
        ("job", refused(503, "backendError"), ProviderUnavailable, "503"),
        ("job", refused(400, "backendError"), ProviderUnavailable, "could not answer"),
    ],
)
def test_each_refusal_is_told_by_its_next_step(
    opened: Open, place: str, reply: Reply, error: type[ConnectorError], words: str
) -> None:
    problem = failure(opened, instead(place, reply))
    assert type(problem) is error
    assert words in problem.message
    assert problem.likely_cause
    assert problem.resolution


def status(code: int, body: bytes = b'{"error": {"message": "No."}}', content_type: str = "application/json") -> Reply:
    return Reply(code, body, {"Content-Type": content_type})


FAULTS: dict[str, tuple[Reply, type[ConnectorError]]] = {
    "429": (status(429), RateLimited),
    "500": (status(500), ProviderUnavailable),
    "502 in html": (status(502, b"<html>Bad gateway</html>", "text/html"), ProviderUnavailable),
    "503 of another shape": (status(503, b'["\xc3\xa9"]'), ProviderUnavailable),
    "503 whose errors are no objects": (status(503, b'{"error": {"errors": [1]}}'), ProviderUnavailable),
    "a login page": (status(403, b"<html>Sign in</html>", "text/html"), ProviderUnavailable),
    "a redirect": (Reply(307, b"", {"Location": "http://169.254.169.254/"}), UnexpectedResponse),
    "a web page": (status(200, b"<html>Hello</html>", "text/html"), UnexpectedResponse),
    "nothing": (status(200, b""), UnexpectedResponse),
    "an array": (status(200, b"[]"), UnexpectedResponse),
    "not a number": (status(200, b'{"x": NaN}'), UnexpectedResponse),
    "an empty object": (status(200, b"{}"), UnexpectedResponse),
    "half an answer": (Reply(200, b'{"kind": "bigquery"}', cut_at=9), ProviderUnavailable),
    "no answer": (Reply(200, b'{"kind": "bigquery"}', cut_at=0), ProviderUnavailable),
    "a damaged compression": (
        Reply(200, b"no gzip", {"Content-Encoding": "gzip", "Content-Type": "application/json"}), UnexpectedResponse,
    ),
}  # fmt: skip


@pytest.mark.parametrize("place", ENDPOINTS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_endpoint_ends_in_an_error_with_cause_and_resolution(
    opened: Open, place: str, fault: str
) -> None:
    reply, error = FAULTS[fault]
    if (place, fault) == ("tables", "an empty object"):
        error = CredentialLacksBilling  # a project without tables
    problem = failure(opened, instead(place, reply))
    assert type(problem) is error
    assert problem.likely_cause
    assert problem.resolution


def test_nothing_listening_is_an_outage_with_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPENDGLASS_ENDPOINT_VERTEX", "http://127.0.0.1:9")
    session = connect(VertexCredential.model_validate(marked_key()))
    with patience(attempts=1, total_seconds=15), pytest.raises(ProviderUnavailable) as caught:
        check(session)
    session.close()
    assert "nothing listens" in caught.value.likely_cause
    assert_keeps_secrets(caught.value)


def test_an_answer_that_never_ends_is_cut_off(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.vertex_wire.MAX_BYTES", 1_000)
    problem = failure(opened, instead("rows", status(200, b" " * 2_000 + b"{}")))
    assert "reading stopped" in problem.message


def test_a_person_before_a_form_does_not_wait_for_another_attempt(opened: Open) -> None:
    bigquery, refusals = Bigquery(), [1, 2]

    def answer(request: Request) -> Reply:
        if request.path == ENDPOINTS["job"] and refusals:
            refusals.pop()
            return refused(503, "backendError")
        return bigquery.answer(request)

    session = opened(answer)
    with patience(attempts=2, total_seconds=15), pytest.raises(ProviderUnavailable):
        check(session)
    assert refusals == [1]


def test_googles_own_retries_are_cut_to_our_patience() -> None:
    for attempts, seconds, limit in ((6, 300, 60), (6, 40, 40)):
        with patience(attempts=attempts, total_seconds=seconds):
            assert _retry()._timeout == limit
    with patience(attempts=2, total_seconds=20):
        assert _retry() is None


def test_no_secret_reaches_the_log(opened: Open, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    failure(opened, instead("rows", refused(403, "accessDenied", "Denied")))
    fetch(opened(), TWO_DAYS)
    assert MARKER not in caplog.text


def test_a_named_project_pays_and_is_named_in_refusals(opened: Open) -> None:
    asked: list[Any] = []

    def answer(request: Request) -> Reply:
        asked.append(request.path)
        if request.path == "/bigquery/v2/projects/acme-queries/jobs":
            return refused(403, "accessDenied", "User lacks bigquery.jobs.create permission")
        return Bigquery().answer(request)

    with pytest.raises(CredentialLacksBilling, match="project acme-queries"):
        check(opened(answer, jobProject="acme-queries"))
    assert f"{PROJECTS}/datasets" in asked
