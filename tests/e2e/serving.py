"""Installations of Spendglass for a browser to visit: a data folder, its command line, and servers over it."""

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from demo.accounts import ACCOUNTS
from demo.openai_api import ADMIN_KEY
from demo.simulator import Simulator
from tests.e2e.provider import NOON

ROOT = Path(__file__).parents[2]
CLOCK = Path(__file__).parent / "clock"
LOOPBACK = "127.0.0.1"
STARTED = datetime.now(UTC)
SECONDS_TO_START = 60
SECONDS_TO_STOP = 20
LOOKS_A_SECOND = 20


@dataclass(frozen=True)
class Installation:
    """A data folder, the simulator that its accounts are of, and settings beyond the usual by their variables."""

    folder: Path
    provider: Simulator
    settings: Mapping[str, str] = field(default_factory=dict)

    def environment(self, ahead: timedelta = timedelta(), minutes: int = 0) -> dict[str, str]:
        """What its processes are started with; they live at noon of the tests' day, or that far `ahead` of it."""
        offset = NOON + ahead - STARTED
        ours = {name: value for name, value in os.environ.items() if not name.startswith("SPENDGLASS_")}
        endpoints = {
            f"SPENDGLASS_ENDPOINT_{slug.upper()}": self.provider.endpoint(slug) for slug in self.provider.providers
        }
        return (
            ours
            | endpoints
            | {
                "SPENDGLASS_DATA_DIR": str(self.folder),
                "SPENDGLASS_SYNC_MINUTES": str(minutes),
                "E2E_CLOCK_OFFSET": str(offset.total_seconds()),
                "PYTHONPATH": str(CLOCK),
                "NO_PROXY": LOOPBACK,
                **self.settings,
            }
        )

    def command(self, *arguments: str, given: str = "") -> bytes:
        """What `cli.py` prints."""
        return self.run("cli.py", *arguments, given=given)

    def run(self, *arguments: str, given: str = "") -> bytes:
        """What Python prints for these arguments, at the installation's instant and with its settings."""
        run = [sys.executable, *arguments]
        done = subprocess.run(
            run, cwd=ROOT, env=self.environment(), input=given.encode(), capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def link(self, name: str | None = None) -> None:
        """Link the provider's account and read its whole bill."""
        named = () if name is None else ("--name", name)
        self.command("link", "openai", *named, given=json.dumps({"apiKey": ADMIN_KEY}))
        self.command("sync")

    def link_all(self) -> None:
        """Link the demo's accounts at all providers and read their whole bills."""
        self.command("link-all", given=json.dumps(ACCOUNTS))
        self.command("sync")

    def rows(self, query: str) -> list[dict[str, Any]]:
        """What the database holds, read past the product."""
        with closing(sqlite3.connect(self.folder / "spendglass.db")) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query)]

    def copy(self, folder: Path, provider: Simulator | None = None) -> "Installation":
        """The same data in another folder, for a test that changes it."""
        shutil.copytree(self.folder, folder)
        return Installation(folder, provider or self.provider, self.settings)


class Server:
    """A running dashboard: a context that is ready when it opens and has ended when it closes."""

    def __init__(
        self, installation: Installation, *, ahead: timedelta = timedelta(), minutes: int = 0, is_cold: bool = False
    ) -> None:
        self.installation = installation
        self._environment = installation.environment(ahead, minutes)
        self._is_cold = is_cold
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://{LOOPBACK}:{self.port}"
        self._log = installation.folder.with_name(f"server-{self.port}.log")

    @property
    def log(self) -> str:
        """All that it printed."""
        return self._log.read_text()

    def __enter__(self) -> Self:
        """`is_cold` servers are waited for without asking them anything."""
        command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={self.port}"]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._await(self._is_listening if self._is_cold else self._is_ready)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Ask it to end, and see that it does."""
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise

    def _await(self, is_there: Callable[[], bool]) -> None:
        for _ in range(SECONDS_TO_START * LOOKS_A_SECOND):
            if is_there():
                return
            try:
                self.process.wait(1 / LOOKS_A_SECOND)
            except subprocess.TimeoutExpired:
                continue
            break
        raise AssertionError(f"the server did not start:\n{self.log}")

    def _is_listening(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((LOOPBACK, self.port)) == 0

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=10) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError):
            return False
