"""What a page shows is what its CSV holds, cell for cell, whatever is filtered and however it is sorted."""

import csv
import io
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import numbers, period
from pages.parts import tables as drawn_tables
from pages.parts.cells import DRAWN
from pages.parts.columns import COLUMNS
from pages.parts.palette import name_of
from store.db import Store
from store.events import MeteredEvent
from store.export import to_csv
from store.metering import save_events
from store.metrics import CostFilter
from store.queries import QUERIES, SORTABLE
from store.records import ApiKeyRecord, CostRecord, WorkspaceRecord
from tests.pages.conftest import READ, OpenPage, finish, shown, tables
from tests.store.cast import begin, bill

TODAY = date(2026, 3, 20)
PAGES = ("providers", "models", "api_keys", "workspaces")
PRESETS = tuple(name for name in period.PERIODS if name != period.CUSTOM)
COMBINATIONS = 18
"""Per page; each opens the page anew."""
NAMES = ("Search", "=1+1", "-2", "@x", "a,b", 'say "hi"', "two\nlines", "+cmd|' /C calc'!A0", "Ünï", "1e5", "0012", " ")
MODELS = ("gpt-5", "=SUM(A1)", "claude", "dall-e-3", "1.50", "whisper")


@pytest.fixture(autouse=True)
def all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No table needs a second page."""
    monkeypatch.setattr(drawn_tables, "PAGE_ROWS", 10_000)


@pytest.fixture
def filled(empty_store: Store, now: datetime) -> Store:
    """Three accounts with costs of every shape over sixty days, names that spreadsheets would run among them; of two
    of them some calls are metered."""
    chance = Random("cells")
    for provider in ("openai", "bedrock", "fal"):
        sync = begin(empty_store, now - timedelta(hours=1), provider=provider, organization=f"org-{provider}")
        costs = {record.grain: record for record in (_cost(chance) for _ in range(160))}
        workspaces = [WorkspaceRecord(workspace_id=f"w{number}", name=name) for number, name in enumerate(NAMES)]
        keys = [
            ApiKeyRecord(api_key_id=f"k{number}", workspace_id=f"w{number}", name=name, hint=f"sk-…000{number}")
            for number, name in enumerate(NAMES)
        ]
        finish(sync, bill(READ, *costs.values(), workspaces=tuple(workspaces), api_keys=tuple(keys)))
    calls = [_call(number, now, chance) for number in range(60)]
    assert save_events(empty_store, calls, now).new == len(calls)
    return empty_store


def _call(number: int, now: datetime, chance: Random) -> MeteredEvent:
    return MeteredEvent(
        source="revenium",
        event_id=str(number),
        occurred_at=now - timedelta(days=chance.randrange(40)),
        operation="completion",
        provider=chance.choice(("openai", "bedrock")),
        model=chance.choice(MODELS),
        api_key=chance.choice(("", f"k{chance.randrange(6)}")),
        workspace=chance.choice(("", *NAMES[:6])),
        cost=Decimal(chance.randrange(10**12)).scaleb(-9),
    )


def _cost(chance: Random) -> CostRecord:
    number = chance.randrange(len(NAMES))
    unit = chance.choice((None, None, "images", "seconds"))
    return CostRecord(
        day=TODAY - timedelta(days=chance.randrange(60)),
        workspace_id=chance.choice((f"w{number}", "")),
        api_key_id=chance.choice((f"k{number}", "")),
        model=chance.choice(MODELS),
        variant=chance.choice(("", "hd 1024x1024", "batch")),
        billed_cost=Decimal(chance.choice((0, 1, -7, 10**9, chance.randrange(10**13)))).scaleb(-9),
        credits_applied=Decimal(chance.choice((0, 0, chance.randrange(10**10)))).scaleb(-9),
        cost_basis=chance.choice(("reported", "allocated")),
        input_tokens=chance.choice((None, 0, chance.randrange(10**9))),
        output_tokens=chance.choice((None, 0, chance.randrange(10**8))),
        usage_quantity=Decimal(chance.randrange(10**9)).scaleb(-6) if unit else None,
        usage_unit=unit,
        requests=chance.choice((None, 0, chance.randrange(10**6))),
    )


def asked(table: str, number: int) -> tuple[dict[str, Any], CostFilter]:
    """A combination at random, as the address says it and as the query takes it; the order is set on the page."""
    chance = Random(f"{table} {number}")
    sort = chance.choice([name for name in SORTABLE[table] if name in COLUMNS])
    descending = chance.random() < 0.5
    preset = chance.choice(PRESETS)
    providers = chance.sample(("openai", "bedrock", "fal"), chance.choice((0, 0, 1, 2)))
    search = chance.choice(("", "", "gpt", "=", "a,b", "sk-…0003", "nothing has this"))
    least, most = chance.choice((None, None, "0.5", "100")), chance.choice((None, None, "2500.25"))
    url = {
        "order": "Descending" if descending else "Ascending",
        "period": period.PERIODS[preset], "provider": [name_of(slug) for slug in providers], "search": search,
        "min_cost": least, "max_cost": most,
    }  # fmt: skip
    wanted = CostFilter(
        window=period.window_of(preset, TODAY), providers=tuple(providers), search=search, sort=sort,
        descending=descending, min_cost=Decimal(least) if least else None, max_cost=Decimal(most) if most else None,
    )  # fmt: skip
    return {name: value for name, value in url.items() if value}, wanted


@pytest.mark.parametrize("number", range(COMBINATIONS))
@pytest.mark.parametrize("table", PAGES)
def test_the_csv_is_the_table_cell_for_cell(table: str, number: int, filled: Store, open_page: OpenPage) -> None:
    url, wanted = asked(table, number)
    header, *written = csv.reader(io.StringIO(to_csv(QUERIES[table](filled, wanted)).decode(), newline=""))
    app = open_page(f"{table}.py", **url)
    app.selectbox(key="sort").set_value(wanted.sort).run()
    if not written:
        assert app.button(key="empty-reset")
        return
    columns = shown_columns(app)
    is_compared = wanted.window.previous.start >= READ.start
    compared = [name for name in columns if name in header]
    assert len(compared) > 8
    for name in compared:
        exported = [cells[header.index(name)] for cells in written]
        assert [value or "" for value in columns[name]["values"]] == [plain(text) for text in exported], name
    before = [cells[header.index("previous_net_cost")] for cells in written]
    changes = [
        numbers.change(float(change)) if change else "new" if not past and is_compared else numbers.INCOMPARABLE
        for change, past in zip(columns["change"]["values"], before, strict=True)
    ]
    assert columns["change"]["texts"] == [
        "new" if is_compared and not past else said for past, said in zip(before, changes, strict=True)
    ]


def shown_columns(app: AppTest) -> dict[str, Any]:
    """The columns of the page's table that are exported too."""
    columns: dict[str, Any] = tables(app)[0]["columns"]
    return {name: column for name, column in columns.items() if COLUMNS[name].kind not in DRAWN}


def plain(text: str) -> str:
    """A cell of a CSV without what keeps spreadsheets from running it."""
    return text.removeprefix("'")


@pytest.mark.parametrize("table", ["api_keys", "workspaces"])
def test_coverage_is_in_table_and_csv_alike(table: str, filled: Store, open_page: OpenPage) -> None:
    wanted = CostFilter(window=period.window_of("30d", TODAY), sort="coverage")
    app = open_page(f"{table}.py")
    app.selectbox(key="sort").set_value(wanted.sort).run()
    page = shown(app)["coverage"].to_list()
    _, *written = csv.reader(io.StringIO(to_csv(QUERIES[table](filled, wanted)).decode(), newline=""))
    at = SORTABLE[table].index("coverage")
    exported = [float(line[at]) if line[at] else None for line in written]
    assert page == [None if share is None else pytest.approx(share) for share in exported]
    assert {0.0, None} < set(exported)
