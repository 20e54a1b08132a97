"""Google's part of the simulator, asked with plain HTTP: its table against the world, its refusals, its pages."""

import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from demo import vertex_key
from demo.faults import Fault
from demo.simulator import Simulator
from demo.vertex_api import DATASET, TABLE
from demo.vertex_export import COLUMNS, rows
from demo.vertex_spend import EUROS, VERTEX
from demo.world import World
from tests.demo.asking import NOW, TODAY

API = f"/bigquery/v2/projects/{vertex_key.PROJECT}"
PATH = f"`{vertex_key.PROJECT}.{DATASET}.{TABLE}`"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
DAYS = timedelta(days=1)
Ask = Callable[..., httpx.Response]


def coded(content: Mapping[str, Any]) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=")


def assertion(account: str, scope: str = vertex_key.SCOPE, key: rsa.RSAPrivateKey | None = None) -> str:
    """A signed request for a token, made without Google's library."""
    if key is None:
        loaded = load_pem_private_key(vertex_key.key_file()["private_key"].encode(), None)
        assert isinstance(loaded, rsa.RSAPrivateKey)
        key = loaded
    signed = coded({"alg": "RS256", "typ": "JWT"}) + b"." + coded({"iss": account, "scope": scope})
    signature = key.sign(signed, padding.PKCS1v15(), SHA256())
    return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


@pytest.fixture
def http(simulator: Simulator) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=simulator.endpoint("vertex"), timeout=20) as client:
        yield client


def token(http: httpx.Client, account: str = vertex_key.READER) -> dict[str, str]:
    answer = http.post("/token", data={"grant_type": GRANT, "assertion": assertion(account)})
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def job(sql: str, number: int = 1, **options: Any) -> dict[str, Any]:
    """A query as Google's client sends it; every job needs an id of its own."""
    name = f"job-{time.monotonic_ns()}-{number}"
    return {"jobReference": {"projectId": vertex_key.PROJECT, "jobId": name},
            "configuration": {"query": {"query": sql, "queryParameters": [], **options}}}  # fmt: skip


def answered(http: httpx.Client, sql: str) -> list[list[str | None]]:
    """All rows of a query, page after page."""
    headers = token(http)
    sent = job(sql)
    assert http.post(f"{API}/jobs", json=sent, headers=headers).status_code == 200
    cells: list[list[str | None]] = []
    params: dict[str, str] = {}
    while True:
        path = f"{API}/queries/{sent['jobReference']['jobId']}"
        page = http.get(path, params=params, headers=headers).json()
        cells += [[cell["v"] for cell in row["f"]] for row in page["rows"]]
        if "pageToken" not in page:
            assert len(cells) == int(page["totalRows"])
            return cells
        params = {"pageToken": page["pageToken"]}


def test_the_table_adds_up_to_the_world_to_the_nano_dollar(simulator: Simulator, http: httpx.Client) -> None:
    simulator.restate(0.1, seed=5)
    found = answered(
        http,
        f"SELECT DATE(b.usage_start_time) AS usage_day,\n SUM(CAST(b.cost AS BIGNUMERIC)) AS cost,\n"
        f" CAST(b.currency_conversion_rate AS STRING) AS rate\n FROM {PATH} AS b"
        " WHERE b.cost_type IN ('regular', 'adjustment')"
        " AND REGEXP_CONTAINS(b.service.description, '^(Vertex AI$|Gemini API|Claude)')"
        " GROUP BY usage_day, rate ORDER BY usage_day",
    )
    told = {day: round(Decimal(cost or 0) / Decimal(rate or 1) * 10**9) for day, cost, rate in found}
    first, end = simulator.world.first_day, TODAY + DAYS
    truth = simulator.world.day_totals("vertex", first, end, NOW)
    assert len(truth) > 300
    assert told == {day.isoformat(): nanos for day, nanos in truth.items()}


def test_a_month_costs_between_one_and_fifteen_thousand_dollars() -> None:
    days = World(7, TODAY).day_totals("vertex", TODAY - 30 * DAYS, TODAY, NOW)
    assert 1_000 * 10**9 < sum(days.values()) < 15_000 * 10**9


def test_a_correction_is_appended_and_changes_no_line_already_written() -> None:
    world = World(7, TODAY, stories=(VERTEX,), history_days=30)
    before = list(rows(world, TODAY - 9 * DAYS, TODAY, NOW))
    later = list(rows(world.restate(0.5, seed=1, before=TODAY), TODAY - 9 * DAYS, TODAY, NOW))
    exported, cost = COLUMNS.index("export_time"), COLUMNS.index("cost")
    assert [line for line in before if line not in later] == []
    added = [line for line in later if line not in before]
    assert added
    assert {line[exported][:10] for line in added if line[exported]} == {TODAY.isoformat()}
    assert min(Decimal(line[cost] or 0) for line in added) < 0


def test_no_line_is_written_in_the_future_and_each_lies_in_the_partition_of_its_export() -> None:
    for line in rows(World(7, TODAY, stories=(VERTEX,), history_days=5), TODAY - 9 * DAYS, TODAY + DAYS, NOW):
        told = dict(zip(COLUMNS, line, strict=True))
        written = told["export_time"] or ""
        assert written <= NOW.strftime("%Y-%m-%d %H:%M:%S.%fZ")
        assert told["_PARTITIONTIME"] == f"{written[:10]} 00:00:00.000000Z"
        assert (told["currency"], told["currency_conversion_rate"]) in EUROS


def test_a_stolen_or_strange_key_gets_no_token(http: httpx.Client) -> None:
    other = rsa.generate_private_key(65_537, 2_048)
    for wrong, words in (
        (assertion(vertex_key.READER, key=other), "Invalid JWT Signature."),
        ("garbage", "Invalid JWT Signature."),
        (assertion("nobody@example.com"), "Invalid grant: account not found"),
        (assertion(vertex_key.READER, scope="https://www.googleapis.com/auth/drive"), "Invalid OAuth scope"),
    ):
        answer = http.post("/token", data={"grant_type": GRANT, "assertion": wrong})
        assert answer.status_code == 400
        assert words in answer.json()["error_description"]
    assert http.post("/token", data={"grant_type": "password"}).json()["error"] == "unsupported_grant_type"


def reason(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["errors"][0]["reason"]


def test_each_account_gets_as_far_as_its_roles_go(http: httpx.Client) -> None:
    sql = f"SELECT COUNT(*) AS n FROM {PATH} AS b"
    stranger, idler, reader = (token(http, name) for name in (vertex_key.STRANGER, vertex_key.IDLER, vertex_key.READER))
    assert reason(http.post(f"{API}/jobs", json=job(sql), headers=idler)) == (403, "accessDenied")
    assert reason(http.post(f"{API}/jobs", json=job(sql), headers=stranger)) == (403, "accessDenied")
    assert http.get(f"{API}/datasets", headers=stranger).json()["datasets"] == []
    assert http.get(f"{API}/datasets", headers=reader).json()["datasets"] != []
    assert reason(http.get(f"{API}/datasets", headers={"Authorization": "Bearer ya29.x"})) == (401, "authError")
    assert reason(http.get(f"{API}/datasets")) == (401, "authError")


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT", (400, "invalidQuery")),
        (f"SELECT b.no_such_function(1) AS x FROM {PATH} AS b", (400, "invalidQuery")),
        (f"SELECT b.nothing.here AS x FROM {PATH} AS b WHERE NOSUCH(1)", (400, "invalidQuery")),
        ("SELECT 1 AS x FROM `acme-finops.billing.other` AS b", (404, "notFound")),
        ("SELECT 1 AS x FROM `other-project.billing.other` AS b", (404, "notFound")),
        (f"DROP TABLE {PATH}; SELECT 1", (400, "invalidQuery")),
    ],
)
def test_a_query_that_bigquery_would_not_run_is_refused(http: httpx.Client, sql: str, told: tuple[int, str]) -> None:
    assert reason(http.post(f"{API}/jobs", json=job(sql), headers=token(http))) == told


def test_unknown_parameters_jobs_tables_and_paths_are_refused(http: httpx.Client) -> None:
    reader = token(http)
    assert reason(http.get(f"{API}/datasets?colour=red", headers=reader)) == (400, "invalidParameter")
    for path in ("/queries/none", "/jobs/none", f"/datasets/{DATASET}/tables/none", "/models"):
        assert reason(http.get(API + path, headers=reader)) == (404, "notFound")
    assert reason(http.post(f"{API}/jobs", content=b"{", headers=reader)) == (400, "invalid")
    assert http.get("/bigquery/v2/projects/other/datasets", headers=reader).status_code == 404


def test_a_query_beyond_its_limit_is_refused_and_a_dry_run_costs_nothing(http: httpx.Client) -> None:
    sql, reader = f"SELECT COUNT(*) AS n FROM {PATH} AS b", token(http)
    small = job(sql, maximumBytesBilled="1000")
    assert reason(http.post(f"{API}/jobs", json=small, headers=reader)) == (400, "bytesBilledLimitExceeded")
    dry = job(sql)
    dry["configuration"]["dryRun"] = True
    answer = http.post(f"{API}/jobs", json=dry, headers=reader).json()
    assert answer["statistics"]["query"]["totalBytesBilled"] == "0"
    assert http.get(f"{API}/jobs/{dry['jobReference']['jobId']}", headers=reader).status_code == 404


def test_page_tokens_belong_to_their_job(http: httpx.Client) -> None:
    reader, jobs = token(http), []
    for number in range(2):
        sent = job(f"SELECT b.sku.id AS sku FROM {PATH} AS b", number)
        http.post(f"{API}/jobs", json=sent, headers=reader)
        jobs.append(f"{API}/queries/{sent['jobReference']['jobId']}")
    page = http.get(jobs[0], headers=reader).json()
    for path, wrong in ((jobs[1], page["pageToken"]), (jobs[0], "x"), (jobs[0], "AAAA")):
        assert reason(http.get(path, params={"pageToken": wrong}, headers=reader)) == (400, "invalid")


@pytest.mark.parametrize("kind", ["repeat_cursor", "null_cursor"])
def test_cursors_go_wrong_to_order(simulator: Simulator, http: httpx.Client, kind: Any) -> None:
    reader, sent = token(http), job(f"SELECT b.sku.id AS sku FROM {PATH} AS b")
    http.post(f"{API}/jobs", json=sent, headers=reader)
    simulator.faults.add(Fault(kind=kind, match="/queries/"))
    page = http.get(f"{API}/queries/{sent['jobReference']['jobId']}", headers=reader).json()
    assert (page["pageToken"] == "") == (kind == "null_cursor")


def test_the_clock_may_go_on_between_two_queries(http: httpx.Client, simulator: Simulator) -> None:
    sql = f"SELECT DATE(b.usage_start_time) AS usage_day,\n COUNT(*) AS n\n FROM {PATH} AS b GROUP BY usage_day ORDER BY usage_day DESC LIMIT 1"  # noqa: E501
    assert answered(http, sql)[0][0] == TODAY.isoformat()
    simulator.clock = lambda: datetime(2026, 11, 25, 9, tzinfo=UTC)
    assert answered(http, sql)[0][0] == "2026-11-25"
