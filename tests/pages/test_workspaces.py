"""Workspaces: one line per name, renaming, and going back."""

from datetime import UTC, datetime
from decimal import Decimal

import polars as pl
import pytest
import time_machine
from streamlit.testing.v1 import AppTest

from store.db import Store
from store.names import history, rename
from tests.pages.conftest import OpenPage, follow, link_of, shown, tables, turn_row


def rename_to(app: AppTest, name: str) -> AppTest:
    app.button(key="rename-workspaces").click().run()
    app.selectbox(key="naming-workspace").set_value("1:w1").run()
    app.text_input(key="naming-name").input(name)
    next(button for button in app.button if button.label == "Rename").click().run()
    assert not app.exception
    return app


def names(app: AppTest) -> list[str]:
    return sorted(shown(app)["workspace"].to_list())


def test_a_workspace_is_renamed_everywhere(seeded: Store, open_page: OpenPage) -> None:
    app = rename_to(open_page("workspaces.py"), "Shop search")
    app.run()
    assert "Shop search" in names(app)
    assert "Search" not in names(app)
    app.switch_page("api_keys.py").run()
    assert "Shop search" in shown(app)["workspace"].to_list()


def test_the_history_shows_every_name_with_its_time_and_goes_back(seeded: Store, open_page: OpenPage) -> None:
    with time_machine.travel(datetime(2026, 3, 20, 13, 30, tzinfo=UTC), tick=False):
        app = rename_to(open_page("workspaces.py"), "Shop search")
        app.run()
        said = [caption.value for caption in app.caption]
        assert "20 Mar 2026, 11:00 UTC, named by the provider" in said
        assert "20 Mar 2026, 13:30 UTC, named here" in said
        app.button(key="revert-1").click().run()
    assert [(row["name"], row["source"]) for row in history(seeded, 1, "w1")] == [
        ("Search", "provider"), ("Shop search", "user"), ("Search", "user"),
    ]  # fmt: skip
    app.run()
    assert "Search" in names(app)


def test_an_empty_name_is_refused_in_words(seeded: Store, open_page: OpenPage) -> None:
    app = rename_to(open_page("workspaces.py"), "   ")
    assert "1 to 200 characters" in app.error[0].value
    assert len(history(seeded, 1, "w1")) == 1


def test_workspaces_under_one_name_are_one_line(seeded: Store, open_page: OpenPage, now: datetime) -> None:
    rename(seeded, 1, "w2", "Search", now)
    lines = shown(open_page("workspaces.py")).filter(pl.col("workspace") == "Search")
    assert [sorted(ids.split(", ")) for ids in lines["workspace_ids"]] == [["w1", "w2"]]


def open_panel(app: AppTest, name: str) -> AppTest:
    return turn_row(app, "workspaces", name)


def rename_in_panel(app: AppTest, name: str) -> AppTest:
    app.text_input(key="workspace-name").input(name)
    next(button for button in app.button if button.label == "Rename").click().run()
    assert not app.exception
    return app


def test_a_click_into_a_row_opens_its_parts_and_names(seeded: Store, open_page: OpenPage, now: datetime) -> None:
    rename(seeded, 1, "w2", "Search", now)
    app = open_panel(open_page("workspaces.py"), "Search")
    assert app.title[0].value == "Workspaces"
    parts = shown(app, 1)
    assert parts.select("workspace_id", "provider").rows() == [("w1", "openai"), ("w2", "openai")]
    assert parts["net_cost"].sum() == Decimal("150.254")
    assert app.text_input(key="workspace-name").value == "Search"


def test_the_panel_renames_and_follows_the_workspace_to_its_new_place(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("workspaces.py")
    app.selectbox(key="sort").set_value("workspace").run()
    app.selectbox(key="order").set_value("Ascending").run()
    app = rename_in_panel(open_panel(app, "Chat"), "  zebra  talk ")
    assert shown(app)["workspace"].to_list()[-1] == "zebra talk"
    assert app.text_input(key="workspace-name").value == "zebra talk"
    assert [row["name"] for row in history(seeded, 1, "w2")] == ["Chat", "zebra talk"]


@pytest.mark.parametrize("typed", ["", "   ", "n" * 201])
def test_a_name_that_is_refused_stays_to_be_corrected(seeded: Store, open_page: OpenPage, typed: str) -> None:
    app = rename_in_panel(open_panel(open_page("workspaces.py"), "Chat"), typed)
    assert "1 to 200 characters" in app.error[0].value
    assert app.text_input(key="workspace-name").value == typed
    assert "Chat" in names(app)
    app.button(key="workspace-close").click().run()
    assert not open_panel(app, "Chat").error
    assert "Chats" in names(rename_in_panel(app, "Chats"))
    assert not app.error


def test_the_panel_goes_back_to_an_earlier_name(seeded: Store, open_page: OpenPage) -> None:
    app = rename_in_panel(open_panel(open_page("workspaces.py"), "Chat"), "Talk")
    app.button(key="revert-0-1").click().run()
    assert "Chat" in names(app)
    assert app.text_input(key="workspace-name").value == "Chat"


def test_workspaces_under_one_name_are_renamed_together_or_one_alone(
    seeded: Store, open_page: OpenPage, now: datetime
) -> None:
    rename(seeded, 1, "w2", "Search", now)
    app = rename_in_panel(open_panel(open_page("workspaces.py"), "Search"), "Shop")
    assert "Shop" in names(app)
    assert "Search" not in names(app)
    app.selectbox(key="workspace-which").set_value((1, "w2")).run()
    rename_in_panel(app, "Chat again")
    assert {"Shop", "Chat again"} <= set(names(app))


def test_a_name_leads_to_the_keys_of_its_workspace(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("workspaces.py")
    row = shown(app)["workspace"].to_list().index("Chat")
    app = follow(open_page, link_of(app, row))
    assert app.title[0].value == "API Keys"
    assert shown(app)["api_key_name"].to_list() == ["chat-prod", "old-demo"]


def test_a_part_opens_the_keys_of_its_provider(seeded: Store, open_page: OpenPage, now: datetime) -> None:
    rename(seeded, 2, "w1", "Search", now)
    app = open_panel(open_page("workspaces.py"), "Search")
    row = shown(app, 1)["provider"].to_list().index("anthropic")
    app = follow(open_page, link_of(app, row, 1))
    assert app.title[0].value == "API Keys"
    assert shown(app)["provider"].unique().to_list() == ["anthropic"]


def test_a_closed_panel_stays_closed_until_another_click(seeded: Store, open_page: OpenPage) -> None:
    app = open_panel(open_page("workspaces.py"), "Chat")
    app.button(key="workspace-close").click().run()
    assert len(tables(app)) == 1
    app.run()
    assert len(tables(app)) == 1
    assert len(tables(open_panel(app, "Search"))) == 2


def test_costs_of_no_workspace_have_parts_and_no_name_to_give(seeded: Store, open_page: OpenPage) -> None:
    app = open_panel(open_page("workspaces.py"), "Unattributed")
    assert len(tables(app)) == 2
    assert "workspace-name" not in [field.key for field in app.text_input]


def test_a_workspace_shown_by_its_id_is_marked_and_named_by_one_click(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("workspaces.py")
    marked = dict(shown(app).select("workspace", "naming").iter_rows())
    assert (marked["w1"], marked["Chat"]) == ("unnamed", "")
    app.button(key="name-2:w1").click().run()
    assert app.selectbox(key="naming-workspace").value == "2:w1"
    app.text_input(key="naming-name").input("Claude")
    next(button for button in app.button if button.label == "Rename").click().run()
    assert "Claude" in names(app.run())


def test_a_filter_by_the_old_name_follows_to_the_new_one(seeded: Store, open_page: OpenPage) -> None:
    app = open_panel(open_page("workspaces.py", workspace="Chat"), "Chat")
    assert names(rename_in_panel(app, "Talk")) == ["Talk"]


def test_a_renamed_workspace_is_found_by_both_names(seeded: Store, open_page: OpenPage, now: datetime) -> None:
    rename(seeded, 1, "w2", "Talk", now)
    app = open_page("workspaces.py")
    for name in ("talk", "CHAT"):
        app.text_input(key="search").input(name).run()
        assert names(app) == ["Talk"]
