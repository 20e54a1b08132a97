"""Coverage: what clients metered of the bill, from the making of a key to the keys that bypass metering."""

import http.client
import json
import re
from decimal import Decimal
from http import HTTPStatus

from playwright.sync_api import expect

from tests.e2e.conftest import Serve, Visit
from tests.e2e.serving import LOOPBACK, Installation, Server
from tests.e2e.visiting import Visitor

MODEL, CALLS = "gpt-6-astra", 3
EVENT = {
    "model": MODEL, "provider": "OPENAI", "operationType": "CHAT", "costType": "AI", "stopReason": "END",
    "requestTime": "2026-11-22T12:00:00Z", "responseTime": "2026-11-22T12:00:01Z", "requestDuration": 1000,
    "completionStartTime": "2026-11-22T12:00:00Z", "isStreamed": False, "inputTokenCount": 1000,
    "outputTokenCount": 100, "totalTokenCount": 1100, "totalCost": 1.5,
}  # fmt: skip
MOST_FRAMES = 300
"""Drawn frames within which a revoked key is refused: 5 seconds of an idle browser."""
MOST_RELOADS = 20


def post(server: Server, key: str, number: int) -> int:
    """Tell of one call as a client of the Revenium SDK does; the status of the answer."""
    connection = http.client.HTTPConnection(LOOPBACK, server.port, timeout=30)
    body = json.dumps(EVENT | {"transactionId": f"call-{number}"})
    connection.request("POST", "/meter/v2/ai/completions", body, {"x-api-key": key, "content-type": "application/json"})
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_key_made_here_meters_calls_that_become_coverage_until_it_is_revoked(
    linked: Installation, serve: Serve, visit: Visit
) -> None:
    server = serve(linked)
    visitor = visit(server)
    visitor.open("/")
    visitor.follow("Coverage")
    visitor.button("Set up metering").click()
    visitor.arrive("Metering")
    visitor.page.get_by_role("textbox", name="Name of the application").fill("search-service")
    with visitor.redrawing():
        visitor.button("Make metering key").click()
    expect(visitor.text("it is not shown again")).to_be_visible()
    key = visitor.page.locator(".st-key-fresh-key").get_by_test_id("stCode").locator("code").inner_text().strip()
    assert re.fullmatch(r"hak_[A-Za-z0-9]{40}", key)
    assert key.encode() not in (linked.folder / "spendglass.db").read_bytes()

    assert {post(server, key, number) for number in range(CALLS)} == {HTTPStatus.CREATED}
    assert post(server, key[:-1], CALLS) == HTTPStatus.UNAUTHORIZED
    visitor.follow("Coverage")
    await_metered(visitor)
    expect(visitor.text("OpenAI has the largest unmetered bill")).to_be_visible()
    lines = visitor.exported("coverage")
    unmetered = [Decimal(line["unmetered"]) for line in lines]
    assert unmetered == sorted(unmetered, reverse=True)
    mine = next(line for line in lines if line["model"] == MODEL)
    assert (Decimal(mine["metered_cost"]), mine["events"]) == (CALLS * Decimal("1.5"), str(CALLS))
    assert Decimal(mine["unmetered"]) == Decimal(mine["billed_cost"]) - CALLS * Decimal("1.5")
    assert visitor.metric("Metered calls") == str(CALLS)
    visitor.grid("coverage").link(0).click()
    visitor.arrive("API Keys")
    expect(visitor.page).to_have_url(re.compile(f"model={lines[0]['model']}"))
    expect(visitor.page.get_by_role("button", name=re.compile(f"^Model: {lines[0]['model']}"))).to_be_visible()

    visitor.follow("Metering")
    assert key not in visitor.page.content()
    assert visitor.grid("metering_keys").read().column("State") == ["active"]
    with visitor.redrawing():
        visitor.button("Revoke").click()
    assert visitor.grid("metering_keys").read().column("State") == ["revoked"]
    assert is_refused_soon(visitor, server, key)


def await_metered(visitor: Visitor) -> None:
    """Reload Coverage until something is metered: pages read it every few seconds."""
    bars = visitor.page.locator(".st-key-chart-coverage")
    for _ in range(MOST_RELOADS):
        if bars.count():
            return
        visitor.page.reload()
        visitor.arrive("Coverage")
    raise AssertionError("the metered calls did not arrive")


def is_refused_soon(visitor: Visitor, server: Server, key: str) -> bool:
    for frame in range(MOST_FRAMES):
        if post(server, key, CALLS + frame) == HTTPStatus.UNAUTHORIZED:
            return True
        visitor.page.evaluate("new Promise(requestAnimationFrame)")
    return False
