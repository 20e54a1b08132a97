"""Workspaces: one line per name, renaming, and going back."""

from datetime import UTC, datetime

import polars as pl
import time_machine
from streamlit.testing.v1 import AppTest

from store.db import Store
from store.names import history, rename
from tests.pages.conftest import OpenPage, shown


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
