"""API Keys: findings that filter, and the cost rows behind keys."""

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.chargeback import of_keys
from pages.parts.columns import COLUMNS
from store.db import Store
from store.export import to_csv
from tests.pages.conftest import OpenPage, shown, tables


def chips(app: AppTest) -> list[str]:
    return [option.content.replace("\\", "") for option in app.pills(key="finding-chips").proto.options]


def choose(app: AppTest, finding: str | None) -> AppTest:
    app.pills(key="finding-chips").set_value(finding).run()
    assert not app.exception
    return app


def names(app: AppTest) -> list[str]:
    return sorted(shown(app)["api_key_name"].to_list())


def test_chips_count_keys_and_unattributed_money(seeded: Store, open_page: OpenPage) -> None:
    said = chips(open_page("api_keys.py"))
    assert said == ["idle 1", "new 1", "deleted but spending 0", "drifting 0", "unmetered 0", "unattributed $7.00"]


def test_a_chip_filters_the_table_and_stands_in_the_address(seeded: Store, open_page: OpenPage) -> None:
    app = choose(open_page("api_keys.py"), "idle")
    assert names(app) == ["old-demo"]
    assert app.query_params["finding"] == "idle"
    assert chips(app)[0] == "idle 1"
    choose(app, None)
    assert "search-prod" in names(app)
    assert "finding" not in app.query_params


def test_an_address_with_a_finding_opens_it(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("api_keys.py", finding="unattributed")
    assert shown(app)["api_key_id"].unique().to_list() == [""]
    assert app.pills(key="finding-chips").value == "unattributed"


def test_a_finding_there_is_not_filters_nothing(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("api_keys.py", finding="<b>")
    assert shown(app).height > 2
    assert "finding" not in app.query_params


def test_a_finding_stays_when_people_look_at_another_page_and_goes_with_a_reset(
    seeded: Store, open_page: OpenPage
) -> None:
    app = choose(open_page("api_keys.py"), "idle")
    app.switch_page("models.py").run()
    assert shown(app).height > 2
    app.switch_page("api_keys.py").run()
    assert names(app) == ["old-demo"]
    next(button for button in app.button if button.label == "Reset").click().run()
    assert "search-prod" in names(app)
    assert "finding" not in app.query_params


def test_a_finding_nothing_has_says_so_with_a_way_out(seeded: Store, open_page: OpenPage) -> None:
    app = choose(open_page("api_keys.py"), "deleted")
    assert not tables(app)
    assert any("Nothing here has this finding" in element.value for element in app.markdown)
    app.button(key="finding-forget").click().run()
    assert "search-prod" in names(app)


def test_findings_and_other_filters_work_together(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("api_keys.py")
    app.text_input(key="search").input("chat").run()
    assert chips(app)[:2] == ["idle 1", "new 1"]
    app.text_input(key="search").input("search-prod").run()
    assert chips(app)[:2] == ["idle 0", "new 0"]


def test_a_cell_says_in_words_which_findings_a_key_has(seeded: Store, open_page: OpenPage) -> None:
    table = shown(open_page("api_keys.py"))
    found = dict(table.select("api_key_name", "findings").iter_rows())
    assert (found["old-demo"], found["chat-prod"], found["search-prod"]) == ("idle", "new", "")


def test_a_trend_is_drawn_and_not_exported(seeded: Store, open_page: OpenPage) -> None:
    trend = shown(open_page("api_keys.py")).filter(pl.col("api_key_name") == "search-prod")["trend"].item()
    assert (len(trend), sum(trend)) == (30, pytest.approx(100.254))
    assert COLUMNS["trend"].kind == "trend"
    with pytest.raises(pl.exceptions.ComputeError):
        to_csv(pl.DataFrame({"trend": [[1.0, 2.0]]}))


def test_columns_of_images_stand_only_where_there_are_images(seeded: Store, open_page: OpenPage) -> None:
    assert {"images", "image_cost"}.isdisjoint(shown(open_page("api_keys.py")).columns)


def test_the_export_of_cost_rows_offers_every_key_shown(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("api_keys.py")
    offered = app.multiselect(key="chargeback-keys").options
    assert [option.split(" · ")[0] for option in offered] == ["search-prod", "k1", "chat-prod", "old-demo"]
    choose(app, "idle")
    assert len(app.multiselect(key="chargeback-keys").options) == 1


def test_no_key_picked_means_all_lines_with_those_of_no_key() -> None:
    lines = pl.DataFrame({"account_id": [1, 1, 2, 1], "api_key_id": ["a", "b", "a", ""], "net_cost": [1, 2, 4, 8]})
    assert of_keys(lines, [])["net_cost"].sum() == 15
    assert of_keys(lines, ["1:a", "2:a"])["net_cost"].sum() == 5
    assert of_keys(lines, ["1:b"])["api_key_id"].to_list() == ["b"]
