from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.anthropic import ANALYTICS_BETA, check, control, fetch, resume
from connectors.anthropic_directory import NAMES_UNAVAILABLE
from connectors.base import Remembered
from connectors.errors import UnexpectedResponse
from store.records import ApiKeyRecord, CostRecord, Statement, WorkspaceRecord
from tests.connectors.anthropic.fake import EMPTY_PAGE, recorded
from tests.connectors.anthropic.wire import (
    COST,
    DAY,
    OLD_COST,
    ONE_DAY,
    TWO_DAYS,
    USAGE,
    Ask,
    Query,
    account,
    composed,
    line,
    page,
    refused,
    session,
    used,
)

NEXT_DAY = DAY + timedelta(days=1)
NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
OPUS, HAIKU = "claude-opus-5-5", "claude-haiku-4-5-20251001"
TOTALS = {DAY: Decimal("413.43040122"), NEXT_DAY: Decimal("-0.0224999995")}
KEYS = (
    ApiKeyRecord(
        api_key_id="apikey_01A",
        workspace_id="wrkspc_default1",
        name="prod",
        hint="sk-ant-api03-Z4C...EQAA",
        owner="user_01",
        created_at=datetime(2025, 3, 1, 10, tzinfo=UTC),
    ),
    ApiKeyRecord(
        api_key_id="apikey_01B",
        name="organization wide",
        status="archived",
        created_at=datetime(2024, 10, 30, 23, 58, 27, 427722, tzinfo=UTC),
    ),
    ApiKeyRecord(
        api_key_id="apikey_01C",
        workspace_id="wrkspc_default1",
        name="old shape",
        hint="sk-ant-api03-R2D...igAA",
        owner="user_01",
        status="expired",
        created_at=datetime(2024, 10, 30, 23, 58, 27, tzinfo=UTC),
        expires_at=datetime(2026, 1, 1, tzinfo=UTC),
    ),
    ApiKeyRecord(
        api_key_id="apikey_team",
        workspace_id="wrkspc_team",
        name="old shape, team",
        hint="sk-ant-api03-K9x...7wAA",
        status="unknown",
        created_at=datetime(2024, 10, 30, 23, 58, 27, tzinfo=UTC),
    ),
)
WORKSPACES = (
    WorkspaceRecord(workspace_id="wrkspc_team", name="Team", status="archived", created_at=NEW_YEAR),
    WorkspaceRecord(workspace_id="wrkspc_default1", name="Default", created_at=NEW_YEAR),
)


def test_the_composed_answers_make_exactly_this_statement() -> None:
    assert fetch(session(composed), TWO_DAYS) == Statement(
        window=TWO_DAYS,
        costs=(
            CostRecord(
                day=DAY,
                workspace_id="wrkspc_default1",
                model=OPUS,
                variant="fast",
                billed_cost=Decimal("0.125"),
                list_cost=Decimal("0.125"),
                input_tokens=30,
                cached_input_tokens=0,
                cache_write_tokens=0,
                output_tokens=12,
                requests=3,
            ),
            CostRecord(
                day=DAY,
                workspace_id="wrkspc_default1",
                api_key_id="apikey_01A",
                model=OPUS,
                billed_cost=Decimal("412.80123456"),
                list_cost=Decimal("516.0015432"),
                input_tokens=3_200,
                cached_input_tokens=200,
                cache_write_tokens=1_500,
                output_tokens=500,
                requests=42,
            ),
            CostRecord(
                day=DAY,
                workspace_id="wrkspc_default1",
                api_key_id="apikey_01A",
                model=OPUS,
                variant="web-search",
                billed_cost=Decimal("0.5"),
                list_cost=Decimal("0.5"),
                usage_quantity=Decimal(5),
                usage_unit="requests",
            ),
            CostRecord(
                day=DAY,
                workspace_id="wrkspc_team",
                model="anthropic-code-execution",
                billed_cost=Decimal("0.00416666"),
                list_cost=Decimal("0.00416666"),
            ),
            CostRecord(
                day=NEXT_DAY, model="anthropic-other", billed_cost=Decimal("-0.0325"), list_cost=Decimal("-0.0325")
            ),
            CostRecord(
                day=NEXT_DAY,
                workspace_id="wrkspc_team",
                api_key_id="apikey_01B",
                model=HAIKU,
                variant="priority",
                billed_cost=Decimal(0),
                input_tokens=11,
                cached_input_tokens=0,
                cache_write_tokens=0,
                output_tokens=4,
                requests=1,
            ),
            CostRecord(
                day=NEXT_DAY,
                workspace_id="wrkspc_team",
                api_key_id="apikey_gone",
                model=HAIKU,
                variant="batch",
                billed_cost=Decimal("0.0100000005"),
                list_cost=Decimal("0.0100000005"),
                input_tokens=900,
                cached_input_tokens=0,
                cache_write_tokens=0,
                output_tokens=80,
                requests=7,
            ),
        ),
        workspaces=WORKSPACES,
        api_keys=KEYS,
        listed_workspaces=frozenset({"wrkspc_default1", "wrkspc_team", ""}),
        notes=("Unknown kind of cost, booked as anthropic-other: unnamed",),
        control_totals=TOTALS,
    )


def test_requests_ask_for_whole_utc_days_by_key_in_the_order_of_time() -> None:
    seen: list[tuple[str, Query, str]] = []
    fetch(session(composed, seen=seen), TWO_DAYS)
    first = [
        ("starting_at", "2026-11-20T00:00:00Z"), ("ending_at", "2026-11-22T00:00:00Z"), ("time_bucket_width", "1d"),
        ("order_by", "time"), ("order", "asc"), ("limit", "1000"), ("group_by[]", "workspace_id"),
        ("group_by[]", "api_key_id"), ("group_by[]", "model"), ("group_by[]", "service_tier"), ("group_by[]", "speed"),
    ]  # fmt: skip
    by_kind = [*first, ("group_by[]", "cost_type")]
    assert seen[:4] == [
        (COST, by_kind, ANALYTICS_BETA),
        (COST, [*by_kind, ("page", "page_bm90LWEtcmVhbC1jdXJzb3I=")], ANALYTICS_BETA),
        (COST, first[:6], ANALYTICS_BETA),
        (USAGE, first, ANALYTICS_BETA),
    ]


def test_the_directory_is_asked_for_everything_without_announcing_a_beta() -> None:
    seen: list[tuple[str, Query, str]] = []
    fetch(session(composed, seen=seen), TWO_DAYS)
    assert seen[4:] == [
        ("/workspaces", [("include_archived", "true"), ("limit", "1000")], ""),
        ("/workspaces", [("include_archived", "true"), ("include_default", "true"), ("limit", "1000")], ""),
        ("/api_keys", [("limit", "1000")], ""),
        ("/api_keys", [("limit", "1000"), ("after_id", "apikey_01B")], ""),
    ]


def test_names_are_read_once_for_many_windows() -> None:
    seen: list[tuple[str, Query, str]] = []
    http = session(composed, seen=seen)
    assert fetch(http, TWO_DAYS) == fetch(http, TWO_DAYS)
    assert len([path for path, *_ in seen if path in {"/workspaces", "/api_keys"}]) == 4


def test_the_control_equals_the_totals_of_the_statement() -> None:
    http = session(composed)
    assert control(http, TWO_DAYS) == fetch(http, TWO_DAYS).control_totals == TOTALS


def test_the_check_names_the_organization() -> None:
    identity = check(session(composed))
    assert identity.organization_id == "5f0d9c1e-0000-4000-8000-000000000001"
    assert identity.name == "Demo Company"


def directory(**answers: Any) -> Ask:
    """An account without costs whose directory answers as given; the rest is empty."""

    def answer(path: str, query: Query) -> Any:
        name = path.removeprefix("/") + ("_with_default" if "include_default" in dict(query) else "")
        return answers.get(name + "_" + dict(query).get("status", ""), answers.get(name, EMPTY_PAGE))

    return answer


def listed(*items: dict[str, Any]) -> dict[str, Any]:
    return {"data": list(items), "has_more": False}


NAMED = {"id": "wrkspc_b", "name": "B", "archived_at": None}
SCOPED = {"id": "k1", "status": "archived", "scope": {"type": "workspace", "workspace_id": "wrkspc_d"}}
OLD_SHAPE = {"id": "k2", "status": "active", "workspace_id": None}


@pytest.mark.parametrize(
    ("answers", "default"),
    [
        ({"workspaces": listed(NAMED), "workspaces_with_default": listed(NAMED, {"id": "wrkspc_d"})}, "wrkspc_d"),
        ({"workspaces": listed(NAMED), "workspaces_with_default": refused(400, recorded("errors")["bad_range"])},
         "wrkspc_d"),
        ({"workspaces": listed(NAMED), "workspaces_with_default": listed(NAMED)}, "wrkspc_d"),
        ({"workspaces": listed(NAMED, {"id": "wrkspc_d", "name": "Default"})}, "wrkspc_d"),
        ({"api_keys": listed(OLD_SHAPE)}, "default"),
    ],
)  # fmt: skip
def test_the_default_workspace_is_found_by_list_by_key_or_by_name(answers: dict[str, Any], default: str) -> None:
    statement = fetch(session(directory(**{"api_keys": listed(SCOPED, OLD_SHAPE)} | answers)), ONE_DAY)
    keys = {key.api_key_id: key.workspace_id for key in statement.api_keys}
    assert keys["k2"] == default
    assert {known.workspace_id: known.name for known in statement.workspaces}[default] in {"Default", None}
    assert statement.listed_workspaces is not None
    assert default in statement.listed_workspaces


def test_a_list_of_active_keys_only_is_completed_by_status() -> None:
    answers = {
        "api_keys": listed(OLD_SHAPE),
        "api_keys_archived": listed({"id": "k3", "status": "archived", "workspace_id": "wrkspc_b"}),
        "api_keys_expired": listed({"id": "k4", "status": "expired", "workspace_id": "wrkspc_b"}),
    }
    keys = {key.api_key_id: key.status for key in fetch(session(directory(**answers)), ONE_DAY).api_keys}
    assert keys == {"k2": "active", "k3": "archived", "k4": "expired"}


def test_a_key_shown_in_the_clear_is_masked() -> None:
    key = {"id": "k", "status": "archived", "partial_key_hint": "sk-ant-api03-abcdefghijklmnopqrstuvwxyz"}
    assert fetch(session(directory(api_keys=listed(key))), ONE_DAY).api_keys[0].hint == "sk-ant-…wxyz"


@pytest.mark.parametrize("status", [400, 403, 404])
def test_costs_are_delivered_without_names(status: int) -> None:
    def answer(path: str, query: Query) -> Any:
        return refused(status, recorded("errors")["forbidden"]) if path == "/api_keys" else composed(path, query)

    statement = fetch(session(answer), TWO_DAYS)
    assert statement.control_totals == TOTALS
    assert (statement.workspaces, statement.api_keys, statement.listed_workspaces) == ((), (), None)
    assert NAMES_UNAVAILABLE in statement.notes


def test_an_enterprise_key_is_asked_by_model_only_and_never_for_names() -> None:
    seen: list[tuple[str, Query, str]] = []
    lines = [line("1.5", workspace_id=None, api_key_id=None)]
    http = session(account(lines, "1.5"), is_enterprise=True, seen=seen)
    statement = fetch(http, ONE_DAY)
    assert [(cost.workspace_id, cost.api_key_id, cost.model) for cost in statement.costs] == [("", "", OPUS)]
    assert {path for path, *_ in seen} == {COST, USAGE}
    asked = {value for _, query, _ in seen for name, value in query if name == "group_by[]"}
    assert asked == {"model", "service_tier", "speed", "cost_type"}
    assert statement.listed_workspaces is None


def test_an_enterprise_key_begins_with_the_analytics_and_an_admin_key_where_it_likes() -> None:
    assert resume(session(composed, is_enterprise=True), Remembered()) == date(2026, 1, 1)
    assert resume(session(composed), Remembered()) is None


def test_the_check_of_an_enterprise_key_does_without_the_organization() -> None:
    def answer(path: str, query: Query) -> Any:
        return composed(path, query) if path == COST else refused(403, recorded("errors")["forbidden"])

    assert check(session(answer, is_enterprise=True)).organization_id is None


def test_the_check_reads_yesterday_by_the_clock_of_the_provider() -> None:
    seen: list[tuple[str, Query, str]] = []

    def answer(path: str, query: Query) -> Any:
        body = recorded("me") if path == "/me" else EMPTY_PAGE
        response = refused(200, body)
        response.headers["Date"] = "Mon, 29 Nov 2027 10:00:00 GMT"
        return response

    check(session(answer, seen=seen))
    assert seen[1][1][:2] == [("starting_at", "2027-11-28T00:00:00Z"), ("ending_at", "2027-11-29T00:00:00Z")]


@pytest.mark.parametrize(
    ("cost_type", "group", "model", "variant"),
    [
        ("tokens", {}, OPUS, ""),
        (None, {}, OPUS, ""),
        ("tokens", {"service_tier": "standard", "speed": "standard"}, OPUS, ""),
        ("tokens", {"service_tier": "batch"}, OPUS, "batch"),
        ("tokens", {"service_tier": "flex_discount", "speed": "fast"}, OPUS, "flex-discount fast"),
        ("web_search", {}, OPUS, "web-search"),
        ("holograms", {}, OPUS, "holograms"),
        ("web_search", {"model": None}, "anthropic-web-search", ""),
        ("code_execution", {"model": None}, "anthropic-code-execution", ""),
        ("session_usage", {"model": None}, "anthropic-session-runtime", ""),
        ("tokens", {"model": None}, "anthropic-other", ""),
        ("holograms", {"model": ""}, "anthropic-other", "holograms"),
    ],
)
def test_each_kind_of_cost_has_its_model_and_variant(
    cost_type: str | None, group: dict[str, Any], model: str, variant: str
) -> None:
    (cost,) = fetch(session(account([line("1", cost_type, **group)], "1")), ONE_DAY).costs
    assert (cost.model, cost.variant, cost.billed_cost) == (model, variant, Decimal("0.01"))


@pytest.mark.parametrize(
    ("lines", "home"),
    [
        ([line("1", "web_search", service_tier="batch")], (OPUS, "batch web-search")),
        ([line("1", "web_search")], (OPUS, "web-search")),
        ([line("1", "web_search", model=None)], ("anthropic-web-search", "")),
        ([line("1")], (OPUS, "batch web-search")),
    ],
)
def test_searches_are_counted_once_and_where_they_are_billed(lines: list[Any], home: tuple[str, str]) -> None:
    usage = [used(service_tier="batch", server_tool_use={"web_search_requests": 3})]
    costs = fetch(session(account(lines, "1", usage)), ONE_DAY).costs
    assert [(cost.model, cost.variant, cost.usage_quantity) for cost in costs if cost.usage_quantity] == [(*home, 3)]


@pytest.mark.parametrize(
    ("written", "count"),
    [
        ({"cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 4}}, 7),
        ({"cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1d_input_tokens": 9}}, 12),
        ({"cache_creation": {"ephemeral_5m_input_tokens": 3, "region": "us", "since": {"year": 2026}}}, 3),
        ({"cache_creation": 11}, 11),
        ({"cache_creation": None}, 0),
        ({}, 0),
    ],
)
def test_cache_writes_are_read_from_both_shapes(written: dict[str, Any], count: int) -> None:
    usage = [used(uncached_input_tokens=5, cache_read_input_tokens=2, output_tokens=1, **written)]
    (cost,) = fetch(session(account([line("1")], "1", usage)), ONE_DAY).costs
    assert (cost.cache_write_tokens, cost.input_tokens, cost.cached_input_tokens) == (count, 7 + count, 2)
    assert cost.requests is None


@pytest.mark.parametrize(
    ("amount", "dollars"),
    [("123.78912", "1.2378912"), ("50", "0.5"), ("-3.25", "-0.0325"), ("1e-7", "1E-9"), (0.5, "0.005"),
     ("0.000000000001234567", "0.00000000000001234567")],
)  # fmt: skip
def test_amounts_are_cents_to_the_last_digit(amount: Any, dollars: str) -> None:
    statement = fetch(session(account([line(amount)], amount)), ONE_DAY)
    assert statement.costs[0].billed_cost == Decimal(dollars)
    assert statement.control_totals == {DAY: Decimal(dollars)}


def test_sums_keep_every_digit() -> None:
    amounts = ["99999999999.1234567890123456789", "0.0000000000000000000000000001"]
    statement = fetch(session(account([line(amount) for amount in amounts], amounts[0])), ONE_DAY)
    assert str(statement.costs[0].billed_cost) == "999999999.991234567890123456789000000001"


def test_rows_that_miss_the_total_get_an_unassigned_remainder() -> None:
    statement = fetch(session(account([line("100")], "75")), ONE_DAY)
    assert {cost.model: cost.billed_cost for cost in statement.costs} == {
        OPUS: Decimal(1),
        "anthropic-unassigned": Decimal("-0.25"),
    }
    assert "unattributed" in statement.notes[0]


def test_unknown_kinds_of_cost_are_noted_once() -> None:
    lines = [line("1", "holograms", model=None), line("1", "holograms", model=None, api_key_id="k2")]
    notes = fetch(session(account(lines, "2")), ONE_DAY).notes
    assert notes == ("Unknown kind of cost, booked as anthropic-other: holograms",)


@pytest.mark.parametrize("start", ["2026-11-21T00:00:00Z", "2026-11-20T12:00:00Z", "2026-11-20T00:00:00", "soon", None])
def test_a_day_nobody_asked_for_is_an_error(start: Any) -> None:
    row = line("1") | {"starting_at": start}
    with pytest.raises(UnexpectedResponse, match="starting_at"):
        fetch(session(lambda path, query: page([row])), ONE_DAY)


def test_a_midnight_in_another_spelling_is_the_same_day() -> None:
    rows = [line("1") | {"starting_at": "2026-11-20T01:00:00.000+01:00"}]
    assert fetch(session(account(rows, "1")), ONE_DAY).costs[0].day == DAY


def test_no_report_of_the_old_kind_is_read_where_the_analytics_answer() -> None:
    seen: list[tuple[str, Query, str]] = []
    fetch(session(composed, seen=seen), TWO_DAYS)
    assert OLD_COST not in {path for path, *_ in seen}
