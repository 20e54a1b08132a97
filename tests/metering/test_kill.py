"""Killed under load at any instant, the server has every event that it said it took."""

import contextlib
import http.client
import itertools
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

import pytest

from settings import Settings
from store.db import open_store
from store.metering_rows import MORE_ROWS, ROWS
from store.models import MeteredCost, SeenEvent
from tests.metering.test_routes import EVENT
from tests.store.cast import rows

ROOT = Path(__file__).parents[2]
KEY = "hak_killed0again0and0again0killed"
KILLS = 6
CLIENTS = 8
PATH = "/meter/v2/ai/completions"


class Load:
    """Clients that send one event after the other until the server is gone; `taken` are the ids answered with 201."""

    def __init__(self, port: int, life: int) -> None:
        self.taken: list[str] = []
        self.first = threading.Event()
        self._port, self._life = port, life
        self._numbers = itertools.count()
        self._threads = [threading.Thread(target=self._send) for _ in range(CLIENTS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _send(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
            for number in self._numbers:
                event_id = f"{self._life}-{number}"
                now = datetime.now(UTC).isoformat()
                told = EVENT | {"transactionId": event_id, "requestTime": now, "productName": f"of {event_id}"}
                connection.request(
                    "POST", PATH, json.dumps(told), {"x-api-key": KEY, "content-type": "application/json"}
                )
                answer = connection.getresponse()
                answer.read()
                if answer.status == http.client.CREATED:
                    self.taken.append(event_id)
                    self.first.set()


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The real server in a session of its own, so that all its processes can be killed at once."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SPENDGLASS_")}
    given = {"SPENDGLASS_DATA_DIR": str(folder), "SPENDGLASS_METERING_KEYS": KEY, "SPENDGLASS_SYNC_MINUTES": "0"}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    with subprocess.Popen(
        command, cwd=ROOT, env=inherited | given, stdout=subprocess.DEVNULL, start_new_session=True
    ) as server:
        try:
            yield server, port
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)


def wait_until_it_listens(server: subprocess.Popen[bytes], port: int) -> None:
    while server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(timeout=0.1)
    pytest.fail("the server ended by itself")


@pytest.mark.soak
def test_no_event_is_lost_that_was_answered_before_a_kill(tmp_path: Path, without_settings: None) -> None:
    taken: list[str] = []
    for life in range(KILLS):
        with serving(tmp_path) as (server, port):
            wait_until_it_listens(server, port)
            load = Load(port, life)
            load.start()
            assert load.first.wait(60)
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(timeout=random.Random(life).uniform(0.1, 2))
            os.killpg(server.pid, signal.SIGKILL)
            load.join()
        taken += load.taken
    store = open_store(Settings(data_dir=tmp_path))
    digests = {bytes(digest) for digest in rows(store, SeenEvent, "digest")}
    wanted = {blake2b(event_id.encode(), digest_size=16).digest() for event_id in taken}
    assert len(wanted) == len(taken) > KILLS
    assert wanted <= digests
    assert sum(rows(store, MeteredCost, "events")) == len(digests)
    assert len(rows(store, MeteredCost, "events")) <= 2 * (ROWS + MORE_ROWS), "a kill may come around midnight"
    store.close()
