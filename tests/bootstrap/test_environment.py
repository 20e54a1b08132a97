"""The life of `.venv`: made once, completed, made again, never half. pip is real; uv is a program that takes notes."""

import importlib.util
import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootstrap.environment import (
    CLIENTS,
    DEVELOPMENT,
    EMULATOR,
    RUNTIME,
    Marker,
    prepare,
    prepare_clients,
    prepare_emulator,
)
from bootstrap.faults import SetupError
from bootstrap.pip_wheel import Wheel
from tests.bootstrap.package_index import PackageIndex, sha256, tiny_wheel

ROOT = Path(__file__).parents[2]
UV = """#!/bin/sh
[ "$1" = --version ] && exit 0
echo "$@" >> notes
[ -f refuse ] && { cat refuse; exit 2; }
exit 0
"""
SLOW_UV = """#!/bin/sh
[ "$1" = --version ] && exit 0
echo "$@" >> notes
echo working > started
read -r _ < go_on
"""
PREPARE = "import pathlib, bootstrap.environment as e; e.prepare(pathlib.Path.cwd())"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two requirements files, and a PATH on which only a note-taking uv is found."""
    root = tmp_path / "project"
    root.mkdir()
    (root / RUNTIME).write_text("runtime==1\n")
    (root / DEVELOPMENT).write_text("runtime==1\ndevelopment==1\n")
    _program(tmp_path / "bin" / "uv", UV)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.chdir(root)
    return root


def _program(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def installs(project: Path) -> list[str]:
    """The requirements files that uv was told to install, in order."""
    notes = project / "notes"
    return [Path(line.split()[-1]).name for line in notes.read_text().splitlines()] if notes.exists() else []


def test_an_environment_is_made_once(project: Path) -> None:
    python = prepare(project)
    assert prepare(project) == python
    assert installs(project) == [RUNTIME]
    version = subprocess.run(
        [python, "-c", "import sys; print(sys.prefix)"], capture_output=True, text=True, check=True
    )
    assert Path(version.stdout.strip()) == project / ".venv"


def test_packages_are_installed_with_hashes_and_without_building(project: Path) -> None:
    prepare(project)
    assert "--require-hashes --only-binary :all: -r" in (project / "notes").read_text()


def test_what_tests_need_is_added_to_the_same_environment(project: Path) -> None:
    prepare(project)
    prepare(project, development=True)
    prepare(project, development=True)
    prepare(project)
    assert installs(project) == [RUNTIME, DEVELOPMENT]


def test_the_emulator_gets_an_environment_of_its_own_and_a_changed_list_makes_it_again(project: Path) -> None:
    (project / EMULATOR).write_text("emulator==1\n")
    python = prepare_emulator(project)
    prepare_emulator(project)
    assert python == project / ".venv-bigquery" / "bin" / "python"
    assert not (project / ".venv").exists()
    (project / EMULATOR).write_text("emulator==2\n")
    prepare_emulator(project)
    assert installs(project) == [EMULATOR, EMULATOR]


def test_metering_clients_get_an_environment_of_their_own(project: Path) -> None:
    (project / CLIENTS).write_text("clients==1\n")
    python = prepare_clients(project)
    prepare_clients(project)
    assert python == project / ".venv-clients" / "bin" / "python"
    assert installs(project) == [CLIENTS]


def test_changed_requirements_are_installed(project: Path) -> None:
    prepare(project)
    (project / RUNTIME).write_text("runtime==2\n")
    prepare(project)
    assert installs(project) == [RUNTIME, RUNTIME]


def test_a_half_made_environment_is_made_again(project: Path) -> None:
    prepare(project)
    leftover = project / ".venv" / "leftover"
    leftover.touch()
    Marker(interpreter=os.path.realpath(project / ".venv/bin/python")).write(project / ".venv")
    prepare(project)
    assert not leftover.exists()
    assert installs(project) == [RUNTIME, RUNTIME]


@pytest.mark.parametrize("marker", ["", "[]", '{"who": "knows"}'])
def test_a_damaged_marker_counts_as_half_made(project: Path, marker: str) -> None:
    prepare(project)
    (project / ".venv" / "spendglass.json").write_text(marker)
    prepare(project)
    assert installs(project) == [RUNTIME, RUNTIME]


def test_an_environment_whose_python_is_gone_is_made_again(project: Path) -> None:
    python = prepare(project)
    python.unlink()
    python.symlink_to("/nonexistent/python3.11")
    assert os.path.realpath(prepare(project)) != "/nonexistent/python3.11"


def test_an_environment_made_by_hand_is_kept_and_completed(project: Path) -> None:
    venv.create(project / ".venv", symlinks=True)
    (project / ".venv" / "mine").touch()
    (project / "refuse").write_text("dns error")
    with pytest.raises(SetupError):
        prepare(project)
    (project / "refuse").unlink()
    prepare(project)
    assert (project / ".venv" / "mine").exists()
    assert installs(project) == [RUNTIME, RUNTIME]


def test_a_failed_install_leaves_nothing_and_says_why(project: Path) -> None:
    (project / "refuse").write_text("error: No space left on device (os error 28)\n")
    with pytest.raises(SetupError, match="could not be installed") as failure:
        prepare(project)
    assert "disk is full" in failure.value.likely_cause
    assert not (project / ".venv").exists()


def test_a_failed_addition_leaves_the_running_environment_usable(project: Path) -> None:
    prepare(project)
    (project / "refuse").write_text("dns error")
    with pytest.raises(SetupError):
        prepare(project, development=True)
    prepare(project)
    assert installs(project) == [RUNTIME, DEVELOPMENT]


def test_uv_asks_the_index_that_pip_is_told_to_ask(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(project.parent / "bin" / "uv", UV.replace('"$@"', '"$UV_DEFAULT_INDEX $SSL_CERT_FILE"'))
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    monkeypatch.setenv("PIP_CERT", "/certificates.pem")
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    prepare(project)
    assert (project / "notes").read_text() == "https://mirror.example/simple /certificates.pem\n"


def test_of_two_at_the_same_time_one_installs_and_one_waits(project: Path) -> None:
    _program(project.parent / "bin" / "uv", SLOW_UV)
    os.mkfifo(project / "started")
    os.mkfifo(project / "go_on")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", PREPARE]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as first:
        assert (project / "started").read_text() == "working\n"
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as second:
            assert second.stderr
            assert "waiting" in second.stderr.readline()
            (project / "go_on").write_text("\n")
            assert second.wait(60) == first.wait(60) == 0
    assert installs(project) == [RUNTIME]


def bundled_pip() -> Path:
    """A real pip wheel: the one Python brings along, or the one that run.py fetched."""
    found = importlib.util.find_spec("ensurepip")
    bundles = [Path(folder) / "_bundled" for folder in (found and found.submodule_search_locations) or ()]
    wheels = [wheel for folder in [*bundles, ROOT / ".venv"] for wheel in folder.glob("pip-*.whl")]
    if not wheels:
        pytest.skip("no pip wheel on this machine")
    return wheels[0]


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PackageIndex]:
    """An index with a real pip and the package tiny; nothing but `sh` on the PATH."""
    pip = bundled_pip()
    pages = {
        "/simple/pip/": f'<a href="/{pip.name}">pip</a>'.encode(),
        "/simple/tiny/": b'<a href="/tiny-1.0-py3-none-any.whl">tiny</a>',
        f"/{pip.name}": pip.read_bytes(),
        "/tiny-1.0-py3-none-any.whl": tiny_wheel(),
    }
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    with PackageIndex(pages) as server:
        monkeypatch.setenv("PIP_INDEX_URL", f"http://{server.address}/simple")
        yield server


def test_without_uv_and_pip_a_fetched_pip_installs_checked_wheels(tmp_path: Path, index: PackageIndex) -> None:
    pip = bundled_pip()
    (tmp_path / RUNTIME).write_text(f"tiny==1.0 --hash=sha256:{sha256(tiny_wheel())}\n")
    python = prepare(tmp_path, pip=Wheel(pip.name, sha256(pip.read_bytes())))
    number = subprocess.run(
        [python, "-c", "import tiny; print(tiny.NUMBER)"], capture_output=True, text=True, check=True
    )
    assert number.stdout == "42\n"
    assert json.loads((tmp_path / ".venv/spendglass.json").read_text())["installed"].keys() == {RUNTIME}
    assert "/tiny-1.0-py3-none-any.whl" in [path for path, _ in index.asked]


def test_pythons_own_pip_installs_where_the_index_has_none(tmp_path: Path, index: PackageIndex) -> None:
    if not importlib.util.find_spec("ensurepip"):
        pytest.skip("this Python comes without pip")
    (tmp_path / RUNTIME).write_text(f"tiny==1.0 --hash=sha256:{sha256(tiny_wheel())}\n")
    python = prepare(tmp_path, pip=Wheel("pip-0.0-py3-none-any.whl", "0" * 64))
    assert subprocess.run([python, "-c", "import tiny, pip"], check=False).returncode == 0
    assert index.asked[0][0] == "/simple/pip/"


def test_a_package_with_another_hash_is_not_installed(tmp_path: Path, index: PackageIndex) -> None:
    pip = bundled_pip()
    (tmp_path / RUNTIME).write_text(f"tiny==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(SetupError) as failure:
        prepare(tmp_path, pip=Wheel(pip.name, sha256(pip.read_bytes())))
    assert "other files than those pinned" in failure.value.likely_cause
    assert not (tmp_path / ".venv").exists()
