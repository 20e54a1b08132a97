"""Coverage as pages show it, and the page that sets metering up."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from pages.parts.coverage_figures import coverage_chart
from pages.parts.metering_steps import address
from settings import settings
from store import metering_rows
from store.db import Store
from store.events import MeteredEvent
from store.metering import save_events
from store.metering_keys import valid_keys
from tests.pages.conftest import OpenPage, destination, follow, link_of, shown


def meter(store: Store, now: datetime, *events: dict[str, Any]) -> None:
    """Count calls of `gpt-5` at OpenAI on March 10 unless told."""
    usual = {
        "source": "revenium", "operation": "completion", "provider": "openai", "model": "gpt-5",
        "occurred_at": now - timedelta(days=10),
    }  # fmt: skip
    told = [MeteredEvent(**{**usual, "event_id": str(number), **event}) for number, event in enumerate(events)]
    assert save_events(store, told, now).new == len(told)


@pytest.fixture
def metered(seeded: Store, now: datetime) -> Store:
    """Of OpenAI's $157.25 in March, $40 of `gpt-5` and all of `gpt-5-mini` are metered, and a model without a price."""
    meter(
        seeded,
        now,
        {"cost": Decimal(40), "api_key": "search-prod"},
        {"cost": Decimal(60), "model": "gpt-5-mini-2025-08-07"},
        {"model": "secret-model"},
    )
    return seeded


def cards(app: Any) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def test_providers_tell_which_part_of_each_bill_is_metered(metered: Store, open_page: OpenPage) -> None:
    app = open_page()
    assert cards(app)["Metered coverage"] == "43 %"
    covered = dict(shown(app).select("provider", "coverage").iter_rows())
    assert covered == {"openai": pytest.approx(90 / 157.254, abs=0.001), "anthropic": 0.0}


def test_providers_say_that_nothing_is_metered_yet(seeded: Store, open_page: OpenPage) -> None:
    app = open_page()
    assert cards(app)["Metered coverage"] == "N/A"
    assert "coverage" not in shown(app).columns


def test_coverage_ranks_what_nobody_metered(metered: Store, open_page: OpenPage) -> None:
    app = open_page("coverage.py")
    told = cards(app)
    assert (told["Metered coverage"], told["Over-metered"], told["Metered calls"]) == ("43 %", "$10.00", "3")
    assert shown(app)["model"].to_list() == ["gpt-5", "claude", "storage", "tiny", "gpt-5-mini", "secret-model"]
    assert any("secret" in caption.value and "without a price" in caption.value for caption in app.caption)
    assert "OpenAI has the largest unmetered bill" in app.subheader[0].value


def test_coverage_says_how_many_calls_came_under_too_many_names(
    seeded: Store, open_page: OpenPage, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metering_rows, "ROWS", 2)
    meter(seeded, now, *({"cost": Decimal(1), "application": f"call {number}"} for number in range(7)))
    app = open_page("coverage.py")
    assert any("5 metered calls are counted under (other)" in caption.value for caption in app.caption)
    assert cards(app)["Metered calls"] == "7"


def test_coverage_names_the_keys_that_bypass_metering(metered: Store, open_page: OpenPage) -> None:
    app = open_page("coverage.py", provider="OpenAI")
    keys = shown(app, 1)
    assert keys.select("api_key_name", "coverage").rows() == [
        ("search-prod", pytest.approx(40 / 100.254, abs=0.001)),
        ("chat-prod", 0.0),
    ]


def test_coverage_names_the_workspaces_that_bypass_metering(seeded: Store, open_page: OpenPage, now: datetime) -> None:
    past = {"cost": Decimal(20), "workspace": "w1", "occurred_at": now - timedelta(days=38)}
    meter(seeded, now, {"cost": Decimal(40), "workspace": "SEARCH"}, past)
    app = open_page("coverage.py")
    found = shown(app, 2)
    assert found.select("workspace", "provider", "coverage", "previous_coverage").rows() == [
        ("Search", "openai", pytest.approx(40 / 100.254, abs=0.001), 0.25),
        ("w1", "anthropic", None, None),
        ("Chat", "openai", 0.0, None),
    ]
    assert "Workspaces that bypass metering" in [title.value for title in app.subheader]


def test_the_workspaces_table_has_no_coverage_while_no_client_names_one(metered: Store, open_page: OpenPage) -> None:
    assert "coverage" not in shown(open_page("workspaces.py")).columns


def test_the_workspaces_table_tells_their_coverage_whatever_is_searched(
    seeded: Store, open_page: OpenPage, now: datetime
) -> None:
    meter(seeded, now, {"cost": Decimal(40), "workspace": "Search"})
    expected = {"Search": pytest.approx(40 / 100.254, abs=0.001), "Chat": 0.0, "w1": None, "Unattributed": None}
    assert dict(shown(open_page("workspaces.py")).select("workspace", "coverage").iter_rows()) == expected
    app = open_page("workspaces.py", search="tiny")
    assert dict(shown(app).select("workspace", "coverage").iter_rows()) == {"Search": expected["Search"]}


def test_keys_that_clients_never_name_are_found(metered: Store, open_page: OpenPage) -> None:
    app = open_page("api_keys.py", finding="unmetered")
    assert shown(app).select("api_key_name", "coverage", "findings").rows() == [("chat-prod", 0.0, "new, unmetered")]
    everything = dict(shown(open_page("api_keys.py")).select("api_key_id", "coverage").drop_nulls().iter_rows())
    assert everything == {"k1": pytest.approx(40 / 100.254, abs=0.001), "k2": 0.0}


def test_a_model_opens_the_keys_that_use_it(metered: Store, open_page: OpenPage) -> None:
    app = follow(open_page, link_of(open_page("coverage.py"), 0))
    assert app.title[0].value == "API Keys"
    assert shown(app)["api_key_id"].to_list() == ["k1"]


def test_coverage_teaches_while_nothing_is_metered(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("coverage.py")
    assert "Nothing is metered" in app.subheader[0].value
    app.button(key="teach-metering-button").click().run()
    assert destination(app) == "./metering"


def bars(lines: Iterable[tuple[str, int, int, float]]) -> pl.DataFrame:
    return pl.DataFrame(list(lines), schema=("provider", "covered", "unmetered", "coverage"), orient="row")


def test_the_chart_draws_the_metered_part_before_the_rest() -> None:
    drawn = coverage_chart(bars([("openai", 3 * 10**9, 10**9, 0.75), ("fal", 0, 2 * 10**9, 0.0)]), "light")
    strong, faint, words = drawn.data
    assert (list(strong.x), list(faint.x)) == ([3.0, 0.0], [1.0, 2.0])
    assert [text.strip() for text in words.text] == ["75 % metered", "0 % metered"]


def test_a_metering_key_is_made_shown_once_and_revoked(empty_store: Store, open_page: OpenPage) -> None:
    app = open_page("metering_keys.py")
    app.text_input(key="metering-key-name").input("<b>search</b>")
    next(button for button in app.button if button.label == "Make metering key").click().run()
    key = next(code.value for code in app.code if code.value.startswith("hak_") and "…" not in code.value)
    assert len(valid_keys(empty_store, settings())) == 1
    app.run()
    assert key not in str([element.value for element in app.code])
    assert shown(app).select("key_name", "key_state").rows() == [("<b>search</b>", "active")]
    app.button(key="revoke").click().run()
    assert valid_keys(empty_store, settings()) == {}
    assert shown(app)["key_state"].to_list() == ["revoked"]


def test_a_metering_key_without_a_name_is_refused_in_words(empty_store: Store, open_page: OpenPage) -> None:
    app = open_page("metering_keys.py")
    next(button for button in app.button if button.label == "Make metering key").click().run()
    assert "needs a name" in app.error[0].value


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://127.0.0.1:8501/metering", "http://127.0.0.1:8501"),
        ("https://spend.example.org/metering?x=1", "https://spend.example.org"),
        ("", "http://127.0.0.1:8501"),
    ],
)
def test_the_steps_name_this_server(url: str, base: str) -> None:
    assert address(url) == base
