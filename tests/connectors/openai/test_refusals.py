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
from connectors.openai import check, connect, fetch
from connectors.openai_key import OpenAICredential
from tests.connectors.local_server import Reply, Request, provider
from tests.connectors.openai.fake import recorded
from tests.connectors.openai.wire import ONE_DAY, TWO_DAYS, Query, account, composed, line, page, refused, session

ADMIN_KEY = "sk-admin-0123456789abcdefghij"


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, "unknown_key", CredentialRejected),
        (401, "wrong_kind", CredentialLacksBilling),
        (403, "wrong_kind", CredentialLacksBilling),
        (401, {"error": "insufficient permissions"}, CredentialLacksBilling),
        (401, {"error": {"message": "", "code": "missing_scope"}}, CredentialLacksBilling),
        (403, {"error": {"message": "Forbidden"}}, CredentialLacksBilling),
        (401, {"error": None}, CredentialRejected),
        (401, [], CredentialRejected),
        (400, "bad_start", RequestRefused),
        (400, {"error": "bare"}, RequestRefused),
        (404, {"error": {"message": "no such path"}}, RequestRefused),
        (429, "slow_down", RateLimited),
        (500, {"error": None}, ProviderUnavailable),
        (503, {"error": None}, ProviderUnavailable),
    ],
)
def test_each_refusal_is_told_by_its_next_step(status: int, body: Any, error: type[ConnectorError]) -> None:
    told = recorded("errors")[body] if isinstance(body, str) else body
    with patience(attempts=1, total_seconds=15), pytest.raises(ConnectorError) as caught:
        check(session(lambda path, query: refused(status, told)))
    assert type(caught.value) is error


def test_a_refused_start_names_the_parameter_and_quotes_nothing() -> None:
    with pytest.raises(RequestRefused) as caught:
        fetch(session(lambda path, query: refused(400, recorded("errors")["bad_start"])), ONE_DAY)
    assert "start_time" in caught.value.message
    assert "Out of range" not in caught.value.message
    assert caught.value.status == 400


def test_missing_scopes_are_tried_again_on_a_sync_as_openai_tells_good_keys_so_in_waves() -> None:
    answers = iter([refused(401, recorded("errors")["wrong_kind"])] * 2)
    pauses: list[float] = []
    fetch(session(lambda path, query: next(answers, None) or composed(path, query), pauses), TWO_DAYS)
    assert pauses == [5, 30]


def test_missing_scopes_fail_a_link_at_once() -> None:
    pauses: list[float] = []
    with patience(attempts=2, total_seconds=15), pytest.raises(CredentialLacksBilling):
        check(session(lambda path, query: refused(401, recorded("errors")["wrong_kind"]), pauses))
    assert pauses == []


def spoiled(**row: Any) -> Any:
    return account([line("gpt-6-astra, input", 1) | row], total=1)


@pytest.mark.parametrize(
    "row",
    [
        {"amount": {"value": "12,5", "currency": "usd"}},
        {"amount": {"value": "NaN", "currency": "usd"}},
        {"amount": {"value": "Infinity", "currency": "usd"}},
        {"amount": {"value": "1e400", "currency": "usd"}},
        {"amount": {"value": "1e-400", "currency": "usd"}},
        {"amount": {"value": 10**30, "currency": "usd"}},
        {"amount": {"value": True, "currency": "usd"}},
        {"amount": {"value": None, "currency": "usd"}},
        {"amount": {"currency": "usd"}},
        {"amount": {"value": 1, "currency": "eur"}},
        {"amount": {"value": 1}},
        {"amount": 1},
        {"amount": []},
        {"quantity": "many"},
        {"quantity": 10**40},
        {"line_item": 7},
        {"project_id": ["proj_a"]},
        {"api_key_id": {}},
        {"quantity_unit": 1},
    ],
    ids=json.dumps,
)
def test_a_row_of_another_shape_is_an_error_that_names_the_member(row: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedResponse, match=next(iter(row))):
        fetch(session(spoiled(**row)), ONE_DAY)


def test_amounts_that_no_database_can_hold_together_are_an_error() -> None:
    lines = [line("gpt-6-astra, input", "999999999") for _ in range(20)]
    with pytest.raises(UnexpectedResponse, match="make no bill"):
        fetch(session(account(lines, total="999999999")), ONE_DAY)


def test_another_currency_is_never_converted() -> None:
    with pytest.raises(UnexpectedResponse, match="not usd") as caught:
        fetch(session(spoiled(amount={"value": "1", "currency": "eur"})), ONE_DAY)
    assert "exchange rate" in caught.value.resolution


def test_a_total_without_an_amount_is_an_error() -> None:
    def answer(path: str, query: Query) -> Any:
        if path == "/organization/costs" and ("group_by[]", "line_item") not in query:
            return page([{"object": "organization.costs.result"}])
        return account([line("gpt-6-astra, input", 1)])(path, query)

    with pytest.raises(UnexpectedResponse, match="amount is missing"):
        fetch(session(answer), ONE_DAY)


@pytest.mark.parametrize(
    "answer",
    [{}, {"data": []}, {"data": {}}, {"data": [1]}, {"data": [{"start_time": 1_795_132_800}]},
     {"data": [], "has_more": "yes"}, {"data": [], "has_more": True}, {"data": [], "has_more": True, "next_page": None},
     {"data": [{"start_time": 10**18, "results": []}]}],
    ids=json.dumps,
)  # fmt: skip
def test_a_page_of_another_shape_is_an_error(answer: Any) -> None:
    with pytest.raises(UnexpectedResponse):
        fetch(session(lambda path, query: answer), ONE_DAY)


def test_a_server_error_in_html_is_an_outage() -> None:
    html = httpx.Response(502, content=b"<html>Bad gateway</html>", headers={"Content-Type": "text/html"})
    with patience(attempts=1, total_seconds=15), pytest.raises(ProviderUnavailable):
        fetch(session(lambda path, query: html), ONE_DAY)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("sk-proj-0123456789abcdef", "project key"),
        ("sk-svcacct-0123456789abcdef", "service account"),
        ("sess-0123456789abcdef", "browser token"),
        ("sk-ant-admin01-0123456789", "Anthropic"),
        ("sk-or-v1-0123456789abcdef", "OpenRouter"),
        ("AKIA0123456789ABCDEF", "AWS access key"),
        ("ABSK0123456789abcdef", "Bedrock"),
        ('{"type": "service_account", "private_key": "x"}', "JSON"),
        ("sk-admin-0123 456789abcdef", "blanks"),
        ("sk-admin-0123\n456789abcdef", "line breaks"),
        ("sk-admin-0123…456789abcdef", "special characters"),
        ("sk-admin-", "too short"),
        ("", "too short"),
    ],
)
def test_a_key_of_the_wrong_kind_is_named_by_its_shape(key: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words) as caught:
        OpenAICredential.model_validate({"apiKey": key})
    assert "0123" not in str(caught.value)


@pytest.mark.parametrize("key", [ADMIN_KEY, f"  {ADMIN_KEY}\n", "sk-0123456789012345678901234567890123456789"])
def test_an_admin_key_and_an_unknown_kind_are_let_through(key: str) -> None:
    credential = OpenAICredential.model_validate({"apiKey": key})
    assert credential.api_key.get_secret_value() == key.strip()


def test_the_hint_is_known_to_the_owner_and_useless_to_others() -> None:
    assert OpenAICredential.model_validate({"apiKey": ADMIN_KEY}).hint == "sk-admin-…ghij"


@pytest.mark.parametrize(
    ("suffix", "path"), [("", "/v1"), ("/", "/v1"), ("/v1", "/v1"), ("/v1/", "/v1"), ("/a/b", "/a/b")]
)
def test_a_replaced_endpoint_may_leave_out_the_version(monkeypatch: pytest.MonkeyPatch, suffix: str, path: str) -> None:
    seen: list[str] = []

    def answer(request: Request) -> Reply:
        seen.append(request.path)
        return Reply(body=b'{"data": [], "has_more": false}')

    with provider(answer) as url:
        monkeypatch.setenv("SPENDGLASS_ENDPOINT_OPENAI", url + suffix)
        http = connect(OpenAICredential.model_validate({"apiKey": ADMIN_KEY}))
        check(http)
        http.close()
    assert seen == [f"{path}/organization/costs", f"{path}/organization/projects"]
