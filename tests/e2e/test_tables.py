"""Tables: the sort control orders them, and the export holds what is shown, digit for digit."""

import csv
import io
from decimal import Decimal

import pytest

from pages.parts.columns import COLUMNS
from pages.parts.numbers import INCOMPARABLE, UNKNOWN
from tests.e2e.conftest import Visit
from tests.e2e.serving import Server
from tests.e2e.tables import Cells
from tests.e2e.visiting import Visitor

USUAL = ("--from", "2026-10-25", "--to", "2026-11-23")
FILTERED = "?period=Last+7+days&search=gpt&sort=Requests&order=Ascending&min_cost=1"
CHOSEN = (
    "--from", "2026-11-17", "--to", "2026-11-23", "--search", "gpt", "--sort", "requests", "--ascending",
    "--min-cost", "1",
)  # fmt: skip
TABLES = {"/": "providers", "/models": "models", "/api_keys": "api_keys", "/workspaces": "workspaces"}


def same(shown: str, written: str) -> bool:
    """Whether a cell of the table is the cell of the CSV: numbers by their value, text by its letters.

    What the provider does not say is N/A in the table and empty in the CSV, and so is what compares with nothing.
    """
    if not written:
        return shown in {"", UNKNOWN, INCOMPARABLE}
    try:
        return Decimal(shown) == Decimal(written)
    except ArithmeticError:
        return shown == written


def test_the_sort_control_orders_the_table_both_ways(server: Server, visit: Visit) -> None:
    visitor = visit(server)
    visitor.open("/models")
    for column in ("Requests", "Model", "Net per unit"):
        visitor.choose("Sort by", column)
        visitor.choose("Order", "Ascending")
        rising = values(visitor, column)
        visitor.choose("Order", "Descending")
        falling = values(visitor, column)
        assert len(set(falling)) > 2
        assert falling == sorted(falling, reverse=True)
        assert rising == sorted(falling)


def values(visitor: Visitor, column: str) -> list[str] | list[Decimal]:
    """The cells that have a value, in the order shown; the others stand last."""
    cells = visitor.grid("models").read().column("Net per unit, US$" if column == "Net per unit" else column)
    known = [cell for cell in cells if cell not in {"", UNKNOWN}]
    assert cells[: len(known)] == known
    return known if column == "Model" else [Decimal(cell) for cell in known]


@pytest.mark.parametrize(
    ("path", "query", "arguments"), [("/models", "", USUAL), *((path, FILTERED, CHOSEN) for path in TABLES)]
)
def test_the_export_equals_the_table_and_the_command_line(
    server: Server, visit: Visit, path: str, query: str, arguments: tuple[str, ...]
) -> None:
    visitor = visit(server)
    visitor.open(path + query)
    shown = visitor.grid(TABLES[path]).read().without(COLUMNS["trend"].label).without(COLUMNS["mark"].label)
    lines = visitor.exported(TABLES[path])
    assert lines
    assert [COLUMNS[name].label for name in lines[0]] == shown.heads
    assert [len(line) for line in shown.rows] == [len(shown.heads)] * len(lines)
    assert differences(shown, lines) == []
    printed = server.installation.command("export", TABLES[path], *arguments).decode()
    told = list(csv.DictReader(io.StringIO(printed)))
    known = [name for name in lines[0] if name in told[0]]
    assert {"billed_cost", "net_cost", "credits_applied"} <= set(known)
    assert [[line[name] for name in known] for line in lines] == [[line[name] for name in known] for line in told]


def differences(shown: Cells, lines: list[dict[str, str]]) -> list[tuple[str, str, str]]:
    """Column, table and CSV of the cells that differ.

    Left out: changes, which the table tells in words, and what it writes shorter, instants and shares.
    """
    found = []
    for row, line in zip(shown.rows, lines, strict=True):
        for cell, (name, written) in zip(row, line.items(), strict=True):
            if COLUMNS[name].kind not in {"change", "time", "share"} and not same(cell, written):
                found.append((name, cell, written))
    return found


def test_the_export_of_sync_logs_equals_the_command_line(server: Server, visit: Visit) -> None:
    visitor = visit(server)
    visitor.open("/sync_logs")
    lines = visitor.exported("sync_logs")
    printed = server.installation.command("export", "sync_logs", *USUAL).decode()
    told = list(csv.DictReader(io.StringIO(printed)))
    assert len(lines) == 1
    assert lines == [{name: told[0][name] for name in lines[0]}]
