"""A workspace gets a name, is found by every name it had, and goes back to an earlier one."""

import re

from playwright.sync_api import expect

from tests.e2e.conftest import Serve, Visit
from tests.e2e.serving import Installation
from tests.e2e.visiting import Visitor

OLD, NEW = "Product Search", "Shop Window"


def found(visitor: Visitor, text: str) -> list[str]:
    with visitor.redrawing():
        visitor.page.get_by_role("searchbox", name="Search").fill(text)
    visitor.grid("workspaces").expect_rows(1)
    return visitor.grid("workspaces").read().column("Workspace")


def pick(visitor: Visitor, name: str) -> None:
    """Open the dialog at a workspace."""
    with visitor.redrawing():
        visitor.button("Rename workspaces").click()
    visitor.page.get_by_role("dialog").get_by_role("combobox", name="Workspace", exact=True).press("ArrowDown")
    with visitor.redrawing():
        visitor.page.get_by_role("option", name=name).click()


def close(visitor: Visitor) -> None:
    with visitor.redrawing():
        visitor.page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(visitor.page.get_by_role("dialog")).to_have_count(0)


def test_a_renamed_workspace_is_found_by_both_names_and_can_go_back(
    linked: Installation, serve: Serve, visit: Visit
) -> None:
    visitor = visit(serve(linked))
    visitor.open("/workspaces")
    dialog = visitor.page.get_by_role("dialog")
    pick(visitor, OLD)
    dialog.get_by_role("textbox", name="New name").fill(NEW)
    with visitor.redrawing():
        dialog.get_by_role("button", name="Rename", exact=True).click()
    expect(dialog.get_by_text(NEW, exact=True)).to_be_visible()
    expect(dialog.get_by_text(OLD, exact=True)).to_be_visible()
    close(visitor)
    assert NEW in visitor.grid("workspaces").read().column("Workspace")
    assert found(visitor, NEW.lower()) == [NEW]
    assert found(visitor, OLD) == [NEW]

    pick(visitor, NEW)
    with visitor.redrawing():
        dialog.get_by_role("button", name="Revert to this name").click()
    expect(dialog.get_by_text("shown now")).to_have_count(2)
    close(visitor)
    assert visitor.grid("workspaces").read().column("Workspace") == [OLD]
    assert found(visitor, NEW) == [OLD]


def test_the_dialog_keeps_the_workspace_and_shows_its_new_name(
    linked: Installation, serve: Serve, visit: Visit
) -> None:
    visitor = visit(serve(linked))
    visitor.open("/workspaces")
    pick(visitor, OLD)
    dialog = visitor.page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="New name").fill(NEW)
    with visitor.redrawing():
        dialog.get_by_role("button", name="Rename", exact=True).click()
    expect(dialog.get_by_role("combobox", name="Workspace", exact=True)).to_have_value(re.compile(f"^{NEW}"))
