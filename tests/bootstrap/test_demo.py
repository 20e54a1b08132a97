"""The demo links what is missing, keeps away from a real installation, and starts afresh with each UTC day.

Simulator, command line and dashboard are small programs here that note how they were started.
"""

import json
import socket
import sys
from datetime import date
from pathlib import Path

import pytest

from bootstrap.demo import data_folder, run_demo
from bootstrap.faults import SetupError

PYTHON = """#!/bin/sh
if [ "$2" = streamlit ]; then exec {python} dashboard.py "$@"; else exec {python} "$@"; fi
"""
ACCOUNTS = """import json
print(json.dumps([{"provider": "openai", "name": "Demo", "credential": {"apiKey": "demo"}}]))
"""
SIMULATOR = """import signal
print("http://127.0.0.1:1", "SPENDGLASS_ENDPOINT_OPENAI=http://127.0.0.1:1/openai/v1", sep="\\n", flush=True)
signal.pause()
"""
CLI = """import json, os, pathlib, sys
linked = pathlib.Path(os.environ["SPENDGLASS_DATA_DIR"], "linked.json")
known = json.loads(linked.read_text()) if linked.exists() else []
if sys.argv[1:] == ["accounts", "--json"]:
    print(json.dumps(known))
else:
    assert sys.argv[1:] == ["link-all"]
    known += [{**account, "state": "new"} for account in json.load(sys.stdin)]
    linked.write_text(json.dumps(known))
"""
DASHBOARD = """import json, os, pathlib, sys
while not pathlib.Path("metered.txt").exists():
    pass
pathlib.Path("started.json").write_text(json.dumps({"environment": dict(os.environ), "arguments": sys.argv[1:]}))
"""
CLIENTS = """import os, pathlib, sys
pathlib.Path("metered.txt").write_text(f"{os.environ['SPENDGLASS_METERING_KEYS']} {sys.argv[1]}")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "demo").mkdir(parents=True)
    programs = {
        "python": PYTHON.format(python=sys.executable),
        "cli.py": CLI,
        "dashboard.py": DASHBOARD,
        "demo/accounts.py": ACCOUNTS,
        "demo/simulator.py": SIMULATOR,
        "demo/clients.py": CLIENTS,
    }
    for name, text in programs.items():
        (root / name).write_text(text)
    (root / "python").chmod(0o755)
    return root


def run(project: Path) -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return run_demo(project, project / "python", ("127.0.0.1", port), ["--theme.base=dark"], today=date(2026, 11, 23))


def test_the_dashboard_starts_over_the_simulated_providers(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPENDGLASS_DATABASE_URL", "postgresql://the/real/one")
    monkeypatch.setenv("NO_PROXY", "intranet.example")
    assert run(project) == 0
    started = json.loads((project / "started.json").read_text())
    ours = {name: value for name, value in started["environment"].items() if name.startswith("SPENDGLASS_")}
    key = ours.pop("SPENDGLASS_METERING_KEYS")
    address = next(text for text in started["arguments"] if text.startswith("--server.port")).partition("=")[2]
    assert (project / "metered.txt").read_text() == f"{key} http://127.0.0.1:{address}"
    assert key.startswith("hak_")
    assert ours == {
        "SPENDGLASS_DEMO": "1",
        "SPENDGLASS_DATA_DIR": str(project / "demo-data"),
        "SPENDGLASS_ENDPOINT_OPENAI": "http://127.0.0.1:1/openai/v1",
    }
    assert started["environment"]["NO_PROXY"] == "intranet.example,127.0.0.1"
    assert "--server.address=127.0.0.1" in started["arguments"]
    assert started["arguments"][-1] == "--theme.base=dark"


def test_an_account_is_linked_once(project: Path) -> None:
    run(project)
    run(project)
    linked = json.loads((project / "demo-data" / "linked.json").read_text())
    assert linked == [{"provider": "openai", "name": "Demo", "credential": {"apiKey": "demo"}, "state": "new"}]


def test_an_account_that_was_unlinked_is_linked_again(project: Path) -> None:
    run(project)
    file = project / "demo-data" / "linked.json"
    file.write_text(file.read_text().replace('"new"', '"unlinked"'))
    run(project)
    assert [account["state"] for account in json.loads(file.read_text())] == ["unlinked", "new"]


def test_what_the_command_line_says_is_shown_when_linking_fails(project: Path) -> None:
    (project / "cli.py").write_text("import sys; sys.exit('the provider is down')")
    with pytest.raises(SetupError, match="Could not link the demo accounts") as failure:
        run(project)
    assert "the provider is down" in str(failure.value)


def test_a_simulator_that_ends_at_once_is_named(project: Path) -> None:
    (project / "demo" / "simulator.py").write_text("")
    with pytest.raises(SetupError, match="simulator"):
        run(project)


def test_data_of_another_day_is_made_again(tmp_path: Path) -> None:
    folder, is_new = data_folder(tmp_path, date(2026, 11, 23))
    assert is_new
    (folder / "spendglass.db").touch()
    assert data_folder(tmp_path, date(2026, 11, 23)) == (folder, False)
    assert (folder / "spendglass.db").exists()
    assert data_folder(tmp_path, date(2026, 11, 24)) == (folder, True)
    assert [path.name for path in folder.iterdir()] == ["drawn-on"]
