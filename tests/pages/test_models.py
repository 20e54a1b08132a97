"""The Models page: prices, the most efficient, images, and the chart of price against volume."""

import math
from datetime import datetime, timedelta

import plotly.graph_objects as go
import polars as pl
import pytest

from pages.parts.price_chart import label_places, plotted, price_chart, said
from store.db import Store
from store.frames import NANOS
from store.records import CostRecord
from tests.pages.conftest import READ, OpenPage, finish, shown, tables
from tests.store.cast import begin, bill, cost


def lines(*rows: tuple[str, str, str | None, float | None, float, int]) -> pl.DataFrame:
    """Lines of the Models table: model, provider, unit, price, units, dollars."""
    schema = ("model", "provider", "pricing_unit", "unit_cost", "units", "net_cost")
    return pl.DataFrame([(*row[:5], row[5] * NANOS) for row in rows], schema=schema, orient="row")


TABLE = lines(
    ("large", "openai", "1M tokens", 2.0, 1_000.0, 300),
    ("small", "anthropic", "1M tokens", 0.5, 10.0, 100),
    ("pictures", "openai", "images", 0.05, 99.0, 500),
    ("free", "openai", "1M tokens", 0.0, 99.0, 0),
    ("unknown", "openai", None, None, 0.0, 7),
)


def test_the_chart_holds_models_with_a_price_of_tokens_alone() -> None:
    assert plotted(TABLE)["model"].to_list() == ["large", "small"]


def test_the_title_says_which_model_takes_the_most() -> None:
    assert said(plotted(TABLE)) == "large takes 75 % of what tokens cost, at $2.0000 per 1M tokens"


def test_a_bubble_is_as_large_as_its_cost_and_can_be_read_on_hover() -> None:
    drawn = price_chart(plotted(TABLE), "light")
    go.Figure(drawn.to_dict())  # raises where Plotly does not know a property
    by_name = {trace.name: trace for trace in drawn.data}
    large, small = by_name["OpenAI"].marker.size[0], by_name["Anthropic"].marker.size[0]
    assert math.isclose((large / small) ** 2, 3)
    assert list(by_name["OpenAI"].customdata[0]) == ["large", "$2.0000", "1.0B", "$300.00"]


def test_names_stand_where_they_cover_nothing() -> None:
    crowd = lines(
        *[(f"a-model-with-a-long-name-{number}", "openai", "1M tokens", 1.0, 100.0, 9 - number) for number in range(9)]
    )
    places = list(label_places(crowd).values())
    assert len(places) == len(set(places)) < 5
    apart = lines(*[(f"model-{number}", "openai", "1M tokens", 10.0**-number, 10.0**number, 9) for number in range(5)])
    assert len(label_places(apart)) == 5


def test_a_name_that_has_room_on_a_wide_screen_alone_is_left_to_the_hover() -> None:
    def beside(model: str) -> dict[tuple[str, str], str]:
        ends = (("cheap", "openai", "1M tokens", 0.01, 0.01, 1), ("dear", "openai", "1M tokens", 99.0, 1e5, 1))
        wall = [
            (f"wall-{at}", "fal", "1M tokens", 10 ** (at / 4), 100.0 * side, 2)
            for at in range(-4, 5)
            for side in (0.5, 2.0)
        ]
        return label_places(lines((model, "openai", "1M tokens", 1.0, 100.0, 9), *wall, *ends))

    assert ("openai", "a") in beside("a")
    assert ("openai", "much-longer-than-the-gap") not in beside("much-longer-than-the-gap")


def test_hostile_names_reach_the_chart_escaped() -> None:
    points = lines(("<b onclick=x>m</b>", "openai", "1M tokens", 1.0, 1.0, 1), ("", "fal", "1M tokens", 2.0, 9.0, 1))
    texts = str(price_chart(points, "dark").to_dict())
    assert "<b onclick" not in texts
    assert "(no name)" in texts


@pytest.fixture
def metered(seeded: Store, now: datetime) -> Store:
    """The seeded store with models that report tokens and images."""
    more: tuple[CostRecord, ...] = (
        cost(10, "40", model="dear", input_tokens=8_000_000, output_tokens=2_000_000, cached_input_tokens=2_000_000),
        cost(10, "20", model="cheap", input_tokens=8_000_000, output_tokens=2_000_000, cached_input_tokens=6_000_000),
        cost(10, "9", model="dall-e-3", variant="hd 1024x1792", usage_quantity=60, usage_unit="images"),
    )
    finish(begin(seeded, now - timedelta(hours=1), provider="bedrock", organization="org-3"), bill(READ, *more))
    return seeded


def test_the_page_tells_price_cache_images_and_the_most_efficient_model(metered: Store, open_page: OpenPage) -> None:
    app = open_page("models.py", provider="AWS Bedrock")
    told = {metric.label: metric.value for metric in app.metric}
    assert told == {
        "Net cost": "$69.00", "Per 1M tokens": "$3.0000", "Cache hit share": "50 %", "Per image": "$0.1500",
    }  # fmt: skip
    table = shown(app)
    assert table.filter(pl.col("efficiency") == "most efficient")["model"].to_list() == ["cheap"]
    badges = [element.value.replace("\\", "") for element in app.markdown if "badge" in element.value]
    assert any("cheap · $2.0000 per 1M tokens" in badge for badge in badges)


def test_image_models_have_a_table_of_their_own(metered: Store, open_page: OpenPage) -> None:
    app = open_page("models.py", provider="AWS Bedrock")
    images = shown(app, 1)
    assert images.select("model", "images", "hd_images", "sizes").rows() == [
        ("dall-e-3", 60, 60, "1024×1792 100 %"),
    ]


def test_without_images_or_tokens_there_is_no_band_of_them(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("models.py", provider="Anthropic")
    assert len(tables(app)) == 1
    assert not {"images", "image_cost"} & set(shown(app).columns)
    told = {metric.label: metric.value for metric in app.metric}
    assert (told["Per 1M tokens"], told["Per image"]) == ("N/A", "N/A")


def test_the_chart_can_be_changed_to_cost_per_day(metered: Store, open_page: OpenPage) -> None:
    app = open_page("models.py", provider="AWS Bedrock")
    assert "of what tokens cost" in app.subheader[0].value
    app.segmented_control(key="model-chart").set_value("Cost per day").run()
    assert not app.exception
    assert "of what tokens cost" not in app.subheader[0].value
