"""The simulated LiteLLM proxy: answers as its release 1.106.2 describes them, refusals as they were recorded."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from demo import litellm_api, litellm_spend
from demo.simulator import Simulator
from demo.wire import Manners
from demo.world import World
from tests.demo.asking import NOW, TODAY, nanos

SPECIFICATION = json.loads(Path(__file__).with_name("litellm.schema.json").read_text())
REPORTS = ("/user/daily/activity", "/team/daily/activity")
TOTALS = "/user/daily/activity/aggregated"
WEEK = (TODAY - timedelta(days=6), TODAY)
TWO_MONTHS = (TODAY - timedelta(days=60), TODAY)
PARAMETERS: dict[str, dict[str, Any]] = {
    "/user/daily/activity": {"model": "x", "api_key": "x", "user_id": "x", "page": 1, "page_size": 1000},
    "/team/daily/activity": {"model": "x", "team_ids": "a,b", "exclude_team_ids": "c", "page": 1, "page_size": 5000},
    TOTALS: {"model": "x", "api_key": "x", "user_id": "x", "api_key_limit": 1000},
    "/key/list": {"page": 1, "size": 100, "return_full_object": "true", "include_team_keys": "true"},
    "/user/list": {"page": 1, "page_size": 100},
    "/team/list": {},
    "/key/info": {},
}


class Asker:
    """A client of one simulator's LiteLLM proxy."""

    def __init__(self, simulator: Simulator, key: str | None = litellm_api.VIEWER_KEY) -> None:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        self.http = httpx.Client(base_url=simulator.endpoint("litellm"), headers=headers, timeout=10)

    def get(self, path: str, days: tuple[date, date] | None = None, **params: Any) -> httpx.Response:
        span = {} if days is None else {"start_date": days[0].isoformat(), "end_date": days[1].isoformat()}
        return self.http.get(path, params=span | params)

    def json(self, path: str, days: tuple[date, date] | None = None, **params: Any) -> Any:
        response = self.get(path, days, **params)
        assert response.status_code == 200, response.text
        return json.loads(response.text, parse_float=Decimal)

    def pages(self, path: str, days: tuple[date, date], **params: Any) -> Iterator[Any]:
        number, has_more = 1, True
        while has_more:
            page = self.json(path, days, page=number, **params)
            yield page
            has_more, number = page["metadata"]["has_more"], number + 1


@pytest.fixture
def ask(simulator: Simulator) -> Iterator[Asker]:
    asker = Asker(simulator)
    with asker.http:
        yield asker


def span_of(path: str) -> tuple[date, date] | None:
    return WEEK if "activity" in path else None


@pytest.mark.parametrize("path", sorted(SPECIFICATION["x-answers"]))
def test_answers_have_the_published_shape(ask: Asker, path: str) -> None:
    schema = {"$ref": f"#/$defs/{SPECIFICATION['x-answers'][path]}", "$defs": SPECIFICATION["$defs"]}
    answer = ask.get(path, span_of(path)).json()
    jsonschema.validate(answer, schema, jsonschema.Draft202012Validator)
    assert answer.get("results") or answer.get("keys") or answer.get("users")


@pytest.mark.parametrize("path", [*REPORTS, TOTALS])
def test_figures_have_every_published_member(ask: Asker, path: str) -> None:
    answer = ask.json(path, WEEK)
    assert answer["results"][0]["metrics"].keys() == SPECIFICATION["$defs"]["SpendMetrics"]["properties"].keys()


@pytest.mark.parametrize("path", PARAMETERS)
def test_parameters_are_published_ones_and_others_are_refused(ask: Asker, path: str) -> None:
    assert set(PARAMETERS[path]) <= set(SPECIFICATION["x-parameters"][path])
    ask.json(path, span_of(path), **PARAMETERS[path])
    refused = ask.get(path, span_of(path), made_up=1)
    assert refused.status_code == 422
    schema = {"$ref": "#/$defs/HTTPValidationError", "$defs": SPECIFICATION["$defs"]}
    jsonschema.validate(refused.json(), schema, jsonschema.Draft202012Validator)


@pytest.mark.parametrize("path", REPORTS)
@pytest.mark.parametrize("size", [7, 50, 1_000])
def test_pages_of_any_size_add_up_to_the_world(ask: Asker, world: World, path: str, size: int) -> None:
    spent: dict[tuple[date, str], Decimal] = {}
    for page in ask.pages(path, WEEK, page_size=size):
        assert nanos(page["metadata"]["total_spend"]) == nanos(sum(day["metrics"]["spend"] for day in page["results"]))
        for day in page["results"]:
            for key, node in day["breakdown"]["api_keys"].items():
                place = (date.fromisoformat(day["date"]), key)
                spent[place] = spent.get(place, Decimal(0)) + node["metrics"]["spend"]
    told: dict[tuple[date, str], int] = {}
    for cell in world.cells("litellm", WEEK[0], WEEK[1] + timedelta(days=1), NOW):
        told[cell.day, cell.api_key_id] = told.get((cell.day, cell.api_key_id), 0) + cell.nanos
    assert {place: nanos(amount) for place, amount in spent.items() if amount} == {
        place: amount for place, amount in told.items() if amount
    }


def test_a_day_may_lie_on_two_pages(ask: Asker) -> None:
    days = [[day["date"] for day in page["results"]] for page in ask.pages(REPORTS[0], WEEK, page_size=10)]
    assert any(before[-1] == after[0] for before, after in pairwise(days))


def test_small_pages_split_activity_and_lists_that_asked_for_large_ones(ask: Asker, simulator: Simulator) -> None:
    whole = ask.json(REPORTS[0], WEEK, page_size=1000)["metadata"]
    simulator.manners = Manners(page_rows=2, has_dust=True)
    pages = list(ask.pages(REPORTS[0], WEEK, page_size=1000))
    assert len(pages) > 20
    total = sum(page["metadata"]["total_spend"] for page in pages)
    assert total != whole["total_spend"]
    assert nanos(total) == nanos(whole["total_spend"])
    assert len(ask.json("/key/list", size=100, include_team_keys="true")["keys"]) == 2


def test_totals_are_right_though_only_the_keys_that_spent_most_are_named(ask: Asker, world: World) -> None:
    answer = ask.json(TOTALS, TWO_MONTHS, api_key_limit=1)
    told = world.day_totals("litellm", TWO_MONTHS[0], TWO_MONTHS[1] + timedelta(days=1), NOW)
    assert {date.fromisoformat(day["date"]): nanos(day["metrics"]["spend"]) for day in answer["results"]} == told
    assert {len(day["breakdown"]["api_keys"]) for day in answer["results"]} == {1}
    assert answer["metadata"]["total_api_keys"] > 1


def test_the_traps_of_a_real_proxy_are_there(ask: Asker) -> None:
    days = [day for page in ask.pages(REPORTS[1], TWO_MONTHS, page_size=1000) for day in page["results"]]
    cuts = [day["breakdown"] for day in days]
    keys = {key: node["metadata"] for cut in cuts for key, node in cut["api_keys"].items()}
    homes = [
        [team for team, node in cut["entities"].items() if litellm_spend.MOVED in node["api_key_breakdown"]]
        for cut in cuts
    ]
    assert max(map(len, homes)) == 2
    assert keys[litellm_spend.HACKATHON]["key_exists"] is False
    assert "" in keys
    assert litellm_spend.MASTER in keys
    assert any("unknown" in cut["providers"] for cut in cuts)
    assert any("batch-small" in cut["models"] for cut in cuts)
    assert any(
        sum(node["metrics"]["api_requests"] for node in day["breakdown"]["models"].values())
        < day["metrics"]["api_requests"]
        for day in days
    )
    assert any(len(str(day["metrics"]["spend"])) > 15 for day in days)
    assert litellm_spend.DISBANDED not in {team["team_id"] for team in ask.json("/team/list")}


@pytest.mark.parametrize(
    ("key", "path", "status", "words"),
    [
        (None, "/user/list", 401, "No api key passed in"),
        ("nonsense", "/user/list", 401, "expected to start with 'sk-'"),
        ("sk-unknown", "/user/list", 401, "token_not_found_in_db"),
        (litellm_api.EXPIRED_KEY, "/user/list", 401, "expired_key"),
        (litellm_api.BLOCKED_KEY, "/user/list", 401, "Key is blocked"),
        (litellm_api.MEMBER_KEY, "/user/list", 403, "Only proxy admins"),
        (litellm_api.MEMBER_KEY, "/team/list", 401, "Only admin users"),
        (litellm_api.MEMBER_KEY, "/key/list", 403, "not allowed to list"),
        (litellm_api.SERVICE_KEY, "/user/daily/activity", 403, "Service-account keys"),
        (litellm_api.SERVICE_KEY, TOTALS, 403, "Service-account keys"),
        (litellm_api.SERVICE_KEY, "/team/daily/activity", 404, "User= None not found"),
        (litellm_api.NARROW_KEY, "/team/daily/activity", 403, "Tried to call route: /team/daily/activity"),
        (litellm_api.MASTER_KEY, "/key/info", 404, "Key not found"),
        (litellm_api.VIEWER_KEY, "/v1/user/daily/activity", 403, "not allowed to call this route"),
        (litellm_api.MASTER_KEY, "/v1/user/daily/activity", 404, "Not Found"),
    ],
)
def test_keys_are_refused_in_the_proxys_words(
    simulator: Simulator, key: str | None, path: str, status: int, words: str
) -> None:
    with (asker := Asker(simulator, key)).http:
        response = asker.get(path, span_of(path))
    assert response.status_code == status
    assert words in response.text


@pytest.mark.parametrize(
    ("path", "params", "status", "words"),
    [
        (REPORTS[0], {}, 400, "Please provide start_date and end_date"),
        (REPORTS[0], {"start_date": "2026-11-3", "end_date": "2026-11-04"}, 400, "valid YYYY-MM-DD dates"),
        (REPORTS[0], {"start_date": "20261103", "end_date": "2026-11-04"}, 400, "valid YYYY-MM-DD dates"),
        (REPORTS[0], {"page_size": 1001}, 422, "less than or equal to 1000"),
        (REPORTS[0], {"page": 0}, 422, "greater than or equal to 1"),
        (REPORTS[0], {"page": "two"}, 422, "valid integer"),
        (TOTALS, {"api_key_limit": 1001}, 422, "less than or equal to 1000"),
        ("/key/list", {"size": 101}, 422, "less than or equal to 100"),
        ("/key/list", {"return_full_object": "maybe"}, 422, "valid boolean"),
    ],
)
def test_malformed_requests_are_refused_in_the_proxys_words(
    ask: Asker, path: str, params: dict[str, Any], status: int, words: str
) -> None:
    span = {"start_date": TODAY.isoformat(), "end_date": TODAY.isoformat()}
    given = span | params if "page" in str(params) or "limit" in str(params) else params
    response = ask.get(path, **given)
    assert response.status_code == status
    assert words in response.text


def test_a_member_sees_only_what_is_his(simulator: Simulator) -> None:
    with (asker := Asker(simulator, litellm_api.MEMBER_KEY)).http:
        answer = asker.json(REPORTS[0], TWO_MONTHS, page_size=1000)
    assert {entity for day in answer["results"] for entity in day["breakdown"]["entities"]} == {"alex"}


def test_a_month_is_a_believable_bill(world: World) -> None:
    months: dict[tuple[int, int], int] = {}
    for day, amount in world.day_totals("litellm", TODAY - timedelta(days=170), TODAY, NOW).items():
        months[day.year, day.month] = months.get((day.year, day.month), 0) + amount
    whole = [amount / 10**9 for amount in list(months.values())[1:-1]]
    assert whole
    assert all(1_000 < amount < 15_000 for amount in whole)


def test_what_needs_no_key_is_public_and_only_reading_is_offered(simulator: Simulator, ask: Asker) -> None:
    with (stranger := Asker(simulator, None)).http:
        assert stranger.json("/health/readiness") == {"status": "healthy", "db": "connected"}
        assert stranger.json("/health/liveliness") == "I'm alive!"
    assert ask.http.post("/user/list").status_code == 405
