"""Keys of other kinds by their shape, and what goes wrong at the wire, each with cause and next step."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from pydantic import ValidationError

from connectors.base import Remembered
from connectors.errors import ConnectorError, CredentialRejected
from connectors.http import patience
from connectors.runway import RunwayCredential, check, connect, fetch, resume
from demo.faults import Fault
from demo.runway_api import API_KEY, DISABLED_KEY
from demo.simulator import Simulator
from demo.world import World
from store.records import Window

TODAY = date(2026, 11, 23)
WINDOW = Window(TODAY - timedelta(days=100), TODAY + timedelta(days=1))


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with Simulator(World(2, TODAY, history_days=120)) as running:
        monkeypatch.setenv("SPENDGLASS_ENDPOINT_RUNWAY", running.endpoint("runway"))
        yield running


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("sk-ant-admin01-aaaaaaaaaaaaaaaaaaaa", "Anthropic"),
        ("sk-or-v1-aaaaaaaaaaaaaaaaaaaaaaaa", "OpenRouter"),
        ("sk-proj-aaaaaaaaaaaaaaaaaaaaaaaa", "OpenAI or LiteLLM"),
        ("AKIAIOSFODNN7EXAMPLE", "AWS"),
        ("ABSKaaaaaaaaaaaaaaaaaaaaaaaa", "Bedrock"),
        ('{"type": "service_account"}', "service account"),
        ("eyJhbGciOiJIUzI1NiJ9.aaaa.bbbb", "browser token"),
        ("key_short", "not a Runway API key"),
        ("key_aaaaaaaa aaaaaaaaaaaa", "not a Runway API key"),
        ("key_ääääääääääääääää", "not a Runway API key"),
        ("", "not a Runway API key"),
        ("9f3c" * 32, "not a Runway API key"),
    ],
)
def test_a_key_of_another_kind_is_named_by_its_shape(key: str, said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        RunwayCredential.model_validate({"apiKey": key})
    sentence = refused.value.errors(include_input=False)[0]["msg"]
    assert said in sentence
    assert "dev.runwayml.com" in sentence


@pytest.mark.parametrize("key", [API_KEY, f"  {API_KEY}\n", "key_0123456789ab"])
def test_a_runway_key_is_taken_without_the_blanks_around_it(key: str) -> None:
    credential = RunwayCredential.model_validate({"apiKey": key})
    assert credential.api_key.get_secret_value() == key.strip()
    assert credential.hint not in key.strip()


@pytest.mark.parametrize("key", [DISABLED_KEY, "key_unknown_0123456789"])
def test_an_unknown_key_fails_the_check(key: str, simulator: Simulator) -> None:
    session = connect(RunwayCredential.model_validate({"apiKey": key}))
    with pytest.raises(CredentialRejected) as refused:
        check(session)
    session.close()
    assert key not in str(refused.value)


FAULTS = (
    Fault(kind="status", status=400),
    Fault(kind="status", status=401, text='{"error": "Incorrect hostname for API key"}'),
    Fault(kind="status", status=403),
    Fault(kind="status", status=404),
    Fault(kind="status", status=405),
    Fault(kind="status", status=429),
    Fault(kind="status", status=429, retry_after="999999"),
    Fault(kind="status", status=429, retry_after="soon"),
    Fault(kind="status", status=500),
    Fault(kind="status", status=504),
    Fault(kind="html", status=502),
    Fault(kind="html", status=200),
    Fault(kind="truncate"),
    Fault(kind="cut"),
    Fault(kind="cut", size=20),
    Fault(kind="redirect", location="http://127.0.0.2:9/"),
    Fault(kind="status", status=200, text="null"),
    Fault(kind="status", status=200, text="[]"),
    Fault(kind="status", status=200, text=""),
    Fault(kind="status", status=200, text='{"results": NaN}'),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.kind}-{fault.status}-{fault.retry_after}")
@pytest.mark.parametrize("nth", [1, 2])
def test_a_fault_is_an_error_with_cause_and_next_step(fault: Fault, nth: int, simulator: Simulator) -> None:
    simulator.faults.add(fault.model_copy(update={"match": "/v1/organization", "nth": nth, "times": 0}))
    session = connect(RunwayCredential.model_validate({"apiKey": API_KEY}))
    with patience(attempts=1, total_seconds=10), pytest.raises(ConnectorError) as caught:
        fetch(session, WINDOW)
    session.close()
    assert caught.value.message
    assert caught.value.likely_cause
    assert caught.value.resolution
    assert API_KEY not in f"{caught.value!r}{caught.value.likely_cause}{caught.value.resolution}"


def test_the_simulators_bill_is_read_to_the_cent(simulator: Simulator) -> None:
    session = connect(RunwayCredential.model_validate({"apiKey": API_KEY}))
    assert resume(session, Remembered()) is None
    statement = fetch(session, WINDOW)
    session.close()
    truth = simulator.world.day_totals("runway", WINDOW.start, WINDOW.end, simulator.clock())
    assert sum(cost.billed_cost for cost in statement.costs) * 10**9 == sum(truth.values())
    assert any(cost.billed_cost < 0 for cost in statement.costs)
