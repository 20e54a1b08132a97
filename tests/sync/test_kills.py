"""A sync killed at any instant leaves whole days only, and the next one starts at once."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from demo.openai_api import ADMIN_KEY
from demo.simulator import Simulator
from demo.world import World
from linking import link_account
from settings import Settings
from store import accounts
from store.db import Store, open_store
from store.frames import read_runs
from store.records import Window
from tests.sync.conftest import saved_nanos, synced, true_nanos

ROOT = Path(__file__).parents[2]
LONGEST_LIFE_SECONDS = 0.9


@pytest.fixture
def present() -> Iterator[Simulator]:
    """A simulator whose instant is the moment the test began: the victim reads the real clock."""
    now = datetime.now(UTC)
    with Simulator(World(11, now.date(), history_days=70), clock=lambda: now) as running:
        yield running


@pytest.fixture
def victim(present: Simulator, data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    environment = {
        **os.environ,
        "SPENDGLASS_DATA_DIR": str(data_dir),
        "SPENDGLASS_ENDPOINT_OPENAI": present.endpoint("openai"),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "tests.sync.victim"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        yield running


def sync_and_kill(victim: subprocess.Popen[str], account_id: int, seconds: float) -> None:
    assert victim.stdin is not None
    assert victim.stdout is not None
    victim.stdin.write(f"{account_id}\n")
    victim.stdin.flush()
    child = int(victim.stdout.readline())
    time.sleep(seconds)
    with contextlib.suppress(ProcessLookupError):  # it may have finished before
        os.kill(child, signal.SIGKILL)
    assert victim.stdout.readline() == "gone\n"


def assert_whole_days(store: Store, account_id: int, simulator: Simulator, versions: list[World]) -> int:
    """Every covered day equals what one version of the bill said of it; nothing lies outside. Returns the days."""
    account = accounts.account(store, account_id)
    if account["covered_from"] is None:
        assert saved_nanos(store, Window(datetime(2000, 1, 1, tzinfo=UTC).date(), simulator.clock().date())) == {}
        return 0
    covered = Window(account["covered_from"], account["covered_to"])
    everything = Window(covered.start - timedelta(days=400), covered.end + timedelta(days=2))
    saved = saved_nanos(store, everything)
    truths = [true_nanos(world, covered, simulator.clock()) for world in versions]
    for day in covered.days():
        rows = {grain: nanos for grain, nanos in saved.items() if grain[0] == day}
        assert rows in [{grain: nanos for grain, nanos in truth.items() if grain[0] == day} for truth in truths]
    assert all(grain[0] in covered for grain in saved)
    return covered.length


def kill_many(
    kills: int, data_dir: Path, present: Simulator, victim: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(kills)
    monkeypatch.setenv("SPENDGLASS_ENDPOINT_OPENAI", present.endpoint("openai"))
    store = open_store(Settings(data_dir=data_dir))
    account_id = link_account(store, "openai", {"apiKey": ADMIN_KEY}, name="Team", now=present.clock())
    versions = [present.world]
    for number in range(kills):
        if number % 3 == 2:
            present.restate(0.02, seed=number)
            versions.append(present.world)
        sync_and_kill(victim, account_id, chance.uniform(0, LONGEST_LIFE_SECONDS))
        assert_whole_days(store, account_id, present, versions)
    endings = {run["status"] for run in read_runs(store)}
    assert endings & {"interrupted", "running"}, "no kill hit a sync at work"
    run = synced(store, account_id, lambda: datetime.now(UTC))  # type: ignore[arg-type]
    assert run["status"] == "succeeded"
    assert assert_whole_days(store, account_id, present, [present.world]) > 70
    store.close()


def test_kills_leave_whole_days(
    data_dir: Path, present: Simulator, victim: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kill_many(12, data_dir, present, victim, monkeypatch)


@pytest.mark.soak
def test_two_hundred_kills_leave_whole_days(
    data_dir: Path, present: Simulator, victim: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kill_many(200, data_dir, present, victim, monkeypatch)
