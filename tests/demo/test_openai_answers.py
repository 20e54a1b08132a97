"""Answers against the published specification; its trimmed copy lies beside this file."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from demo import openai_api
from demo import openai_spend as story
from demo.simulator import Simulator
from tests.demo.asking import ALL_GROUPS, NOW, TODAY, Asker, Params, seconds, window

SPECIFICATION = json.loads(Path(__file__).with_name("openai-admin.schema.json").read_text())
PATHS = sorted(SPECIFICATION["x-answers"])
REPORTS = [path for path in PATHS if "/usage/" in path or path.endswith("/costs")]
FAMILIES = [path for path in REPORTS if "/usage/" in path]
EXAMPLES = {
    "{project_id}": story.INTAKE,
    "{api_key_id}": story.INTAKE_KEY,
    "{service_account_id}": story.INTAKE_BOT.owner_id,
    "{key_id}": "key_adm4Qm2VtRb7LpW9",
    "{user_id}": story.ADMIN.owner_id,
}
MONTH = window(TODAY - timedelta(days=30), TODAY + timedelta(days=1))


def filled_in(path: str) -> str:
    for placeholder, example in EXAMPLES.items():
        path = path.replace(placeholder, example)
    return path


def validate(answer: object, shape: str) -> None:
    schema = {"$ref": f"#/$defs/{shape}", "$defs": SPECIFICATION["$defs"]}
    jsonschema.validate(answer, schema, jsonschema.Draft202012Validator)


def dimensions(path: str) -> list[str]:
    return [name for name in SPECIFICATION["x-parameters"][path]["group_by"] if name != "user_id"]


@pytest.mark.parametrize("path", [path for path in PATHS if path not in REPORTS])
def test_lists_and_single_objects_have_the_published_shape(ask: Asker, path: str) -> None:
    answer = ask.get(filled_in(path)).json()
    validate(answer, SPECIFICATION["x-answers"][path])
    assert answer.get("data", True)


@pytest.mark.parametrize("path", REPORTS)
def test_reports_have_the_published_shape(ask: Asker, path: str) -> None:
    groups = [("group_by", name) for name in dimensions(path)]
    answer = ask.get(path, [*MONTH, *groups, ("limit", 4)]).json()
    validate(answer, "UsageResponse")
    rows = [row for bucket in answer["data"] for row in bucket["results"]]
    assert rows or path.endswith("/decisions")
    assert answer["has_more"]


@pytest.mark.parametrize("path", REPORTS)
def test_dimensions_are_null_unless_grouped(ask: Asker, path: str) -> None:
    for grouped in dimensions(path):
        rows = [row for _, row in ask.rows(path, [*MONTH, ("group_by[]", grouped), ("limit", 31)])]
        for name in SPECIFICATION["x-parameters"][path]["group_by"]:
            values = {row[name] for row in rows}
            assert name == grouped or values <= {None}
        assert not rows or {row[grouped] for row in rows} != {None} or path.endswith("_search_calls")


@pytest.mark.parametrize("path", PATHS)
def test_every_published_parameter_is_taken(ask: Asker, path: str) -> None:
    known = SPECIFICATION["x-parameters"][path]
    start = [("start_time", seconds(TODAY))] if path in REPORTS else []
    examples = {"integer": 1, "boolean": "false", "array": "x", "string": None}
    for name, kind in known.items():
        values = kind if isinstance(kind, list) else [examples[kind]]
        for value in values:
            if value is not None and name != "start_time":
                extra = seconds(TODAY) + 60 if name == "end_time" else value
                assert ask.get(filled_in(path), [*start, (name, extra)]).status_code == 200, (name, value)


@pytest.mark.parametrize("path", PATHS)
def test_nothing_unpublished_is_taken(ask: Asker, path: str) -> None:
    known = SPECIFICATION["x-parameters"]
    start: list[tuple[str, str | int]] = [("start_time", seconds(TODAY))] if path in REPORTS else []
    for name in {name for parameters in known.values() for name in parameters} - known[path].keys():
        assert ask.get(filled_in(path), [*start, (name, "1")]).status_code == 400, name
    if path in REPORTS:
        everywhere = {value for report in REPORTS for value in known[report]["group_by"]}
        for value in everywhere - set(known[path]["group_by"]):
            assert ask.get(path, [*start, ("group_by", value)]).status_code == 400, value


def test_errors_have_the_published_shape(ask: Asker) -> None:
    for path, params in (("/organization/costs", []), ("/organization/projects/proj_none", []), ("/nowhere", [])):
        validate(ask.get(path, params).json(), "ErrorResponse")


def test_a_missing_scope_comes_as_a_bare_string(simulator: Simulator) -> None:
    with (names := Asker(simulator, openai_api.USAGE_ONLY_KEY)).http:
        validate(names.get("/organization/projects").json(), "BareError")


def test_amounts_come_as_strings_and_as_numbers_with_noise(ask: Asker) -> None:
    params = [*MONTH, *(("group_by", name) for name in ALL_GROUPS), ("limit", 180)]
    page = ask.get("/organization/costs", params).json()
    amounts = [row["amount"]["value"] for bucket in page["data"] for row in bucket["results"]]
    assert any(isinstance(amount, str) for amount in amounts)
    assert any(isinstance(amount, float) and len(repr(amount)) > 16 for amount in amounts)
    assert any(isinstance(amount, str) and len(amount) > 27 for amount in amounts)


def test_labels_change_style_and_units_begin_when_they_did_at_openai(ask: Asker) -> None:
    def lines(day: date) -> dict[str, str | None]:
        params = [*window(day, day + timedelta(days=1)), ("group_by", "line_item")]
        return {row["line_item"]: row["quantity_unit"] for _, row in ask.rows("/organization/costs", params)}

    old, new = lines(TODAY.replace(month=2)), lines(TODAY - timedelta(days=3))
    assert "gpt-6-astra, cached input" in old
    assert new["gpt-6-astra, cached_input_tokens"] == "tokens"
    assert new["dall-e 3, standard, 1024x1024"] == "images"
    assert new["vector store storage"] == "gibibyte_hours"
    assert new["web search tool calls"] is None
    assert set(old.values()) == {None}


def test_usage_calls_models_by_other_names_than_the_bill(ask: Asker) -> None:
    params = [*MONTH, ("group_by", "model"), ("limit", 31)]
    models = {row["model"] for _, row in ask.rows("/organization/usage/completions", params)}
    assert {"gpt-5.6-luna-2026-10-27", "ft:gpt-4o-mini-2024-07-18:demo-company::Ab12Cd3E"} <= models


def test_a_day_without_cost_has_an_empty_bucket(ask: Asker) -> None:
    start = TODAY - timedelta(days=370)
    buckets = list(ask.buckets("/organization/costs", window(start, start + timedelta(days=3))))
    assert [bucket["results"] for bucket in buckets] == [[], [], []]


def test_a_start_inside_a_day_opens_with_that_whole_day(ask: Asker) -> None:
    late = [("start_time", seconds(TODAY) - 3_600), ("end_time", seconds(TODAY))]
    whole = window(TODAY - timedelta(days=1), TODAY)
    assert ask.json("/organization/costs", late)["data"] == ask.json("/organization/costs", whole)["data"]


def test_a_report_without_end_reaches_to_now(ask: Asker) -> None:
    buckets = list(ask.buckets("/organization/costs", [("start_time", seconds(TODAY - timedelta(days=2)))]))
    assert buckets[-1]["start_time"] == seconds(TODAY) <= NOW.timestamp() < buckets[-1]["end_time"]


def test_archived_projects_are_listed_only_when_asked_for(ask: Asker) -> None:
    def ids(params: Params) -> dict[str, Any]:
        return {project["id"]: project for project in ask.json("/organization/projects", params)["data"]}

    assert story.CHATBOT not in ids([])
    assert ids([("include_archived", "true")])[story.CHATBOT]["status"] == "archived"
    assert ids([])[story.CRYPTIC]["name"] is None


def test_deleted_keys_cost_but_are_not_listed(ask: Asker) -> None:
    path = f"/organization/projects/{story.RESEARCH}/api_keys"
    listed = {key["id"] for key in ask.json(path, [("owner_project_access", "any")])["data"]}
    params = [*MONTH, ("group_by", "api_key_id"), ("limit", 60)]
    spending = {row["api_key_id"] for _, row in ask.rows("/organization/costs", params)}
    assert listed == {story.NOTEBOOK_KEY}
    assert {story.TRIAL_KEY, story.NOTEBOOK_KEY, None} <= spending
    assert ask.get(f"{path}/{story.TRIAL_KEY}").status_code == 404


def test_keys_of_departed_owners_are_listed_only_when_asked_for(ask: Asker) -> None:
    path = f"/organization/projects/{story.RESEARCH}/api_keys"
    assert ask.json(path)["data"] == []
    assert ask.json(path, [("owner_project_access", "active")])["data"] == []
    (departed,) = ask.json(path, [("owner_project_access", "inactive")])["data"]
    assert departed["owner_project_access"] == "inactive"


def test_a_service_account_holds_a_key(ask: Asker) -> None:
    (key,) = (
        key for key in ask.json(f"/organization/projects/{story.COPILOT}/api_keys")["data"] if key["id"] == story.CI_KEY
    )
    assert key["owner"]["type"] == "service_account"
    assert seconds(TODAY) <= key["last_used_at"] <= NOW.timestamp()
