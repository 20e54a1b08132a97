"""Saved views: name what the filters show, come back to it from any page, hand out its link."""

from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.addresses import whole
from store.db import Store
from store.views import views
from tests.pages.conftest import OpenPage, destination, follow, shown


def save(app: AppTest, name: str) -> AppTest:
    app.text_input(key="view-name").input(name)
    button = next(button for button in app.button if button.label == "Save view")
    button.click().run()
    assert not app.exception
    return app


def test_a_saved_view_is_opened_from_another_page_with_all_its_filters(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("models.py", workspace="Search")
    app.multiselect(key="provider").select("openai").run()
    app.selectbox(key="period").set_value("90d").run()
    app.selectbox(key="sort").set_value("model").run()
    wanted = shown(app)
    save(app, "Search models")
    assert [row["name"] for row in views(seeded)] == ["Search models"]
    other = open_page("workspaces.py", search="nothing of it")
    other.button(key="view-Search models").click().run()
    assert not other.exception
    link = destination(other)
    assert link == "./models?provider=OpenAI&period=Last+90+days&sort=Model&workspace=Search"
    found = follow(open_page, link)
    found.selectbox(key="sort").set_value("model").run()
    assert shown(found).equals(wanted)


def test_a_custom_range_is_saved_with_its_days(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("models.py")
    app.selectbox(key="period").set_value("custom").run()
    app.date_input(key="days").set_value((date(2026, 3, 11), date(2026, 3, 12))).run()
    save(app, "Two days")
    other = open_page()
    other.button(key="view-Two days").click().run()
    found = follow(open_page, destination(other))
    assert shown(found)["model"].to_list() == ["claude", "gpt-5-mini", "storage"]


def test_a_view_without_a_name_is_refused_in_words(seeded: Store, open_page: OpenPage) -> None:
    app = save(open_page(), "")
    assert "needs a name" in app.error[0].value


def test_a_view_is_deleted(seeded: Store, open_page: OpenPage) -> None:
    app = save(open_page(), "<b>Gone</b> soon")
    app.button(key="forget-<b>Gone</b> soon").click().run()
    assert views(seeded) == []


FILTERS = {"provider": ["openai", "bedrock"], "period": "7d", "min_cost": 7.5, "sort": "net_cost"}
WRITTEN = "provider=OpenAI&provider=AWS+Bedrock&period=Last+7+days&min_cost=7.5&sort=Net+cost"


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("http://127.0.0.1:8501", "http://127.0.0.1:8501/models"),
        ("http://127.0.0.1:8501/", "http://127.0.0.1:8501/models"),
        ("https://example.org/spend/api_keys?provider=x", "https://example.org/spend/models"),
    ],
)
def test_the_link_of_a_view_leads_to_its_page_wherever_the_server_is(url: str, link: str) -> None:
    assert whole(url, "models", {}, {}) == link
    assert whole(url, "models", FILTERS, {"workspace": "a&b"}) == f"{link}?{WRITTEN}&workspace=a%26b"


def test_the_link_of_a_view_shows_the_same_rows(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("models.py", provider="OpenAI", period="Last 7 days", min_cost="7.5", sort="Net cost")
    assert app.session_state["provider"] == ["openai"]
    assert (app.session_state["period"], app.session_state["sort"]) == ("7d", "net_cost")


def test_a_view_saved_in_the_usual_order_opens_in_the_usual_order(seeded: Store, open_page: OpenPage) -> None:
    save(open_page("models.py", period="Last 7 days"), "A week")
    app = open_page(sort="Provider")
    app.button(key="view-A week").click().run()
    assert destination(app) == "./models?period=Last+7+days"
