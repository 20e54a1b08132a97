"""The README says what the code does: providers, settings, verbs."""

import argparse
import re
from pathlib import Path

import pytest

import cli
import run
from connectors import CONNECTORS
from connectors.base import AnyConnector
from settings import ENDPOINT_PREFIX, Settings
from store.queries import QUERIES

README = (Path(__file__).parents[1] / "README.md").read_text()


def section(title: str) -> str:
    """The text under a heading, up to the next."""
    return re.split(r"^## ", README.partition(f"\n## {title}\n")[2], flags=re.MULTILINE)[0]


def rows(title: str) -> list[list[str]]:
    """The cells of the table under a heading, without head and rule."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.mark.parametrize("connector", CONNECTORS.values(), ids=lambda connector: str(connector.slug))
def test_a_provider_that_works_stands_there_with_key_delay_and_gaps(connector: AnyConnector) -> None:
    gaps = ", ".join(f"`{gap}`" for gap in sorted(connector.gaps))
    assert connector.key_type
    assert connector.data_delay
    assert [connector.name, "works", connector.key_type, connector.data_delay, gaps] in rows("Providers")


def test_a_provider_that_does_not_work_yet_is_called_planned() -> None:
    names = {connector.name for connector in CONNECTORS.values()}
    assert [row[0] for row in rows("Providers") if (row[1] == "planned") == (row[0] in names)] == []


def test_every_setting_stands_there_with_its_default_and_meaning() -> None:
    documented = {row[0].strip("`"): row[1:] for row in rows("Settings")}
    fields = {f"SPENDGLASS_{name.upper()}": field for name, field in Settings.model_fields.items()}
    assert documented.keys() == {*fields, f"{ENDPOINT_PREFIX}<SLUG>"}
    for name, field in fields.items():
        default, meaning = documented[name]
        assert default.strip("`") == ("" if field.default is None else str(field.default))
        assert field.description
        assert meaning.startswith(field.description)


def test_every_verb_of_the_door_stands_there() -> None:
    documented = {re.findall(r"`(\w+)`", row[0])[0] for row in rows("See it with demo data")}
    assert documented == {*run.SERVERS, *run.CHORES}


def test_every_verb_of_the_command_line_stands_there() -> None:
    verbs = next(action for action in cli.parser()._actions if isinstance(action, argparse._SubParsersAction))
    documented = {verb for row in rows("Command line") for verb in re.findall(r"`([a-z-]+)", row[0])}
    assert documented == set(verbs.choices)


def test_every_table_that_can_be_exported_stands_there() -> None:
    documented = next(row[1] for row in rows("Command line") if row[0].startswith("`export"))
    assert set(re.findall(r"`(\w+)`", documented)) == set(QUERIES)
