"""What OpenAI's interface refuses, and in which words."""

from datetime import timedelta

import pytest

from demo import openai_api
from demo import openai_spend as story
from demo.simulator import Simulator
from tests.demo.asking import TODAY, Asker, Params, seconds, window

COSTS = "/organization/costs"
COMPLETIONS = "/organization/usage/completions"
PROJECTS = "/organization/projects"
WEEK = window(TODAY - timedelta(days=7), TODAY)
USAGE_SCOPE = "You have insufficient permissions for this operation. Missing scopes: api.usage.read."
NAMES_SCOPE = "You have insufficient permissions for this operation. Missing scopes: api.management.read."


@pytest.mark.parametrize(
    ("key", "path", "status", "code", "words"),
    [
        (None, COSTS, 401, None, "You didn't provide an API key"),
        ("nonsense", COSTS, 401, "invalid_api_key", "Incorrect API key provided: malformed."),
        ("sk-admin-unknown-zzzz", COSTS, 401, "invalid_api_key", "Incorrect API key provided: sk-admin****zzzz."),
        (openai_api.EXPIRED_KEY, COSTS, 401, "invalid_api_key", "Incorrect API key provided: sk-admin****q4Wp."),
        (openai_api.PROJECT_KEY, COSTS, 401, None, USAGE_SCOPE),
        (openai_api.SERVICE_ACCOUNT_KEY, COMPLETIONS, 401, None, USAGE_SCOPE),
        (openai_api.PROJECT_KEY, PROJECTS, 401, None, NAMES_SCOPE),
    ],
)
def test_wrong_keys_are_refused_in_openais_words(
    simulator: Simulator, key: str | None, path: str, status: int, code: str | None, words: str
) -> None:
    with (asker := Asker(simulator, key)).http:
        response = asker.get(path, WEEK if path != PROJECTS else ())
    error = response.json()["error"]
    assert response.status_code == status
    assert (error["type"], error["code"], error["param"]) == ("invalid_request_error", code, None)
    assert words in error["message"]


def test_a_key_without_names_still_reads_money(simulator: Simulator) -> None:
    with (asker := Asker(simulator, openai_api.USAGE_ONLY_KEY)).http:
        assert asker.get(COSTS, WEEK).status_code == 200
        refused = asker.get(PROJECTS)
    assert refused.status_code == 403
    assert refused.json() == {"error": NAMES_SCOPE}


def test_another_scheme_than_bearer_is_malformed(ask: Asker) -> None:
    response = ask.http.get(COSTS, headers={"Authorization": f"Basic {openai_api.ADMIN_KEY}"})
    assert response.status_code == 401


@pytest.mark.parametrize(
    ("path", "params", "param"),
    [
        (COSTS, [], "start_time"),
        (COSTS, [("start_time", "yesterday")], "start_time"),
        (COSTS, [("start_time", -5)], "start_time"),
        (COSTS, [("start_time", 10**12)], "start_time"),
        (COSTS, [("start_time", 1), ("start_time", 2)], "start_time"),
        (COSTS, [("start_time[]", 1)], "start_time[]"),
        (COSTS, window(TODAY, TODAY), "end_time"),
        (COSTS, [*WEEK, ("limit", 0)], "limit"),
        (COSTS, [*WEEK, ("limit", 181)], "limit"),
        (COSTS, [*WEEK, ("limit", "7.5")], "limit"),
        (COSTS, [*WEEK, ("bucket_width", "1h")], "bucket_width"),
        (COSTS, [*WEEK, ("group_by", "model")], "group_by"),
        (COSTS, [*WEEK, ("group_by", "project_id,line_item")], "group_by"),
        (COSTS, [*WEEK, ("group_by", "user_id"), ("group_by", "project_id")], "group_by"),
        (COSTS, [*WEEK, ("models", "gpt-6-astra")], "models"),
        (COSTS, [*WEEK, ("page", "page_AAAA")], "page"),
        (COSTS, [*WEEK, ("page", "!")], "page"),
        (COMPLETIONS, [*WEEK, ("limit", 32)], "limit"),
        (COMPLETIONS, [*WEEK, ("limit", 169), ("bucket_width", "1h")], "limit"),
        (COMPLETIONS, [*WEEK, ("limit", 1_441), ("bucket_width", "1m")], "limit"),
        (COMPLETIONS, [*WEEK, ("group_by", "line_item")], "group_by"),
        (COMPLETIONS, [*WEEK, ("batch", "yes")], "batch"),
        ("/organization/usage/embeddings", [*WEEK, ("group_by", "batch")], "group_by"),
        ("/organization/usage/embeddings", [*WEEK, ("batch", "true")], "batch"),
        ("/organization/usage/images", [*WEEK, ("sizes", "3x3")], "sizes"),
        ("/organization/usage/vector_stores", [*WEEK, ("api_key_ids", "key_1")], "api_key_ids"),
        ("/organization/usage/web_search_calls", [*WEEK, ("context_levels", "huge")], "context_levels"),
        (PROJECTS, [("limit", 101)], "limit"),
        (PROJECTS, [("after", "proj_none")], "after"),
        (PROJECTS, [("include_archived", "1")], "include_archived"),
        (f"{PROJECTS}/{story.SUPPORT}", [("limit", 1)], "limit"),
        (f"{PROJECTS}/{story.SUPPORT}/api_keys", [("owner_project_access", "all")], "owner_project_access"),
        (f"{PROJECTS}/{story.CHATBOT}/service_accounts", [], "project_id"),
        ("/organization/admin_api_keys", [("order", "up")], "order"),
    ],
)
def test_a_bad_parameter_is_named(ask: Asker, path: str, params: Params, param: str) -> None:
    response = ask.get(path, params)
    assert response.status_code == 400
    error = response.json()["error"]
    assert (error["type"], error["param"], error["code"]) == ("invalid_request_error", param, None)
    assert error["message"]


@pytest.mark.parametrize(
    "path",
    [
        "/organization/usage/nothing",
        "/organization/cost",
        "/organization",
        "/dashboard/billing/usage",
        f"{PROJECTS}/proj_none",
        f"{PROJECTS}/proj_none/api_keys",
        f"{PROJECTS}/{story.SUPPORT}/api_keys/key_none",
        f"{PROJECTS}/{story.SUPPORT}/api_keys/{story.CI_KEY}",
        "/organization/users/user_none",
    ],
)
def test_what_does_not_exist_is_not_found(ask: Asker, path: str) -> None:
    assert ask.get(path).status_code == 404


def test_only_reading_is_allowed(ask: Asker) -> None:
    assert ask.http.delete(f"{PROJECTS}/{story.SUPPORT}/api_keys/{story.CI_KEY}").status_code == 405
    assert ask.http.post(PROJECTS, json={"name": "new"}).status_code == 405


@pytest.mark.parametrize(
    "other",
    [
        [*WEEK, ("limit", 3)],
        [*WEEK, ("limit", 2), ("group_by", "project_id")],
        [*window(TODAY - timedelta(days=8), TODAY), ("limit", 2)],
        [*WEEK, ("limit", 2), ("project_ids", story.SUPPORT)],
    ],
)
def test_a_cursor_serves_only_the_question_it_was_given_for(ask: Asker, other: Params) -> None:
    cursor = ask.json(COSTS, [*WEEK, ("limit", 2)])["next_page"]
    refused = ask.get(COSTS, [*other, ("page", cursor)])
    assert ask.get(COSTS, [*WEEK, ("limit", 2), ("page", cursor)]).status_code == 200
    assert refused.status_code == 400
    assert refused.json()["error"]["param"] == "page"


def test_a_cursor_of_costs_does_not_open_usage(ask: Asker) -> None:
    cursor = ask.json(COSTS, [*WEEK, ("limit", 2)])["next_page"]
    assert ask.get(COMPLETIONS, [*WEEK, ("limit", 2), ("page", cursor)]).status_code == 400


def test_both_spellings_of_an_array_mean_the_same(ask: Asker) -> None:
    plain = ask.json(COSTS, [*WEEK, ("group_by", "project_id"), ("group_by", "line_item")])
    brackets = ask.json(COSTS, [*WEEK, ("group_by[]", "project_id"), ("group_by[]", "line_item")])
    assert plain["data"] == brackets["data"]


@pytest.mark.parametrize(("path", "default"), [(COSTS, 7), (COMPLETIONS, 7)])
def test_a_forgotten_limit_cuts_the_month_at_a_week(ask: Asker, path: str, default: int) -> None:
    page = ask.json(path, window(TODAY - timedelta(days=30), TODAY))
    assert len(page["data"]) == default
    assert page["has_more"]
    assert page["next_page"].startswith("page_")


def test_the_largest_page_holds_a_hundred_and_eighty_days(ask: Asker) -> None:
    page = ask.json(COSTS, [("start_time", seconds(TODAY - timedelta(days=179))), ("limit", 180)])
    assert len(page["data"]) == 180
    assert not page["has_more"]
    assert page["next_page"] is None
