from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.base import Remembered
from connectors.errors import UnexpectedResponse
from connectors.openrouter import COUNTS_ALL_KEYS, NO_ANALYTICS, PROMOTED, check, control, fetch, resume
from connectors.openrouter_feeds import GENERAL
from store.records import ApiKeyRecord, CostRecord, Statement, Window, WorkspaceRecord
from tests.connectors.openrouter.fake import LISTS
from tests.connectors.openrouter.wire import (
    JSON,
    ONE_DAY,
    TODAY,
    WHOLE,
    YESTERDAY,
    Asked,
    account,
    composed,
    error,
    line,
    listed_key,
    refused,
    session,
)

DEFAULT, PRODUCTION = LISTS["keys_default"], LISTS["keys_production"]
K1 = "f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943"
K2 = "a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90"
K3 = "0c0ffee0" * 8
GPT = "openai/gpt-4.1-2025-04-14"
AUGUST = datetime(2025, 8, 24, 10, 30, tzinfo=UTC)


def cost(day: date, billed: str, model: str, tokens: tuple[int | None, int | None], **more: Any) -> CostRecord:
    return CostRecord(
        day=day, billed_cost=Decimal(billed), model=model, input_tokens=tokens[0], output_tokens=tokens[1], **more
    )


def test_the_composed_answers_make_exactly_this_statement() -> None:
    statement = fetch(session(composed), WHOLE)
    assert statement == Statement(
        window=WHOLE,
        costs=(
            cost(date(2026, 10, 21), "2.5", "anthropic/claude-opus-5-20260820", (1200, 400), requests=3,
                 workspace_id=DEFAULT, api_key_id=K1),
            cost(date(2026, 11, 19), "1.2", "black-forest-labs/flux.2-pro", (0, 0), requests=24,
                 workspace_id=PRODUCTION, api_key_id=K3),
            cost(YESTERDAY, "0.0006", GPT, (None, None), workspace_id=DEFAULT, api_key_id=K2),
            cost(YESTERDAY, "0.012", GPT, (4000, 0), requests=1, workspace_id=DEFAULT, api_key_id=K2, upstream="azure",
                 cost_basis="priced"),
            cost(YESTERDAY, "0.015", GPT, (50, 125), requests=5, workspace_id=DEFAULT, api_key_id=K1),
            cost(YESTERDAY, "0.3", GPT, (10, 20), requests=2, workspace_id=PRODUCTION),
            cost(YESTERDAY, "0", "meta-llama/llama-3.3-70b-instruct", (2147483648, 31000), requests=900, variant="free",
                 workspace_id=PRODUCTION, api_key_id=K3),
            cost(TODAY, "0.05", GPT, (200, 0), requests=2, workspace_id=PRODUCTION),
            cost(TODAY, "0.2", GPT, (700, 80), requests=10, workspace_id=PRODUCTION, api_key_id=K3),
        ),
        workspaces=(
            WorkspaceRecord(workspace_id=PRODUCTION, name="Production",
                            created_at=datetime(2026, 5, 24, 10, 30, tzinfo=UTC)),
            WorkspaceRecord(workspace_id=DEFAULT, name="Default Workspace",
                            created_at=datetime(2025, 2, 19, 20, 52, 27, 363244, tzinfo=UTC)),
        ),
        api_keys=(
            ApiKeyRecord(api_key_id=K3, workspace_id=PRODUCTION, name="evals", hint="evals", status="expired",
                         created_at=AUGUST, expires_at=datetime(2026, 11, 1, tzinfo=UTC)),
            ApiKeyRecord(api_key_id=K1, workspace_id=DEFAULT, name="prod", hint="sk-or-v1-abc...123",
                         created_at=AUGUST),
            ApiKeyRecord(api_key_id=K2, workspace_id=DEFAULT, name="prod", hint="sk-or-v1-def...456", status="inactive",
                         created_at=AUGUST),
        ),
        listed_workspaces=frozenset({DEFAULT, PRODUCTION}),
        control_totals={
            date(2026, 10, 21): Decimal("2.5"), date(2026, 11, 19): Decimal("1.2"), YESTERDAY: Decimal("0.3276"),
            TODAY: Decimal("0.25"),
        },
        notes=statement.notes,
    )  # fmt: skip
    (note,) = statement.notes
    assert note.startswith("2026-11-20 to 2026-11-21: $0.35")


def test_the_control_equals_the_totals_of_the_statement_in_few_requests() -> None:
    seen: list[Asked] = []
    assert control(session(composed, seen=seen), WHOLE) == fetch(session(composed), WHOLE).control_totals
    assert [path for path, *_ in seen] == [
        "/key", "/analytics/meta", "/analytics/query", "/activity", "/analytics/query",
    ]  # fmt: skip


def test_every_key_is_asked_for_by_its_id_and_days_by_their_feed() -> None:
    seen: list[Asked] = []
    fetch(session(composed, seen=seen), WHOLE)
    activity = [query for path, query, _ in seen if path == "/activity"]
    assert activity == [
        {"group_by": "workspace"}, {"api_key_hash": K1}, {"api_key_hash": K2}, {"api_key_hash": K3},
        {"group_by": "workspace"},
    ]  # fmt: skip
    old, *_ = (body for path, _, body in seen if path == "/analytics/query")
    assert old == {
        "metrics": ["credits_usage", "byok_usage", "request_count", "tokens_completion", "tokens_prompt"],
        "dimensions": ["model", "variant"],
        "granularity": "day",
        "filters": [],
        "time_range": {"start": "2026-10-20T00:00:00Z", "end": "2026-10-23T00:00:00Z"},
        "limit": 10_000,
    }
    lists = [query for path, query, _ in seen if path == "/keys" and "offset" not in query]
    assert lists == [{"workspace_id": space, "include_disabled": "true"} for space in (PRODUCTION, DEFAULT)]


def test_keys_are_no_longer_asked_once_all_use_is_accounted_for() -> None:
    seen: list[Asked] = []
    rows = {"a": [line(1)], "b": [], "c": []}
    fetch(session(account([line(1)], rows), seen=seen), ONE_DAY)
    assert [query for path, query, _ in seen if path == "/activity" and "api_key_hash" in query] == [
        {"api_key_hash": "a"}
    ]


def test_names_are_read_once_for_many_windows() -> None:
    seen: list[Asked] = []
    http = session(composed, seen=seen)
    assert fetch(http, WHOLE) == fetch(http, WHOLE)
    assert len([path for path, *_ in seen if path in {"/key", "/analytics/meta", "/workspaces", "/keys"}]) == 10


def billed(answer: Any, **remembered: str) -> dict[tuple[str, str], Decimal]:
    http = session(answer)
    resume(http, Remembered(api_keys=remembered))
    return {(cost.api_key_id, cost.upstream): cost.billed_cost for cost in fetch(http, ONE_DAY).costs}


def test_a_deleted_key_seen_before_keeps_its_use_where_openrouter_still_knows_it() -> None:
    answer = account([line(3)], {"a": [line(1, requests=0)]}, deleted={"gone": {"data": [line(2)]}})
    assert billed(answer, gone="w1") == {("a", ""): 1, ("gone", ""): 2}


@pytest.mark.parametrize("status", [400, 404])
def test_a_deleted_key_that_openrouter_forgot_leaves_its_use_unattributed(status: int) -> None:
    answer = account([line(3)], {"a": [line(1)]}, deleted={"gone": refused(status, error("not_found"))})
    assert billed(answer, gone="w1") == {("a", ""): 1, ("", ""): 2}


def test_a_listed_key_that_openrouter_denies_is_an_error() -> None:
    def answer(path: str, query: dict[str, str], body: JSON) -> Any:
        if "api_key_hash" in query:
            return refused(404, error("not_found"))
        return account([line(3)], {"a": []})(path, query, body)

    with pytest.raises(UnexpectedResponse):
        fetch(session(answer), ONE_DAY)


def test_keys_that_used_more_than_the_whole_are_read_again_and_then_set_off() -> None:
    seen: list[Asked] = []
    statement = fetch(session(account([line(1)], {"a": [line("1.5")]}), seen=seen), ONE_DAY)
    assert {cost.api_key_id: cost.billed_cost for cost in statement.costs} == {"a": Decimal("1.5"), "": Decimal("-0.5")}
    assert statement.control_totals == {YESTERDAY: 1}
    assert len([query for path, query, _ in seen if path == "/activity" and query.get("api_key_hash") == "a"]) == 2


def test_floating_point_noise_makes_no_unattributed_row() -> None:
    answer = account(
        [line("0.30000000000000004")],
        {"a": [line("0.1")], "b": [line("0.2", requests=0, prompt_tokens=0, completion_tokens=0)]},
    )
    assert billed(answer) == {("a", ""): Decimal("0.1"), ("b", ""): Decimal("0.2")}


@pytest.mark.parametrize(
    ("provider", "upstream"),
    [("Anthropic", "anthropic"), ("OpenAI", "openai"), ("Amazon Bedrock", "bedrock"), ("Google", "vertex"),
     ("Google AI Studio", "google-ai-studio"), ("Azure", "azure"), ("Runway", "runway"), ("Z.AI", "z-ai"),
     ("", "openai"), ("💸", "unknown")],
)  # fmt: skip
def test_own_keys_name_who_bills_them_and_the_fee_stays_apart(provider: str, upstream: str) -> None:
    row = line("0.05", 1, provider_name=provider)
    statement = fetch(session(account([row], {"a": [row]})), ONE_DAY)
    assert [(c.upstream, c.billed_cost, c.cost_basis, c.requests) for c in statement.costs] == [
        ("", Decimal("0.05"), "reported", None),
        (upstream, Decimal(1), "priced", 1),
    ]


def test_own_keys_of_old_days_are_booked_under_the_maker_and_that_is_said() -> None:
    row = {
        "date__day": "2026-10-21",
        "model": "anthropic/claude",
        "credits_usage": 0,
        "byok_usage": "4",
        "request_count": 1,
    }

    def answer(path: str, query: dict[str, str], body: JSON) -> Any:
        if path == "/analytics/query":
            return {"data": {"data": [row], "metadata": {"truncated": False}}}
        return account([])(path, query, body)

    statement = fetch(session(answer), Window(date(2026, 10, 21), date(2026, 10, 22)))
    assert [(c.upstream, c.billed_cost) for c in statement.costs] == [("anthropic", 4)]
    assert any("maker of the model" in note for note in statement.notes)


def test_a_cut_answer_is_asked_for_in_halves() -> None:
    spans: list[tuple[str, str]] = []

    def answer(path: str, query: dict[str, str], body: JSON) -> Any:
        if path != "/analytics/query":
            return account([])(path, query, body)
        start, end = body["time_range"]["start"][:10], body["time_range"]["end"][:10]
        spans.append((start, end))
        days = [day.isoformat() for day in Window(date.fromisoformat(start), date.fromisoformat(end)).days()]
        rows = [{"date__day": day, "model": "m/m", "credits_usage": 1} for day in days]
        return {"data": {"data": rows[:2], "metadata": {"truncated": len(rows) > 2}}}

    window = Window(date(2026, 9, 1), date(2026, 9, 6))
    assert control(session(answer), window) == dict.fromkeys(window.days(), 1)
    assert spans == [
        ("2026-09-01", "2026-09-06"), ("2026-09-01", "2026-09-03"), ("2026-09-03", "2026-09-06"),
        ("2026-09-03", "2026-09-04"), ("2026-09-04", "2026-09-06"),
    ]  # fmt: skip


def test_one_day_that_is_cut_is_an_error() -> None:
    def answer(path: str, query: dict[str, str], body: JSON) -> Any:
        if path == "/analytics/query":
            return {"data": {"data": [], "metadata": {"truncated": True}}}
        return composed(path, query, body)

    with pytest.raises(UnexpectedResponse, match="cut its answer"):
        fetch(session(answer), WHOLE)


def without_analytics(path: str, query: dict[str, str], body: JSON) -> Any:
    if path.startswith("/analytics/"):
        return refused(403, error("wrong_kind"))
    if path == "/keys" and "offset" not in query:
        return {"data": [listed_key("a", usage_daily="0.7", byok_usage_daily=2)]}
    return account([line(1)], {"a": [line(1)]})(path, query, body)


def test_without_analytics_today_is_told_by_the_keys_and_older_days_are_out_of_reach() -> None:
    http = session(without_analytics)
    assert resume(http, Remembered()) == date(2026, 10, 23)
    statement = fetch(http, Window(YESTERDAY, date(2026, 11, 22)))
    assert [(c.day, c.model, c.upstream, c.billed_cost, c.requests) for c in statement.costs] == [
        (YESTERDAY, GPT, "", 1, 1),
        (TODAY, GENERAL, "", Decimal("0.7"), None),
        (TODAY, GENERAL, "unknown", 2, None),
    ]
    assert NO_ANALYTICS in statement.notes
    assert control(http, Window(YESTERDAY, date(2026, 11, 22))) == statement.control_totals
    with pytest.raises(UnexpectedResponse, match="days before 2026-10-23"):
        fetch(http, Window(date(2026, 10, 22), TODAY))


def test_with_analytics_the_reach_is_that_of_the_provider() -> None:
    assert resume(session(composed), Remembered()) is None


def test_the_check_reads_a_day_of_billing_and_takes_the_oldest_workspace_for_the_account() -> None:
    seen: list[Asked] = []
    identity = check(session(composed, seen=seen))
    assert (identity.organization_id, identity.name, identity.notes) == (DEFAULT, None, (PROMOTED, COUNTS_ALL_KEYS))
    assert ("/activity", {"date": "2026-11-20"}, {}) in seen


def test_a_chain_of_keys_of_exactly_one_page_is_read_to_its_end() -> None:
    def answer(path: str, query: dict[str, str], body: JSON) -> Any:
        if path == "/keys":
            first = int(query.get("offset", 0))
            return {"data": [listed_key(f"k{number}") for number in range(200)][first : first + 100]}
        return account([])(path, query, body)

    assert len(fetch(session(answer), ONE_DAY).api_keys) == 200


def test_a_key_shown_in_the_clear_is_masked() -> None:
    clear = listed_key("a", label="sk-or-v1-0123456789abcdef0123456789abcdef")

    def answer(path: str, query: dict[str, str], body: JSON) -> Any:
        if path == "/keys":
            return {"data": [] if "offset" in query else [clear]}
        return account([])(path, query, body)

    assert fetch(session(answer), ONE_DAY).api_keys[0].hint == "sk-or-v1-…cdef"


def test_use_without_a_workspace_is_not_taken_for_the_default_one() -> None:
    statement = fetch(session(account([line(1, workspace_id=None)], {"a": [line(1)]})), ONE_DAY)
    assert [(c.workspace_id, c.api_key_id) for c in statement.costs] == [("", "")]


def test_a_remainder_that_no_model_explains_is_booked_openly() -> None:
    def answer(path: str, query: dict[str, str], body: JSON) -> Any:
        if path == "/analytics/query" and not body["dimensions"]:
            row = {"date__day": "2026-10-21", "credits_usage": 5}
            return {"data": {"data": [row], "metadata": {"truncated": False}}}
        return composed(path, query, body)

    statement = fetch(session(answer), Window(date(2026, 10, 21), date(2026, 10, 22)))
    assert {c.model: c.billed_cost for c in statement.costs} == {
        "anthropic/claude-opus-5-20260820": Decimal("2.5"), GENERAL: Decimal("2.5"),
    }  # fmt: skip
    assert any("own total by $2.5" in note for note in statement.notes)
