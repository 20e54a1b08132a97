"""All that is installed is pinned to one version and to the hashes of its files."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def wishes(name: str) -> list[str]:
    """The packages that a file asks for directly."""
    lines = (ROOT / name).read_text().splitlines()
    return [line for line in lines if line and not line.startswith(("-", "#"))]


def locked(name: str) -> dict[str, tuple[str, list[str]]]:
    """Version with marker, and hashes, by package."""
    entries = (ROOT / name).read_text().replace("\\\n", " ").splitlines()
    packages = {}
    for entry in entries:
        if entry and not entry.lstrip().startswith("#"):
            package, _, rest = entry.partition("==")
            packages[package] = (
                rest.partition("--hash")[0].strip(),
                re.findall(r"--hash=sha256:([0-9a-f]{64})\b", rest),
            )
    return packages


@pytest.mark.parametrize(
    "name", ["requirements.in", "requirements-dev.in", "requirements-bigquery.in", "requirements-clients.in"]
)
def test_every_direct_requirement_names_one_version(name: str) -> None:
    assert [wish for wish in wishes(name) if not re.fullmatch(r"[a-z0-9-]+(\[[a-z,]+\])?==[0-9.]+", wish)] == []
    assert wishes(name)


@pytest.mark.parametrize("name", ["requirements", "requirements-dev", "requirements-bigquery", "requirements-clients"])
def test_every_package_is_locked_with_hashes(name: str) -> None:
    packages = locked(f"{name}.txt")
    assert [package for package, (_, hashes) in packages.items() if not hashes] == []
    for wish in wishes(f"{name}.in"):
        package, version = re.sub(r"\[.*\]", "", wish).split("==")
        assert packages[package][0].split(" ;")[0] == version


def test_the_development_set_holds_the_running_set_unchanged() -> None:
    development = locked("requirements-dev.txt")
    assert {name: development.get(name) for name in locked("requirements.txt")} == locked("requirements.txt")


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-dev.txt", "requirements-bigquery.txt", "requirements-clients.txt"]
)
def test_a_lock_names_no_server_and_no_folder(name: str) -> None:
    assert re.findall(r"https?:|file:|--index-url|--find-links|(?<![\w.-])/\w+", (ROOT / name).read_text()) == []
