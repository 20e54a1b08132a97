"""Anthropic's simulated interface: the shapes of its reference, its refusals, and sums that are those of the world."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from demo import anthropic_api as api
from demo import anthropic_spend as story
from demo.anthropic_places import legacy_place, list_nanos, place
from demo.odd_anthropic import odd_anthropic_world
from demo.simulator import Simulator
from demo.wire import Manners
from demo.world import World
from tests.demo.asking import NOW, TODAY

SPECIFICATION = json.loads(Path(__file__).with_name("anthropic-admin.schema.json").read_text())
PATHS = sorted(SPECIFICATION["x-answers"])
ROOT = "/v1/organizations"
COST, USAGE = f"{ROOT}/analytics/cost", f"{ROOT}/analytics/usage"
OLD_COST, OLD_USAGE = f"{ROOT}/cost_report", f"{ROOT}/usage_report/messages"
REPORTS = (COST, USAGE, OLD_COST, OLD_USAGE)
EXAMPLES = {"{workspace_id}": story.CODING, "{api_key_id}": story.CI_KEY}
MONTH = (TODAY - timedelta(days=30), TODAY + timedelta(days=1))
Params = Iterable[tuple[str, str | int]]


class Asker:
    """A client of the simulator with one key."""

    def __init__(self, simulator: Simulator, key: str | None = api.ADMIN_KEY) -> None:
        headers = {"anthropic-version": "2023-06-01", "anthropic-beta": api.BETA}
        headers |= {"x-api-key": key} if key else {}
        self.http = httpx.Client(base_url=simulator.endpoint("anthropic"), headers=headers, timeout=10)

    def get(self, path: str, params: Params = ()) -> httpx.Response:
        return self.http.get(path, params=list(params))

    def rows(self, path: str, params: Params) -> Iterator[tuple[date, dict[str, Any]]]:
        """Day and row of all pages."""
        cursor: list[tuple[str, str | int]] = []
        while True:
            page = self.get(path, [*params, *cursor]).json()
            for entry in page["data"]:
                day = datetime.fromisoformat(entry["starting_at"]).date()
                for row in entry.get("results", [entry]):
                    yield day, row
            if not page["has_more"]:
                return
            cursor = [("page", page["next_page"])]


@pytest.fixture
def ask_as(simulator: Simulator) -> Iterator[Callable[[str | None], Asker]]:
    askers: list[Asker] = []

    def ask(key: str | None) -> Asker:
        askers.append(Asker(simulator, key))
        return askers[-1]

    yield ask
    for asker in askers:
        asker.http.close()


@pytest.fixture
def ask_anthropic(ask_as: Callable[[str | None], Asker]) -> Asker:
    return ask_as(api.ADMIN_KEY)


def window(start: date, end: date, path: str = COST) -> list[tuple[str, str | int]]:
    width = "time_bucket_width" if "analytics" in path else "bucket_width"
    return [("starting_at", f"{start}T00:00:00Z"), ("ending_at", f"{end}T00:00:00Z"), (width, "1d")]


def grouped(*names: str) -> list[tuple[str, str | int]]:
    return [("group_by[]", name) for name in names]


def filled_in(path: str) -> str:
    for placeholder, example in EXAMPLES.items():
        path = path.replace(placeholder, example)
    return path


def validate(answer: object, shape: str) -> None:
    schema = {"$ref": f"#/$defs/{shape}", "$defs": SPECIFICATION["$defs"]}
    jsonschema.validate(answer, schema, jsonschema.Draft202012Validator)


def nanos(cents: str) -> int:
    return int(Decimal(cents) * 10**7)


@pytest.mark.parametrize("path", PATHS)
def test_answers_have_the_documented_shape(ask_anthropic: Asker, path: str) -> None:
    params = window(*MONTH, path) if path in REPORTS else []
    for name, allowed in SPECIFICATION["x-parameters"][path].items():
        if name == "group_by[]":
            dimensions = [value for value in allowed if value != "speed" or "analytics" in path]
            params += grouped(*(dimensions[-5:] if "analytics" in path else dimensions))
    answer = ask_anthropic.get(filled_in(path), params).json()
    validate(answer, SPECIFICATION["x-answers"][path])
    assert answer.get("data", True)


@pytest.mark.parametrize("path", PATHS)
def test_every_documented_parameter_is_taken_and_no_other(ask_anthropic: Asker, path: str) -> None:
    known = SPECIFICATION["x-parameters"]
    start = window(TODAY, TODAY + timedelta(days=1), path) if path in REPORTS else []
    examples = {"integer": 1, "boolean": "false", "array": "x"}
    for name, kind in known[path].items():
        values: list[Any] = kind if isinstance(kind, list) else [examples[kind]] if kind in examples else []
        for value in values:
            is_beta = path == OLD_USAGE and "speed" in {name.removesuffix("s[]"), value}
            if not is_beta and name != "exclude_deleted_users":
                params = [pair for pair in start if pair[0] != name]
                assert ask_anthropic.get(filled_in(path), [*params, (name, value)]).status_code == 200, (name, value)
    for name in {name for parameters in known.values() for name in parameters} - known[path].keys():
        assert ask_anthropic.get(filled_in(path), [*start, (name, "1")]).status_code == 400, name


@pytest.mark.parametrize(
    ("key", "path", "status", "kind"),
    [
        (None, COST, 401, "authentication_error"),
        ("sk-ant-admin01-unknown", COST, 401, "authentication_error"),
        (api.INFERENCE_KEY, COST, 401, "authentication_error"),
        (api.INFERENCE_KEY, f"{ROOT}/me", 401, "authentication_error"),
        (api.UNSCOPED_KEY, COST, 403, "permission_error"),
        (api.ENTERPRISE_KEY, COST, 200, None),
        (api.ENTERPRISE_KEY, OLD_COST, 403, "permission_error"),
        (api.ENTERPRISE_KEY, f"{ROOT}/me", 403, "permission_error"),
        (api.OLD_ORGANIZATION_KEY, USAGE, 400, "invalid_request_error"),
        (api.OLD_ORGANIZATION_KEY, OLD_COST, 200, None),
        (api.ADMIN_KEY, f"{ROOT}/nothing", 404, "not_found_error"),
        (api.ADMIN_KEY, f"{ROOT}/workspaces/wrkspc_none", 404, "not_found_error"),
        (api.ADMIN_KEY, f"{ROOT}/api_keys/apikey_none", 404, "not_found_error"),
    ],
)
def test_each_key_sees_its_own_part(
    ask_as: Callable[[str | None], Asker], key: str | None, path: str, status: int, kind: str | None
) -> None:
    response = ask_as(key).get(path, window(TODAY, TODAY + timedelta(days=1), path) if path in REPORTS else [])
    assert response.status_code == status
    assert response.headers["request-id"]
    if kind:
        validate(response.json(), "Error")
        assert response.json()["error"]["type"] == kind


@pytest.mark.parametrize(
    ("path", "params"),
    [
        (COST, window(date(2025, 12, 31), date(2026, 1, 3))),
        (COST, window(TODAY - timedelta(days=31), TODAY + timedelta(days=1))),
        (COST, window(TODAY, TODAY)),
        (COST, [("starting_at", "2026-11-01T00:00:00Z"), ("time_bucket_width", "1d")]),
        (COST, [("starting_at", "2026-11-01T00:00:00")]),
        (COST, [("starting_at", "2026-11-01")]),
        (COST, [("time_bucket_width", "1d")]),
        (COST, [*window(*MONTH), ("limit", 0)]),
        (COST, [*window(*MONTH), ("limit", 1_001)]),
        (COST, [*window(*MONTH), ("order_by", "requests")]),
        (COST, [*window(*MONTH), ("group_by", "model")]),
        (COST, [*window(*MONTH), *grouped("colour")]),
        (COST, [*window(*MONTH), *grouped("model", "speed", "product", "actor", "api_key_id", "workspace_id")]),
        (COST, [*window(*MONTH), ("page", "page_AAAA")]),
        (COST, [*window(*MONTH), ("exclude_deleted_users", "true")]),
        (USAGE, [*window(*MONTH), *grouped("cost_type")]),
        (USAGE, [*window(*MONTH), ("service_tiers[]", "golden")]),
        (OLD_COST, [*window(*MONTH, OLD_COST), ("limit", 32)]),
        (OLD_COST, [*window(*MONTH, OLD_COST), *grouped("api_key_id")]),
        (OLD_COST, [("starting_at", "2026-11-01T00:00:00Z"), ("bucket_width", "1h")]),
        (OLD_USAGE, [*window(*MONTH, OLD_USAGE), *grouped("speed")]),
        (OLD_USAGE, [*window(*MONTH, OLD_USAGE), ("context_windows[]", "0-200k")]),
        (f"{ROOT}/workspaces", [("include_archived", "yes")]),
        (f"{ROOT}/api_keys", [("status", "deleted")]),
        (f"{ROOT}/api_keys", [("after_id", "apikey_none")]),
    ],
)
def test_a_bad_question_is_refused(ask_anthropic: Asker, path: str, params: Params) -> None:
    response = ask_anthropic.get(path, params)
    assert response.status_code == 400
    validate(response.json(), "Error")


def test_the_headers_of_version_and_beta_are_needed(ask_anthropic: Asker) -> None:
    for missing in ("anthropic-version", "anthropic-beta"):
        headers = {name: value for name, value in ask_anthropic.http.headers.items() if name != missing}
        url = str(ask_anthropic.http.base_url).rstrip("/") + COST
        assert httpx.get(url, headers=headers, params=dict(window(*MONTH))).status_code == 400
    assert ask_anthropic.http.delete(f"{ROOT}/api_keys/{story.CI_KEY}").status_code == 405


def test_a_cursor_serves_only_the_question_it_was_given_for(ask_anthropic: Asker) -> None:
    params = [*window(*MONTH), ("limit", 2)]
    cursor = ("page", ask_anthropic.get(COST, params).json()["next_page"])
    assert ask_anthropic.get(COST, [*params, cursor]).status_code == 200
    assert ask_anthropic.get(COST, [*params, ("order", "asc"), cursor]).status_code == 400
    assert ask_anthropic.get(USAGE, [*params, cursor]).status_code == 400


def test_a_forgotten_limit_cuts_the_month_short(ask_anthropic: Asker) -> None:
    assert len(ask_anthropic.get(COST, window(*MONTH)).json()["data"]) == 20
    assert len(ask_anthropic.get(OLD_COST, window(*MONTH, OLD_COST)).json()["data"]) == 7


@pytest.mark.parametrize("limit", [3, 40, 1_000])
@pytest.mark.parametrize(
    "names", [(), ("cost_type",), ("token_type", "model"), ("workspace_id", "api_key_id", "model", "service_tier")]
)
def test_analytics_add_up_to_the_world_however_they_are_cut(
    ask_anthropic: Asker, world: World, names: tuple[str, ...], limit: int
) -> None:
    days = (TODAY - timedelta(days=6), TODAY + timedelta(days=1))
    expected: Counter[tuple[Any, ...]] = Counter()
    for cell in world.cells("anthropic", *days, NOW):
        if cell.is_billed:
            where = (cell.day, *(place(cell)[name] for name in names))
            expected[*where, "amount"] += cell.nanos
            expected[*where, "list_amount"] += list_nanos(cell)
    told: Counter[tuple[Any, ...]] = Counter()
    params = [*window(*days), *grouped(*names), ("limit", limit), ("order_by", "time")]
    for day, row in ask_anthropic.rows(COST, params):
        assert (row["cost"]["requests"] is None) == bool({"cost_type", "token_type"} & set(names))
        for name in ("amount", "list_amount"):
            told[(day, *(row["group"][dimension] for dimension in names), name)] += nanos(row["cost"][name])
    assert told == expected


@pytest.mark.parametrize("names", [(), ("workspace_id",), ("description",), ("workspace_id", "description")])
def test_legacy_costs_add_up_to_the_world(ask_anthropic: Asker, world: World, names: tuple[str, ...]) -> None:
    days = (TODAY - timedelta(days=20), TODAY + timedelta(days=1))
    expected: Counter[tuple[Any, ...]] = Counter()
    for cell in world.cells("anthropic", *days, NOW):
        if cell.is_billed:
            where = legacy_place(cell, story.DEFAULT)
            expected[cell.day, where["workspace_id"] if "workspace_id" in names else None] += cell.nanos
    told: Counter[tuple[Any, ...]] = Counter()
    for day, row in ask_anthropic.rows(OLD_COST, [*window(*days, OLD_COST), *grouped(*names), ("limit", 4)]):
        told[day, row["workspace_id"]] += nanos(row["amount"])
        assert (row["description"] is None) == ("description" not in names)
        assert "description" in names or row["model"] is row["cost_type"] is None
    assert told == expected


def test_both_usage_reports_count_what_the_world_counts(ask_anthropic: Asker, world: World) -> None:
    days = (TODAY - timedelta(days=3), TODAY + timedelta(days=1))
    cells = world.cells("anthropic", *days, NOW)
    expected = Counter[str]()
    for cell in cells:
        expected[cell.kind] += cell.quantity
    for path in (USAGE, OLD_USAGE):
        told = Counter[str]()
        for _, row in ask_anthropic.rows(path, [*window(*days, path), *grouped("model", "api_key_id")]):
            counts = row.get("usage", row)
            told["input"] += counts["uncached_input_tokens"]
            told["cached_input"] += counts["cache_read_input_tokens"]
            told["cache_write"] += counts["cache_creation"]["ephemeral_5m_input_tokens"]
            told["cache_write_1h"] += counts["cache_creation"]["ephemeral_1h_input_tokens"]
            told["output"] += counts["output_tokens"]
            told["web_search"] += counts["server_tool_use"]["web_search_requests"]
        assert told == {kind: expected[kind] for kind in told}
        assert min(told.values()) > 0


@pytest.mark.parametrize(("width", "count"), [("1h", 24), ("1d", 1), (None, 1)])
def test_narrow_buckets_add_up_to_the_day(ask_anthropic: Asker, world: World, width: str | None, count: int) -> None:
    day = TODAY - timedelta(days=2)
    params = [*window(day, day + timedelta(days=1))[:2], ("limit", 1_000)]
    rows = list(ask_anthropic.rows(COST, [*params, *([("time_bucket_width", width)] if width else [])]))
    assert len(rows) == count
    truth = world.day_totals("anthropic", day, day + timedelta(days=1), NOW)
    assert sum(nanos(row["cost"]["amount"]) for _, row in rows) == truth[day]


def test_the_default_workspace_is_null_in_the_legacy_reports_and_listed_only_on_demand(ask_anthropic: Asker) -> None:
    rows = ask_anthropic.rows(OLD_COST, [*window(*MONTH, OLD_COST), *grouped("workspace_id"), ("limit", 31)])
    found = {row["workspace_id"] for _, row in rows}
    assert None in found
    assert story.DEFAULT not in found
    workspaces = f"{ROOT}/workspaces"
    plain = ask_anthropic.get(workspaces).json()["data"]
    everything = ask_anthropic.get(workspaces, [("include_default", "true"), ("include_archived", "true")]).json()
    assert {known["id"] for known in everything["data"]} - {known["id"] for known in plain} == {
        story.DEFAULT,
        story.PILOT,
    }


@pytest.mark.parametrize("limit", [1, 3, 1_000])
def test_lists_page_into_the_whole_in_both_directions(ask_anthropic: Asker, limit: int) -> None:
    keys: list[str] = []
    page = ask_anthropic.get(f"{ROOT}/api_keys", [("limit", limit)]).json()
    keys += [key["id"] for key in page["data"]]
    while page["has_more"]:
        page = ask_anthropic.get(f"{ROOT}/api_keys", [("limit", limit), ("after_id", page["last_id"])]).json()
        keys += [key["id"] for key in page["data"]]
    assert keys == [key.api_key_id for key in story.KEYS]
    back = ask_anthropic.get(f"{ROOT}/api_keys", [("limit", 2), ("before_id", keys[3])]).json()
    assert [key["id"] for key in back["data"]] == keys[1:3]
    assert back["has_more"]


def test_keys_come_in_two_shapes_and_all_states(ask_anthropic: Asker) -> None:
    keys = ask_anthropic.get(f"{ROOT}/api_keys", [("limit", 100)]).json()["data"]
    assert {"scope" in key for key in keys} == {True, False}
    assert {key["status"] for key in keys} == {"active", "inactive", "archived"}
    assert None in {key.get("workspace_id", "") for key in keys}
    assert story.UNLISTED_KEY not in {key["id"] for key in keys}


def test_a_month_costs_between_one_and_fifteen_thousand_dollars(world: World) -> None:
    days = world.day_totals("anthropic", TODAY - timedelta(days=30), TODAY, NOW)
    assert len(days) == 30
    assert 1_000 * 10**9 < sum(days.values()) < 15_000 * 10**9


@pytest.mark.parametrize("seed", range(4))
def test_an_odd_world_is_repeatable_and_its_rows_add_up_to_it_on_small_pages_too(
    seed: int, simulator: Simulator, ask_anthropic: Asker
) -> None:
    simulator.world, again = (odd_anthropic_world(seed, TODAY) for _ in range(2))
    simulator.manners = Manners(page_rows=5, has_dust=True, omits_nulls=True)
    start, end = TODAY - timedelta(days=30), TODAY + timedelta(days=1)
    cells = simulator.world.cells("anthropic", start, end, NOW)
    assert cells == again.cells("anthropic", start, end, NOW)
    assert cells != odd_anthropic_world(seed + 100, TODAY).cells("anthropic", start, end, NOW)
    billed = sum(cell.nanos for cell in cells)
    for groups in ((), ("workspace_id", "api_key_id", "model", "cost_type")):
        params = [*window(start, end), ("order_by", "time"), ("order", "asc"), ("limit", 1_000), *grouped(*groups)]
        rows = [row for _, row in ask_anthropic.rows(COST, params)]
        assert not any(value is None for row in rows for value in row["group"].values())
        amounts = [Decimal(row["cost"]["amount"]) for row in rows]
        assert round(sum(amounts) * 10**7) == billed
        assert sum(amounts) * 10**7 % 1
