"""Composed answers in, exact statement out."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors.base import Remembered
from connectors.errors import UnexpectedResponse
from connectors.http import ProviderHttp, RequestRefused
from connectors.runway import RUNWAY, VERSION, check, fetch, resume
from store.records import CostRecord, LineItem, Window
from tests.connectors.runway.fake import FOLDER

JULY = Window(date(2026, 7, 1), date(2026, 7, 8))
Answer = Callable[[httpx.Request], httpx.Response]


def session(answer: Answer) -> ProviderHttp:
    return ProviderHttp(
        provider="Runway",
        base_url="http://127.0.0.1",
        headers={"X-Runway-Version": VERSION},
        transport=httpx.MockTransport(answer),
        sleep=lambda _: None,
    )


def always(content: Any) -> Answer:
    return lambda _request: httpx.Response(200, json=content)


def used(*entries: tuple[str, str, Any]) -> dict[str, Any]:
    results = [{"date": day, "usedCredits": [{"model": model, "amount": amount}]} for day, model, amount in entries]
    return {"results": results, "models": []}


def spent(day: int, model: str, *amounts: int) -> CostRecord:
    lines = [LineItem(label=model, amount=Decimal(a) / 100, quantity=Decimal(a), unit="credits") for a in amounts]
    total = Decimal(sum(amounts))
    return CostRecord(
        day=date(2026, 7, day),
        model=model,
        billed_cost=total / 100,
        usage_quantity=total,
        usage_unit="credits",
        line_items=tuple(lines),
    )


def test_the_composed_answer_is_this_statement() -> None:
    asked: list[tuple[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["X-Runway-Version"] == "2024-11-06"
        asked.append((request.method, json.loads(request.content)))
        return httpx.Response(200, content=(FOLDER / "usage_1.json").read_bytes())

    statement = fetch(session(answer), JULY)
    assert asked == [("POST", {"startDate": "2026-07-01", "beforeDate": "2026-07-08"})]
    assert statement.costs == (
        spent(1, "gen4.5", 120),
        spent(1, "gen4_image", 13),
        spent(4, "eleven_multilingual_v2", 1, 2),
        spent(4, "gen4.5", -60),
    )
    assert statement.notes == ()
    assert statement.api_keys == statement.workspaces == ()


def test_what_runway_does_not_report_is_none_and_not_zero() -> None:
    for cost in fetch(session(always(used(("2026-07-01", "gen4.5", 5)))), JULY).costs:
        assert (cost.workspace_id, cost.api_key_id) == ("", "")
        assert cost.requests is cost.input_tokens is cost.output_tokens is None


def test_days_that_runway_leaves_out_have_no_cost() -> None:
    assert fetch(session(always({"results": [], "models": []})), JULY).costs == ()


def test_a_window_above_ninety_days_takes_several_requests() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content)["beforeDate"])
        return httpx.Response(200, json={"results": [], "models": []})

    fetch(session(answer), Window(date(2026, 1, 1), date(2026, 7, 5)))
    assert asked == ["2026-04-01", "2026-06-30", "2026-07-05"]


def test_a_refused_future_leaves_out_today_and_says_so() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if json.loads(request.content)["beforeDate"] == "2026-07-08":
            return httpx.Response(400, json={"error": "Validation of body failed"})
        return httpx.Response(200, json=used(("2026-07-06", "gen4.5", 5)))

    statement = fetch(session(answer), JULY)
    assert statement.costs == (spent(6, "gen4.5", 5),)
    assert statement.notes == ("Runway does not report 2026-07-07 yet.",)


def test_a_refusal_that_stays_is_an_error() -> None:
    with pytest.raises(RequestRefused):
        fetch(session(lambda _: httpx.Response(400, json={"error": "no"})), JULY)


def test_credits_by_key_are_noticed() -> None:
    by_key = {"resultsByApiKey": [{"date": "2026-07-01", "usedCredits": [{"apiKeyId": "x", "amount": 5}]}]}
    statement = fetch(session(always(used(("2026-07-01", "gen4.5", 5)) | by_key)), JULY)
    assert len(statement.notes) == 1
    assert statement.costs == (spent(1, "gen4.5", 5),)


@pytest.mark.parametrize(
    "entry",
    [
        ("2026-06-30", "gen4.5", 5),
        ("2026-07-08", "gen4.5", 5),
        ("1 July", "gen4.5", 5),
        (None, "gen4.5", 5),
        ("2026-07-01", None, 5),
        ("2026-07-01", "", 5),
        ("2026-07-01", 7, 5),
        ("2026-07-01", "gen4.5", None),
        ("2026-07-01", "gen4.5", 1.5),
        ("2026-07-01", "gen4.5", "many"),
        ("2026-07-01", "gen4.5", True),
        ("2026-07-01", "gen4.5", 10**30),
    ],
)
def test_an_entry_that_makes_no_sense_is_an_error(entry: Any) -> None:
    with pytest.raises(UnexpectedResponse):
        fetch(session(always(used(entry))), JULY)


@pytest.mark.parametrize("content", [{}, {"results": None}, {"results": {}}, {"results": [1]}, {"results": [{}]}])
def test_another_shape_is_an_error(content: Any) -> None:
    with pytest.raises(UnexpectedResponse):
        fetch(session(always(content)), JULY)


@pytest.mark.parametrize(
    "entries",
    [
        [("2026-07-02", "gen4.5", 10**12)],
        [("2026-07-02", "gen4.5", 6 * 10**11), ("2026-07-02", "gen4.5", 6 * 10**11)],
        [("2026-07-02", "gen4.5", 6 * 10**11), ("2026-07-02", "gen4_image", 6 * 10**11)],
        [("2026-07-02", "gen4.5", 6 * 10**11), ("2026-07-02", "gen4_image", -6 * 10**11)],
    ],
)
def test_amounts_that_no_bill_can_hold_alone_or_added_up_are_an_error(entries: list[tuple[str, str, int]]) -> None:
    with pytest.raises(UnexpectedResponse, match="make no bill"):
        fetch(session(always(used(*entries))), JULY)


def test_the_balance_proves_a_key() -> None:
    assert check(session(always(json.loads((FOLDER / "organization.json").read_text())))).organization_id is None
    with pytest.raises(UnexpectedResponse, match="creditBalance"):
        check(session(always({"tier": {}})))


@pytest.mark.parametrize(("refused", "first"), [(True, date(2026, 8, 26)), (False, None)])
def test_a_short_memory_is_found_before_the_first_window(refused: bool, first: date | None) -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def answer(request: httpx.Request) -> httpx.Response:
        date_of_answer = {"Date": now.strftime("%a, %d %b %Y %H:%M:%S GMT")}
        if request.method == "GET":
            return httpx.Response(200, json={"creditBalance": 1}, headers=date_of_answer)
        assert json.loads(request.content)["startDate"] == "2024-11-24"
        return httpx.Response(400 if refused else 200, json={"results": [], "models": []}, headers=date_of_answer)

    assert resume(session(answer), Remembered()) == first


def test_history_and_window_fit_what_runway_answers() -> None:
    assert RUNWAY.window_days == 90
    assert RUNWAY.restated_days < RUNWAY.window_days
