"""One process at a time syncs an account, and a dead one holds nothing."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from settings import Settings
from store.db import Store
from store.errors import LeaseLost
from store.leases import LEASE, drop_lease, is_leased, keep_lease, new_holder, take_lease
from store.models import Lease
from store.runs import begin_run, latest_runs, mark_interrupted, queued_accounts, request_sync, run, update_run
from tests.store.cast import Syncing, link, rows

ROOT = Path(__file__).parents[2]
TAKER = """
import sys
from datetime import datetime
from settings import Settings
from store.db import open_store
from store.leases import new_holder, take_lease
now = datetime.fromisoformat(sys.argv[2])
print(take_lease(open_store(Settings()), int(sys.argv[1]), new_holder(), now), flush=True)
sys.stdin.readline()
"""


def leased(store: Store, account_id: int, now: datetime) -> bool:
    with store.read() as connection:
        return is_leased(connection, account_id, now)


def test_of_two_holders_the_first_has_the_account_until_it_lets_go(store: Store, now: datetime) -> None:
    account_id, first, second = link(store, now), new_holder(), new_holder()
    assert not leased(store, account_id, now)
    assert take_lease(store, account_id, first, now)
    assert take_lease(store, account_id, first, now)
    assert not take_lease(store, account_id, second, now)
    drop_lease(store, account_id, second)
    assert leased(store, account_id, now)
    drop_lease(store, account_id, first)
    assert take_lease(store, account_id, second, now)


def test_two_accounts_are_held_apart(store: Store, now: datetime) -> None:
    for organization in ("org-1", "org-2"):
        assert take_lease(store, link(store, now, organization=organization), new_holder(), now)


def test_an_expired_lease_is_taken_over_and_its_old_holder_is_told(store: Store, now: datetime) -> None:
    account_id, first, second = link(store, now), new_holder(), new_holder()
    take_lease(store, account_id, first, now)
    assert not take_lease(store, account_id, second, now + LEASE - timedelta(seconds=1))
    assert not leased(store, account_id, now + LEASE)
    assert take_lease(store, account_id, second, now + LEASE)
    with pytest.raises(LeaseLost) as fault, store.write() as connection:
        keep_lease(connection, account_id, first, now + LEASE)
    assert fault.value.resolution
    assert rows(store, Lease, "holder") == [second]


def test_a_kept_lease_does_not_expire(store: Store, now: datetime) -> None:
    account_id, holder = link(store, now), new_holder()
    take_lease(store, account_id, holder, now)
    with store.write() as connection:
        keep_lease(connection, account_id, holder, now + LEASE / 2)
    assert not take_lease(store, account_id, new_holder(), now + LEASE)


@contextmanager
def another_process(chosen: Settings, account_id: int, now: datetime) -> Iterator[subprocess.Popen[str]]:
    """A process of its own that has taken the lease and waits."""
    url = chosen.database_url.get_secret_value() if chosen.database_url else ""
    environment = {"SPENDGLASS_DATA_DIR": str(chosen.data_dir), "SPENDGLASS_DATABASE_URL": url, "PATH": "/usr/bin:/bin"}
    with subprocess.Popen(
        [sys.executable, "-c", TAKER, str(account_id), now.astimezone(UTC).isoformat()],
        cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        yield process
        process.kill()


def test_a_process_killed_on_this_machine_frees_its_account_at_once(
    store: Store, chosen: Settings, now: datetime
) -> None:
    account_id = link(store, now)
    with another_process(chosen, account_id, now) as process:
        assert leased(store, account_id, now)
        assert not take_lease(store, account_id, new_holder(), now)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not leased(store, account_id, now), "a process dead but not yet buried is dead"
        process.wait()
        assert not leased(store, account_id, now)
        assert take_lease(store, account_id, new_holder(), now)


def test_a_stopped_process_is_not_dead(store: Store, chosen: Settings, now: datetime) -> None:
    account_id = link(store, now)
    with another_process(chosen, account_id, now) as process:
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        assert leased(store, account_id, now)
        assert not take_lease(store, account_id, new_holder(), now)


def test_a_process_number_used_again_by_another_process_does_not_hold(store: Store, now: datetime) -> None:
    account_id = link(store, now)
    machine, process, own = new_holder().rsplit("/", 2)
    number, _, began = process.partition("@")
    assert take_lease(store, account_id, f"{machine}/{number}@{int(began) - 1}/{own}", now)
    assert take_lease(store, account_id, new_holder(), now)


def test_a_holder_on_another_machine_is_never_thought_dead(store: Store, now: datetime) -> None:
    account_id = link(store, now)
    assert take_lease(store, account_id, "another-machine/999999999@1/x", now)
    assert not take_lease(store, account_id, new_holder(), now)


def test_a_double_click_is_one_run(store: Store, now: datetime) -> None:
    account_id = link(store, now)
    first = request_sync(store, account_id, "manual", now)
    assert request_sync(store, account_id, "manual", now) == first
    assert queued_accounts(store) == [account_id]
    holder = new_holder()
    take_lease(store, account_id, holder, now)
    assert begin_run(store, account_id, "schedule", now) == first
    assert request_sync(store, account_id, "manual", now) == first
    assert queued_accounts(store) == []
    update_run(store, first, status="succeeded", ended_at=now)
    assert request_sync(store, account_id, "manual", now) != first


def test_a_run_cut_off_is_marked_interrupted_once_its_process_is_gone(sync: Syncing) -> None:
    assert mark_interrupted(sync.store, sync.now) == 0
    assert mark_interrupted(sync.store, sync.now + LEASE) == 1
    ended = run(sync.store, sync.run_id)
    assert (ended["status"], ended["error_kind"], ended["ended_at"]) == ("interrupted", "interrupted", sync.now + LEASE)
    update_run(sync.store, sync.run_id, status="succeeded")
    assert run(sync.store, sync.run_id)["status"] == "interrupted"


def test_beginning_a_run_closes_the_one_that_a_crash_left_running(sync: Syncing) -> None:
    later = sync.now + LEASE
    take_lease(sync.store, sync.account_id, new_holder(), later)
    second = begin_run(sync.store, sync.account_id, "schedule", later)
    assert run(sync.store, sync.run_id)["status"] == "interrupted"
    update_run(sync.store, second, status="succeeded", ended_at=later)
    latest = latest_runs(sync.store)[sync.account_id]
    assert (latest["id"], latest["last_success"]) == (second, later)
