"""Whatever goes wrong, the log names cause and next step, nothing saved is lost, and the next sync puts it right."""

import dataclasses
import threading
from datetime import timedelta
from typing import Any

import pytest

from connectors import CONNECTORS
from connectors.errors import ConnectorError
from demo.faults import Fault
from demo.openai_api import EXPIRED_KEY, PROJECT_KEY
from demo.simulator import Simulator
from linking import link_account, relink_account
from settings import Settings
from store import accounts, runs
from store.db import Store, open_store
from store.errors import LeaseLost
from store.leases import new_holder, take_lease
from store.records import Statement, Window
from syncing import sync_account
from tests.sync.conftest import Clock, everything, saved_nanos, synced, true_nanos

COSTS = "/costs"
FAULTS = {
    "401": (
        Fault(kind="status", status=401, text='{"error": {"message": "Incorrect API key provided"}}'),
        "credential_rejected",
    ),
    "403": (
        Fault(kind="status", status=403, text='{"error": "Missing scopes: api.usage.read."}'),
        "credential_lacks_billing",
    ),
    "429": (Fault(kind="status", status=429, retry_after="3600"), "rate_limited"),
    "429 with a date": (Fault(kind="status", status=429, retry_after="Fri, 01 Jan 2100 00:00:00 GMT"), "rate_limited"),
    "429 with an absurd pause": (Fault(kind="status", status=429, retry_after="-1e99"), "rate_limited"),
    "500": (Fault(kind="status", status=500), "provider_unavailable"),
    "503 as a page": (Fault(kind="html", status=503), "provider_unavailable"),
    "a page": (Fault(kind="html", status=200), "unexpected_response"),
    "half a body": (Fault(kind="truncate"), "unexpected_response"),
    "a cut connection": (Fault(kind="cut", size=100), "provider_unavailable"),
    "another host": (Fault(kind="redirect", location="http://127.0.0.2:1/"), "unexpected_response"),
    "a repeated cursor": (Fault(kind="repeat_cursor"), "unexpected_response"),
    "a missing cursor": (Fault(kind="null_cursor"), "unexpected_response"),
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("nth", [1, 6])
def test_a_fault_ends_in_a_logged_state_and_the_next_sync_is_whole(
    name: str, nth: int, sqlite_store: Store, account_id: int, simulator: Simulator, clock: Clock
) -> None:
    fault, kind = FAULTS[name]
    simulator.faults.add(fault.model_copy(update={"match": COSTS, "nth": nth, "times": 0}))
    run = synced(sqlite_store, account_id, clock)
    assert run["error_kind"] == kind
    assert run["status"] == ("partial" if run["windows_saved"] else "failed")
    assert run["message"]
    assert run["likely_cause"]
    assert run["resolution"]
    reached = accounts.account(sqlite_store, account_id)
    if reached["covered_from"] is not None:
        covered = Window(reached["covered_from"], reached["covered_to"])
        assert saved_nanos(sqlite_store, everything(clock)) == true_nanos(simulator.world, covered, clock())
    simulator.faults.clear()
    assert synced(sqlite_store, account_id, clock)["status"] == "succeeded"
    window = everything(clock)
    assert saved_nanos(sqlite_store, window) == true_nanos(simulator.world, window, clock())


def test_a_fault_after_a_good_sync_loses_nothing(
    sqlite_store: Store, account_id: int, simulator: Simulator, clock: Clock
) -> None:
    synced(sqlite_store, account_id, clock)
    before = saved_nanos(sqlite_store, everything(clock))
    simulator.faults.add(Fault(kind="truncate", match=COSTS, times=0))
    assert synced(sqlite_store, account_id, clock)["status"] == "failed"
    assert saved_nanos(sqlite_store, everything(clock)) == before


@pytest.mark.parametrize("key", [PROJECT_KEY, EXPIRED_KEY, "sk-admin-\u00e9\u00e9\u00e9" * 4, "", "ab1"])
def test_a_wrong_key_is_refused_at_link_time_and_leaves_no_account(
    key: str, sqlite_store: Store, simulator: Simulator, clock: Clock
) -> None:
    with pytest.raises(ConnectorError) as refused:
        link_account(sqlite_store, "openai", {"apiKey": key}, name=None, now=clock())
    assert refused.value.kind in {"credential_rejected", "credential_lacks_billing"}
    assert not key or key not in str(refused.value)
    assert accounts.accounts(sqlite_store) == []


@pytest.mark.parametrize("raw", [{}, {"apikey": "x"}, {"apiKey": 5}, {"apiKey": None}, {"apiKey": ["x"]}])
def test_a_credential_of_another_shape_is_refused_by_field(
    raw: dict[str, Any], sqlite_store: Store, simulator: Simulator, clock: Clock
) -> None:
    with pytest.raises(ConnectorError, match=r"api[Kk]ey"):
        link_account(sqlite_store, "openai", raw, name=None, now=clock())


def test_the_same_bill_is_not_linked_twice(sqlite_store: Store, account_id: int, clock: Clock) -> None:
    from demo.openai_api import ADMIN_KEY
    from store.errors import StoreError

    with pytest.raises(StoreError, match="linked already"):
        link_account(sqlite_store, "openai", {"apiKey": ADMIN_KEY}, name=None, now=clock())


def test_a_lost_secret_key_asks_for_a_new_link_and_keeps_the_data(
    sqlite_store: Store, account_id: int, simulator: Simulator, clock: Clock
) -> None:
    from demo.openai_api import ADMIN_KEY

    synced(sqlite_store, account_id, clock)
    before = saved_nanos(sqlite_store, everything(clock))
    assert sqlite_store.sqlite_path is not None
    folder = sqlite_store.sqlite_path.parent
    (folder / "secret.key").unlink()
    keyless = open_store(Settings(data_dir=folder))
    run = synced(keyless, account_id, clock)
    assert (run["status"], run["error_kind"]) == ("failed", "credential_unreadable")
    assert "re-link" in run["resolution"]
    assert saved_nanos(keyless, everything(clock)) == before
    relink_account(keyless, account_id, {"apiKey": ADMIN_KEY}, now=clock())
    assert synced(keyless, account_id, clock)["status"] == "succeeded"
    keyless.close()


def test_a_fault_of_our_own_is_logged_without_its_text(
    sqlite_store: Store,
    account_id: int,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    text = f"a text that may quote {account_id} secrets"

    def broken(_session: object, _window: Window) -> Statement:
        raise ZeroDivisionError(text)

    monkeypatch.setitem(CONNECTORS, "openai", dataclasses.replace(CONNECTORS["openai"], fetch=broken))
    run = synced(sqlite_store, account_id, clock)
    assert (run["status"], run["error_kind"]) == ("failed", "internal_error")
    assert "ZeroDivisionError" in run["message"]
    assert text not in str(run) + caplog.text
    assert "in broken" in caplog.text


def test_an_account_that_another_live_process_syncs_is_left_alone(
    sqlite_store: Store, account_id: int, clock: Clock
) -> None:
    assert take_lease(sqlite_store, account_id, new_holder(), clock())
    assert sync_account(sqlite_store, account_id, trigger="cli", clock=clock) is None
    clock.move(minutes=1)
    assert synced(sqlite_store, account_id, clock)["status"] == "succeeded"


def test_a_sync_that_lost_its_lease_saves_nothing_more(
    sqlite_store: Store, account_id: int, simulator: Simulator, clock: Clock
) -> None:
    other = new_holder()

    def take_over(values: dict[str, Any]) -> None:
        if values["windows_saved"] == 1:
            clock.move(minutes=2)
            assert take_lease(sqlite_store, account_id, other, clock())

    run = synced(sqlite_store, account_id, clock, report=take_over)
    assert (run["status"], run["error_kind"], run["windows_saved"]) == ("partial", LeaseLost.kind, 1)
    assert not take_lease(sqlite_store, account_id, new_holder(), clock())


def test_a_run_cut_off_by_a_crash_is_called_interrupted_and_the_next_one_goes_on(
    sqlite_store: Store, account_id: int, clock: Clock
) -> None:
    cut_off = runs.begin_run(sqlite_store, account_id, "schedule", clock())
    run = synced(sqlite_store, account_id, clock)
    assert run["status"] == "succeeded"
    assert runs.run(sqlite_store, cut_off)["status"] == "interrupted"


def test_a_double_click_is_one_run(sqlite_store: Store, account_id: int, clock: Clock) -> None:
    first = runs.request_sync(sqlite_store, account_id, "manual", clock())
    assert runs.request_sync(sqlite_store, account_id, "manual", clock()) == first
    assert synced(sqlite_store, account_id, clock)["id"] == first


def test_days_the_provider_no_longer_serves_are_named_as_a_gap(
    sqlite_store: Store, account_id: int, simulator: Simulator, clock: Clock
) -> None:
    synced(sqlite_store, account_id, clock)
    clock.move(days=CONNECTORS["openai"].history_days + 20)
    run = synced(sqlite_store, account_id, clock)
    assert run["status"] == "succeeded"
    assert "never read" in run["notes"]


def test_since_reads_those_days_again_and_nothing_older(
    sqlite_store: Store, account_id: int, simulator: Simulator, clock: Clock
) -> None:
    synced(sqlite_store, account_id, clock)
    since = clock().date() - timedelta(days=60)
    run = synced(sqlite_store, account_id, clock, since=since)
    assert (run["from_day"], run["to_day"]) == (since, clock().date())


def test_two_syncs_at_once_are_one(sqlite_store: Store, account_id: int, clock: Clock) -> None:
    ended: list[dict[str, Any] | None] = []
    started = threading.Barrier(2)

    def run() -> None:
        started.wait()
        ended.append(sync_account(sqlite_store, account_id, trigger="cli", clock=clock))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(run is None for run in ended) == [False, True]
