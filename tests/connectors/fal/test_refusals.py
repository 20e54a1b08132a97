import json
from collections.abc import Callable
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
from connectors.fal import check, connect, control, fetch
from connectors.fal_key import FalCredential
from connectors.http import RequestRefused, patience
from tests.connectors.fal.fake import EMPTY, EMPTY_REPORT, recorded
from tests.connectors.fal.wire import (
    ACCOUNT,
    MODELS,
    ONE_DAY,
    SERVERLESS,
    THREE_DAYS,
    Query,
    but,
    composed,
    models,
    refused,
    report,
    row,
    session,
)
from tests.connectors.local_server import Reply, Request, provider

KEY = "0a9d7c51-4b3e-4d80-a6f2-91c5e8d70007:5d1f0c2b9a8e47d6b3c1f0e29d8a7b64"
PRICES = "/models/pricing"


@pytest.mark.parametrize(
    ("status", "words", "error"),
    [
        (401, "unknown_key", CredentialRejected),
        (401, "no_key", CredentialRejected),
        (401, "not_permitted", CredentialLacksBilling),
        (401, "admin_needed", CredentialLacksBilling),
        (403, "denied", CredentialLacksBilling),
        (403, "inference_host", CredentialLacksBilling),
        (400, "bad_parameter", RequestRefused),
        (404, "not_found", RequestRefused),
        (404, "inference_host", RequestRefused),
        (429, "slow_down", RateLimited),
        (500, "broken", ProviderUnavailable),
        (502, "broken", ProviderUnavailable),
    ],
)
def test_each_refusal_is_told_by_its_next_step(status: int, words: str, error: type[ConnectorError]) -> None:
    answer = but({ACCOUNT: refused(status, words), PRICES: refused(401, "unknown_key")})
    for ask in (check, lambda http: fetch(http, ONE_DAY), lambda http: control(http, ONE_DAY)):
        with patience(attempts=1, total_seconds=15), pytest.raises(ConnectorError) as caught:
            ask(session(answer))
        assert type(caught.value) is error
        assert caught.value.likely_cause
        assert caught.value.resolution
        assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("price", "error", "words"),
    [
        (None, CredentialLacksBilling, "scope ADMIN"),
        (refused(404, "not_found"), CredentialLacksBilling, "scope ADMIN"),
        (refused(401, "unknown_key"), CredentialRejected, "does not accept the key"),
        (refused(403, "denied"), CredentialRejected, "does not accept the key"),
        (refused(400, "bad_parameter"), CredentialRejected, "does not accept the key"),
        (refused(429, "slow_down"), RateLimited, "limits"),
        (refused(500, "broken"), ProviderUnavailable, "could not answer"),
    ],
)
def test_a_key_called_invalid_is_told_from_one_of_scope_api_by_asking_for_a_price(
    price: Any, error: type[ConnectorError], words: str
) -> None:
    seen: list[tuple[str, Query]] = []
    changed: dict[str, Any] = {ACCOUNT: refused(401, "unknown_key")} | ({PRICES: price} if price else {})
    with patience(attempts=1, total_seconds=15), pytest.raises(error, match=words):
        check(session(but(changed), seen=seen))
    assert seen[1:] == [(PRICES, [("endpoint_id", "fal-ai/flux/dev")])]


def test_the_scope_is_named_to_the_user_with_the_place_to_change_it() -> None:
    with pytest.raises(CredentialLacksBilling) as caught:
        check(session(but({ACCOUNT: refused(403, "denied")})))
    assert "scope ADMIN" in caught.value.message
    assert "scope API" in caught.value.likely_cause
    assert "fal.ai/dashboard/keys" in caught.value.resolution


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"x-ratelimit-reset": "17"}, 17),
        ({"x-ratelimit-reset": "17", "Retry-After": "9"}, 9),
        ({"Retry-After": "9"}, 9),
    ],
)
def test_a_rate_limit_is_waited_out_as_told(headers: dict[str, str], pause: int) -> None:
    limited = httpx.Response(429, json=recorded("errors")["slow_down"], headers=headers)
    answers = iter([limited])
    pauses: list[float] = []
    http = session(lambda path, query: next(answers, None) or composed(path, query), pauses)
    assert check(http).name == "acme-media"
    assert pauses == [pause]


@pytest.mark.parametrize("reset", ["1795132800", "1795132800000", "soon", "-5", "6m0s"])
def test_a_reset_that_is_an_instant_is_no_pause(reset: str) -> None:
    limited = httpx.Response(429, json=recorded("errors")["slow_down"], headers={"x-ratelimit-reset": reset})
    answers = iter([limited])
    pauses: list[float] = []
    check(session(lambda path, query: next(answers, None) or composed(path, query), pauses))
    assert pauses[0] <= 1.25


@pytest.mark.parametrize(
    "wrong",
    [
        {"cost_total": "12,5"},
        {"cost_total": "NaN"},
        {"cost_total": "1e400"},
        {"cost_total": 10**30},
        {"cost_total": True},
        {"cost_total": [1]},
        {"cost_total": None, "cost": None},
        {"cost": "many"},
        {"cost_subtotal": "many"},
        {"cost_discount": {}},
        {"currency": "EUR"},
        {"currency": None},
        {"currency": 7},
        {"endpoint_id": None},
        {"endpoint_id": ""},
        {"endpoint_id": 7},
        {"unit": 7},
        {"quantity": "many"},
        {"quantity": 10**40},
        {"unit_price": "cheap"},
        {"percent_discount": "half"},
        {"auth_method_structured": "prod"},
        {"auth_method_structured": {"detail": "prod", "api_key_id": 7}},
    ],
    ids=json.dumps,
)
def test_a_row_of_another_shape_is_an_error_that_names_the_member(wrong: dict[str, Any]) -> None:
    member = "api_key_id" if isinstance(wrong.get("auth_method_structured"), dict) else next(iter(wrong))
    with pytest.raises(UnexpectedResponse, match=member):
        fetch(session(models([row(1, **wrong)])), ONE_DAY)


def test_another_currency_is_never_converted() -> None:
    with pytest.raises(UnexpectedResponse, match="not USD") as caught:
        fetch(session(models([row(1, currency="EUR")])), ONE_DAY)
    assert "exchange rate" in caught.value.resolution


def test_amounts_that_no_database_can_hold_together_are_an_error() -> None:
    rows = [row(999_999_999, unit_price=number) for number in range(20)]
    with pytest.raises(UnexpectedResponse, match="make no bill"):
        fetch(session(models(rows)), ONE_DAY)


NO_ROWS: dict[str, Any] = {"time_series": []}


@pytest.mark.parametrize(
    "page",
    [
        {},
        {"has_more": False},
        NO_ROWS,
        {"has_more": False, "time_series": {}},
        {"has_more": False, "time_series": [1]},
        {"has_more": False, "time_series": [{"bucket": "2026-11-20T00:00:00Z"}]},
        {"has_more": "no", **NO_ROWS},
        {"has_more": True, **NO_ROWS},
        {"has_more": True, "next_cursor": None, **NO_ROWS},
        {"has_more": True, "next_cursor": "", **NO_ROWS},
        {"has_more": True, "next_cursor": 2, **NO_ROWS},
        {"has_more": True, "next_cursor": "Mg==", **NO_ROWS},
    ],
    ids=json.dumps,
)
@pytest.mark.parametrize("path", [MODELS, SERVERLESS])
def test_a_page_of_another_shape_is_an_error(path: str, page: Any) -> None:
    with pytest.raises(UnexpectedResponse):
        fetch(session(but({path: page})), THREE_DAYS)


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (ACCOUNT, {}),
        (ACCOUNT, {"username": ""}),
        (ACCOUNT, {"username": 7}),
        ("/keys", {**EMPTY, "keys": None}),
        ("/keys", {**EMPTY, "keys": [{"alias": "prod"}]}),
        ("/models", {**EMPTY, "models": 7}),
        (SERVERLESS, report([{"app": 7, "cost_total": 0}])),
        (SERVERLESS, report([{"app": "matting-app", "machine_type": 7, "cost_total": 0}])),
        (SERVERLESS, report([{"app": "matting-app", "machine_type": "M"}])),
    ],
)
def test_other_answers_of_another_shape_are_errors(path: str, answer: Any) -> None:
    with pytest.raises(UnexpectedResponse):
        fetch(session(but({path: answer})), THREE_DAYS)


@pytest.mark.parametrize("metadata", [None, 7, {}, {"category": 7}, {"category": "hologram"}])
def test_an_odd_catalogue_changes_units_only(metadata: Any) -> None:
    catalogue = {**EMPTY, "models": [{"endpoint_id": "fal-ai/flux/dev", "metadata": metadata}, {"endpoint_id": 7}]}
    answer = but({MODELS: report([row(1, unit="second")]), SERVERLESS: EMPTY_REPORT, "/models": catalogue})
    (found,) = fetch(session(answer), ONE_DAY).costs
    assert (found.billed_cost, found.usage_unit) == (1, "seconds")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("sk-ant-admin01-0123456789", "Anthropic"),
        ("sk-or-v1-0123456789abcdef", "OpenRouter"),
        ("sk-admin-0123456789abcdef", "OpenAI admin key"),
        ("sk-0123456789abcdef", "LiteLLM"),
        ("sess-0123456789abcdef", "browser token"),
        ("AKIA0123456789ABCDEF", "AWS access key"),
        ("ASIA0123456789ABCDEF", "temporary AWS"),
        ("ABSK0123456789abcdef", "Bedrock"),
        ("AIza0123456789abcdef", "Google API key"),
        ("key_0123456789abcdef", "Runway"),
        ("eyJ0123456789abcdef", "login token"),
        ("https://fal.ai/dashboard/0123", "an address"),
        ('{"type": "service_account", "private_key": "0123"}', "JSON"),
        (f"Key {KEY}", "words before it"),
        (f"Bearer {KEY}", "words before it"),
        (f"FAL_KEY={KEY}", "words before it"),
        ("0a9d7c51-4b3e-4d80-a6f2-91c5e8d70123", "half of a fal key"),
        ("5d1f0123b9a8e47d6b3c1f0e29d8a7b64", "half of a fal key"),
        ("", "half of a fal key"),
        (":0123456789abcdef", "both sides"),
        ("0123456789abcdef:", "both sides"),
        ("0123:4567:89ab", "one colon"),
        ("0a9d7c51:0123 4567", "blanks"),
        ("0a9d7c51:0123\n4567", "line breaks"),
        ("0a9d7c51:0123…", "special characters"),
        ("0a9d0123:********", "masked form"),
        ("0a9d0123:5d1f...7b64", "masked form"),
    ],
)
def test_a_key_of_the_wrong_kind_is_named_by_its_shape(key: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words) as caught:
        FalCredential.model_validate({"apiKey": key})
    assert "0123" not in str(caught.value)


@pytest.mark.parametrize("key", [KEY, f"  {KEY}\n", "abc123def456:s3cr3t", "key_1:secret", "sk-1:secret"])
def test_a_whole_key_of_any_spelling_is_let_through(key: str) -> None:
    assert FalCredential.model_validate({"apiKey": key}).api_key.get_secret_value() == key.strip()


@pytest.mark.parametrize(("key", "hint"), [(KEY, "0a9d7c51…"), ("abc123def456:s3cr3t", "ab…"), ("a:b", "a…")])
def test_the_hint_is_the_beginning_of_the_keys_id(key: str, hint: str) -> None:
    assert FalCredential.model_validate({"apiKey": key}).hint == hint


@pytest.mark.parametrize(
    ("suffix", "path"), [("", "/v1"), ("/", "/v1"), ("/v1", "/v1"), ("/v1/", "/v1"), ("/a/b", "/a/b")]
)
def test_a_replaced_endpoint_may_leave_out_the_version(monkeypatch: pytest.MonkeyPatch, suffix: str, path: str) -> None:
    seen: list[tuple[str, str | None]] = []

    def answer(request: Request) -> Reply:
        seen.append((request.path, request.headers.get("Authorization")))
        return Reply(body=b'{"username": "acme-media"}')

    with provider(answer) as url:
        monkeypatch.setenv("SPENDGLASS_ENDPOINT_FAL", url + suffix)
        http = connect(FalCredential.model_validate({"apiKey": KEY}))
        check(http)
        http.close()
    assert seen == [(f"{path}/account/billing", f"Key {KEY}")]


def html(status: int) -> httpx.Response:
    return httpx.Response(status, content=b"<html>Bad gateway</html>", headers={"Content-Type": "text/html"})


FAULTS: dict[str, tuple[Callable[[], Any], type[ConnectorError]]] = {
    "limited": (lambda: refused(429, "slow_down"), RateLimited),
    "broken": (lambda: refused(500, "broken"), ProviderUnavailable),
    "html": (lambda: html(503), ProviderUnavailable),
    "sign-in page": (lambda: html(403), ProviderUnavailable),
    "no json": (lambda: b"<html>Sign in</html>", UnexpectedResponse),
    "half json": (lambda: b'{"has_more": fal', UnexpectedResponse),
    "empty body": (lambda: b"", UnexpectedResponse),
    "array": (list, UnexpectedResponse),
    "not a number": (lambda: b'{"has_more": NaN}', UnexpectedResponse),
    "redirect": (lambda: httpx.Response(302, headers={"Location": "https://example.com"}), UnexpectedResponse),
}


@pytest.mark.parametrize("path", [ACCOUNT, MODELS, SERVERLESS, "/keys", "/models"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_anywhere_is_an_error_with_cause_and_resolution(path: str, fault: str) -> None:
    answer, error = FAULTS[fault]
    with patience(attempts=1, total_seconds=15), pytest.raises(ConnectorError) as caught:
        fetch(session(but({path: lambda _: answer()})), THREE_DAYS)
    assert type(caught.value) is error
    assert caught.value.likely_cause
    assert caught.value.resolution
    assert "0123:4567" not in str(caught.value)
