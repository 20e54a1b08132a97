import json
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from connectors.errors import (
    ConnectorError,
    CredentialLacksBilling,
    CredentialRejected,
    ProviderUnavailable,
    RateLimited,
    UnexpectedResponse,
)
from connectors.http import RequestRefused, patience
from connectors.openrouter import check, connect, fetch
from connectors.openrouter_key import OpenRouterCredential
from tests.connectors.local_server import Reply, Request, provider
from tests.connectors.openrouter.fake import FOLDER, HEADERS, PREFIX, answer_name
from tests.connectors.openrouter.wire import JSON, ONE_DAY, WHOLE, account, composed, error, line, refused, session

STANDARD = "sk-or-v1-" + "0123456789abcdef" * 4
MANAGEMENT = "sk-or-v1-" + "fedcba9876543210" * 4


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, "unknown_key", CredentialRejected),
        (401, "no_header", CredentialRejected),
        (401, "wrong_kind", CredentialLacksBilling),
        (403, "wrong_kind", CredentialLacksBilling),
        (403, "wrong_kind_activity", CredentialLacksBilling),
        (403, "wrong_kind_old", CredentialLacksBilling),
        (403, {"error": "Forbidden"}, CredentialLacksBilling),
        (401, {"error": None}, CredentialRejected),
        (401, [], CredentialRejected),
        (402, "no_credits", ProviderUnavailable),
        (400, "bad_date", RequestRefused),
        (404, "not_found", RequestRefused),
        (408, "too_heavy", ProviderUnavailable),
        (429, "slow_down", RateLimited),
        (500, "down", ProviderUnavailable),
        (200, "unknown_key", CredentialRejected),
        (200, "wrong_kind", CredentialLacksBilling),
        (200, "down", UnexpectedResponse),
        (200, {"error": {"message": "odd", "code": "x"}}, UnexpectedResponse),
    ],
)
def test_each_refusal_is_told_by_its_next_step(status: int, body: Any, kind: type[ConnectorError]) -> None:
    said = error(body) if isinstance(body, str) else body
    with patience(attempts=1, total_seconds=15), pytest.raises(ConnectorError) as caught:
        check(session(lambda path, query, _: refused(status, said)))
    assert type(caught.value) is kind
    assert caught.value.likely_cause
    assert caught.value.resolution


def test_a_heavy_query_that_times_out_once_is_asked_again() -> None:
    answers = iter([refused(408, error("too_heavy"))])

    def answer(path: str, query: dict[str, str], body: JSON) -> Any:
        return (
            next(answers, None) or composed(path, query, body) if path == "/activity" else composed(path, query, body)
        )

    pauses: list[float] = []
    fetch(session(answer, pauses), WHOLE)
    assert len(pauses) == 1


def test_a_limit_is_waited_out_as_long_as_openrouter_asks() -> None:
    answers = iter([httpx.Response(429, json=error("slow_down"), headers={"Retry-After": "7"})])
    pauses: list[float] = []
    fetch(session(lambda path, query, body: next(answers, None) or composed(path, query, body), pauses), WHOLE)
    assert pauses == [7]


def test_a_server_error_in_html_is_an_outage() -> None:
    html = httpx.Response(502, content=b"<html>Bad gateway</html>", headers={"Content-Type": "text/html"})
    with patience(attempts=1, total_seconds=15), pytest.raises(ProviderUnavailable):
        fetch(session(lambda path, query, body: html), WHOLE)


@pytest.mark.parametrize(
    "row",
    [
        {"usage": None}, {"usage": "12,5"}, {"usage": "NaN"}, {"usage": True}, {"usage": 10**30}, {"usage": {}},
        {"byok_usage_inference": None}, {"byok_usage_inference": "x"}, {"date": "yesterday"}, {"date": None},
        {"date": 20261120}, {"requests": -1}, {"requests": "many"}, {"prompt_tokens": 0.5}, {"completion_tokens": []},
        {"model": 7}, {"model_permaslug": ["x"]}, {"workspace_id": 1}, {"provider_name": {}},
    ],
    ids=json.dumps,
)  # fmt: skip
def test_a_row_of_another_shape_is_an_error_that_names_the_member(row: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedResponse, match=next(iter(row))):
        fetch(session(account([line(1) | row])), ONE_DAY)


@pytest.mark.parametrize("answer", [{}, {"data": {}}, {"data": [1]}, {"data": None}, [], "text"], ids=json.dumps)
@pytest.mark.parametrize("path", ["/key", "/activity", "/workspaces", "/keys", "/analytics/query"])
def test_an_answer_of_another_shape_is_an_error(path: str, answer: Any) -> None:
    def spoiled(asked: str, query: dict[str, str], body: JSON) -> Any:
        return answer if asked == path else composed(asked, query, body)

    with pytest.raises(UnexpectedResponse):
        fetch(session(spoiled), WHOLE)


def test_amounts_that_no_database_can_hold_together_are_an_error() -> None:
    rows = [line("999999999") for _ in range(20)]
    with pytest.raises(UnexpectedResponse, match="make no bill"):
        fetch(session(account(rows)), ONE_DAY)


FAULTS: dict[str, tuple[Reply, type[ConnectorError]]] = {
    "an empty body": (Reply(200, b"", HEADERS), UnexpectedResponse),
    "half a body": (Reply(200, b'{"data": [', HEADERS), UnexpectedResponse),
    "a web page": (Reply(200, b"<html></html>", {"Content-Type": "text/html"}), UnexpectedResponse),
    "a redirect": (Reply(302, b"", {"Location": "https://elsewhere.example/"}), UnexpectedResponse),
    "not a number": (Reply(200, b'{"data": NaN}', HEADERS), UnexpectedResponse),
    "a cut connection": (Reply(200, b'{"data": []}', HEADERS, cut_at=4), ProviderUnavailable),
    "a server error": (Reply(500, b"{}", HEADERS), ProviderUnavailable),
    "a full house": (Reply(429, b"{}", HEADERS), RateLimited),
    "a revoked key": (
        Reply(401, b'{"error": {"message": "User not found.", "code": 401}}', HEADERS),
        CredentialRejected,
    ),
}


@pytest.mark.parametrize("path", ["/key", "/workspaces", "/keys", "/activity", "/analytics/meta", "/analytics/query"])
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_at_each_endpoint_ends_in_an_error_with_cause_and_resolution(
    path: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoiled, kind = FAULTS[fault]

    def answer(request: Request) -> Reply:
        asked = request.path.removeprefix(PREFIX)
        name = answer_name(asked, dict(request.query), request.body)
        return spoiled if asked == path else Reply(body=(FOLDER / f"{name}.json").read_bytes(), headers=HEADERS)

    with provider(answer) as url:
        monkeypatch.setenv("SPENDGLASS_ENDPOINT_OPENROUTER", url)
        http = connect(OpenRouterCredential.model_validate({"apiKey": MANAGEMENT}))
        with patience(attempts=1, total_seconds=20), pytest.raises(ConnectorError) as caught:
            fetch(http, WHOLE)
        http.close()
    assert type(caught.value) is kind
    assert "OpenRouter" in caught.value.message
    assert caught.value.likely_cause
    assert caught.value.resolution


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("sk-ant-admin01-0123456789", "Anthropic"),
        ("sk-proj-0123456789abcdef", "OpenAI project key"),
        ("sk-admin-0123456789abcdef", "OpenAI admin key"),
        ("sk-svcacct-0123456789abcdef", "service-account"),
        ("sk-0123456789abcdef0123456789abcdef", "not an OpenRouter key"),
        ("AKIA0123456789ABCDEF", "AWS access key"),
        ("ASIA0123456789ABCDEF", "temporary AWS"),
        ("ABSK0123456789abcdef", "Bedrock"),
        ("AIza0123456789abcdef", "Google"),
        ("key_0123456789abcdef", "Runway"),
        ("01234567-89ab-cdef-0123-456789abcdef:0123456789abcdef", "not an OpenRouter key"),
        ('{"type": "service_account", "private_key": "x"}', "JSON"),
        ("sk-or-v1-0123 456789abcdef0123", "blanks"),
        ("sk-or-v1-0123\n456789abcdef0123", "line breaks"),
        ("sk-or-v1-0123…456789abcdef0123", "special characters"),
        ("sk-or-v1-abc...123", "masked form"),
        ("sk-or-v1-", "too short"),
        ("", "too short"),
    ],
)
def test_a_key_of_the_wrong_kind_is_named_by_its_shape(key: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words) as caught:
        OpenRouterCredential.model_validate({"apiKey": key})
    assert "0123" not in str(caught.value)
    if key:
        with pytest.raises(ValidationError, match=words):
            OpenRouterCredential.model_validate({"apiKey": STANDARD, "provisioningKey": key})


@pytest.mark.parametrize("given", [{}, {"provisioningKey": None}, {"provisioningKey": " "}])
def test_the_management_key_may_be_left_out(given: dict[str, Any]) -> None:
    credential = OpenRouterCredential.model_validate({"apiKey": f" {STANDARD}\n", **given})
    assert credential.provisioning_key is None
    assert credential.api_key.get_secret_value() == STANDARD
    assert credential.hint == "sk-or-v1-…cdef"


def test_the_hint_is_that_of_the_key_that_reads_the_bill() -> None:
    credential = OpenRouterCredential.model_validate({"apiKey": STANDARD, "provisioningKey": MANAGEMENT})
    assert credential.hint == "sk-or-v1-…3210"


def test_of_two_keys_the_bad_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(request: Request) -> Reply:
        if request.headers["Authorization"].endswith(STANDARD):
            return Reply(401, json.dumps(error("unknown_key")).encode(), HEADERS)
        return Reply(body=(FOLDER / "key_management.json").read_bytes(), headers=HEADERS)

    with provider(answer) as url:
        monkeypatch.setenv("SPENDGLASS_ENDPOINT_OPENROUTER", url)
        http = connect(OpenRouterCredential.model_validate({"apiKey": STANDARD, "provisioningKey": MANAGEMENT}))
        with patience(attempts=1, total_seconds=20), pytest.raises(CredentialRejected, match="the API key") as caught:
            check(http)
        http.close()
    assert caught.value.__context__ is None


@pytest.mark.parametrize(("suffix", "path"), [("", PREFIX), ("/", PREFIX), (PREFIX, PREFIX), ("/a/b", "/a/b")])
def test_a_replaced_endpoint_may_leave_out_the_version(monkeypatch: pytest.MonkeyPatch, suffix: str, path: str) -> None:
    seen: list[str] = []

    def answer(request: Request) -> Reply:
        seen.append(request.path)
        return Reply(body=(FOLDER / "key_standard.json").read_bytes(), headers=HEADERS)

    with provider(answer) as url:
        monkeypatch.setenv("SPENDGLASS_ENDPOINT_OPENROUTER", url + suffix)
        http = connect(OpenRouterCredential.model_validate({"apiKey": STANDARD}))
        check(http)
        http.close()
    assert seen == [f"{path}/key"]
