from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import UnexpectedResponse
from connectors.openai import check, control, fetch
from connectors.openai_directory import NAMES_UNAVAILABLE
from store.records import ApiKeyRecord, CostRecord, LineItem, Statement, WorkspaceRecord
from tests.connectors.openai.fake import recorded
from tests.connectors.openai.wire import (
    DAY,
    NEXT_DAY,
    ONE_DAY,
    TWO_DAYS,
    Query,
    account,
    composed,
    line,
    page,
    refused,
    session,
    used,
)

MARCH = datetime(2024, 3, 1, tzinfo=UTC)


def test_the_composed_answers_make_exactly_this_statement() -> None:
    assert fetch(session(composed), TWO_DAYS) == Statement(
        window=TWO_DAYS,
        costs=(
            CostRecord(
                day=DAY,
                model="gpt-4o-mini-2024-07-18",
                billed_cost=Decimal(0),
                input_tokens=12,
                output_tokens=0,
                requests=1,
            ),
            CostRecord(
                day=DAY,
                model="openai-adjustments",
                billed_cost=Decimal("-3.25"),
                line_items=(LineItem(label="Promotional credit", amount=Decimal("-3.25")),),
            ),
            CostRecord(
                day=DAY,
                workspace_id="proj_prod",
                model="dall-e-2",
                billed_cost=Decimal(0),
                usage_quantity=Decimal(1),
                usage_unit="images",
                requests=1,
            ),
            CostRecord(
                day=DAY,
                workspace_id="proj_prod",
                model="openai-web-search",
                billed_cost=Decimal("0.03"),
                usage_quantity=Decimal(3),
                usage_unit="requests",
                requests=3,
                line_items=(LineItem(label="web search tool calls", amount=Decimal("0.0300"), quantity=Decimal(3)),),
            ),
            CostRecord(
                day=DAY,
                workspace_id="proj_prod",
                api_key_id="key_a1",
                model="gpt-6-astra",
                billed_cost=Decimal("12.4080705"),
                input_tokens=1_240_807,
                cached_input_tokens=0,
                cache_write_tokens=0,
                output_tokens=0,
                requests=7,
                line_items=(
                    LineItem(
                        label="gpt-6-astra, input_tokens",
                        amount=Decimal("12.4080705000000000"),
                        quantity=Decimal("1240807.05"),
                        unit="tokens",
                    ),
                ),
            ),
            CostRecord(
                day=DAY,
                workspace_id="proj_prod",
                api_key_id="key_a1",
                model="gpt-image-2",
                variant="1024x1024",
                billed_cost=Decimal(0),
                usage_quantity=Decimal(6),
                usage_unit="images",
                requests=4,
            ),
            CostRecord(
                day=DAY,
                workspace_id="proj_prod",
                api_key_id="key_gone",
                model="text-embedding-3-small",
                billed_cost=Decimal("0.00042714787262957543"),
                input_tokens=21_357,
                cached_input_tokens=0,
                cache_write_tokens=0,
                output_tokens=0,
                line_items=(
                    LineItem(
                        label="text-embedding-3-small, input",
                        amount=Decimal("0.00042714787262957543"),
                        quantity=Decimal(21_357),
                        unit="tokens",
                    ),
                ),
            ),
        ),
        workspaces=(
            WorkspaceRecord(workspace_id="proj_prod", name="Production", created_at=MARCH),
            WorkspaceRecord(workspace_id="proj_old", status="archived", created_at=MARCH),
        ),
        api_keys=(
            ApiKeyRecord(
                api_key_id="key_a1",
                workspace_id="proj_prod",
                name="backend",
                hint="sk-proj...x9Qa",
                owner="A. Person",
                status="inactive",
                created_at=MARCH,
            ),
            ApiKeyRecord(
                api_key_id="key_b2",
                workspace_id="proj_prod",
                name="batch worker",
                hint="sk-svc...77Zz",
                owner="worker",
                created_at=MARCH,
                last_used_at=datetime(2026, 11, 20, tzinfo=UTC),
            ),
        ),
        listed_workspaces=frozenset({"proj_prod", "proj_old"}),
        control_totals={DAY: Decimal("9.18849764787262957543")},
    )


def test_requests_ask_for_whole_utc_days_by_project_key_and_line() -> None:
    seen: list[tuple[str, Query]] = []
    fetch(session(composed, seen=seen), TWO_DAYS)
    assert seen[0] == (
        "/organization/costs",
        [("start_time", "1795132800"), ("end_time", "1795305600"), ("bucket_width", "1d"), ("group_by[]", "project_id"),
         ("group_by[]", "api_key_id"), ("group_by[]", "line_item"), ("limit", "2")],
    )  # fmt: skip
    assert seen[1] == (seen[0][0], [*seen[0][1], ("page", "page_AAAAAGkjV4A=")])
    families = {path.rpartition("/")[2] for path, _ in seen if "/usage/" in path}
    assert families == {
        "completions", "decisions", "embeddings", "moderations", "images", "audio_speeches", "audio_transcriptions",
        "web_search_calls", "file_search_calls", "code_interpreter_sessions",
    }  # fmt: skip
    assert ("/organization/projects", [("include_archived", "true"), ("limit", "100")]) in seen
    assert ("/organization/projects/proj_old/api_keys", [("owner_project_access", "any"), ("limit", "100")]) in seen


def test_names_are_read_once_for_many_windows() -> None:
    seen: list[tuple[str, Query]] = []
    http = session(composed, seen=seen)
    assert fetch(http, TWO_DAYS) == fetch(http, TWO_DAYS)
    assert len([path for path, _ in seen if path.startswith("/organization/projects")]) == 4


def test_the_control_equals_the_totals_of_the_statement() -> None:
    http = session(composed)
    assert control(http, TWO_DAYS) == fetch(http, TWO_DAYS).control_totals == {DAY: Decimal("9.18849764787262957543")}


def test_the_check_names_the_organization() -> None:
    identity = check(session(composed))
    assert (identity.organization_id, identity.name, identity.notes) == ("org-demo", None, ())


def test_the_check_looks_for_the_organization_up_to_six_pages() -> None:
    def answer(found_on: int) -> tuple[Any, list[str]]:
        asked: list[str] = []

        def reply(path: str, query: Query) -> Any:
            if path != "/organization/costs":
                return composed(path, query)
            asked.append(dict(query).get("page", "p0"))
            rows = (
                [line(None, 1, organization_id="org-late", organization_name="Late")] if len(asked) == found_on else []
            )
            return page(rows, next_page=f"p{len(asked)}")

        return check(session(reply)), asked

    identity, asked = answer(found_on=3)
    assert (identity.organization_id, identity.name) == ("org-late", "Late")
    assert asked == ["p0", "p1", "p2"]
    identity, asked = answer(found_on=7)
    assert identity.organization_id is None
    assert len(asked) == 6


def test_a_key_without_names_is_linked_and_says_so() -> None:
    def answer(path: str, query: Query) -> Any:
        return refused(401, recorded("errors")["no_names"]) if "/projects" in path else composed(path, query)

    assert check(session(answer)).notes == (NAMES_UNAVAILABLE,)


@pytest.mark.parametrize("status", [401, 403])
def test_costs_are_delivered_without_names(status: int) -> None:
    def answer(path: str, query: Query) -> Any:
        return refused(status, recorded("errors")["no_names"]) if "/projects" in path else composed(path, query)

    pauses: list[float] = []
    statement = fetch(session(answer, pauses), TWO_DAYS)
    assert statement.control_total == Decimal("9.18849764787262957543")
    assert (statement.workspaces, statement.api_keys, statement.listed_workspaces) == ((), (), None)
    assert statement.notes == (NAMES_UNAVAILABLE,)
    assert pauses == []


def test_a_project_unknown_to_the_directory_is_not_taken_for_listed() -> None:
    def answer(path: str, query: Query) -> Any:
        return refused(404, {"error": {"message": "no"}}) if "proj_prod/" in path else composed(path, query)

    assert fetch(session(answer), TWO_DAYS).listed_workspaces == frozenset({"proj_old"})


def test_a_hostile_project_id_never_gets_into_a_path() -> None:
    seen: list[tuple[str, Query]] = []
    lines = [line("gpt-6-astra, output", 1, project_id="../../admin_api_keys?x=")]
    statement = fetch(session(account(lines, total=1), seen=seen), ONE_DAY)
    assert statement.costs[0].workspace_id == "../../admin_api_keys?x="
    assert statement.listed_workspaces == frozenset()
    assert not [path for path, _ in seen if "admin_api_keys" in path]


def test_of_many_projects_only_the_spending_ones_are_asked_for_keys() -> None:
    projects = [{"id": f"proj_{number}", "name": None, "created_at": 1, "status": None} for number in range(51)]
    spend = account([line("gpt-6-astra, output", 1, project_id="proj_7")], total=1)

    def answer(path: str, query: Query) -> Any:
        return {"data": projects, "has_more": False} if path == "/organization/projects" else spend(path, query)

    statement = fetch(session(answer), ONE_DAY)
    assert statement.listed_workspaces == frozenset({"proj_7"})
    assert len(statement.workspaces) == 51
    assert {workspace.status for workspace in statement.workspaces} == {"unknown"}


def test_a_key_shown_in_the_clear_is_masked() -> None:
    def answer(path: str, query: Query) -> Any:
        if not path.endswith("api_keys"):
            return composed(path, query)
        return {"data": [{"id": "key_1", "redacted_value": "sk-proj-abcdefghijklmnopqrstuvwxyz"}], "has_more": False}

    assert fetch(session(answer), TWO_DAYS).api_keys[0].hint == "sk-proj-…wxyz"


@pytest.mark.parametrize("value", ["1.5", 1.5, "15e-1"])
def test_amounts_are_read_from_numbers_and_from_strings(value: Any) -> None:
    statement = fetch(session(account([line("gpt-6-astra, output", value)], total="1.5")), ONE_DAY)
    assert statement.costs[0].billed_cost == Decimal("1.5")


def test_sums_keep_every_digit() -> None:
    amounts = ["123456789.1234567890123456789", "0.0000000000000000000000000001"]
    total = "123456789.1234567890123456789000000001"
    statement = fetch(
        session(account([line("gpt-6-astra, output", amount) for amount in amounts], total=total)), ONE_DAY
    )
    assert str(statement.costs[0].billed_cost) == total
    assert statement.control_totals is not None
    assert str(statement.control_totals[DAY]) == total


def test_a_row_of_nulls_is_unassigned_money() -> None:
    row = line(None, "0.5", project_id=None, api_key_id=None)
    costs = fetch(session(account([row], total="0.5")), ONE_DAY).costs
    assert [(cost.workspace_id, cost.api_key_id, cost.model, cost.billed_cost) for cost in costs] == [
        ("", "", "openai-unassigned", Decimal("0.5"))
    ]


def test_a_row_without_an_amount_costs_nothing_unless_the_total_says_otherwise() -> None:
    bare = {"object": "organization.costs.result", "line_item": "gpt-6-astra, input"}
    statement = fetch(session(account([bare], total="0.25")), ONE_DAY)
    assert {cost.model: cost.billed_cost for cost in statement.costs} == {
        "gpt-6-astra": Decimal(0),
        "openai-unassigned": Decimal("0.25"),
    }
    assert "0.25" in statement.notes[0]


def test_rows_that_miss_the_total_get_an_unassigned_remainder() -> None:
    statement = fetch(session(account([line("gpt-6-astra, output", "1.0")], total="0.75")), ONE_DAY)
    assert sum(cost.billed_cost for cost in statement.costs) == Decimal("0.75")
    assert statement.costs[-1].model == "openai-unassigned"
    assert len(statement.notes) == 1


def test_the_total_is_added_up_where_openai_splits_it_unasked() -> None:
    def answer(path: str, query: Query) -> Any:
        if path == "/organization/costs" and ("group_by[]", "line_item") not in query:
            return page([line(None, 1, project_id="proj_a"), line(None, 2, project_id="proj_b")])
        return account([line("gpt-6-astra, output", 3)])(path, query)

    assert fetch(session(answer), ONE_DAY).control_total == 3


def test_a_bucket_that_goes_on_over_two_pages_is_added_up() -> None:
    row = line("gpt-6-astra, output_tokens", "1.5", 10, "tokens")

    def answer(path: str, query: Query) -> Any:
        if path != "/organization/costs" or ("group_by[]", "line_item") not in query:
            return account([], total=3)(path, query)
        return page([row], next_page=None if ("page", "p2") in query else "p2")

    statement = fetch(session(answer), ONE_DAY)
    assert [(cost.billed_cost, cost.output_tokens) for cost in statement.costs] == [(3, 20)]
    assert "came more than once" in statement.notes[0]


def test_unknown_labels_are_noted_once() -> None:
    lines = [line("Quantum tokens", 1), line("Quantum tokens", 1, api_key_id="key_2")]
    statement = fetch(session(account(lines, total=2)), ONE_DAY)
    assert statement.notes == ("Unknown line on the bill, booked as openai-other: Quantum tokens",)


def test_many_unknown_labels_are_noted_in_short() -> None:
    lines = [line(f"Odd thing {number}", 1) for number in range(25)]
    notes = fetch(session(account(lines, total=25)), ONE_DAY).notes
    assert len(notes) == 21
    assert notes[-1].startswith("5 more")


def test_a_usage_family_that_may_not_be_read_costs_no_dollar() -> None:
    def answer(path: str, query: Query) -> Any:
        if path.endswith("completions"):
            return refused(403, {"error": "no"})
        return composed(path, query)

    statement = fetch(session(answer), TWO_DAYS)
    assert statement.control_total == Decimal("9.18849764787262957543")
    assert "Usage of completions is unavailable" in statement.notes[0]


def test_a_cursor_openai_forgot_starts_the_chain_over_once() -> None:
    asked: list[str] = []

    def answer(path: str, query: Query) -> Any:
        cursor = dict(query).get("page")
        if cursor:
            asked.append(cursor)
            if len(asked) == 1:
                return refused(400, recorded("errors")["stale_cursor"])
        return composed(path, query)

    assert fetch(session(answer), TWO_DAYS).control_total == Decimal("9.18849764787262957543")
    assert len(asked) == 2
    with pytest.raises(UnexpectedResponse, match="cursor"):
        fetch(session(lambda path, query: refused(400, recorded("errors")["stale_cursor"])), TWO_DAYS)


@pytest.mark.parametrize("where", ["start_time", "half a day", "not a number"])
def test_a_day_nobody_asked_for_is_an_error(where: str) -> None:
    answer = page([line("gpt-6-astra, output", 1)], day=NEXT_DAY if where == "start_time" else DAY)
    answer["data"][0]["start_time"] += {"start_time": 0, "half a day": 43_200, "not a number": 0.5}[where]
    with pytest.raises(UnexpectedResponse, match="start_time"):
        fetch(session(lambda path, query: answer), ONE_DAY)


def test_usage_left_over_becomes_a_row_that_costs_nothing() -> None:
    usage = {"completions": [used("gpt-4o-mini-2024-07-18", 3, input_tokens=30, output_tokens=5)]}
    costs = fetch(session(account([line("gpt-6-astra, output", 1)], usage, total=1)), ONE_DAY).costs
    assert [(cost.model, cost.billed_cost, cost.requests, cost.input_tokens) for cost in costs] == [
        ("gpt-4o-mini-2024-07-18", 0, 3, 30),
        ("gpt-6-astra", 1, None, 0),
    ]
