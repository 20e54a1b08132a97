"""Faults on a real connection, at each of the addresses that a fetch asks."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from connectors.errors import (
    ConnectorError,
    CredentialLacksBilling,
    CredentialRejected,
    ProviderUnavailable,
    RateLimited,
    UnexpectedResponse,
)
from connectors.fal import NO_SERVERLESS, check, connect, fetch
from connectors.fal_key import FalCredential
from connectors.http import patience
from demo import fal_api
from demo.faults import Fault
from demo.simulator import Simulator
from demo.world import World
from store.records import Statement, Window

TODAY = date(2026, 11, 23)
WEEK = Window(TODAY - timedelta(days=6), TODAY + timedelta(days=1))
ADDRESSES = ("/account/billing", "/models/usage", "/serverless/usage", "/keys", "/v1/models?")
CHAINS = ADDRESSES[1:]
WIRE: dict[str, tuple[dict[str, Any], type[ConnectorError]]] = {
    "server error": ({"kind": "status", "status": 500}, ProviderUnavailable),
    "limit": ({"kind": "status", "status": 429, "retry_after": "600"}, RateLimited),
    "web page": ({"kind": "html"}, ProviderUnavailable),
    "half a body": ({"kind": "truncate"}, UnexpectedResponse),
    "no answer": ({"kind": "cut"}, ProviderUnavailable),
    "cut off": ({"kind": "cut", "size": 9}, ProviderUnavailable),
    "sent elsewhere": ({"kind": "redirect", "location": "https://example.com/"}, UnexpectedResponse),
}


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with Simulator(World(7, TODAY, history_days=9)) as running:
        monkeypatch.setenv("SPENDGLASS_ENDPOINT_FAL", running.endpoint("fal"))
        yield running


def fetched(key: str = fal_api.ADMIN_KEY) -> Statement:
    session = connect(FalCredential.model_validate({"apiKey": key}))
    try:
        with patience(attempts=1, total_seconds=20):
            return fetch(session, WEEK)
    finally:
        session.close()


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("fault", WIRE)
def test_a_fault_of_the_wire_is_an_error_with_cause_and_resolution(
    simulator: Simulator, address: str, fault: str
) -> None:
    order, error = WIRE[fault]
    simulator.faults.add(Fault(match=address.replace("?", r"\?"), times=0, **order))
    with pytest.raises(ConnectorError) as caught:
        fetched()
    assert type(caught.value) is error
    assert caught.value.likely_cause
    assert caught.value.resolution
    assert fal_api.ADMIN_KEY.partition(":")[2] not in str(vars(caught.value))


@pytest.mark.parametrize("address", CHAINS)
@pytest.mark.parametrize("twist", ["repeat_cursor", "null_cursor"])
def test_a_chain_of_pages_that_cannot_be_followed_is_an_error(simulator: Simulator, address: str, twist: str) -> None:
    simulator.faults.add(Fault.model_validate({"kind": twist, "match": address.replace("?", r"\?"), "times": 0}))
    with pytest.raises(UnexpectedResponse, match="cursor"):
        fetched()


@pytest.mark.parametrize(
    ("key", "error"),
    [
        (fal_api.API_KEY, CredentialLacksBilling),
        (fal_api.FORBIDDEN_KEY, CredentialLacksBilling),
        (fal_api.MISTAKEN_KEY, CredentialLacksBilling),
        ("none:such", CredentialRejected),
    ],
)
def test_a_key_without_the_scope_is_told_from_one_that_does_not_exist(
    simulator: Simulator, key: str, error: type[ConnectorError]
) -> None:
    session = connect(FalCredential.model_validate({"apiKey": key}))
    with pytest.raises(error):
        check(session)
    session.close()
    with pytest.raises(error):
        fetched(key)


def test_a_key_that_may_not_see_own_apps_reads_the_rest_and_says_so(simulator: Simulator) -> None:
    whole, rest = fetched(), fetched(fal_api.NO_SERVERLESS_KEY)
    assert NO_SERVERLESS in rest.notes
    assert rest.costs == tuple(cost for cost in whole.costs if not cost.model.startswith("serverless:"))
    assert len(rest.costs) < len(whole.costs)


def test_quantities_units_and_undiscounted_costs_are_those_of_the_world(simulator: Simulator) -> None:
    statement = fetched()
    spent = {(cost.model, cost.usage_unit) for cost in statement.costs}
    assert {
        ("fal-ai/clarity/upscaler", "images"),
        ("fal-ai/clarity/upscaler", "megapixels"),
        ("fal-ai/kling-video/v2.1/pro/image-to-video", "video seconds"),
        ("fal-ai/elevenlabs/tts/turbo-v2.5", "1000 characters"),
        ("fal-ai/whisper", "audio compute seconds"),
        ("openrouter/router", "units of openrouter/router"),
        ("demo-studio/matting", "compute seconds"),
        ("serverless:matting-app", "GPU-H100 seconds"),
    } <= spent
    cells = simulator.world.cells("fal", WEEK.start, WEEK.end, simulator.clock())
    characters = sum(cell.quantity for cell in cells if cell.kind == "characters")
    told = [cost.usage_quantity for cost in statement.costs if cost.usage_unit == "1000 characters"]
    assert sum(quantity * 1_000 for quantity in told if quantity is not None) == characters
    discounted = [cost for cost in statement.costs if cost.list_cost and cost.list_cost > cost.billed_cost * 21 / 20]
    assert {cost.model for cost in discounted} == {"fal-ai/flux/dev"}
