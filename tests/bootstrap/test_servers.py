"""Servers start together and stop together, whoever asks; the dashboard is announced when it answers."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootstrap.faults import SetupError
from bootstrap.servers import LOOPBACK, Servers, serve

ROOT = Path(__file__).parents[2]
WAITING = "import signal; print('up', flush=True); signal.pause()"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"
PARENT = f"""
import os, pathlib, sys
from bootstrap.servers import Servers, Stopped
try:
    with Servers(pathlib.Path.cwd()) as servers:
        started = [servers.start([sys.executable, "-c", {WAITING!r}], os.environ, is_read=True) for _ in range(2)]
        print(*[process.stdout.readline() and process.pid for process in started], flush=True)
        started[0].wait()
except Stopped:
    print("stopped")
"""
DASHBOARD = """#!{python}
import http.server, sys
answers = [404, 200]
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(answers.pop(0) if self.path == "/_stcore/health" else 500)
        self.end_headers()
    def log_message(self, *_): pass
port = next(int(argument.partition("=")[2]) for argument in sys.argv if argument.startswith("--server.port="))
with http.server.HTTPServer(("127.0.0.1", port), Handler) as server:
    while answers:
        server.handle_request()
sys.exit(7)
"""


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """The signal handlers are after a test what they were before."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    yield
    assert before == [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_way_to_stop_leaves_no_process(ending: signal.Signals) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        children = [int(pid) for pid in parent.stdout.readline().split()]
        assert [is_running(pid) for pid in children] == [True, True]
        parent.send_signal(ending)
        assert parent.stdout.read() == "stopped\n"
        assert parent.wait(60) == 0
    assert [is_running(pid) for pid in children] == [False, False]


def test_a_server_that_does_not_listen_is_ended_by_force(tmp_path: Path) -> None:
    with Servers(tmp_path, seconds_to_stop=0.2) as servers:
        process = servers.start([sys.executable, "-c", STUBBORN], os.environ, is_read=True)
        assert process.stdout
        assert process.stdout.readline() == "up\n"
    assert process.returncode == -signal.SIGKILL


def test_an_ignored_hang_up_stays_ignored(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Servers(tmp_path):
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_address_is_printed_once_the_dashboard_answers(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program = tmp_path / "python"
    program.write_text(DASHBOARD.format(python=sys.executable))
    program.chmod(0o755)
    port = free_port()
    with Servers(tmp_path) as servers:
        assert serve(servers, program, os.environ, (LOOPBACK, port), []) == 7
    assert f"Spendglass is ready: http://127.0.0.1:{port}\n" in capfd.readouterr().out


def test_a_dashboard_that_ends_at_once_is_not_announced(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with Servers(tmp_path) as servers:
        assert serve(servers, Path("/bin/false"), os.environ, (LOOPBACK, free_port()), []) == 1
    assert "ready" not in capfd.readouterr().out


def test_a_taken_port_is_named_with_the_way_out(tmp_path: Path) -> None:
    with socket.socket() as taken, Servers(tmp_path) as servers:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SetupError, match=f"Cannot listen on 127.0.0.1:{port}") as refusal:
            serve(servers, Path("/bin/false"), os.environ, (LOOPBACK, port), [])
    assert f"--port {port + 1}" in refusal.value.next_step
