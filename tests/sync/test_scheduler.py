"""The schedule of a running server, with its real worker processes."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo.openai_api import ADMIN_KEY
from demo.simulator import Simulator
from demo.world import World
from linking import link_account
from scheduler import Scheduler
from settings import settings
from store import accounts, runs
from store.db import Store, open_store
from store.frames import read_runs
from store.leases import LEASE

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60


@pytest.fixture
def present(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    now = datetime.now(UTC)
    with Simulator(World(5, now.date(), history_days=20), clock=lambda: now, has_control=True) as running:
        monkeypatch.setenv("SPENDGLASS_ENDPOINT_OPENAI", running.endpoint("openai"))
        yield running


@pytest.fixture
def served(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store as the server and its workers find it, by the environment."""
    monkeypatch.setenv("SPENDGLASS_DATA_DIR", str(data_dir))
    settings.cache_clear()
    store = open_store()
    yield store
    store.close()
    settings.cache_clear()


@pytest.fixture
def linked(served: Store, present: Simulator) -> int:
    return link_account(served, "openai", {"apiKey": ADMIN_KEY}, name="Team", now=datetime.now(UTC))


@pytest.fixture
def scheduler(served: Store) -> Iterator[Scheduler]:
    running = Scheduler(served)
    running.start()
    yield running
    running.stop()


def wait_until(is_so: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def statuses(store: Store) -> list[str]:
    return [run["status"] for run in reversed(read_runs(store))]


def test_a_newly_linked_account_is_synced_without_any_page_open(
    served: Store, linked: int, scheduler: Scheduler
) -> None:
    wait_until(lambda: statuses(served) == ["succeeded"])
    assert read_runs(served)[0]["trigger"] == "link"
    asked = runs.request_sync(served, linked, "manual", datetime.now(UTC))
    wait_until(lambda: runs.run(served, asked)["status"] == "succeeded")
    assert runs.run(served, asked)["trigger"] == "manual"


def test_a_paused_account_waits_until_it_is_asked(served: Store, linked: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPENDGLASS_SYNC_MINUTES", "0")
    settings.cache_clear()
    running = Scheduler(served)
    running.start()
    try:
        wait_until(lambda: statuses(served) == ["succeeded"])
        asked = runs.request_sync(served, linked, "manual", datetime.now(UTC))
        wait_until(lambda: runs.run(served, asked)["status"] == "succeeded")
        assert statuses(served) == ["succeeded", "succeeded"]
    finally:
        running.stop()


def test_an_account_linked_or_unlinked_while_the_server_runs_is_noticed(
    served: Store, present: Simulator, scheduler: Scheduler
) -> None:
    account_id = link_account(served, "openai", {"apiKey": ADMIN_KEY}, name="Late", now=datetime.now(UTC))
    wait_until(lambda: statuses(served) == ["succeeded"])
    accounts.unlink(served, account_id, keep_data=False, now=datetime.now(UTC))
    wait_until(lambda: scheduler.jobs() == [])


def test_a_killed_worker_is_replaced_and_its_run_called_interrupted(
    served: Store, present: Simulator, scheduler: Scheduler
) -> None:
    from demo.faults import Fault

    present.faults.add(Fault(kind="delay", seconds=600, match="/costs", nth=3))
    account_id = link_account(served, "openai", {"apiKey": ADMIN_KEY}, name="Team", now=datetime.now(UTC))
    wait_until(lambda: statuses(served) == ["running"])
    for worker in multiprocessing.active_children():
        os.kill(worker.pid or 0, signal.SIGKILL)
    wait_until(lambda: statuses(served) == ["interrupted"])
    present.faults.clear()
    asked = runs.request_sync(served, account_id, "manual", datetime.now(UTC))
    wait_until(lambda: runs.run(served, asked)["status"] == "succeeded")


SERVER = """
import sys, threading
from scheduler import Scheduler
from store.db import open_store
if __name__ == "__main__":
    running = Scheduler(open_store())
    running.start()
    print("ready", flush=True)
    sys.stdin.read()
    running.stop()
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    script = tmp_path / "server.py"
    script.write_text(SERVER)
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, str(script)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "SPENDGLASS_SYNC_MINUTES": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_of_two_servers_one_syncs_and_a_killed_one_frees_the_account_within_a_minute(
    served: Store, present: Simulator, server: Callable[[], subprocess.Popen[str]]
) -> None:
    from demo.faults import Fault

    present.faults.add(Fault(kind="delay", seconds=600, match="/costs", nth=3))
    servers = [server(), server()]
    account_id = link_account(served, "openai", {"apiKey": ADMIN_KEY}, name="Team", now=datetime.now(UTC))
    wait_until(lambda: statuses(served) == ["running"])
    holder_process = int(runs.holder(served, account_id).split("/")[-2].split("@")[0])
    parents = {process.pid: process for process in servers}
    parent = int(Path(f"/proc/{holder_process}/stat").read_text().rpartition(")")[2].split()[1])
    parents[parent].kill()
    parents[parent].wait()
    present.faults.clear()
    killed_at = time.monotonic()
    wait_until(lambda: statuses(served) == ["interrupted"])
    asked = runs.request_sync(served, account_id, "manual", datetime.now(UTC))
    wait_until(lambda: runs.run(served, asked)["status"] == "succeeded")
    assert time.monotonic() - killed_at < 2 * LEASE.total_seconds()
    assert statuses(served) == ["interrupted", "succeeded"]
