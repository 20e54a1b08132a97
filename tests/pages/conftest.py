"""A seeded store behind the real pages, run by AppTest on a fixed day: 2026-03-20, noon UTC."""

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import polars as pl
import pytest
import streamlit as st
import time_machine
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from settings import Settings, settings
from store.db import Store, open_store
from store.records import ApiKeyRecord, CostRecord, Statement, Window, WorkspaceRecord, day_totals
from store.runs import update_run
from tests.store.cast import Syncing, begin, bill, cost

MAIN = Path(__file__).parents[2] / "pages" / "main.py"
READ = Window(date(2025, 12, 1), date(2026, 3, 21))


@pytest.fixture(scope="session", autouse=True)
def packages_scanned_once() -> Iterator[None]:
    """Every `AppTest` looks for components in all installed packages, which is half of a short test's time."""
    scanned = cache(manifest_scanner.scan_component_manifests)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", scanned)
        yield


@pytest.fixture
def empty_store(sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch, now: datetime) -> Iterator[Store]:
    """The store that the pages open by themselves, without an account."""
    monkeypatch.setenv("SPENDGLASS_DATA_DIR", str(sqlite_settings.data_dir))
    settings.cache_clear()
    st.cache_resource.clear()
    opened = open_store(sqlite_settings)
    with time_machine.travel(now, tick=False):
        yield opened
    opened.close()
    st.cache_resource.clear()
    settings.cache_clear()


@pytest.fixture
def seeded(empty_store: Store, now: datetime) -> Store:
    """Two providers with costs in March and in the 30 days before, read to the end an hour ago."""
    an_hour_ago = now - timedelta(hours=1)
    costs = (
        cost(10, "100.25", requests=4, input_tokens=1000, output_tokens=500),
        cost(11, "50", workspace_id="w2", api_key_id="k2", model="gpt-5-mini"),
        cost(20, "0.004", model="tiny"),
        cost(12, "7", workspace_id="", api_key_id="", model="storage"),
        cost(10, "80").model_copy(update={"day": date(2026, 2, 10)}),
    )
    first = begin(empty_store, an_hour_ago)
    finish(first, statement(costs))
    second = begin(empty_store, an_hour_ago, provider="anthropic", organization="org-2")
    finish(second, bill(READ, cost(11, "30", model="claude"), cost(11, "20", model="claude", variant="batch")))
    return empty_store


def statement(records: tuple[CostRecord, ...]) -> Statement:
    return Statement(
        window=READ,
        costs=records,
        workspaces=(WorkspaceRecord(workspace_id="w1", name="Search"), WorkspaceRecord(workspace_id="w2", name="Chat")),
        api_keys=(
            ApiKeyRecord(api_key_id="k1", workspace_id="w1", name="search-prod", hint="sk-…0001"),
            ApiKeyRecord(api_key_id="k2", workspace_id="w2", name="chat-prod", hint="sk-…0002"),
            ApiKeyRecord(api_key_id="k3", workspace_id="w2", name="old-demo", hint="sk-…0003"),
        ),
        control_totals=day_totals(records),
    )


def finish(sync: Syncing, read: Statement, **more: object) -> None:
    """Save what a sync read, and end it well unless told otherwise."""
    sync.save(read)
    update_run(sync.store, sync.run_id, **{"status": "succeeded", "ended_at": sync.now, **more})


READERS: dict[str, tuple[Callable[[str], Any], Any]] = {
    "money": (Decimal, pl.Decimal(38, 9)),
    "quantity": (Decimal, pl.Decimal(38, 6)),
    "unit_price": (float, pl.Float64),
    "count": (float, pl.Float64),
    "bar": (float, pl.Float64),
    "time": (datetime.fromisoformat, pl.Datetime("us", "UTC")),
    "day": (date.fromisoformat, pl.Date),
}


def tables(app: AppTest) -> list[dict[str, Any]]:
    """What the tables of a page were drawn from (see `ledger.draw`), by columns."""
    found = _drawn(app, "ledger")
    return [{**data, "columns": {column["name"]: column for column in data["columns"]}} for data in found]


def destination(app: AppTest) -> str:
    """The address that a page is left for (see `travel`)."""
    (left,) = _drawn(app, "travel")
    return str(left["address"])


def _drawn(app: AppTest, component: str) -> list[dict[str, Any]]:
    found = [element.proto for element in app.get("bidi_component")]
    return [json.loads(proto.json) for proto in found if proto.component_name == component]


def shown(app: AppTest, number: int = 0) -> pl.DataFrame:
    """The cells of a table of the page, as values; words as they are read, and the days of a trend."""
    return pl.DataFrame([_values(column) for column in tables(app)[number]["columns"].values()])


def _values(column: dict[str, Any]) -> pl.Series:
    name, kind = column["name"], column["kind"]
    if kind in {"trend", "mix"}:
        return pl.Series(name, column["drawings"], dtype=pl.List(pl.Float64))
    if kind in {"change", "state", "outlier", "findings", "text"}:
        cells = zip(column["values"], column["texts"], strict=True)
        said = [text if value is None or kind == "change" else value for value, text in cells]
        return pl.Series(name, said, pl.String)
    read, dtype = READERS.get(kind, (str, pl.String))
    return pl.Series(name, [None if value is None else read(value) for value in column["values"]], dtype)


OpenPage = Callable[..., AppTest]


@pytest.fixture
def open_page() -> OpenPage:
    """Open a page as a browser does: the menu first, then the page, with what the URL says."""

    def opened(page: str = "providers.py", **url: str | list[str]) -> AppTest:
        app = AppTest.from_file(MAIN, default_timeout=30)
        for name, value in url.items():
            app.query_params[name] = value
        app.run()
        if page != "providers.py":
            app.switch_page(page).run()
        assert not app.exception
        return app

    return opened


def link_of(app: AppTest, row: int, number: int = 0) -> str | None:
    """The address that a row of a table leads to."""
    first = next(iter(tables(app)[number]["columns"].values()))
    found: str | None = first["links"][row]
    return found


def follow(open_page: "OpenPage", link: str | None) -> AppTest:
    """Open the page that a link leads to, as a fresh browser does."""
    assert link is not None
    path, _, query = link.removeprefix("./").partition("?")
    return open_page(f"{path or 'providers'}.py", **parse_qs(query))


def turn_row(app: AppTest, table: str, key: str | None) -> AppTest:
    """Open the row of that key in a table."""
    app.session_state[f"opened-{table}"] = key
    app.run()
    assert not app.exception
    return app
