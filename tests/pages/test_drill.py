"""Rows that open the next page, filters kept."""

from store.db import Store
from tests.pages.conftest import OpenPage, open_row, shown


def test_a_provider_opens_its_models(seeded: Store, open_page: OpenPage) -> None:
    app = open_row(open_page(), "providers", 1)
    assert app.title[0].value == "Models"
    assert app.multiselect(key="provider").value == ["anthropic"]
    assert shown(app)["model"].to_list() == ["claude"]


def test_a_model_opens_the_keys_that_use_it_and_stands_as_a_chip(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("models.py")
    app.selectbox(key="period").set_value("90d").run()
    app = open_row(app, "models", 0)
    assert app.title[0].value == "API Keys"
    assert shown(app)["api_key_name"].to_list() == ["search-prod"]
    assert app.selectbox(key="period").value == "90d"
    assert "gpt" in app.button(key="drop-model").label


def test_a_workspace_opens_its_keys(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("workspaces.py")
    row = shown(app)["workspace"].to_list().index("Chat")
    app = open_row(app, "workspaces", row)
    assert app.title[0].value == "API Keys"
    assert shown(app)["api_key_name"].to_list() == ["chat-prod", "old-demo"]


def test_a_key_opens_its_models(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("api_keys.py")
    row = shown(app)["api_key_name"].to_list().index("chat-prod")
    app = open_row(app, "api_keys", row)
    assert app.title[0].value == "Models"
    assert shown(app)["model"].to_list() == ["gpt-5-mini"]
    assert "chat\\-prod" in app.button(key="drop-api_key").label


def test_costs_without_a_key_open_nothing(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("api_keys.py")
    app.text_input(key="search").input("storage").run()
    assert shown(app)["api_key_id"].to_list() == [""]
    assert open_row(app, "api_keys", 0).title[0].value == "API Keys"


def test_a_chip_taken_off_shows_all_again(seeded: Store, open_page: OpenPage) -> None:
    app = open_row(open_page("models.py"), "models", 0)
    before = shown(app).height
    app.button(key="drop-model").click().run()
    assert shown(app).height > before
    assert "drop-model" not in [button.key for button in app.button]


def test_a_cell_offers_to_open_its_row(seeded: Store, open_page: OpenPage) -> None:
    app = open_page()
    app.session_state["table-providers"] = {"selection": {"rows": [], "columns": [], "cells": [(1, "net_cost")]}}
    app.run()
    assert app.title[0].value == "Providers"
    app.session_state["table-providers"] = {"selection": {"rows": [], "columns": [], "cells": [(1, "net_cost")]}}
    app.button(key="open-providers").click().run()
    assert app.title[0].value == "Models"
    assert shown(app)["model"].to_list() == ["claude"]


def test_a_row_that_is_gone_opens_nothing(seeded: Store, open_page: OpenPage) -> None:
    assert open_row(open_page(), "providers", 7).title[0].value == "Providers"
