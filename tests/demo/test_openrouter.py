"""OpenRouter's simulated interface: its answers against the published specification, its sums against the world."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from demo import openrouter_api as api
from demo import openrouter_spend as story
from demo.simulator import Simulator
from demo.wire import Manners
from demo.world import World
from tests.demo.asking import NOW, TODAY, nanos

SPECIFICATION = json.loads(Path(__file__).with_name("openrouter.schema.json").read_text())
PATHS = sorted(SPECIFICATION["x-answers"])
TOMORROW = TODAY + timedelta(days=1)
QUERY = {
    "metrics": ["credits_usage", "byok_usage", "request_count", "tokens_prompt", "tokens_completion"],
    "dimensions": ["model", "variant"],
    "granularity": "day",
    "time_range": {"start": "2026-11-01T00:00:00Z", "end": "2026-11-24T00:00:00Z"},
    "limit": 10_000,
}
JSON = dict[str, Any]


class Client:
    """A client of one simulator's OpenRouter interface."""

    def __init__(self, simulator: Simulator, key: str | None = api.MANAGEMENT_KEY) -> None:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        self.http = httpx.Client(base_url=simulator.endpoint("openrouter"), headers=headers, timeout=10)

    def ask(self, path: str, **params: str | int) -> httpx.Response:
        if path == "/analytics/query":
            return self.http.post(path, json={**QUERY, **params})
        return self.http.get(path.replace("{hash}", story.STUDIO), params=params)

    def data(self, path: str, **params: Any) -> Any:
        response = self.ask(path, **params)
        assert response.status_code == 200, response.text
        return json.loads(response.text, parse_float=Decimal)["data"]

    def rows(self, **question: Any) -> list[JSON]:
        """Rows of analytics without the day that only the end touches."""
        return [row for row in self.data("/analytics/query", **question)["data"] if day_of(row) < TOMORROW]


def day_of(row: JSON) -> date:
    return date.fromisoformat((row.get("date__day") or row["created_at__day"])[:10])


@pytest.fixture
def client(simulator: Simulator) -> Iterator[Client]:
    asking = Client(simulator)
    with asking.http:
        yield asking


def validate(answer: object, shape: str) -> None:
    schema = {"$ref": f"#/$defs/{shape}", "$defs": SPECIFICATION["$defs"]}
    jsonschema.validate(answer, schema, jsonschema.Draft202012Validator)


def refusal(response: httpx.Response) -> tuple[int, str]:
    error = response.json()
    validate(error, "Error")
    assert error["error"]["code"] == response.status_code
    return response.status_code, error["error"]["message"]


@pytest.mark.parametrize("path", PATHS)
def test_answers_have_the_published_shape(client: Client, path: str) -> None:
    answer = client.ask(path).json()
    validate(answer, SPECIFICATION["x-answers"][path])
    assert answer["data"]


def test_the_question_of_this_test_has_the_published_shape() -> None:
    validate(QUERY, "Query")


@pytest.mark.parametrize("path", [path for path in PATHS if path != "/analytics/query"])
def test_every_published_parameter_is_taken_and_nothing_else(client: Client, path: str) -> None:
    known = SPECIFICATION["x-parameters"][path]
    examples = {
        "date": "2026-11-20", "api_key_hash": story.STUDIO, "user_id": "user_1", "group_by": "workspace", "limit": 1,
        "workspace_id": story.LABS, "offset": 1, "include_disabled": "true",
    }  # fmt: skip
    for name in known:
        assert client.ask(path, **{name: examples[name]}).status_code == 200, name
    for name in ("date_from", "page", "after", *(examples.keys() - known.keys())):
        if "{" not in path or name == "page":
            assert refusal(client.ask(path, **{name: examples.get(name, "1")})) == (400, "Invalid request parameters")


@pytest.mark.parametrize(
    ("key", "path", "refused"),
    [
        (None, "/key", (401, "Missing Authentication header")),
        (api.REVOKED_KEY, "/key", (401, "User not found.")),
        ("nonsense", "/activity", (401, "User not found.")),
        (api.STANDARD_KEY, "/activity", (403, "Only management keys can perform this operation")),
        (api.STANDARD_KEY, "/keys", (403, "Only management keys can perform this operation")),
        (api.STANDARD_KEY, "/workspaces", (403, "Only management keys can perform this operation")),
        (api.STANDARD_KEY, "/credits", (403, "Only management keys can perform this operation")),
        (api.BLIND_MANAGEMENT_KEY, "/analytics/meta", (403, "Only management keys can perform this operation")),
    ],
)
def test_wrong_keys_are_refused_in_openrouters_words(
    simulator: Simulator, key: str | None, path: str, refused: tuple[int, str]
) -> None:
    with (asking := Client(simulator, key)).http:
        assert refusal(asking.ask(path)) == refused


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("/activity", {"date": TODAY.isoformat()}, 400),
        ("/activity", {"date": (TODAY - timedelta(days=31)).isoformat()}, 400),
        ("/activity", {"group_by": "api_key"}, 400),
        ("/activity", {"api_key_hash": "abc"}, 400),
        ("/activity", {"api_key_hash": story.GONE}, 404),
        ("/keys", {"workspace_id": "nowhere"}, 400),
        ("/keys", {"offset": -1}, 400),
        ("/workspaces", {"limit": 101}, 400),
        ("/analytics/query", {"dimensions": ["model", "variant", "provider"]}, 400),
        ("/analytics/query", {"dimensions": ["hash"]}, 400),
        ("/analytics/query", {"metrics": []}, 400),
        ("/analytics/query", {"page": 2}, 400),
        ("/analytics/query", {"limit": 10_001}, 400),
        ("/analytics/query", {"time_range": {"start": "2026-11-01T00:00:00Z"}}, 400),
        ("/analytics/query", {"time_range": {"start": "2026-11-01T00:00:00", "end": "2026-11-02T00:00:00"}}, 400),
        ("/analytics/query", {"time_range": {"start": "2025-11-01T00:00:00Z", "end": "2026-11-24T00:00:00Z"}}, 400),
        ("/analytics/query", {"filters": [{"field": "api_key_id", "operator": "like", "value": "x"}]}, 400),
        ("/nowhere", {}, 404),
    ],
)
def test_what_is_not_offered_is_refused(client: Client, path: str, params: JSON, status: int) -> None:
    assert refusal(client.ask(path, **params))[0] == status


def test_a_month_costs_a_few_thousand_dollars(world: World) -> None:
    days = world.day_totals("openrouter", TODAY - timedelta(days=30), TODAY, NOW)
    assert 1_000 * 10**9 < sum(days.values()) < 15_000 * 10**9


def test_activity_serves_thirty_finished_days_that_add_up_to_the_world(client: Client, world: World) -> None:
    rows = client.data("/activity", group_by="workspace")
    measured: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        place = (date.fromisoformat(row["date"]), row["workspace_id"], row["model_permaslug"])
        measured[place] += nanos(Decimal(row["usage"]) + Decimal(row["byok_usage_inference"]))
    expected: Counter[tuple[Any, ...]] = Counter()
    for cell in world.cells("openrouter", TODAY - timedelta(days=30), TODAY, NOW):
        expected[cell.day, cell.workspace_id, cell.model] += cell.nanos
    assert measured == expected
    assert len({row["date"] for row in rows}) == 30


def test_keys_and_what_no_key_accounts_for_are_the_whole(client: Client, world: World) -> None:
    whole: Counter[str] = Counter()
    for row in client.data("/activity"):
        whole[row["date"]] += row["requests"]
    for key in story.KEYS:
        if key.deleted is None:
            for row in client.data("/activity", api_key_hash=key.api_key_id):
                assert "workspace_id" not in row
                whole[row["date"]] -= row["requests"]
    loose: Counter[str] = Counter()
    for cell in world.cells("openrouter", TODAY - timedelta(days=30), TODAY, NOW):
        loose[cell.day.isoformat()] += cell.requests * (not cell.api_key_id)
    assert +whole == +loose
    assert +loose


def test_analytics_tells_the_same_as_activity_and_today_too(client: Client, world: World) -> None:
    measured: Counter[tuple[date, str]] = Counter()
    counted: Counter[date] = Counter()
    for row in client.rows():
        for name in ("credits_usage", "byok_usage"):
            measured[day_of(row), row["model"]] += nanos(Decimal(row[name] or 0))
        counted[day_of(row)] += int(row["request_count"])
    expected: Counter[tuple[date, str]] = Counter()
    requests: Counter[date] = Counter()
    for cell in world.cells("openrouter", date(2026, 11, 1), TOMORROW, NOW):
        expected[cell.day, cell.model] += cell.nanos
        requests[cell.day] += cell.requests
    assert measured == expected
    assert counted == requests
    assert max(counted) == TODAY


def test_analytics_shows_its_traps(client: Client) -> None:
    rows = client.rows(dimensions=["api_key_id", "workspace"])
    assert {key for row in rows for key in row if key.endswith("__day")} == {"date__day", "created_at__day"}
    assert {type(row["request_count"]) for row in rows} == {int, str}
    assert any(row["byok_usage"] is None for row in rows)
    assert {row["workspace"] for row in rows if row["api_key_id"] == "prod"} == {"Assistant", "Labs"}
    assert client.data("/analytics/query", limit=3)["metadata"]["truncated"] is True
    ended = client.data("/analytics/query", time_range={"start": "2026-11-01T00:00:00Z", "end": "2026-11-03T00:00:00Z"})
    assert max(map(day_of, ended["data"])) == date(2026, 11, 3)
    unknown = [{"field": "api_key_id", "operator": "eq", "value": "f" * 64}]
    answer = client.data("/analytics/query", filters=unknown)
    assert (answer["data"], answer["warnings"]) == ([], ["Could not resolve api_key_id hash: ffffff"])


def test_short_lived_dimensions_shrink_the_whole_question(client: Client) -> None:
    span = {"start": "2026-01-01T00:00:00Z", "end": "2026-11-24T00:00:00Z"}
    assert min(day_of(row) for row in client.rows(dimensions=["provider"], time_range=span)) == TODAY - timedelta(
        days=30
    )


def test_keys_are_listed_by_workspace_and_disabled_ones_only_when_asked_for(client: Client) -> None:
    def names(**params: str) -> list[str]:
        return [key["name"] for key in client.data("/keys", **params)]

    assert names() == ["studio", "=1+1|test"]
    assert names(workspace_id=story.LABS) == ["prod"]
    assert names(workspace_id=story.LABS, include_disabled="true") == ["prod", "evals"]


def test_a_standard_key_shows_counters_of_itself(simulator: Simulator, world: World) -> None:
    with (asking := Client(simulator, api.STANDARD_KEY)).http:
        shown = asking.data("/key")
    for member, start in (
        ("usage", world.first_day), ("usage_daily", TODAY), ("usage_weekly", date(2026, 11, 23)),
        ("usage_monthly", date(2026, 11, 1)),
    ):  # fmt: skip
        cells = world.cells("openrouter", start, TOMORROW, NOW)
        assert nanos(Decimal(shown[member])) == sum(c.nanos for c in cells if c.api_key_id == story.ASSISTANT_PROD)
    assert shown["is_management_key"] is False


def test_answers_bear_the_date_of_the_world(client: Client) -> None:
    assert client.ask("/key").headers["Date"] == "Mon, 23 Nov 2026 15:00:00 GMT"


def test_small_pages_split_lists_and_cut_analytics(client: Client, simulator: Simulator) -> None:
    simulator.manners = Manners(page_rows=1)
    assert [len(client.data("/workspaces", offset=place)) for place in range(4)] == [1, 1, 1, 0]
    assert [len(client.data("/keys", offset=place)) for place in range(3)] == [1, 1, 0]
    assert client.data("/analytics/query")["metadata"]["truncated"] is True


def test_dust_gives_amounts_more_digits_and_leaves_them_the_same_to_the_nano_dollar(
    client: Client, simulator: Simulator
) -> None:
    plain = [row["usage"] for row in client.data("/activity")]
    simulator.manners = Manners(has_dust=True)
    dusty = [row["usage"] for row in client.data("/activity")]
    assert dusty != plain
    assert max(-amount.as_tuple().exponent for amount in dusty if amount) > 18
    assert [nanos(Decimal(amount)) for amount in dusty] == [nanos(Decimal(amount)) for amount in plain]


def test_a_deleted_workspace_is_listed_no_more_and_takes_its_keys_along(client: Client, simulator: Simulator) -> None:
    old = simulator.world.story("openrouter")
    spaces = tuple(
        replace(space, archived=2) if space.workspace_id == story.LABS else space for space in old.workspaces
    )
    simulator.world = World(5, TODAY, stories=(replace(old, workspaces=spaces),))
    assert [space["id"] for space in client.data("/workspaces")] == [story.DEFAULT, story.ASSISTANT]
    assert client.ask("/keys", workspace_id=story.LABS).status_code == 400
    assert client.ask("/activity", api_key_hash=story.LABS_PROD).status_code == 404
    assert story.LABS in {row["workspace_id"] for row in client.data("/activity", group_by="workspace")}
