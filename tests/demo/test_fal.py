"""fal's side of the simulator: its answers against the published specification, its sums against the world."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from demo import fal_api
from demo import fal_spend as story
from demo.simulator import Simulator
from demo.world import World
from tests.demo.asking import NOW, TODAY, nanos

SPECIFICATION = json.loads(Path(__file__).with_name("fal.schema.json").read_text())
PATHS = sorted(SPECIFICATION["x-answers"])
REPORTS = ("/models/usage", "/serverless/usage")
ADMIN_PATHS = (*REPORTS, "/account/billing", "/keys")
TOMORROW = TODAY + timedelta(days=1)
ENDPOINTS = [("endpoint_id", story.FLUX), ("endpoint_id", story.ROUTER)]
Params = Iterable[tuple[str, str | int]]


def days(start: date, end: date) -> list[tuple[str, str | int]]:
    return [("start", start.isoformat()), ("end", f"{end}T00:00:00Z"), ("timeframe", "day"),
            ("bound_to_timeframe", "false"), ("timezone", "UTC")]  # fmt: skip


MONTH = days(TODAY - timedelta(days=30), TOMORROW)


class FalAsker:
    """A client of one simulator's fal interface."""

    def __init__(self, simulator: Simulator, key: str = fal_api.ADMIN_KEY, scheme: str = "Key") -> None:
        headers = {"Authorization": f"{scheme} {key}"} if key else {}
        self.http = httpx.Client(base_url=simulator.endpoint("fal"), headers=headers, timeout=10)

    def get(self, path: str, params: Params = ()) -> httpx.Response:
        needed = ENDPOINTS if path == "/models/pricing" and not list(params) else []
        return self.http.get(path, params=[*needed, *params])

    def json(self, path: str, params: Params = ()) -> Any:
        response = self.get(path, params)
        assert response.status_code == 200, response.text
        return json.loads(response.text, parse_float=Decimal)

    def pages(self, path: str, params: Params) -> Iterator[Any]:
        params = list(params)
        page = self.json(path, params)
        yield page
        while page["has_more"]:
            page = self.json(path, [*params, ("cursor", page["next_cursor"])])
            yield page

    def rows(self, path: str, params: Params) -> Iterator[tuple[date, Any]]:
        for page in self.pages(path, params):
            for bucket in page["time_series"]:
                for row in bucket["results"]:
                    yield date.fromisoformat(bucket["bucket"][:10]), row


@pytest.fixture
def fal(simulator: Simulator) -> Iterator[FalAsker]:
    with (asker := FalAsker(simulator)).http:
        yield asker


def validate(answer: object, shape: str) -> None:
    schema = {"$ref": f"#/$defs/{shape}", "$defs": SPECIFICATION["$defs"]}
    jsonschema.validate(answer, schema, jsonschema.Draft202012Validator)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "expand", [(), ("time_series", "summary"), ("time_series", "auth_method", "auth_method_structured")]
)
def test_answers_have_the_published_shape(fal: FalAsker, path: str, expand: tuple[str, ...]) -> None:
    wanted = [("expand", value) for value in expand if path == "/models/usage" or "auth" not in value]
    params = [*MONTH, *wanted] if path in REPORTS else ()
    answer = fal.get(path, params).json()
    validate(answer, SPECIFICATION["x-answers"][path])
    assert all(answer[name] for name in ("time_series", "keys", "models", "prices", "username") if name in answer)


@pytest.mark.parametrize("path", PATHS)
def test_every_published_parameter_is_taken_and_nothing_else(fal: FalAsker, path: str) -> None:
    known = SPECIFICATION["x-parameters"]
    examples = {
        "integer": "7",
        "moment": TODAY.isoformat(),
        "array": story.FLUX,
        "string": {"cursor": "Mg==", "timezone": "UTC"},
    }
    for name, kind in known[path].items():
        example = examples["string"].get(name, "x") if kind == "string" else None
        values = kind if isinstance(kind, list) else [example or examples[kind]]
        for value in values:
            if name != "expand":
                assert fal.get(path, [(name, value)]).status_code == 200, (name, value)
    unknown = {name for parameters in known.values() for name in parameters} - known[path].keys()
    for name in {*unknown, "start_time", "page"}:
        assert fal.get(path, [*(ENDPOINTS if "pricing" in path else []), (name, "1")]).status_code == 400, name


@pytest.mark.parametrize(
    "params",
    [
        [("start", "yesterday")],
        [("start", "2026-11-02"), ("end", "2026-11-01")],
        [("timeframe", "year")],
        [("timezone", "America/New_York")],
        [("bound_to_timeframe", "no")],
        [("expand", "auth_method_structured")],
        [("expand", "everything")],
        [("limit", 0)],
        [("limit", "many")],
        [("limit", 1), ("limit", 2)],
        [("cursor", "two")],
        [("cursor", "LTE=")],
        [("api_key_id", str(number)) for number in range(51)],
    ],
)
def test_malformed_questions_are_refused(fal: FalAsker, params: Params) -> None:
    response = fal.get("/models/usage", params)
    assert (response.status_code, response.json()["error"]["type"]) == (400, "validation_error")
    validate(response.json(), "Error")


@pytest.mark.parametrize(
    ("key", "scheme", "status", "words"),
    [
        ("", "Key", 401, "Authentication required"),
        ("none:such", "Key", 401, "Invalid API key"),
        (fal_api.ADMIN_KEY, "Bearer", 401, "Invalid API key or malformed Authorization header"),
        (fal_api.API_KEY, "Key", 401, "not permitted"),
        (fal_api.FORBIDDEN_KEY, "Key", 403, "Access denied"),
        (fal_api.MISTAKEN_KEY, "Key", 401, "Invalid API key"),
    ],
)
@pytest.mark.parametrize("path", ADMIN_PATHS)
def test_wrong_keys_are_refused_in_fals_words(
    simulator: Simulator, path: str, key: str, scheme: str, status: int, words: str
) -> None:
    with (asker := FalAsker(simulator, key, scheme)).http:
        response = asker.get(path)
        open_status = asker.get("/models/pricing").status_code
    assert (response.status_code, response.json()["error"]["type"]) == (status, "authorization_error")
    assert words in response.json()["error"]["message"]
    assert open_status == (200 if key in fal_api.REFUSALS else 401)
    validate(response.json(), "Error")


def test_organization_reports_are_for_enterprises(fal: FalAsker) -> None:
    assert fal.get("/organization/usage").status_code == 403
    assert fal.get("/organization/nothing").status_code == 404


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_the_bill_by_caller_and_unit_is_the_world_to_the_nano(fal: FalAsker, world: World, limit: int) -> None:
    start = TODAY - timedelta(days=3 if limit == 1 else 30)
    expected: Counter[tuple[Any, ...]] = Counter()
    quantities: Counter[tuple[Any, ...]] = Counter()
    for cell in world.cells("fal", start, TOMORROW, NOW):
        if not cell.model.startswith(story.SERVERLESS):
            unit, quanta = story.UNITS[cell.kind]
            place = (cell.day, cell.model, cell.api_key_id, unit)
            expected[place] += cell.nanos
            quantities[place] += Decimal(cell.quantity) / quanta
    told: Counter[tuple[Any, ...]] = Counter()
    counted: Counter[tuple[Any, ...]] = Counter()
    params = [*days(start, TOMORROW), ("expand", "time_series,auth_method_structured"), ("limit", limit)]
    for day, row in fal.rows("/models/usage", params):
        key_id = row.get("auth_method_structured", {}).get("api_key_id", "")
        told[day, row["endpoint_id"], key_id, row["unit"]] += row["cost_total"]
        counted[day, row["endpoint_id"], key_id, row["unit"]] += row["quantity"]
    assert {place: nanos(Decimal(amount)) for place, amount in told.items()} == expected
    assert counted == quantities


def test_own_apps_are_the_world_to_the_nano_and_in_no_other_report(fal: FalAsker, world: World) -> None:
    told: Counter[str] = Counter()
    for _, row in fal.rows("/serverless/usage", MONTH):
        told[row["app"] or story.NO_APP] += row["cost_total"]
    expected: Counter[str] = Counter()
    for cell in world.cells("fal", TODAY - timedelta(days=30), TOMORROW, NOW):
        if cell.model.startswith(story.SERVERLESS):
            expected[cell.model.removeprefix(story.SERVERLESS)] += cell.nanos
    assert {app: nanos(Decimal(amount)) for app, amount in told.items()} == expected
    assert not [row for _, row in fal.rows("/models/usage", MONTH) if "serverless" in row["endpoint_id"]]


@pytest.mark.parametrize(("frame", "count"), [("hour", 48), ("day", 2), ("week", 1), ("month", 1)])
def test_all_buckets_add_up_to_the_same_money(fal: FalAsker, frame: str, count: int) -> None:
    start = TODAY - timedelta(days=2)
    asked = [*days(start, TODAY)[:2], ("bound_to_timeframe", "false"), ("timeframe", frame), ("limit", 1_000)]
    page = fal.json("/models/usage", [*asked, ("expand", "time_series,summary")])
    assert len(page["time_series"]) == count
    money = sum(row["cost_total"] for bucket in page["time_series"] for row in bucket["results"])
    assert nanos(money) == nanos(sum(row["cost_total"] for row in page["summary"]))
    assert nanos(money) == nanos(sum(row["cost_total"] for _, row in fal.rows("/models/usage", days(start, TODAY))))


def test_a_question_without_dates_or_frame_is_the_last_day_in_hours(fal: FalAsker) -> None:
    buckets = [bucket["bucket"] for page in fal.pages("/models/usage", ()) for bucket in page["time_series"]]
    assert len(set(buckets)) == 25
    assert any(not bucket.endswith(("T00:00:00Z", "T00:00:00+00:00")) for bucket in buckets)


def test_a_bound_end_at_midnight_adds_a_day(fal: FalAsker) -> None:
    bound = [*days(TODAY - timedelta(days=3), TODAY - timedelta(days=1))[:3], ("limit", 1_000)]
    assert len(fal.json("/models/usage", bound)["time_series"]) == 3


def test_a_bucket_may_go_on_upon_the_next_page(fal: FalAsker) -> None:
    pages = list(fal.pages("/models/usage", [*MONTH, ("limit", 7)]))
    assert any(
        page["time_series"][-1]["bucket"] == following["time_series"][0]["bucket"]
        for page, following in pairwise(pages)
    )


def test_days_without_use_have_empty_buckets(fal: FalAsker) -> None:
    page = fal.json("/models/usage", days(TODAY - timedelta(days=375), TODAY - timedelta(days=370)))
    assert [bucket["results"] for bucket in page["time_series"]] == [[]] * 5


def test_the_odd_rows_are_there(fal: FalAsker) -> None:
    rows = [row for _, row in fal.rows("/models/usage", [*MONTH, ("expand", "time_series,auth_method_structured")])]
    callers = [row.get("auth_method_structured") for row in rows]
    assert None in callers
    assert {"detail": "ira-example", "login_username": "ira-example"} in callers
    assert any(row["percent_discount"] == 20 and row["cost_discount"] > 0 for row in rows)
    assert any(row["cost_total"] == 0 and row["quantity"] > 0 for row in rows)
    assert any(len(str(row["cost_total"])) > 15 for row in rows)
    assert len({row["unit"] for row in rows if row["endpoint_id"] == story.UPSCALE}) == 2
    assert any(row["is_surge"] for _, row in fal.rows("/serverless/usage", MONTH))


def test_admin_and_deleted_keys_cost_but_are_not_listed(fal: FalAsker) -> None:
    listed = fal.json("/keys", [("expand", "creator_info"), ("limit", 100)])["keys"]
    params = [*MONTH, ("expand", "time_series,auth_method_structured")]
    spending = {row.get("auth_method_structured", {}).get("api_key_id") for _, row in fal.rows("/models/usage", params)}
    assert {story.TRIAL_KEY, story.DEPLOY_KEY} <= spending - {key["key_id"] for key in listed}
    assert [key["alias"] for key in listed].count("prod") == 2
    assert len([key for page in fal.pages("/keys", [("limit", 2)]) for key in page["keys"]]) == len(listed) == 4


def test_one_unpriced_model_spoils_a_batch_of_prices(fal: FalAsker) -> None:
    assert fal.get("/models/pricing", ENDPOINTS).status_code == 200
    assert fal.get("/models/pricing", [*ENDPOINTS, ("endpoint_id", story.OWN_MODEL)]).status_code == 404


def test_a_month_costs_some_thousand_dollars(world: World) -> None:
    month = world.day_totals("fal", TODAY - timedelta(days=30), TODAY, NOW)
    assert 1_000 * 10**9 < sum(month.values()) < 15_000 * 10**9


def test_the_catalogue_knows_the_public_models_only(fal: FalAsker) -> None:
    asked = [("endpoint_id", story.CLIPS), ("endpoint_id", story.OWN_MODEL)]
    (known,) = fal.json("/models", asked)["models"]
    assert known["metadata"]["category"] == "image-to-video"
