"""What syncs may cost where the provider charges for being asked."""

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal

import pytest

from demo.bedrock_api import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from demo.simulator import Simulator
from demo.world import World
from linking import link_account
from settings import settings
from store import runs
from store.db import Store
from tests.sync.conftest import TODAY, Clock, synced

CREDENTIAL = {"accessKeyId": ACCESS_KEY_ID, "secretAccessKey": SECRET_ACCESS_KEY}


@pytest.fixture
def budget(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets the monthly budget in US dollars."""

    def put(dollars: str) -> None:
        monkeypatch.setenv("SPENDGLASS_SYNC_BUDGET", dollars)
        settings.cache_clear()

    yield put
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def aws_account(
    sqlite_store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[int]:
    """An account with as many days of history as the test asks for, else 10."""
    with Simulator(World(7, TODAY, history_days=getattr(request, "param", 10)), clock=clock) as simulator:
        monkeypatch.setenv("SPENDGLASS_ENDPOINT_BEDROCK", simulator.endpoint("bedrock"))
        yield link_account(sqlite_store, "bedrock", CREDENTIAL, name="AWS", now=clock())


def test_a_run_tells_what_it_has_cost(sqlite_store: Store, aws_account: int, clock: Clock) -> None:
    run = synced(sqlite_store, aws_account, clock)
    assert run["status"] == "succeeded"
    assert run["sync_cost"] == Decimal(run["http_requests"]) / 100 > 0
    month = datetime(TODAY.year, TODAY.month, 1, tzinfo=clock().tzinfo)
    assert runs.cost_since(sqlite_store, aws_account, month) == run["sync_cost"]
    assert runs.cost_since(sqlite_store, aws_account, clock().replace(hour=13)) == 0


def test_a_spent_budget_stops_syncs_until_the_next_month(
    sqlite_store: Store, aws_account: int, clock: Clock, budget: Callable[[str], None]
) -> None:
    first = synced(sqlite_store, aws_account, clock)
    budget(str(first["sync_cost"] + Decimal("0.02")))
    second = synced(sqlite_store, aws_account, clock)
    assert (second["status"], second["error_kind"], second["sync_cost"]) == ("failed", "rate_limited", Decimal("0.02"))
    assert "SPENDGLASS_SYNC_BUDGET" in second["resolution"]
    third = synced(sqlite_store, aws_account, clock)
    assert (third["status"], third["http_requests"]) == ("failed", 0)
    clock.move(days=10)
    assert synced(sqlite_store, aws_account, clock)["status"] == "succeeded"


@pytest.mark.parametrize("aws_account", [120], indirect=True)
def test_a_budget_that_ends_in_the_middle_keeps_the_windows_already_saved(
    sqlite_store: Store, aws_account: int, clock: Clock, budget: Callable[[str], None]
) -> None:
    budget("0.13")
    run = synced(sqlite_store, aws_account, clock)
    assert (run["status"], run["windows_saved"], run["sync_cost"]) == ("partial", 1, Decimal("0.13"))


def test_a_budget_does_not_concern_providers_that_charge_nothing(
    sqlite_store: Store, account_id: int, clock: Clock, budget: Callable[[str], None]
) -> None:
    budget("0")
    assert synced(sqlite_store, account_id, clock)["status"] == "succeeded"
