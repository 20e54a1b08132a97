"""The door itself: what each verb starts, and what it says when it can not."""

import ast
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import run
from bootstrap.demo import without_settings

ROOT = Path(__file__).parents[1]


def door(*arguments: str) -> subprocess.CompletedProcess[str]:
    """run.py in a Python without any installed package."""
    command = [sys.executable, "-S", "-E", "run.py", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["help"], ["test", "--help"]])
def test_help_names_every_verb_and_needs_no_package(arguments: list[str]) -> None:
    answer = door(*arguments)
    assert answer.returncode == 0
    for verb in (*run.SERVERS, *run.CHORES):
        assert f"{verb} " in answer.stdout


def test_an_unknown_verb_is_refused_with_those_there_are() -> None:
    answer = door("fly")
    assert answer.returncode == 2
    assert "'fly'" in answer.stderr
    assert "demo" in answer.stderr


def test_an_older_python_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer; this is Python 3\.10"):
        runpy.run_path(str(ROOT / "run.py"))


def test_the_door_can_be_read_by_pythons_that_it_turns_away() -> None:
    ast.parse((ROOT / "run.py").read_text(), feature_version=(3, 6))


def test_tests_leave_out_what_needs_a_browser_an_environment_of_its_own_a_proxy_or_minutes() -> None:
    command = run.commands("test", ["-x"])[0]
    assert command[:4] == [
        "-m", "pytest", "-m", "not e2e and not bigquery and not clients and not litellm and not soak",
    ]  # fmt: skip
    assert command[-1] == "-x"
    assert run.commands("e2e", []) == [["-m", "pytest", "-m", "e2e"]]
    assert run.commands("bigquery", []) == [["-m", "pytest", "-m", "bigquery"]]
    assert run.commands("clients", []) == [["-m", "pytest", "-m", "clients"]]
    assert run.commands("litellm", []) == [["-m", "pytest", "-m", "litellm"]]
    assert run.commands("soak", []) == [["-m", "pytest", "-m", "soak"]]


BREAKING = """
import os
import threading

def test_that_passes(): pass
def test_that_hangs(): threading.Event().wait()
def test_that_kills_its_process(): os._exit(3)
def test_after_them(): pass
"""


def test_a_process_of_tests_that_hangs_or_dies_fails_the_run_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "test_breaking.py").write_text(BREAKING)
    command = [sys.executable, "-m", "pytest", "-p", "xdist", *run.PARALLEL, "-o", "faulthandler_timeout=2", "."]
    outer = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    inner = outer | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    ended = subprocess.run(command, cwd=tmp_path, env=inner, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "2 failed, 2 passed in" in ended.stdout.splitlines()[-1]
    for name in ("test_that_hangs", "test_that_kills_its_process"):
        assert re.search(rf"worker 'gw\d' crashed while running '.*::{name}'", ended.stdout)


def test_check_is_format_lint_and_types_in_this_order() -> None:
    assert [command[1] for command in run.commands("check", [])] == ["ruff", "ruff", "mypy"]
    assert run.commands("check", ["run.py"])[2] == ["-m", "mypy", "run.py"]


def test_every_benchmark_is_run_by_its_own_defaults() -> None:
    names = {path.name for path in (ROOT / "benchmarks").glob("*.py") if not path.name.startswith("_")}
    found = run.commands("bench", [])
    assert {Path(command[0]).name for command in found} == names
    assert {len(command) for command in found} == {1}


def test_a_named_benchmark_alone_gets_the_arguments() -> None:
    assert run.commands("bench", ["pages", "--rows", "5"]) == [[str(ROOT / "benchmarks" / "pages.py"), "--rows", "5"]]


@pytest.mark.parametrize("arguments", [["speed"], ["--rows", "5"]])
def test_arguments_without_a_benchmark_of_that_name_are_refused_with_those_there_are(arguments: list[str]) -> None:
    answer = door("bench", *arguments)
    assert answer.returncode == 2
    for name in (arguments[0], *run.benchmarks()):
        assert name in answer.stderr


@pytest.mark.parametrize("name", list(run.benchmarks()))
def test_a_benchmark_has_the_arguments_it_tells_and_no_others(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = run.benchmarks()[name]
    monkeypatch.syspath_prepend(script.parent)
    monkeypatch.setattr(sys, "argv", [str(script), "--unknown"])
    with pytest.raises(SystemExit, match="2"):
        runpy.run_path(str(script), run_name="__main__")
    told = script.read_text().partition(f"run.py bench {name} ")[2].partition("\n")[0]
    assert told
    assert told in " ".join(capsys.readouterr().err.split())


def test_a_browser_is_found_by_any_of_its_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("SPENDGLASS_CHROMIUM", raising=False)
    assert run.find_browser() is None
    for name in reversed(run.BROWSERS):
        (tmp_path / name).touch(mode=0o755)
        assert run.find_browser() == str(tmp_path / name)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.touch(mode=0o755)
    monkeypatch.setenv("SPENDGLASS_CHROMIUM", str(elsewhere))
    assert run.find_browser() == str(elsewhere)


def test_browser_tests_without_a_browser_say_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("SPENDGLASS_CHROMIUM", raising=False)
    assert run.main(["e2e"]) == 1
    assert "apt install chromium" in capsys.readouterr().err


def test_tests_and_demo_never_see_a_real_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPENDGLASS_DATABASE_URL", "postgresql://the/real/one")
    monkeypatch.setenv("LITELLM_TEST_URL", "http://127.0.0.1:4000")
    environment = without_settings()
    assert "SPENDGLASS_DATABASE_URL" not in environment
    assert environment["LITELLM_TEST_URL"] == "http://127.0.0.1:4000"
