import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

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
from connectors.litellm import check, fetch
from connectors.litellm_key import ROUTES, STEPS, LiteLLMCredential
from connectors.litellm_session import connect
from demo import litellm_api
from demo.faults import Fault
from demo.simulator import Simulator
from demo.world import World
from store.records import Window
from tests.connectors.litellm.fake import BASE_URL, errors
from tests.connectors.litellm.wire import ONE_DAY, TWO_DAYS, Query, Row, proxy, recording, refused, session

TODAY = date(2026, 11, 23)
WEEK = Window(date(2026, 11, 17), date(2026, 11, 24))

LACKS, REJECTED, REFUSED = CredentialLacksBilling, CredentialRejected, RequestRefused
NEXT_STEPS = {
    "no Authorization header": REJECTED,
    "unknown key": REJECTED,
    "malformed key (no sk-)": REJECTED,
    "virtual key without a user": LACKS,
    "ordinary user key asks for the user list": LACKS,
    "ordinary user key asks for the team list": LACKS,
    "ordinary user key asks for somebody else": LACKS,
    "key limited by allowed_routes": LACKS,
    "missing dates": REFUSED,
    "bad date": REFUSED,
    "page_size too large": REFUSED,
    "api_key_limit too large": REFUSED,
    "range over 400 days": REFUSED,
    "enterprise only": REFUSED,
    "billing credential not set on the proxy": ProviderUnavailable,
    "unknown path": REFUSED,
    "base URL pasted with /v1": REFUSED,
    "expired key": REJECTED,
    "blocked key": REJECTED,
}
ROLE_OF_1_81 = {
    "error": {"message": "user not allowed to access this route, role= internal_user.", "type": "auth_error"}
}


def told(status: int, body: Any) -> ConnectorError:
    """What a link says when the proxy answers so once it is asked whom the key sees."""

    def answer(path: str, query: Query) -> Any:
        return recording(path, query) if path == "/health/readiness" else refused(status, body)

    with patience(attempts=1, total_seconds=15), pytest.raises(ConnectorError) as caught:
        check(session(answer))
    return caught.value


@pytest.mark.parametrize("case", errors(), ids=lambda case: f"{case['case']} {case['path']}")
def test_each_recorded_refusal_is_told_by_its_next_step_and_quotes_nothing(case: Any) -> None:
    error = told(case["status"], case["body"])
    assert type(error) is NEXT_STEPS[case["case"]]
    assert error.likely_cause
    assert error.resolution
    shown = error.message + error.likely_cause + error.resolution
    assert not [secret for secret in ("sk-...", "3743f32a", "internal_user", "Tried") if secret in shown]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, ROLE_OF_1_81, LACKS),
        (403, ROLE_OF_1_81, LACKS),
        (403, {"detail": "something new"}, LACKS),
        (401, {"error": {"message": "driver: connection is closed"}}, REJECTED),
        (400, {"error": {"message": "No connected db.", "type": "no_db_connection"}}, ProviderUnavailable),
        (401, {"error": {"message": "Prisma Client is not initialized"}}, ProviderUnavailable),
        (500, {"error": "DB not connected. See https://docs.litellm.ai"}, ProviderUnavailable),
        (503, {"error": {"type": "no_db_connection"}}, ProviderUnavailable),
        (429, {"error": {"message": "rate limit"}}, RateLimited),
        (404, {"detail": {"error": "elsewhere"}}, REFUSED),
        (405, {"detail": "Method Not Allowed"}, REFUSED),
        (422, {"detail": [{"type": "missing", "loc": ["query"], "msg": "x"}]}, REFUSED),
        (307, None, UnexpectedResponse),
        (200, [], UnexpectedResponse),
        (400, "bare", REFUSED),
    ],
)
def test_each_other_refusal_is_told_by_its_next_step(status: int, body: Any, error: type[ConnectorError]) -> None:
    assert type(told(status, body)) is error


def test_a_missing_route_is_named_so_that_it_can_be_allowed() -> None:
    body = {
        "detail": "Virtual key is not allowed to call this route. Tried to call route: /user/daily/activity/aggregated"
    }
    error = told(403, body)
    assert error.message == "This LiteLLM key may not call /user/daily/activity/aggregated."
    assert "secret" not in told(403, {"detail": "not allowed to call this route. Tried to call route: /secret"}).message


def test_a_wrong_base_path_is_told_as_such() -> None:
    assert "base URL" in told(404, {"detail": "Not Found"}).likely_cause


def test_a_proxy_without_a_database_is_told_before_any_key_is_blamed() -> None:
    seen: list[tuple[str, Query]] = []
    bare = session(lambda path, query: {"status": "healthy", "db": "Not connected"}, seen=seen)
    with pytest.raises(ProviderUnavailable, match="without a database"):
        check(bare)
    assert len(seen) == 1


def test_a_refusal_in_unknown_words_is_asked_again_on_a_sync() -> None:
    answers = iter([refused(401, {"error": {"message": "driver: connection is closed"}})] * 2)
    pauses: list[float] = []
    fetch(session(lambda path, query: next(answers, None) or recording(path, query), pauses), TWO_DAYS)
    assert pauses == [5, 30]


@pytest.mark.parametrize("case", ["unknown key", "expired key", "blocked key"])
def test_a_key_that_is_known_to_be_dead_is_not_tried_again(case: str) -> None:
    found = next(error for error in errors() if error["case"] == case)
    pauses: list[float] = []
    with pytest.raises(CredentialRejected):
        fetch(session(lambda path, query: refused(found["status"], found["body"]), pauses), TWO_DAYS)
    assert pauses == []


def test_a_key_that_sees_one_person_only_is_refused_at_each_sync_too() -> None:
    whole = proxy([Row()])

    def answer(path: str, query: Query) -> Any:
        return refused(403, ROLE_OF_1_81) if path == "/user/list" else whole(path, query)

    with pytest.raises(CredentialLacksBilling):
        fetch(session(answer), ONE_DAY)


def test_paths_that_leave_traces_or_cost_money_are_never_asked_with_an_untried_key() -> None:
    seen: list[tuple[str, Query]] = []
    check(session(recording, seen=seen))
    fetch(session(recording, seen=seen), TWO_DAYS)
    paths = [path for path, _ in seen]
    assert paths[:4] == ["/health/readiness", "/user/list", "/user/daily/activity", "/key/info"]
    assert not {"/health", "/v1/models", "/model/info", "/spend/logs"} & set(paths)


@pytest.mark.parametrize(
    ("info", "words"),
    [
        ({"allowed_routes": ["/user/list"], "models": []}, None),
        ({"allowed_routes": [], "models": ["gpt-4o"]}, None),
        ({"allowed_routes": [], "models": []}, "can also call models"),
        ({}, "can also call models"),
        (refused(404, {"error": {"message": "Key not found in database"}}), "master key"),
        (refused(403, {"detail": "not allowed to call this route"}), None),
    ],
)
def test_linking_tells_what_the_key_can_do_beyond_reading(info: Any, words: str | None) -> None:
    def answer(path: str, query: Query) -> Any:
        if path != "/key/info":
            return recording(path, query)
        return info if not isinstance(info, dict) else {"key": "0", "info": info}

    notes = check(session(answer)).notes
    assert len(notes) == (words is not None)
    assert words is None or words in notes[0]


def test_an_account_is_known_by_its_proxys_base_url() -> None:
    identity = check(session(recording))
    assert (identity.organization_id, identity.name) == (BASE_URL, "litellm.example.com")


KEY_SHAPES = [
    ("sk-proj-0123456789abcdefgh", "OpenAI project key"),
    ("sk-svcacct-0123456789abcdef", "OpenAI service-account key"),
    ("sk-admin-0123456789abcdefgh", "OpenAI admin key"),
    ("sk-0123456789T3BlbkFJ0123456789", "OpenAI key"),
    ("sk-ant-admin01-0123456789", "Anthropic key"),
    ("sk-or-v1-0123456789", "OpenRouter key"),
    ("sk-...Mwlw", "masked form"),
    ("sess-0123456789abcdef", "browser token"),
    ("AKIAIOSFODNN7EXAMPLE", "AWS access key id"),
    ("ASIAIOSFODNN7EXAMPLE", "temporary AWS access key id"),
    ("ABSK0123456789abcdef", "Amazon Bedrock API key"),
    ("AIzaSy0123456789abcdef", "Google API key"),
    ("key_0123456789abcdef", "Runway key"),
    ('{"type": "service_account"}', "JSON document"),
    ("9d4ea5413dc34def85df5cc080fb0c9bf262d3b44a105e94b918ce68499586ed", "hash"),
    ("0c8e5a92-f13d-47b8-96e4-a7d05b1c2f68:0123456789abcdef", "begins with sk-"),
    ("sk-", "begins with sk-"),
    ("", "begins with sk-"),
    ("sk-12 34", "no blanks"),
    ("sk-12\n34", "no blanks"),
    ("sk-1234…", "no blanks"),
]


@pytest.mark.parametrize(("key", "words"), KEY_SHAPES)
def test_a_key_of_another_kind_is_named_by_its_shape(key: str, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        LiteLLMCredential.model_validate({"apiKey": key, "baseUrl": BASE_URL})
    said = caught.value.errors()[0]["msg"]
    assert words in said
    assert len(key) < 10 or key not in said


@pytest.mark.parametrize("key", ["sk-1234", "sk-0123456789abcdefghijkl", "  sk-master-of-all  ", "sk-a_b-c.d~e!"])
def test_a_key_that_a_proxy_may_have_made_is_taken(key: str) -> None:
    credential = LiteLLMCredential.model_validate({"apiKey": key, "baseUrl": BASE_URL})
    assert credential.api_key.get_secret_value() == key.strip()
    assert key.strip() not in credential.hint


def test_the_steps_are_calls_that_a_proxy_understands() -> None:
    bodies = [part for part in STEPS.replace("\n   ", " ").split("`") if part.startswith("{")]
    assert set(json.loads(bodies[1])["allowed_routes"]) == set(ROUTES)
    assert [sorted(json.loads(body)) for body in bodies] == [
        ["auto_create_key", "user_id", "user_role"],
        ["allowed_routes", "key_alias", "user_id"],
    ]


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    with Simulator(World(7, TODAY, history_days=20), clock=lambda: noon) as running:
        monkeypatch.setenv("SPENDGLASS_ENDPOINT_LITELLM", running.endpoint("litellm"))
        yield running


def asked(key: str = litellm_api.VIEWER_KEY) -> None:
    """Link and read a week, as a person and then a sync would, without trying again."""
    opened = connect(LiteLLMCredential.model_validate({"apiKey": key, "baseUrl": litellm_api.BASE_URL}))
    try:
        with patience(attempts=1, total_seconds=10):
            check(opened)
            fetch(opened, WEEK)
    finally:
        opened.close()


@pytest.mark.parametrize(
    ("key", "error"),
    [
        ("sk-DemoNobody", CredentialRejected),
        (litellm_api.EXPIRED_KEY, CredentialRejected),
        (litellm_api.BLOCKED_KEY, CredentialRejected),
        (litellm_api.MEMBER_KEY, CredentialLacksBilling),
        (litellm_api.SERVICE_KEY, CredentialLacksBilling),
    ],
)
def test_a_key_that_may_not_see_everybody_fails_at_link_time(
    simulator: Simulator, key: str, error: type[ConnectorError]
) -> None:
    with pytest.raises(error):
        asked(key)


@pytest.mark.parametrize("key", [litellm_api.MASTER_KEY, litellm_api.WIDE_KEY, litellm_api.NARROW_KEY])
def test_a_key_that_sees_everybody_is_taken(simulator: Simulator, key: str) -> None:
    asked(key)


ENDPOINTS = (
    "/user/list",
    r"/user/daily/activity\?",
    r"/team/daily/activity\?",
    "/aggregated",
    "/team/list",
    "/key/list",
)
FAULTS = (
    Fault(kind="status", status=500),
    Fault(kind="status", status=503, retry_after="900"),
    Fault(kind="status", status=429),
    Fault(kind="html"),
    Fault(kind="html", status=200),
    Fault(kind="truncate"),
    Fault(kind="cut"),
    Fault(kind="cut", size=20),
    Fault(kind="redirect", location="http://169.254.169.254/latest/meta-data"),
    Fault(kind="huge", size=66 * 1024 * 1024),
    Fault(kind="status", status=200, text='{"results": [{"date": 7}], "keys": 7, "total_pages": 1}'),
)


# Of the list of users only the status is read: it tells whom the key sees.
PLACES = [(endpoint, fault) for endpoint in ENDPOINTS for fault in FAULTS if endpoint != "/user/list" or not fault.text]


@pytest.mark.parametrize(("endpoint", "fault"), PLACES, ids=lambda part: getattr(part, "kind", part))
def test_a_fault_at_any_endpoint_is_told_with_cause_and_next_step(
    simulator: Simulator, endpoint: str, fault: Fault
) -> None:
    simulator.faults.add(fault.model_copy(update={"match": f"/litellm.*{endpoint}"}))
    with pytest.raises(ConnectorError) as caught:
        asked()
    assert caught.value.message
    assert caught.value.likely_cause
    assert caught.value.resolution
    assert litellm_api.VIEWER_KEY not in caught.value.message + caught.value.likely_cause


@pytest.mark.parametrize("kind", ["repeat_cursor", "null_cursor"])
@pytest.mark.parametrize("endpoint", [r"/user/daily/activity\?", r"/team/daily/activity\?"])
def test_a_chain_of_pages_that_turns_back_is_an_error(simulator: Simulator, kind: Any, endpoint: str) -> None:
    simulator.faults.add(Fault(kind=kind, match=endpoint, times=0))
    with pytest.raises(UnexpectedResponse):
        asked()


def test_a_total_that_the_rows_miss_is_booked_openly(simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="control_mismatch", match="/aggregated", times=0))
    opened = connect(
        LiteLLMCredential.model_validate({"apiKey": litellm_api.VIEWER_KEY, "baseUrl": litellm_api.BASE_URL})
    )
    statement = fetch(opened, WEEK)
    opened.close()
    rest = [cost.billed_cost for cost in statement.costs if cost.model == "litellm-unattributed"]
    assert [round(amount, 9) for amount in rest] == [1] * 7
    assert len([note for note in statement.notes if "unattributed" in note]) == 7
