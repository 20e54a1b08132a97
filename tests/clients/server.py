"""Our server in an empty installation, and applications that report to it, each in the clients' own environment."""

import os
import socket
import sqlite3
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.connectors.local_server import Reply, Request, provider

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-clients" / "bin" / "python"
KEY = "hak_clientsOfOthersSendWithThis42"
SECONDS_TO_START = 60
SECONDS_OF_AN_APPLICATION = 120
LOOKS_A_SECOND = 10


@dataclass(frozen=True)
class Server:
    """A running server; `costs` is what it has counted, read past the product."""

    url: str
    folder: Path

    def costs(self) -> list[dict[str, Any]]:
        """Rows of metered cost in the order of model and application, money and quantities in whole small units."""
        query = "SELECT * FROM metered_cost ORDER BY model, application"
        with closing(sqlite3.connect(self.folder / "spendglass.db")) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query)]

    def holds(self, text: str) -> bool:
        """Whether any file of the installation, the log included, contains the text."""
        return any(text.encode() in file.read_bytes() for file in self.folder.rglob("*") if file.is_file())


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """`streamlit run app.py` over an empty data folder, ready to count."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SPENDGLASS_")}
    settings = {
        "SPENDGLASS_DATA_DIR": str(folder),
        "SPENDGLASS_SYNC_MINUTES": "0",
        "SPENDGLASS_METERING_KEYS": KEY,
        "NO_PROXY": "127.0.0.1",
    }
    folder.mkdir()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    with (
        (folder / "server.log").open("wb") as log,
        subprocess.Popen(command, cwd=ROOT, env=ours | settings, stdout=log, stderr=log) as process,
    ):
        try:
            server = Server(f"http://127.0.0.1:{port}", folder)
            _await(process, lambda: _is_counting(server.url))
            yield server
        finally:
            process.terminate()


def _await(process: subprocess.Popen[bytes], is_there: Callable[[], bool]) -> None:
    for _ in range(SECONDS_TO_START * LOOKS_A_SECOND):
        if is_there():
            return
        try:
            process.wait(1 / LOOKS_A_SECOND)
        except subprocess.TimeoutExpired:
            continue
        break
    raise AssertionError("the server did not start")


def _is_counting(url: str) -> bool:
    """Whether an empty export is accepted, which is so as soon as events are counted."""
    headers = {"x-api-key": KEY, "content-type": "application/json"}
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{url}/v1/traces", b"{}", headers), timeout=10) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError):
        return False


class Losing:
    """A way to the server on which the first `lost` answers are lost: it counts, and the client hears 503."""

    def __init__(self, server: Server, lost: int = 0) -> None:
        self._server, self._lost = server, lost
        self._lock = threading.Lock()
        self.passed: list[Request] = []
        self.statuses: list[int] = []

    def answer(self, request: Request) -> Reply:
        wanted = {"content-type", "content-encoding", "x-api-key", "authorization", "user-agent"}
        headers = {name: value for name, value in request.headers.items() if name.lower() in wanted}
        found = httpx.post(self._server.url + request.path, content=request.body, headers=headers, timeout=60)
        with self._lock:
            self.passed.append(request)
            self.statuses.append(found.status_code)
            if len(self.passed) <= self._lost:
                return Reply(503, b"{}")
        return Reply(found.status_code, found.content, {"Content-Type": found.headers["content-type"]})


@contextmanager
def way_to(server: Server, lost: int = 0) -> Iterator[tuple[str, Losing]]:
    way = Losing(server, lost)
    with provider(way.answer) as url:
        yield url, way


def run(application: str, models: str, metering: str, more: Mapping[str, str] | None = None) -> None:
    """Run one of the scripts beside this file to its end, pointed at model APIs and at a metering server."""
    settings = {
        "PATH": os.environ["PATH"],
        "NO_PROXY": "127.0.0.1",
        "OPENAI_API_KEY": "sk-invented",
        "OPENAI_BASE_URL": f"{models}/v1",
        "ANTHROPIC_API_KEY": "sk-ant-invented",
        "ANTHROPIC_BASE_URL": models,
        "FAL_KEY": "invented:invented",
        "FAL_BASE_URL": models,
        "REVENIUM_METERING_API_KEY": KEY,
        "REVENIUM_METERING_BASE_URL": f"{metering}/meter",
        "REVENIUM_CREDENTIAL_ALIAS": "desk-production",
        "REVENIUM_CAPTURE_PROMPTS": "true",
        "OTEL_EXPORTER_OTLP_ENDPOINT": metering,
        "OTEL_EXPORTER_OTLP_HEADERS": f"x-api-key={KEY}",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
        "OTEL_SERVICE_NAME": "desk",
    }
    command = [str(PYTHON), str(Path(__file__).with_name(f"{application}.py"))]
    done = subprocess.run(
        command,
        env=settings | dict(more or {}),
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS_OF_AN_APPLICATION,
    )
    assert done.returncode == 0, done.stderr
