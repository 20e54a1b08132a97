"""The filter bar: each filter, the URL, and what stays when people move on."""

from collections.abc import Iterator
from datetime import date

import pytest
from streamlit.testing.v1.element_tree import Block

from store.db import Store
from tests.pages.conftest import OpenPage, shown


def test_a_provider_leaves_only_its_line(seeded: Store, open_page: OpenPage) -> None:
    app = open_page()
    app.multiselect(key="provider").select("anthropic").run()
    assert shown(app)["provider"].to_list() == ["anthropic"]
    assert app.metric[0].value == "$50.00"


@pytest.mark.parametrize(
    ("period", "models"),
    [
        ("7d", ["tiny"]),
        ("30d", ["gpt-5", "claude", "gpt-5-mini", "storage", "tiny"]),
        ("last-month", ["gpt-5"]),
        ("month", ["gpt-5", "claude", "gpt-5-mini", "storage", "tiny"]),
    ],
)
def test_a_period_keeps_its_days(seeded: Store, open_page: OpenPage, period: str, models: list[str]) -> None:
    app = open_page("models.py")
    app.selectbox(key="period").set_value(period).run()
    assert shown(app)["model"].to_list() == models


def test_a_custom_range_includes_its_last_day(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("models.py")
    app.selectbox(key="period").set_value("custom").run()
    app.date_input(key="days").set_value((date(2026, 3, 11), date(2026, 3, 12))).run()
    assert shown(app)["model"].to_list() == ["claude", "gpt-5-mini", "storage"]


def test_the_cost_range_keeps_rows_by_their_bill(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("models.py")
    app.number_input(key="min_cost").set_value(7.0).run()
    app.number_input(key="max_cost").set_value(50.0).run()
    assert shown(app)["model"].to_list() == ["claude", "gpt-5-mini", "storage"]


@pytest.mark.parametrize(
    ("search", "models"),
    [("mini", ["gpt-5-mini"]), ("SEARCH", ["gpt-5", "tiny"]), ("0002", ["gpt-5-mini"]), ("chat-prod", ["gpt-5-mini"])],
)
def test_the_search_looks_at_workspace_key_and_model(
    seeded: Store, open_page: OpenPage, search: str, models: list[str]
) -> None:
    app = open_page("models.py")
    app.text_input(key="search").input(search).run()
    assert shown(app)["model"].to_list() == models


def test_the_sort_and_its_direction_order_the_table(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("models.py")
    app.selectbox(key="sort").set_value("model").run()
    app.selectbox(key="order").set_value("Ascending").run()
    assert shown(app)["model"].to_list() == ["claude", "gpt-5", "gpt-5-mini", "storage", "tiny"]


def test_the_url_fills_the_filters(seeded: Store, open_page: OpenPage) -> None:
    app = open_page(provider="OpenAI", search="mini", period="Last 90 days", min_cost="10", sort="Provider")
    assert app.multiselect(key="provider").value == ["openai"]
    assert app.text_input(key="search").value == "mini"
    assert app.selectbox(key="period").value == "90d"
    assert app.number_input(key="min_cost").value == 10
    assert app.selectbox(key="sort").value == "provider"
    assert app.metric[0].value == "$50.00"


def test_nonsense_in_the_url_is_ignored(seeded: Store, open_page: OpenPage) -> None:
    app = open_page(provider="nobody", period="always", min_cost="much", sort="'; drop table", order="sideways")
    assert shown(app)["provider"].to_list() == ["openai", "anthropic"]


def test_filters_stay_when_the_page_changes(seeded: Store, open_page: OpenPage) -> None:
    app = open_page()
    app.multiselect(key="provider").select("openai").run()
    app.selectbox(key="period").set_value("90d").run()
    app.number_input(key="min_cost").set_value(60.0).run()
    app.switch_page("sync_logs.py").run()
    app.switch_page("models.py").run()
    assert app.multiselect(key="provider").value == ["openai"]
    assert app.selectbox(key="period").value == "90d"
    assert app.number_input(key="min_cost").value == 60
    assert shown(app)["model"].to_list() == ["gpt-5"]


def test_filters_of_a_shared_link_stay_when_the_page_changes(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("models.py", provider="OpenAI", period="Last 90 days", search="mini")
    assert app.multiselect(key="provider").value == ["openai"]
    assert app.selectbox(key="period").value == "90d"
    assert shown(app)["model"].to_list() == ["gpt-5-mini"]


def test_a_sort_that_a_page_does_not_have_falls_back_to_its_own(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("models.py")
    app.selectbox(key="sort").set_value("pricing_unit").run()
    app.switch_page("providers.py").run()
    assert app.selectbox(key="sort").value == "net_cost"


def test_reset_brings_back_everything(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("models.py")
    app.multiselect(key="provider").select("anthropic").run()
    app.text_input(key="search").input("claude").run()
    app.selectbox(key="period").set_value("7d").run()
    app.selectbox(key="sort").set_value("model").run()
    next(button for button in app.button if button.label == "Reset").click().run()
    assert app.multiselect(key="provider").value == []
    assert app.selectbox(key="sort").value == "net_cost"
    assert shown(app)["model"].to_list() == ["gpt-5", "claude", "gpt-5-mini", "storage", "tiny"]


def test_a_window_with_today_says_that_today_is_partial(seeded: Store, open_page: OpenPage) -> None:
    app = open_page()
    said = [caption.value for caption in app.caption]
    assert "19 Feb – 20 Mar 2026 (UTC), compared with 20 Jan – 18 Feb 2026. Today is partial." in said
    app.selectbox(key="period").set_value("last-month").run()
    assert not any("Today is partial" in caption.value for caption in app.caption)


def test_a_comparison_with_days_never_read_is_not_made(seeded: Store, open_page: OpenPage) -> None:
    app = open_page()
    app.selectbox(key="period").set_value("90d").run()
    assert app.metric[0].delta == "—"
    assert set(shown(app)["change"]) == {"—"}
    assert not any("compared with" in caption.value for caption in app.caption)


def test_the_button_of_the_cost_range_says_what_the_address_asks_for(seeded: Store, open_page: OpenPage) -> None:
    def said(**url: str) -> str:
        found = (block.proto for block in blocks(open_page(**url).main))
        return str(next(proto.popover.label for proto in found if proto.HasField("popover")))

    assert said(min_cost="7.5").replace("\\", "") == "≥ $7.50"
    assert said(min_cost="nan") == "Any cost"


def blocks(block: Block) -> Iterator[Block]:
    """The block's inner blocks, in the order drawn."""
    for child in block.children.values():
        if isinstance(child, Block):
            yield child
            yield from blocks(child)
