"""The simulator as a process, and its back door."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from demo.openai_api import ADMIN_KEY
from demo.simulator import Simulator
from demo.world import World
from tests.demo.asking import NOW, TODAY, Asker, window

PROJECT = Path(__file__).parents[2]
WEEK = window(TODAY - timedelta(days=7), TODAY)


@pytest.fixture
def process() -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "demo.simulator", "--seed", "7", "--now", "2026-11-23T16:00+01:00", "--control"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as started:
        yield started
        started.kill()


def test_the_process_prints_its_url_first_serves_and_stops_when_told(process: "subprocess.Popen[str]") -> None:
    assert process.stdout
    url = process.stdout.readline().strip()
    name, _, endpoint = process.stdout.readline().strip().partition("=")
    costs = httpx.get(f"{endpoint}/organization/costs", params=WEEK, headers={"Authorization": f"Bearer {ADMIN_KEY}"})
    truth = httpx.get(f"{url}/_control/world", params={"start": "2026-11-16", "end": "2026-11-23"}).json()
    assert name == "SPENDGLASS_ENDPOINT_OPENAI"
    assert url.startswith("http://127.0.0.1:")
    assert costs.status_code == 200
    expected = World(7, TODAY).day_totals("openai", TODAY - timedelta(days=7), TODAY, NOW)
    assert truth["days"] == {day.isoformat(): nanos for day, nanos in expected.items()}
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert process.stderr
    assert process.stderr.read() == ""


def test_the_truth_tells_every_grain(simulator: Simulator, world: World) -> None:
    day = {"provider": "openai", "start": "2026-11-20", "end": "2026-11-21"}
    told = httpx.get(f"{simulator.url}/_control/world", params=day).json()
    expected = world.totals("openai", TODAY - timedelta(days=3), TODAY - timedelta(days=2), NOW)
    rows = {(row["workspace_id"], row["api_key_id"], row["model"]): row for row in told["rows"]}
    assert len(rows) == len(told["rows"]) == len(expected)
    for (_, *place), total in expected.items():
        row = rows[tuple(place)]
        assert (row["nanos"], row["requests"]) == (total.nanos, total.requests)
        assert (row["input_tokens"], row["output_tokens"]) == (total.input_tokens, total.output_tokens)


def test_the_truth_without_dates_is_the_whole_history(simulator: Simulator, world: World) -> None:
    told = httpx.get(f"{simulator.url}/_control/world").json()
    everything = world.day_totals("openai", world.first_day, TODAY + timedelta(days=1), NOW)
    assert sum(told["days"].values()) == sum(everything.values())


def test_faults_restatements_and_requests_pass_the_back_door(simulator: Simulator, ask: Asker) -> None:
    control = f"{simulator.url}/_control"
    before = httpx.get(f"{control}/world").json()["days"]
    assert httpx.post(f"{control}/faults", json={"kind": "status"}).json() == {"ordered": 1}
    assert httpx.post(f"{control}/faults", json=[{"kind": "html", "nth": 2}]).json() == {"ordered": 1}
    assert [ask.get("/organization/projects").status_code for _ in range(3)] == [503, 502, 200]
    httpx.post(f"{control}/faults", json={"kind": "status", "times": 0})
    httpx.delete(f"{control}/faults")
    assert ask.get("/organization/projects").status_code == 200
    assert httpx.post(f"{control}/restate", json={"fraction": 0.5, "seed": 1}).status_code == 200
    assert httpx.get(f"{control}/world").json()["days"] != before
    asked = httpx.get(f"{control}/requests").json()
    assert asked == [["GET", "/openai/v1/organization/projects"]] * 4


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "faults", '{"kind": "gremlin"}', 400),
        ("POST", "faults", "not json", 400),
        ("POST", "restate", '{"fraction": 1}', 400),
        ("GET", "world?start=yesterday", "", 400),
        ("GET", "world?provider=nobody", "", 400),
        ("GET", "nothing", "", 404),
        ("PUT", "faults", "{}", 404),
    ],
)
def test_nonsense_at_the_back_door_is_refused(
    simulator: Simulator, method: str, path: str, body: str, status: int
) -> None:
    response = httpx.request(method, f"{simulator.url}/_control/{path}", content=body)
    assert response.status_code == status
    assert response.json()["error"]


def test_the_back_door_is_shut_unless_asked_for(world: World) -> None:
    with Simulator(world) as simulator:
        assert httpx.get(f"{simulator.url}/_control/world").status_code == 404


def test_an_unknown_provider_is_not_found(simulator: Simulator) -> None:
    response = httpx.get(f"{simulator.url}/nobody/v1/costs")
    assert response.status_code == 404
    assert response.json()["providers"] == list(simulator.providers)


def test_the_clock_moves_the_bill_of_today(simulator: Simulator, ask: Asker) -> None:
    today = window(TODAY, TODAY + timedelta(days=1))
    early = ask.json("/organization/costs", today)
    simulator.clock = lambda: NOW + timedelta(hours=5)
    assert ask.json("/organization/costs", today) != early


def test_many_clients_get_the_same_answer_at_once(simulator: Simulator, ask: Asker) -> None:
    expected = ask.get("/organization/costs", WEEK).content
    answers: list[bytes] = []

    def read() -> None:
        with (asker := Asker(simulator)).http:
            answers.extend(asker.get("/organization/costs", WEEK).content for _ in range(5))

    readers = [threading.Thread(target=read) for _ in range(8)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert len(answers) == 40
    assert set(answers) == {expected}


def test_closing_ends_open_connections(world: World) -> None:
    with ExitStack() as stack:
        simulator = stack.enter_context(Simulator(world))
        with (asker := Asker(simulator)).http:
            assert asker.get("/organization/projects").status_code == 200
            stack.close()
            with pytest.raises(httpx.TransportError):
                asker.get("/organization/projects")
