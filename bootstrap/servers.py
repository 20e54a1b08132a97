"""Server processes: started in order, watched together, stopped together."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from bootstrap.faults import SetupError

LOOPBACK = "127.0.0.1"
SECONDS_TO_START = 120
SECONDS_TO_STOP = 15
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """Somebody asked to stop: Ctrl-C, a service manager, or the terminal went away."""


class Servers:
    """Processes that live as long as this context; the last started is stopped first.

    Inside it SIGINT, SIGTERM and SIGHUP raise Stopped once; while it closes they are ignored, so that nothing is left.
    """

    def __init__(self, root: Path, *, seconds_to_stop: float = SECONDS_TO_STOP) -> None:
        self._root = root
        self._seconds_to_stop = seconds_to_stop
        self._processes: list[subprocess.Popen[str]] = []
        self._before: dict[signal.Signals, Any] = {}

    def start(
        self, command: list[str], environment: Mapping[str, str], *, is_read: bool = False
    ) -> subprocess.Popen[str]:
        """A running process, in a session of its own so that Ctrl-C reaches it through us alone."""
        process = subprocess.Popen(
            command,
            cwd=self._root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if is_read else None,
            text=True,
            start_new_session=True,
        )
        self._processes.append(process)
        return process

    def __enter__(self) -> Self:
        for number in ENDINGS:
            if (handler := signal.getsignal(number)) is not signal.SIG_IGN:  # nohup has SIGHUP ignored: leave it so
                self._before[number] = handler
                signal.signal(number, _stop)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        _ignore_endings()
        for process in reversed(self._processes):
            process.terminate()
            try:
                process.wait(self._seconds_to_stop)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            if process.stdout:
                process.stdout.close()
        for number, handler in self._before.items():
            signal.signal(number, handler)


def _stop(_number: int, _frame: FrameType | None) -> None:
    _ignore_endings()
    raise Stopped


def _ignore_endings() -> None:
    for number in ENDINGS:
        signal.signal(number, signal.SIG_IGN)


def serve(
    servers: Servers, python: Path, environment: Mapping[str, str], address: tuple[str, int], extra: list[str]
) -> int:
    """Start the dashboard, say where it is, and wait for its end; its exit code."""
    host, port = address
    _refuse_taken(host, port)
    command = [str(python), "-m", "streamlit", "run", "app.py", f"--server.address={host}", f"--server.port={port}"]
    server = servers.start([*command, *extra], environment)
    near = nearby(host)
    deadline = time.monotonic() + SECONDS_TO_START
    while server.poll() is None and not _is_healthy(near, port):
        if time.monotonic() > deadline:
            raise SetupError(
                f"The server did not answer on {near}:{port} within {SECONDS_TO_START} seconds.",
                likely_cause="The machine is very busy, or a firewall stands before its own ports.",
                next_step="Look at the lines above and try again.",
            )
        time.sleep(0.1)
    if server.poll() is None:
        url = url_of(address)
        print(f"\n  Spendglass is ready: {url}\n  Press Ctrl-C to stop.\n", flush=True)
        if _has_display():
            webbrowser.open(url)
    return server.wait()


def nearby(host: str) -> str:
    """Where this machine reaches a server that listens on the host."""
    return LOOPBACK if host in {"0.0.0.0", "::"} else host  # noqa: S104, compared, not bound


def url_of(address: tuple[str, int]) -> str:
    """The URL by which this machine reaches a server that listens on the address."""
    near = nearby(address[0])
    return f"http://{f'[{near}]' if ':' in near else near}:{address[1]}"


def _refuse_taken(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SetupError(
                f"Cannot listen on {host}:{port}: {error.strerror or error}.",
                likely_cause="Another program, perhaps another Spendglass, uses the port, or the host is not ours.",
                next_step=f"Stop that program, or choose another port: --port {port + 1}",
            ) from error


def _is_healthy(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _has_display() -> bool:
    if os.environ.get("CI") or not sys.stdout.isatty():
        return False
    return sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
