"""Runway's simulated interface: its answers against the published specification, its sums against the world."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import jsonschema
import pytest

from demo.runway_api import API_KEY, DISABLED_KEY
from demo.runway_spend import CREDIT
from demo.simulator import Simulator
from tests.demo.asking import TODAY

COUNT = {"type": "integer", "minimum": 0}
USED = {
    "type": "object",
    "properties": {"model": {"type": "string"}, "amount": {"type": "integer"}},
    "required": ["model", "amount"],
    "additionalProperties": False,
}
USAGE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "results": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "date": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"},
                    "usedCredits": {"type": "array", "items": USED},
                },
                "required": ["date", "usedCredits"],
                "additionalProperties": False,
            },
        },
        "models": {"type": "array", "items": {"type": "string"}},
        "apiKeys": {"type": "array", "items": {"type": "string"}},
        "resultsByApiKey": {"type": "array"},
    },
    "required": ["results", "models"],
    "additionalProperties": False,
}
ORGANIZATION: dict[str, Any] = {
    "type": "object",
    "properties": {
        "tier": {"type": "object", "required": ["maxMonthlyCreditSpend", "models"]},
        "creditBalance": COUNT,
        "usage": {"type": "object", "required": ["models"]},
    },
    "required": ["tier", "creditBalance", "usage"],
    "additionalProperties": False,
}
HEADERS = {"Authorization": f"Bearer {API_KEY}", "X-Runway-Version": "2024-11-06"}
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def http(simulator: Simulator) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=simulator.endpoint("runway"), headers=HEADERS) as client:
        yield client


def usage(http: httpx.Client, **body: str) -> httpx.Response:
    return http.post("/v1/organization/usage", json=body)


def test_answers_are_of_the_published_shape(http: httpx.Client) -> None:
    jsonschema.validate(http.get("/v1/organization").json(), ORGANIZATION)
    found = usage(http, startDate=str(TODAY - timedelta(days=80)), beforeDate=str(TOMORROW)).json()
    jsonschema.validate(found, USAGE)
    assert any(used["amount"] < 0 for result in found["results"] for used in result["usedCredits"])


def test_the_credits_add_up_to_the_worlds_bill(http: httpx.Client, simulator: Simulator) -> None:
    start = TODAY - timedelta(days=89)
    found = usage(http, startDate=str(start), beforeDate=str(TOMORROW)).json()
    amounts = [used["amount"] for result in found["results"] for used in result["usedCredits"]]
    truth = simulator.world.day_totals("runway", start, TOMORROW, simulator.clock())
    assert sum(amounts) * CREDIT == sum(truth.values())


def test_one_sided_ranges_cover_thirty_days(http: httpx.Client) -> None:
    days = [result["date"] for result in usage(http, startDate="2026-09-01").json()["results"]]
    assert (min(days), max(days)) == ("2026-09-01", "2026-09-30")


@pytest.mark.parametrize(
    "body",
    [
        {"startDate": "2026-01-01", "beforeDate": "2026-04-02"},
        {"startDate": "2026-01-02", "beforeDate": "2026-01-02"},
        {"startDate": "yesterday"},
        {"startDate": "2026-01-01", "endDate": "2026-01-05"},
    ],
)
def test_a_bad_range_is_refused_with_its_field(body: dict[str, str], http: httpx.Client) -> None:
    refused = usage(http, **body)
    assert refused.status_code == 400
    assert refused.json()["issues"][0]["path"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": ""}, 401),
        ({"Authorization": f"Bearer {DISABLED_KEY}"}, 401),
        ({"X-Runway-Version": "2023-01-01"}, 400),
    ],
)
def test_wrong_keys_and_versions_are_refused(headers: dict[str, str], status: int, http: httpx.Client) -> None:
    refused = http.get("/v1/organization", headers=headers)
    assert refused.status_code == status
    assert isinstance(json.loads(refused.text)["error"], str)


def test_other_methods_paths_and_parameters_are_refused(http: httpx.Client) -> None:
    assert http.get("/v1/organization/usage").status_code == 405
    assert http.get("/v1/tasks").status_code == 404
    assert http.get("/v1/organization?limit=1").status_code == 400
