"""Faults of the wire and of the provider, on every endpoint: each ends in an error with a cause and a next step."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from connectors.anthropic import ANTHROPIC, FIRST_DAY
from connectors.anthropic_directory import AnthropicSession
from connectors.errors import ConnectorError, ProviderUnavailable, RateLimited, UnexpectedResponse
from connectors.http import patience
from demo.anthropic_api import ADMIN_KEY, OLD_ORGANIZATION_KEY
from demo.faults import Fault
from demo.simulator import Simulator
from demo.world import World
from store.records import Window

Link = Callable[[str], AnthropicSession]

TODAY = date(2026, 11, 23)
WEEK = Window(TODAY - timedelta(days=6), TODAY + timedelta(days=1))
ENDPOINTS = {
    r"analytics/cost\?.*cost_type": ADMIN_KEY,
    r"analytics/usage": ADMIN_KEY,
    r"analytics/cost\?(?!.*group_by)": ADMIN_KEY,
    r"cost_report\?.*description": OLD_ORGANIZATION_KEY,
    r"usage_report/messages": OLD_ORGANIZATION_KEY,
    r"cost_report\?(?!.*group_by)": OLD_ORGANIZATION_KEY,
    r"/workspaces": ADMIN_KEY,
    r"/api_keys": OLD_ORGANIZATION_KEY,
}
FAULTS: dict[str, tuple[dict[str, Any], type[ConnectorError]]] = {
    "a rate limit": ({"kind": "status", "status": 429, "retry_after": "86400"}, RateLimited),
    "an outage": ({"kind": "status", "status": 500}, ProviderUnavailable),
    "an overload": ({"kind": "status", "status": 529}, ProviderUnavailable),
    "a gateway's page": ({"kind": "html"}, ProviderUnavailable),
    "a login page": ({"kind": "html", "status": 403}, ProviderUnavailable),
    "a web page for an answer": ({"kind": "html", "status": 200}, UnexpectedResponse),
    "half a body": ({"kind": "truncate"}, UnexpectedResponse),
    "a cut connection": ({"kind": "cut", "size": 40}, ProviderUnavailable),
    "a closed door": ({"kind": "cut"}, ProviderUnavailable),
    "a redirect": ({"kind": "redirect", "location": "http://127.0.0.1:9/"}, UnexpectedResponse),
    "an empty object": ({"kind": "status", "status": 200, "text": "{}"}, UnexpectedResponse),
    "an array": ({"kind": "status", "status": 200, "text": "[]"}, UnexpectedResponse),
    "a body of NaN": ({"kind": "status", "status": 200, "text": "NaN"}, UnexpectedResponse),
    "a repeated cursor": ({"kind": "repeat_cursor"}, UnexpectedResponse),
    "a missing cursor": ({"kind": "null_cursor"}, UnexpectedResponse),
}


@pytest.fixture(scope="module")
def running() -> Iterator[Simulator]:
    with Simulator(World(7, TODAY, history_days=20)) as simulator:
        yield simulator


@pytest.fixture
def simulator(running: Simulator) -> Simulator:
    running.faults.clear()
    return running


@pytest.fixture(scope="module")
def opened(running: Simulator) -> Iterator[Mapping[str, AnthropicSession]]:
    """An open connection per key: to open one takes longer than to use it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPENDGLASS_ENDPOINT_ANTHROPIC", running.endpoint("anthropic"))
        sessions = {
            key: ANTHROPIC.connect(ANTHROPIC.credential.model_validate({"apiKey": key}))
            for key in (ADMIN_KEY, OLD_ORGANIZATION_KEY)
        }
    yield sessions
    for session in sessions.values():
        session.close()


@pytest.fixture
def linked(opened: Mapping[str, AnthropicSession]) -> Link:
    """A session that remembers nothing."""

    def link(key: str) -> AnthropicSession:
        known = opened[key]
        return AnthropicSession(
            plain=known.plain, analytics=known.analytics, is_enterprise=False, analytics_from=FIRST_DAY
        )

    return link


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_fault_is_an_error_with_a_cause_and_a_next_step(
    simulator: Simulator, linked: Link, endpoint: str, fault: str
) -> None:
    order, error = FAULTS[fault]
    simulator.faults.add(Fault(match=endpoint, times=0, **order))
    session = linked(ENDPOINTS[endpoint])
    with patience(attempts=1, total_seconds=20), pytest.raises(ConnectorError) as caught:
        ANTHROPIC.fetch(session, WEEK)
    assert type(caught.value) is error
    assert caught.value.likely_cause
    assert caught.value.resolution
    assert "sk-ant" not in caught.value.message
    assert "group_by" not in caught.value.message


def test_a_day_whose_total_disagrees_is_told_and_made_up_for(simulator: Simulator, linked: Link) -> None:
    simulator.faults.add(Fault(kind="control_mismatch", match=r"analytics/cost\?(?!.*group_by)"))
    statement = ANTHROPIC.fetch(linked(ADMIN_KEY), WEEK)
    remainders = [row for row in statement.costs if row.model == "anthropic-unassigned"]
    assert [row.billed_cost for row in remainders] == [1] * 7
    assert len([note for note in statement.notes if "unattributed" in note]) == 7


def test_analytics_that_are_switched_off_between_two_syncs_leave_every_dollar_in_place(
    simulator: Simulator, linked: Link
) -> None:
    before = ANTHROPIC.fetch(linked(ADMIN_KEY), WEEK)
    simulator.faults.add(Fault(kind="refuse_grouping", match="analytics/", times=0))
    after = ANTHROPIC.fetch(linked(ADMIN_KEY), WEEK)
    assert before.control_totals == after.control_totals
    assert {row.cost_basis for row in before.costs} == {"reported"}
    assert "allocated" in {row.cost_basis for row in after.costs}
