"""Days that the analytics do not serve: which they are, and how their costs are allocated to keys."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.anthropic import FIRST_DAY, control, fetch
from connectors.errors import CredentialLacksBilling, UnexpectedResponse
from store.records import CostRecord, Window, day_totals, to_nanos
from tests.connectors.anthropic.fake import EMPTY_PAGE, recorded
from tests.connectors.anthropic.wire import (
    COST,
    OLD_COST,
    OLD_DAY,
    OLD_DAYS,
    OLD_USAGE,
    USAGE,
    Ask,
    Query,
    bounds,
    composed,
    old_account,
    old_line,
    old_used,
    page,
    refused,
    session,
)

OLD_ONE_DAY = Window(OLD_DAY, OLD_DAY + timedelta(days=1))
ERRORS = recorded("errors")
LEGACY_NOTE = "from Anthropic's legacy reports, costs allocated to API keys by share of tokens, no requests."


def cost(day: date, model: str, billed: str, **more: Any) -> CostRecord:
    return CostRecord(day=day, model=model, billed_cost=Decimal(billed), **more)


def tokens(given: int, output: int, cached: int = 0, written: int = 0) -> dict[str, int]:
    return {
        "input_tokens": given,
        "cached_input_tokens": cached,
        "cache_write_tokens": written,
        "output_tokens": output,
    }


def test_the_composed_answers_are_allocated_to_keys_exactly_so() -> None:
    statement = fetch(session(composed), OLD_DAYS)
    next_day = OLD_DAY + timedelta(days=1)
    opus, team = "claude-opus-4-5", "wrkspc_team"
    assert statement.costs == (
        cost(OLD_DAY, opus, "3.333366668", workspace_id="wrkspc_default1", **tokens(5, 40), cost_basis="allocated"),
        cost(OLD_DAY, opus, "3.333366666", workspace_id="wrkspc_default1", api_key_id="apikey_01A",
             **tokens(300_120, 940, cached=20), cost_basis="allocated"),
        cost(OLD_DAY, opus, "3.333366666", workspace_id="wrkspc_default1", api_key_id="apikey_01B",
             **tokens(10, 40), cost_basis="allocated"),
        cost(OLD_DAY, "anthropic-web-search", "0.03", workspace_id=team, api_key_id="apikey_gone",
             usage_quantity=Decimal(1), usage_unit="requests", cost_basis="allocated"),
        cost(OLD_DAY, opus, "0", workspace_id=team, api_key_id="apikey_gone", variant="priority",
             **tokens(7, 0, written=7)),
        cost(OLD_DAY, "anthropic-web-search", "0.09", workspace_id=team, api_key_id="apikey_team",
             usage_quantity=Decimal(3), usage_unit="requests", cost_basis="allocated"),
        cost(OLD_DAY, opus, "0", workspace_id=team, api_key_id="apikey_team", variant="priority", **tokens(7, 3)),
        cost(next_day, "anthropic-code-execution", "0.0025", workspace_id=team),
        cost(next_day, "claude-3-haiku-20240307", "0.02", workspace_id=team, variant="batch"),
        cost(next_day, "claude-sonnet-4", "0.075", workspace_id=team, api_key_id="apikey_team",
             cost_basis="allocated"),
        cost(next_day, "claude-sonnet-4-20250514", "0", workspace_id=team, api_key_id="apikey_team", **tokens(60, 9)),
    )  # fmt: skip
    assert statement.control_totals == {OLD_DAY: Decimal("10.1201"), next_day: Decimal("0.0975")}
    assert statement.notes == (
        f"2025-12-30 to 2025-12-31: {LEGACY_NOTE}",
        "$0.02 of costs match no usage and stay without an API key (lines: 1).",
        "Not billed in the legacy reports: tokens of the service tier priority.",
    )
    assert {record.requests for record in statement.costs} == {None}
    assert control(session(composed), OLD_DAYS) == statement.control_totals


def test_the_legacy_reports_are_asked_by_line_and_by_key_with_an_end() -> None:
    seen: list[tuple[str, Query, str]] = []
    fetch(session(composed, seen=seen), OLD_DAYS)
    asked = {path: query for path, query, _ in reversed(seen)}
    common = [("starting_at", "2025-12-30T00:00:00Z"), ("ending_at", "2026-01-01T00:00:00Z"), ("bucket_width", "1d"),
              ("limit", "31")]  # fmt: skip
    groups = ("workspace_id", "api_key_id", "model", "service_tier", "context_window", "inference_geo")
    assert asked[OLD_USAGE] == [*common, *(("group_by[]", group) for group in groups)]
    assert asked[OLD_COST] == [*common, ("group_by[]", "workspace_id"), ("group_by[]", "description")]
    assert {beta for *_, beta in seen} == {""}
    assert not [path for path, *_ in seen if path in {COST, USAGE}]


def shares(lines: list[dict[str, Any]], usage: list[dict[str, Any]], total: str) -> dict[tuple[str, str], Decimal]:
    """Billed dollars by key and model, rows without cost left out."""
    statement = fetch(session(old_account(lines, total, usage)), OLD_ONE_DAY)
    return {(row.api_key_id, row.model): row.billed_cost for row in statement.costs if row.billed_cost}


def test_each_type_of_token_is_shared_by_its_own_count() -> None:
    lines = [
        old_line("100", token_type="uncached_input_tokens"),
        old_line("60", token_type="cache_creation.ephemeral_1h_input_tokens"),
        old_line("40", token_type="cache_read_input_tokens"),
    ]
    usage = [
        old_used("a", uncached_input_tokens=3, cache_creation={"ephemeral_1h_input_tokens": 0}, output_tokens=99),
        old_used("b", uncached_input_tokens=1, cache_creation={"ephemeral_1h_input_tokens": 5}),
        old_used("c", cache_creation=5, cache_read_input_tokens=1),
    ]
    opus = "claude-opus-4-5"
    assert shares(lines, usage, "200") == {
        ("a", opus): Decimal("0.75"),
        ("b", opus): Decimal("0.25") + Decimal("0.3"),
        ("c", opus): Decimal("0.3") + Decimal("0.4"),
    }


@pytest.mark.parametrize(
    ("line", "usage", "keys"),
    [
        ({"inference_geo": "us"}, [{"inference_geo": "us"}, {"inference_geo": "global"}], {"k0"}),
        ({"inference_geo": None}, [{"inference_geo": "us"}, {"inference_geo": "global"}], {"k0", "k1"}),
        ({"inference_geo": "us"}, [{"inference_geo": "global"}], {"k0"}),
        ({"context_window": "0-200k"}, [{"context_window": "0-200k"}, {"context_window": "200k-1M"}], {"k0"}),
        ({"context_window": "0-200k"}, [{"context_window": "200k-1M"}], {"k0"}),
        ({"service_tier": "batch"}, [{"service_tier": "batch"}, {}], {"k0"}),
        ({"service_tier": "batch"}, [{}], {""}),
        ({"service_tier": None}, [{"service_tier": "batch"}, {}], {"k0", "k1"}),
        ({"model": "claude-opus-4-5-20251101"}, [{}], {"k0"}),
        ({}, [{"model": "claude-opus-4-5-20251101"}], {"k0"}),
        ({"model": "claude-opus-4-1"}, [{}], {""}),
        ({"workspace_id": "wrkspc_x"}, [{}], {""}),
        ({"token_type": "dream_tokens"}, [{}], {""}),
        ({"token_type": None, "cost_type": "session_usage", "model": None}, [{}], {""}),
    ],
)
def test_a_line_goes_to_the_keys_that_fit_it_best(line: Any, usage: list[Any], keys: set[str]) -> None:
    rows = [old_used(f"k{number}", output_tokens=1, **members) for number, members in enumerate(usage)]
    assert {key for key, _ in shares([old_line("2", **line)], rows, "2")} == keys


@given(
    cents=st.decimals(-(10**9), 10**9, places=9),
    weights=st.lists(st.integers(0, 10**15), min_size=1, max_size=12),
)
def test_the_parts_of_any_line_add_up_to_it(cents: Decimal, weights: list[int]) -> None:
    usage = [old_used(f"k{number}", output_tokens=weight) for number, weight in enumerate(weights)]
    found = shares([old_line(f"{cents:f}")], usage, f"{cents:f}")
    assert sum(found.values(), Decimal(0)) == cents / 100
    whole = sum(weights)
    for (key, _), part in found.items():
        if key:
            ideal = cents / 100 * weights[int(key[1:])] / whole
            assert abs(part - ideal) <= len(weights) * Decimal("1e-9")
    parts = [to_nanos(part) for part in found.values()]
    assert abs(sum(parts) - to_nanos(cents / 100)) <= 1


def test_money_without_a_matching_use_stays_in_the_workspace_and_is_told() -> None:
    statement = fetch(session(old_account([old_line("2"), old_line("3", cost_type="web_search")], "5")), OLD_ONE_DAY)
    assert {(row.workspace_id, row.api_key_id, row.cost_basis) for row in statement.costs} == {
        ("default", "", "reported")
    }
    assert "$0.05 of costs match no usage and stay without an API key (lines: 2)." in statement.notes
    assert [(known.workspace_id, known.name) for known in statement.workspaces] == [("default", "Default")]


def test_a_default_workspace_without_an_id_is_named_even_where_names_are_refused() -> None:
    lines = old_account([old_line("2")], "2")

    def answer(path: str, query: Query) -> Any:
        return lines(path, query) if path in {OLD_COST, OLD_USAGE} else refused(403, ERRORS["forbidden"])

    statement = fetch(session(answer), OLD_ONE_DAY)
    assert [(known.workspace_id, known.name) for known in statement.workspaces] == [("default", "Default")]
    assert statement.listed_workspaces is None


def one_cent_a_day(first: date, end: date) -> Ask:
    """Both kinds of report bill a cent a day; the analytics refuse ranges that leave `first` to before `end`."""

    def days(query: dict[str, str]) -> Iterator[date]:
        yield from Window(
            date.fromisoformat(query["starting_at"][:10]), date.fromisoformat(query["ending_at"][:10])
        ).days()

    def answer(path: str, query: Query) -> Any:
        asked = dict(query)
        if path in {COST, USAGE}:
            if not all(first <= day < end for day in days(asked)):
                return refused(400, ERRORS["bad_range"])
            money = {"cost": {"amount": "1", "currency": "USD"}}
            group = {"group": {"model": "claude-new", "api_key_id": "k"}}
            return page([{**bounds(day), **group, **money} for day in days(asked)] if path == COST else [])
        if path == OLD_COST:
            return page([{**bounds(day), "results": [old_line("1", model="claude-old")]} for day in days(asked)])
        return EMPTY_PAGE

    return answer


@pytest.mark.parametrize("first", [0, 1, 2, 7, 29, 30])
@pytest.mark.parametrize("end", [30, 31])
def test_the_days_that_the_analytics_serve_are_found_and_the_rest_is_legacy(first: int, end: int) -> None:
    window = Window(date(2026, 3, 2), date(2026, 4, 2))
    days = list(window.days())
    serving = one_cent_a_day(days[first] if first < end else window.end, window.start + timedelta(days=end))
    statement = fetch(session(serving), window)
    assert day_totals(statement.costs) == dict.fromkeys(days, Decimal("0.01"))
    models = {row.day: row.model for row in statement.costs}
    assert [models[day] for day in days] == [
        "claude-new" if first <= number < end else "claude-old" for number in range(31)
    ]
    assert control(session(serving), window) == statement.control_totals


def test_a_window_over_the_new_year_is_cut_where_the_analytics_begin() -> None:
    window = Window(date(2025, 12, 20), date(2026, 1, 10))
    statement = fetch(session(one_cent_a_day(FIRST_DAY, date(2026, 11, 24))), window)
    first = min(row.day for row in statement.costs if row.model == "claude-new")
    assert first == FIRST_DAY
    assert len(statement.costs) == 21


def test_the_reach_of_the_analytics_is_searched_once_in_a_session() -> None:
    seen: list[tuple[str, Query, str]] = []
    http = session(one_cent_a_day(date(2026, 3, 9), date(2026, 11, 24)), seen=seen)
    newest = Window(date(2026, 3, 2), date(2026, 4, 2))
    fetch(http, newest)
    asked = [path for path, *_ in seen if path == COST]
    assert len(asked) <= 1 + 7 + 2
    seen.clear()
    fetch(http, newest.previous)
    fetch(http, newest)
    assert [path for path, *_ in seen if path == COST] == [COST, COST]


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, "wrong_organization"), (400, "bad_range"), (403, "missing_scope"), (403, "forbidden"), (404, "not_found")],
)
def test_an_organization_without_analytics_is_read_from_the_legacy_reports(status: int, error: str) -> None:
    seen: list[tuple[str, Query, str]] = []
    old = one_cent_a_day(date.max, date.max)

    def answer(path: str, query: Query) -> Any:
        return refused(status, ERRORS[error]) if path in {COST, USAGE} else old(path, query)

    http = session(answer, seen=seen)
    window = Window(date(2026, 3, 2), date(2026, 4, 2))
    statement = fetch(http, window)
    assert day_totals(statement.costs) == dict.fromkeys(window.days(), Decimal("0.01"))
    assert "legacy" in statement.notes[0]
    seen.clear()
    fetch(http, window.previous)
    assert not [path for path, *_ in seen if path in {COST, USAGE}]


def test_analytics_that_know_nothing_of_a_window_are_not_believed() -> None:
    old = one_cent_a_day(date.max, date.max)

    def answer(path: str, query: Query) -> Any:
        return EMPTY_PAGE if path in {COST, USAGE} else old(path, query)

    window = Window(date(2026, 3, 2), date(2026, 4, 2))
    statement = fetch(session(answer), window)
    assert day_totals(statement.costs) == dict.fromkeys(window.days(), Decimal("0.01"))
    assert control(session(answer), window) == statement.control_totals


def test_an_empty_window_is_a_statement_of_nothing_without_a_note() -> None:
    statement = fetch(session(lambda path, query: EMPTY_PAGE), Window(date(2026, 3, 2), date(2026, 4, 2)))
    assert (statement.costs, statement.notes, statement.control_totals) == ((), (), {})


def test_a_question_refused_for_no_visible_reason_is_an_error_and_not_another_source() -> None:
    def answer(path: str, query: Query) -> Any:
        is_grouped = "group_by[]" in dict(query)
        return refused(400, ERRORS["bad_range"]) if path == COST and is_grouped else EMPTY_PAGE

    with pytest.raises(UnexpectedResponse, match="status 400"):
        fetch(session(answer), Window(date(2026, 3, 2), date(2026, 4, 2)))


def test_a_key_that_lost_every_report_is_told_so() -> None:
    with pytest.raises(CredentialLacksBilling, match="Admin API key"):
        fetch(session(lambda path, query: refused(403, ERRORS["forbidden"])), OLD_ONE_DAY)
