"""Each fault that can be ordered, seen from the client's side of the wire."""

import json
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest
from pydantic import ValidationError

from demo.faults import Fault
from demo.simulator import Simulator
from tests.demo.asking import TODAY, Asker, nanos, window

COSTS = "/organization/costs"
PROJECTS = "/organization/projects"
PERIOD = [*window(TODAY - timedelta(days=6), TODAY), ("limit", 2)]


def test_a_fault_hits_the_nth_fitting_request_as_often_as_ordered(simulator: Simulator, ask: Asker) -> None:
    simulator.faults.add(Fault(kind="status", match="/costs", nth=2, times=2))
    assert [ask.get(COSTS, PERIOD).status_code for _ in range(5)] == [200, 503, 503, 200, 200]
    assert ask.get(PROJECTS).status_code == 200


def test_a_fault_without_end_lasts_until_it_is_cleared(simulator: Simulator, ask: Asker) -> None:
    simulator.faults.add(Fault(kind="status", status=500, times=0))
    assert {ask.get(PROJECTS).status_code for _ in range(4)} == {500}
    simulator.faults.clear()
    assert ask.get(PROJECTS).status_code == 200


def test_a_fault_can_fit_the_decoded_query(simulator: Simulator, ask: Asker) -> None:
    simulator.faults.add(Fault(kind="status", match=r"costs\?.*group_by\[\]=line_item"))
    assert ask.get(COSTS, PERIOD).status_code == 200
    assert ask.get(COSTS, [*PERIOD, ("group_by[]", "line_item")]).status_code == 503


def test_only_the_oldest_due_fault_hits(simulator: Simulator, ask: Asker) -> None:
    simulator.faults.add(Fault(kind="status", status=500))
    simulator.faults.add(Fault(kind="status", status=502, nth=1, times=2))
    assert [ask.get(PROJECTS).status_code for _ in range(3)] == [500, 502, 200]


def test_an_ordered_fault_can_be_ordered_again(simulator: Simulator, ask: Asker) -> None:
    fault = Fault(kind="status")
    for _ in range(2):
        simulator.faults.add(fault)
        assert [ask.get(PROJECTS).status_code for _ in range(2)] == [503, 200]


@pytest.mark.parametrize("retry_after", [None, "2", "Wed, 25 Nov 2026 07:28:00 GMT", "86400000", "soon"])
def test_a_rate_limit_says_when_to_come_back_in_any_words(
    simulator: Simulator, ask: Asker, retry_after: str | None
) -> None:
    simulator.faults.add(Fault(kind="status", status=429, retry_after=retry_after))
    response = ask.get(COSTS, PERIOD)
    assert response.status_code == 429
    assert response.headers.get("Retry-After") == retry_after
    assert response.json()["error"]["code"] == "rate_limit_exceeded"


def test_a_status_can_say_any_text(simulator: Simulator, ask: Asker) -> None:
    simulator.faults.add(Fault(kind="status", status=401, text='{"error": "Missing scopes: api.usage.read."}'))
    assert ask.get(COSTS, PERIOD).json() == {"error": "Missing scopes: api.usage.read."}


@pytest.mark.parametrize(("status", "sent"), [(None, 502), (200, 200)])
def test_html_comes_instead_of_json(simulator: Simulator, ask: Asker, status: int | None, sent: int) -> None:
    simulator.faults.add(Fault(kind="html", status=status))
    response = ask.get(COSTS, PERIOD)
    assert (response.status_code, response.headers["Content-Type"]) == (sent, "text/html")
    assert response.text.startswith("<!DOCTYPE html>")


def test_an_answer_can_bear_a_wrong_label(simulator: Simulator, ask: Asker) -> None:
    whole = ask.get(COSTS, PERIOD)
    simulator.faults.add(Fault(kind="header", header="Content-Type: text/html"))
    response = ask.get(COSTS, PERIOD)
    assert response.headers["Content-Type"] == "text/html"
    assert (response.status_code, response.content) == (200, whole.content)


def test_a_truncated_answer_arrives_whole_but_is_no_json(simulator: Simulator, ask: Asker) -> None:
    whole = ask.get(COSTS, PERIOD).content
    simulator.faults.add(Fault(kind="truncate"))
    response = ask.get(COSTS, PERIOD)
    assert response.status_code == 200
    assert response.content == whole[: len(whole) // 2]
    with pytest.raises(json.JSONDecodeError):
        response.json()


@pytest.mark.parametrize("size", [0, 1, 200, 10**9])
def test_a_cut_connection_breaks_the_answer_off(simulator: Simulator, ask: Asker, size: int) -> None:
    simulator.faults.add(Fault(kind="cut", size=size))
    with pytest.raises(httpx.RemoteProtocolError):
        ask.get(COSTS, PERIOD)
    assert ask.get(COSTS, PERIOD).status_code == 200


def test_a_dripping_answer_comes_in_drops(simulator: Simulator, ask: Asker) -> None:
    whole = ask.get(PROJECTS, [("limit", 1)]).content
    simulator.faults.add(Fault(kind="drip", rate=20_000))
    with ask.http.stream("GET", PROJECTS, params={"limit": 1}) as response:
        assert response.read() == whole
    simulator.faults.add(Fault(kind="drip", rate=1))
    with pytest.raises(httpx.ReadTimeout):
        ask.http.get(PROJECTS, params={"limit": 1}, timeout=0.05)


def test_a_huge_answer_is_as_large_as_ordered_and_still_json(simulator: Simulator, ask: Asker) -> None:
    usual = ask.get(COSTS, PERIOD)
    simulator.faults.add(Fault(kind="huge", size=3_000_000))
    response = ask.get(COSTS, PERIOD)
    assert len(response.content) == 3_000_000 + len(usual.content)
    assert response.json() == usual.json()


def test_a_client_may_leave_in_the_middle_of_a_huge_answer(
    simulator: Simulator, ask: Asker, capfd: pytest.CaptureFixture[str]
) -> None:
    simulator.faults.add(Fault(kind="huge", size=50_000_000))
    with ask.http.stream("GET", PROJECTS) as response:
        assert next(response.iter_bytes()).isspace()
    assert ask.get(PROJECTS).status_code == 200
    assert capfd.readouterr() == ("", "")


def test_a_delayed_answer_outlasts_an_impatient_client(simulator: Simulator, ask: Asker) -> None:
    simulator.faults.add(Fault(kind="delay", seconds=600))
    with pytest.raises(httpx.ReadTimeout):
        ask.http.get(PROJECTS, timeout=0.05)
    simulator.faults.add(Fault(kind="delay", seconds=0.001))
    assert ask.get(PROJECTS).status_code == 200


def test_a_redirect_points_to_another_host(simulator: Simulator, ask: Asker) -> None:
    simulator.faults.add(Fault(kind="redirect", location="http://127.0.0.2:9/steal"))
    response = ask.get(COSTS, PERIOD)
    assert (response.status_code, response.headers["Location"]) == (307, "http://127.0.0.2:9/steal")


def test_a_repeated_cursor_gives_the_same_page_again(simulator: Simulator, ask: Asker) -> None:
    simulator.faults.add(Fault(kind="repeat_cursor", match="page=", times=0))
    first = ask.json(COSTS, PERIOD)
    second = ask.json(COSTS, [*PERIOD, ("page", first["next_page"])])
    third = ask.json(COSTS, [*PERIOD, ("page", second["next_page"])])
    assert first["next_page"] == second["next_page"] == third["next_page"]
    assert first["data"] != second["data"] == third["data"]


def test_a_repeated_cursor_of_a_list_names_where_it_started(simulator: Simulator, ask: Asker) -> None:
    first = ask.json(PROJECTS, [("limit", 2)])["last_id"]
    simulator.faults.add(Fault(kind="repeat_cursor"))
    page = ask.json(PROJECTS, [("limit", 2), ("after", first)])
    assert (page["has_more"], page["last_id"]) == (True, first)


@pytest.mark.parametrize(("path", "cursor"), [(COSTS, "next_page"), (PROJECTS, "last_id")])
def test_more_may_be_promised_without_a_cursor(simulator: Simulator, ask: Asker, path: str, cursor: str) -> None:
    simulator.faults.add(Fault(kind="null_cursor"))
    page = ask.json(path, PERIOD if path == COSTS else ())
    assert (page["has_more"], page[cursor]) == (True, None)


def test_grouping_by_key_can_be_refused(simulator: Simulator, ask: Asker) -> None:
    simulator.faults.add(Fault(kind="refuse_grouping", times=0))
    response = ask.get(COSTS, [*PERIOD, ("group_by", "api_key_id")])
    assert response.status_code == 400
    assert "api_key_id" in response.json()["error"]["message"]
    assert ask.get(COSTS, [*PERIOD, ("group_by", "project_id")]).status_code == 200


def test_a_control_total_can_miss_the_rows_by_a_dollar_a_day(simulator: Simulator, ask: Asker) -> None:
    def amounts(params: list[tuple[str, str | int]]) -> dict[object, Decimal]:
        days: dict[object, Decimal] = {}
        for day, row in ask.rows(COSTS, [*PERIOD, *params]):
            days[day] = days.get(day, Decimal(0)) + Decimal(row["amount"]["value"])
        return days

    simulator.faults.add(Fault(kind="control_mismatch", times=0))
    grouped, control = amounts([("group_by", "line_item")]), amounts([])
    assert {nanos(control[day] - grouped[day]) for day in grouped} == {10**9}
    assert len(grouped) == 6


def test_an_unknown_fault_is_refused() -> None:
    with pytest.raises(ValidationError):
        Fault.model_validate({"kind": "gremlin"})
    with pytest.raises(ValidationError):
        Fault.model_validate({"kind": "status", "stat": 500})
