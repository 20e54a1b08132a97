"""Names that providers send are shown, and do nothing."""

import re
from datetime import datetime

import pytest

from store.db import Store
from store.records import ApiKeyRecord, WorkspaceRecord
from tests.pages.conftest import READ, OpenPage, finish, follow, link_of, shown, tables, turn_row
from tests.store.cast import begin, bill, cost

EVIL = "</td><script>alert(1)</script> [x](javascript:y) :red[z] $\\frac{1}{2}$ =cmd|' /C calc'!A0 \u202e"
MARKUP = re.compile(r"(?<!\\)(<script|\[x|\]\(|:red\[z|\$)")
LONG = "n" * 10_000


@pytest.fixture
def hostile(empty_store: Store, now: datetime) -> Store:
    sync = begin(empty_store, now, name=EVIL, organization_name=EVIL)
    finish(
        sync,
        bill(
            READ,
            cost(10, "3", model=EVIL, workspace_id="w1"),
            cost(10, "2", model=LONG, workspace_id="w2", api_key_id="k2"),
            workspaces=(WorkspaceRecord(workspace_id="w1", name=EVIL), WorkspaceRecord(workspace_id="w2", name=LONG)),
            api_keys=(
                ApiKeyRecord(api_key_id="k1", name=EVIL, hint=EVIL, workspace_id="w1"),
                ApiKeyRecord(api_key_id="k2", name=LONG, hint=LONG, workspace_id="w2"),
            ),
        ),
        status="failed", error_kind="unexpected_response", message=EVIL, likely_cause=LONG, resolution=EVIL, notes=EVIL,
    )  # fmt: skip
    return empty_store


def written(app: object) -> list[str]:
    """All Markdown of the page."""
    kinds = ("markdown", "caption", "subheader", "title", "error", "warning")
    texts = [element.value for kind in kinds for element in getattr(app, kind)]
    return texts + [button.label for button in app.button]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "page", ["providers.py", "models.py", "api_keys.py", "workspaces.py", "sync_logs.py", "accounts.py"]
)
def test_no_page_lets_a_name_become_markup(hostile: Store, open_page: OpenPage, page: str) -> None:
    for text in written(open_page(page)):
        assert not MARKUP.search(text), text
        assert "\u202e" not in text
        assert len(text) < 2_000


def test_a_hostile_model_drills_down_to_itself(hostile: Store, open_page: OpenPage) -> None:
    app = follow(open_page, link_of(open_page("models.py"), 0))
    assert app.title[0].value == "API Keys"
    assert shown(app)["api_key_id"].to_list() == ["k1"]
    assert "\\<script" in app.button(key="drop-model").label


def test_a_hostile_workspace_can_be_renamed(hostile: Store, open_page: OpenPage) -> None:
    app = open_page("workspaces.py")
    app.button(key="rename-workspaces").click().run()
    app.selectbox(key="naming-workspace").set_value("1:w2").run()
    app.text_input(key="naming-name").input("Tame")
    next(button for button in app.button if button.label == "Rename").click().run()
    app.run()
    assert "Tame" in shown(app)["workspace"].to_list()


@pytest.mark.parametrize("name", [EVIL, LONG])
def test_the_panel_of_a_hostile_workspace_holds_no_markup_and_renames_it(
    hostile: Store, open_page: OpenPage, name: str
) -> None:
    app = turn_row(open_page("workspaces.py"), "workspaces", name)
    assert len(tables(app)) == 2
    for text in written(app):
        assert not MARKUP.search(text), text
        assert len(text) < 2_000
    app.text_input(key="workspace-name").input("Tame")
    next(button for button in app.button if button.label == "Rename").click().run()
    assert "Tame" in shown(app)["workspace"].to_list()
