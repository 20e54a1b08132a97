"""Rows that lead to the next page, filters kept."""

import pytest

from pages.parts import tables as drawn_tables
from store.db import Store
from tests.pages.conftest import OpenPage, follow, link_of, shown, tables


def test_a_provider_leads_to_its_models(seeded: Store, open_page: OpenPage) -> None:
    app = follow(open_page, link_of(open_page(), 1))
    assert app.title[0].value == "Models"
    assert app.multiselect(key="provider").value == ["anthropic"]
    assert shown(app)["model"].to_list() == ["claude"]


def test_a_model_leads_to_the_keys_that_use_it_and_stands_as_a_chip(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("models.py")
    app.selectbox(key="period").set_value("90d").run()
    app = follow(open_page, link_of(app, 0))
    assert app.title[0].value == "API Keys"
    assert shown(app)["api_key_name"].to_list() == ["search-prod"]
    assert app.selectbox(key="period").value == "90d"
    assert "gpt" in app.button(key="drop-model").label


def test_a_key_leads_to_its_models(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("api_keys.py")
    row = shown(app)["api_key_name"].to_list().index("chat-prod")
    app = follow(open_page, link_of(app, row))
    assert app.title[0].value == "Models"
    assert shown(app)["model"].to_list() == ["gpt-5-mini"]
    assert "chat\\-prod" in app.button(key="drop-api_key").label


def test_costs_without_a_key_lead_nowhere(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("api_keys.py")
    app.text_input(key="search").input("storage").run()
    assert shown(app)["api_key_id"].to_list() == [""]
    assert link_of(app, 0) is None


def test_a_chip_taken_off_shows_all_again(seeded: Store, open_page: OpenPage) -> None:
    app = follow(open_page, link_of(open_page("models.py"), 0))
    before = shown(app).height
    app.button(key="drop-model").click().run()
    assert shown(app).height > before
    assert "drop-model" not in [button.key for button in app.button]


def test_a_link_keeps_every_filter_and_the_order_only_where_the_next_page_has_it(
    seeded: Store, open_page: OpenPage
) -> None:
    app = open_page("models.py", period="Last 90 days", search="gpt", min_cost="1", workspace="Search", sort="Model")
    link = link_of(app, 0)
    assert link is not None
    assert link.startswith("./api_keys?")
    assert "sort=" not in link
    kept = {"search=gpt", "min_cost=1.0", "period=Last+90+days", "workspace=Search"}
    assert kept | {"model=gpt-5", "provider=OpenAI"} <= set(link.partition("?")[2].split("&"))


def test_a_heading_leads_to_the_table_sorted_by_it_and_then_turned_round(seeded: Store, open_page: OpenPage) -> None:
    heads = tables(open_page(period="Last 7 days"))[0]["columns"]
    assert heads["net_cost"]["sorted"] == "descending"
    assert heads["net_cost"]["sort"] == "./?period=Last+7+days&order=Ascending"
    assert heads["provider"]["sort"] == "./?period=Last+7+days&sort=Provider&order=Ascending"
    app = follow(open_page, tables(open_page())[0]["columns"]["provider"]["sort"])
    assert shown(app)["provider"].to_list() == ["anthropic", "openai"]
    head = tables(app)[0]["columns"]["provider"]
    assert head["sorted"] == "ascending"
    assert shown(follow(open_page, head["sort"]))["provider"].to_list() == ["openai", "anthropic"]


def test_a_long_table_has_pages_and_begins_anew_with_other_filters(
    seeded: Store, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawn_tables, "PAGE_ROWS", 2)
    app = open_page("models.py")
    assert shown(app)["model"].to_list() == ["gpt-5", "claude"]
    assert tables(app)[0]["label"] == "models: 5 rows"
    app.session_state["page-models"] = 2
    app.run()
    assert shown(app)["model"].to_list() == ["gpt-5-mini", "storage"]
    assert link_of(app, 0) == "./api_keys?provider=OpenAI&model=gpt-5-mini"
    app.selectbox(key="order").set_value("Ascending").run()
    assert shown(app)["model"].to_list() == ["tiny", "storage"]
    app.session_state["page-models"] = 3
    app.run()
    assert shown(app)["model"].to_list() == ["gpt-5"]
    app.text_input(key="search").input("gpt").run()
    assert shown(app)["model"].to_list() == ["gpt-5-mini", "gpt-5"]
