import json
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from connectors.anthropic import check, connect, fetch
from connectors.anthropic_key import AnthropicCredential
from connectors.errors import (
    ConnectorError,
    CredentialLacksBilling,
    CredentialRejected,
    ProviderUnavailable,
    RateLimited,
    UnexpectedResponse,
)
from connectors.http import RequestRefused, patience
from tests.connectors.anthropic.fake import recorded
from tests.connectors.anthropic.wire import COST, OLD_COST, ONE_DAY, Query, account, composed, line, refused, session
from tests.connectors.local_server import Reply, Request, provider

ADMIN_KEY = "sk-ant-admin01-0123456789abcdefghij"
ERRORS = recorded("errors")


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (401, "unknown_key", CredentialRejected, "invalid, revoked or expired"),
        (401, {}, CredentialRejected, "invalid, revoked or expired"),
        (403, "missing_scope", CredentialLacksBilling, "read:analytics"),
        (403, "forbidden", CredentialLacksBilling, "Wrong key type"),
        (403, [], CredentialLacksBilling, "Wrong key type"),
        (400, "wrong_organization", CredentialLacksBilling, "kind of organization"),
        (403, "wrong_organization", CredentialLacksBilling, "kind of organization"),
        (404, "not_found", CredentialLacksBilling, "Wrong key type"),
        (405, {"error": "bare"}, RequestRefused, "status 405"),
        (429, "slow_down", RateLimited, "status 429"),
        (500, "server", ProviderUnavailable, "status 500"),
        (504, "timeout", ProviderUnavailable, "status 504"),
        (529, "overloaded", ProviderUnavailable, "status 529"),
    ],
)
@pytest.mark.parametrize("is_enterprise", [False, True])
def test_each_refusal_at_link_time_is_told_by_its_next_step(
    status: int, body: Any, error: type[ConnectorError], words: str, is_enterprise: bool
) -> None:
    told = ERRORS[body] if isinstance(body, str) else body
    http = session(lambda path, query: refused(status, told), is_enterprise=is_enterprise)
    with patience(attempts=1, total_seconds=15), pytest.raises(ConnectorError, match=words) as caught:
        check(http)
    assert type(caught.value) is error
    assert caught.value.likely_cause
    assert caught.value.resolution


@pytest.mark.parametrize("closed", [COST, OLD_COST])
@pytest.mark.parametrize(("status", "body"), [(403, "forbidden"), (404, "not_found"), (400, "wrong_organization")])
def test_one_open_report_of_costs_is_enough_to_link(closed: str, status: int, body: str) -> None:
    def answer(path: str, query: Query) -> Any:
        return refused(status, ERRORS[body]) if path == closed else composed(path, query)

    assert check(session(answer)).name == "Demo Company"


def test_a_good_key_asked_about_a_day_that_is_not_served_is_linked() -> None:
    def answer(path: str, query: Query) -> Any:
        return composed(path, query) if path == "/me" else refused(400, ERRORS["bad_range"])

    assert check(session(answer)).name == "Demo Company"
    assert check(session(answer, is_enterprise=True)).name == "Demo Company"


def test_a_key_that_may_list_names_but_no_costs_is_not_linked() -> None:
    def answer(path: str, query: Query) -> Any:
        return composed(path, query) if path == "/me" else refused(403, ERRORS["forbidden"])

    with pytest.raises(CredentialLacksBilling, match="Wrong key type"):
        check(session(answer))


def test_a_fault_that_will_stay_is_not_tried_again() -> None:
    asked: list[str] = []

    def answer(path: str, query: Query) -> Any:
        asked.append(path)
        return httpx.Response(500, json=ERRORS["server"], headers={"x-should-retry": "false"})

    with pytest.raises(ProviderUnavailable):
        fetch(session(answer), ONE_DAY)
    assert asked == [COST]


@pytest.mark.parametrize(
    "row",
    [
        {"cost": {"amount": "12,5", "currency": "USD"}},
        {"cost": {"amount": "NaN", "currency": "USD"}},
        {"cost": {"amount": "Infinity", "currency": "USD"}},
        {"cost": {"amount": "1e400", "currency": "USD"}},
        {"cost": {"amount": "1e-400", "currency": "USD"}},
        {"cost": {"amount": 10**30, "currency": "USD"}},
        {"cost": {"amount": True, "currency": "USD"}},
        {"cost": {"amount": None, "currency": "USD"}},
        {"cost": {"currency": "USD"}},
        {"cost": {"amount": "1", "currency": "EUR"}},
        {"cost": {"amount": "1"}},
        {"cost": {"amount": "1", "currency": "USD", "list_amount": "cheap"}},
        {"cost": None},
        {"cost": []},
        {"group": None},
        {"group": {"model": 7}},
        {"group": {"workspace_id": ["wrkspc_a"]}},
        {"group": {"api_key_id": {}}},
        {"group": {"service_tier": 1}},
        {"group": {"cost_type": 1}},
    ],
    ids=json.dumps,
)
def test_a_row_of_another_shape_is_an_error_that_names_the_member(row: dict[str, Any]) -> None:
    lines = [line("1") | row]
    with pytest.raises(UnexpectedResponse, match=next(iter(row))):
        fetch(session(account(lines, "1")), ONE_DAY)


@pytest.mark.parametrize(
    "counts",
    [
        {"output_tokens": -1},
        {"output_tokens": "many"},
        {"uncached_input_tokens": 0.5},
        {"cache_read_input_tokens": 2**63},
        {"cache_creation": "five"},
        {"cache_creation": {"ephemeral_5m_input_tokens": -3}},
        {"cache_creation": []},
        {"server_tool_use": 4},
        {"server_tool_use": {"web_search_requests": "x"}},
        {"requests": 1.5},
    ],
    ids=json.dumps,
)
def test_counts_of_another_shape_are_an_error(counts: dict[str, Any]) -> None:
    usage = [{"starting_at": "2026-11-20T00:00:00Z", "group": {}, "usage": counts}]
    with pytest.raises(UnexpectedResponse, match=next(iter(counts))):
        fetch(session(account([line("1")], "1", usage)), ONE_DAY)


def test_amounts_that_no_database_can_hold_together_are_an_error() -> None:
    lines = [line("99999999999") for _ in range(20)]
    with pytest.raises(UnexpectedResponse, match="make no bill"):
        fetch(session(account(lines, "99999999999")), ONE_DAY)


def test_another_currency_is_never_converted() -> None:
    row = line("1")
    row["cost"]["currency"] = "EUR"
    with pytest.raises(UnexpectedResponse, match="not USD") as caught:
        fetch(session(account([row], "1")), ONE_DAY)
    assert "exchange rate" in caught.value.resolution


@pytest.mark.parametrize(
    "answer",
    [{}, {"data": []}, {"data": {}}, {"data": [1]}, {"data": [{"starting_at": "2026-11-20T00:00:00Z"}]},
     {"data": [], "has_more": "yes"}, {"data": [], "has_more": True}, {"data": [], "has_more": True, "next_page": None},
     {"data": [], "has_more": True, "next_page": ""}],
    ids=json.dumps,
)  # fmt: skip
def test_a_page_of_another_shape_is_an_error(answer: Any) -> None:
    with pytest.raises(UnexpectedResponse):
        fetch(session(lambda path, query: answer), ONE_DAY)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("sk-ant-api03-0123456789abcdef", "inference key"),
        ("sk-ant-oat01-0123456789abcdef", "login token"),
        ("sk-ant-ort01-0123456789abcdef", "refresh token"),
        ("sk-ant-sid01-0123456789abcdef", "browser session"),
        ("sk-admin-0123456789abcdef", "OpenAI admin key"),
        ("sk-proj-0123456789abcdef", "OpenAI project key"),
        ("sk-svcacct-0123456789abcdef", "OpenAI service-account key"),
        ("sk-or-v1-0123456789abcdef", "OpenRouter"),
        ("AKIA0123456789ABCDEF", "AWS access key"),
        ("ASIA0123456789ABCDEF", "temporary AWS"),
        ("ABSK0123456789abcdef", "Bedrock"),
        ("AIza0123456789abcdef", "Google"),
        ('{"type": "service_account", "private_key": "x"}', "JSON"),
        ("key_0123456789abcdefghijkl", "Runway key"),
        ("sk-ant-admin01-0123 456789abcdef", "blanks"),
        ("sk-ant-admin01-0123\n456789abcdef", "line breaks"),
        ("sk-ant-admin01-0123…456789abcdef", "special characters"),
        ("sk-ant-admin01-0123...EQAA", "masked form"),
        ("sk-ant-admin01-", "too short"),
        ("", "too short"),
    ],
)
def test_a_key_of_the_wrong_kind_is_named_by_its_shape(key: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words) as caught:
        AnthropicCredential.model_validate({"apiKey": key})
    assert "0123" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "is_enterprise"),
    [
        (ADMIN_KEY, False),
        (f"  {ADMIN_KEY}\n", False),
        ("sk-ant-api01-0123456789abcdef", True),
        ("sk-ant-other99-0123456789abcdef", False),
    ],
)
def test_admin_and_analytics_keys_and_kinds_yet_unknown_are_let_through(key: str, is_enterprise: bool) -> None:
    credential = AnthropicCredential.model_validate({"apiKey": key})
    assert credential.api_key.get_secret_value() == key.strip()
    assert credential.is_enterprise is is_enterprise


def test_the_hint_is_known_to_the_owner_and_useless_to_others() -> None:
    assert AnthropicCredential.model_validate({"apiKey": ADMIN_KEY}).hint == "sk-ant-…ghij"


@pytest.mark.parametrize(("suffix", "path"), [("", ""), ("/", ""), ("/v1", ""), ("/v1/", ""), ("/a/b", "/a/b")])
def test_a_replaced_endpoint_may_name_the_version(monkeypatch: pytest.MonkeyPatch, suffix: str, path: str) -> None:
    seen: list[Request] = []

    def answer(request: Request) -> Reply:
        seen.append(request)
        return Reply(body=b'{"data": [], "has_more": false, "id": "org", "name": "Team"}')

    with provider(answer) as url:
        monkeypatch.setenv("SPENDGLASS_ENDPOINT_ANTHROPIC", url + suffix)
        http = connect(AnthropicCredential.model_validate({"apiKey": ADMIN_KEY}))
        assert check(http).name == "Team"
        assert http.meter.requests == 2
        http.close()
    assert [request.path for request in seen] == [
        f"{path}/v1/organizations/me",
        f"{path}/v1/organizations/analytics/cost",
    ]
    headers = [{name.lower(): value for name, value in request.headers.items()} for request in seen]
    assert [(each["x-api-key"], each["anthropic-version"]) for each in headers] == [(ADMIN_KEY, "2023-06-01")] * 2
    assert [each.get("anthropic-beta") for each in headers] == [None, "analytics-usage-cost-2026-08-24"]
