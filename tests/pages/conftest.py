"""A seeded store behind the real pages, run by AppTest on a fixed day: 2026-03-20, noon UTC."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

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


def shown(app: AppTest) -> pl.DataFrame:
    """The cells of the page's table, as values."""
    return pl.from_pandas(app.dataframe[0].value)


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


def open_row(app: AppTest, table: str, row: int) -> AppTest:
    """Tick a row of the page's table."""
    app.session_state[f"table-{table}"] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    app.run()
    assert not app.exception
    return app
