"""Tables: the sort control orders them, and the export holds what is shown, digit for digit."""

import csv
import io
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from pages.parts.columns import COLUMNS
from tests.e2e.conftest import Visit
from tests.e2e.serving import Server
from tests.e2e.visiting import Visitor

USUAL = ("--from", "2026-10-25", "--to", "2026-11-23")
FILTERED = "?period=Last+7+days&search=gpt&sort=Requests&order=Ascending&min_cost=1"
CHOSEN = (
    "--from", "2026-11-17", "--to", "2026-11-23", "--search", "gpt", "--sort", "requests", "--ascending",
    "--min-cost", "1",
)  # fmt: skip
TABLES = {"/": "providers", "/models": "models", "/api_keys": "api_keys", "/workspaces": "workspaces"}


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
    known = [cell for cell in cells if cell]
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
    shown = visitor.grid(TABLES[path]).read().without(COLUMNS["trend"].label, COLUMNS["token_mix"].label)
    lines = visitor.exported(TABLES[path])
    assert lines
    assert [COLUMNS[name].label for name in lines[0]] == shown.heads
    assert [len(line) for line in shown.rows] == [len(shown.heads)] * len(lines)
    assert shown.rows == [[cell.removeprefix("'") for cell in line.values()] for line in lines]
    printed = server.installation.command("export", TABLES[path], *arguments).decode()
    told = list(csv.DictReader(io.StringIO(printed)))
    known = [name for name in lines[0] if name in told[0]]
    assert {"billed_cost", "net_cost", "credits_applied"} <= set(known)
    assert [[line[name] for name in known] for line in lines] == [[line[name] for name in known] for line in told]


def test_a_heading_sorts_table_control_and_export_alike(server: Server, visit: Visit) -> None:
    visitor = visit(server)
    visitor.open("/models?period=Last+7+days")
    grid = visitor.grid("models")
    for said, order in (("descending", "Descending"), ("ascending", "Ascending")):
        with visitor.redrawing():
            grid.heading("Requests").click()
        expect(grid.region.locator('[data-column="requests"]')).to_have_attribute("aria-sort", said)
        expect(visitor.page.get_by_role("combobox", name="Sort by", exact=True)).to_have_value("Requests")
        expect(visitor.page.get_by_role("combobox", name="Order", exact=True)).to_have_value(order)
        assert [line["model"] for line in visitor.exported("models")] == grid.read().column("Model")
        assert values(visitor, "Requests") == sorted(values(visitor, "Requests"), reverse=said == "descending")


def test_the_exact_amount_stands_on_hover(server: Server, visit: Visit) -> None:
    visitor = visit(server)
    visitor.open("/")
    cell = visitor.grid("providers").row(0).locator("td").nth(1)
    assert cell.get_attribute("title").replace(",", "") == cell.get_attribute("data-value")


def test_the_export_of_sync_logs_equals_the_command_line(server: Server, visit: Visit) -> None:
    visitor = visit(server)
    visitor.open("/sync_logs")
    lines = visitor.exported("sync_logs")
    printed = server.installation.command("export", "sync_logs", *USUAL).decode()
    told = list(csv.DictReader(io.StringIO(printed)))
    assert len(lines) == 1
    assert lines == [{name: told[0][name] for name in lines[0]}]
