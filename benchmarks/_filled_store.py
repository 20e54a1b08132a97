"""A store of many cost rows, the same every time: what a large company is billed in two months."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from settings import Settings
from store import accounts
from store.db import Store, open_store
from store.engine import flush_to_disk
from store.events import MeteredEvent
from store.frames import read_names
from store.metering import save_events
from store.packed import COST_SCHEMA, pack_days, typed
from store.records import Window

SEED = 20260601
SPAN = Window(date(2026, 4, 2), date(2026, 6, 1))
"""60 days: the last 30 and the 30 before them."""
NOW = datetime(2026, 5, 31, 12, tzinfo=UTC)
PROVIDERS = {
    "openai": 0.3, "anthropic": 0.25, "litellm": 0.15, "openrouter": 0.1, "vertex": 0.08, "bedrock": 0.06,
    "fal": 0.04, "runway": 0.02,
}  # fmt: skip
"""Each with its part of all rows."""
MODELS_PER_KEY = 7
KEYS_PER_WORKSPACE = 12
UNITS = {"fal": "images", "runway": "credits"}
KEYS_PER_NAMED = 2
INSERT = (
    "INSERT INTO daily_cost (account_id, day, workspace_id, api_key_id, model, variant, upstream, billed_cost, "
    "list_cost, credits_applied, cost_basis, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, "
    "usage_quantity, usage_unit, requests) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
Place = tuple[str, str, str, str, str]
Row = tuple[str | int | None, ...]


@dataclass(frozen=True, slots=True)
class Spender:
    """An account and every (workspace, key, model, variant, upstream) that costs something each day."""

    account_id: int
    provider: str
    places: tuple[Place, ...]


def fill(folder: Path, rows: int, later: timedelta = timedelta(0)) -> Store:
    """A new store in `folder` with about that many cost rows, all within `SPAN` moved by whole days."""
    span = Window(SPAN.start + later, SPAN.end + later)
    store = open_store(Settings(data_dir=folder))
    chance = random.Random(SEED)
    spenders = [_spender(store, chance, provider, rows * part / SPAN.length) for provider, part in PROVIDERS.items()]
    with closing(sqlite3.connect(str(store.sqlite_path), isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for spender in spenders:
            _insert_names(connection, spender, span)
            connection.executemany(INSERT, _rows(spender, span))
        _insert_controls(connection)
        connection.execute("UPDATE data_version SET version = version + 1")
        connection.execute("COMMIT")
    _pack(store, spenders, span)
    return store


def meter(store: Store) -> int:
    """Every second key makes a call a day, and its client names it by id, name or hint; returns how many it names."""
    names = read_names(store)
    keys = names["api_key"].join(names["account"], on="account_id").gather_every(KEYS_PER_NAMED).to_dicts()
    chance = random.Random(SEED)
    for day in SPAN.days():
        called = datetime.combine(day, time(12), UTC)
        save_events(store, [_call(key, called, at, chance) for at, key in enumerate(keys)], called)
    return len(keys)


def _call(key: dict[str, Any], called: datetime, at: int, chance: random.Random) -> MeteredEvent:
    words = (key["api_key_id"], key["api_key_name"].upper(), key["api_key_hint"])
    return MeteredEvent(
        source="revenium", event_id=f"{called:%Y%m%d}-{at}", occurred_at=called, operation="completion",
        provider=key["provider"], model=f"{key['provider']}-large-{at % 8}", api_key=words[at % len(words)],
        cost=Decimal(chance.randrange(10**9)).scaleb(-9), input_tokens=chance.randrange(10**6),
    )  # fmt: skip


def _pack(store: Store, spenders: list[Spender], span: Window) -> None:
    """As a sync does in the same transaction."""
    query = f"SELECT {', '.join(COST_SCHEMA)} FROM daily_cost WHERE account_id = ?"
    for spender in spenders:
        with store.write() as connection:
            rows = connection.exec_driver_sql(query, (spender.account_id,)).all()
            pack_days(connection, spender.account_id, span, typed(rows))
    flush_to_disk(store)


def _spender(store: Store, chance: random.Random, provider: str, per_day: float) -> Spender:
    account_id = accounts.add_account(
        store, provider, {"apiKey": "none"}, name=f"{provider} team", hint="none", organization_id=f"org-{provider}",
        organization_name=None, now=NOW,
    )  # fmt: skip
    models = [f"{provider}-{family}-{number}" for family in ("large", "small", "mini") for number in range(8)]
    upstreams = ("anthropic", "openai", "groq") if provider in {"litellm", "openrouter"} else ("",)
    places: list[Place] = []
    for key in range(max(1, round(per_day / MODELS_PER_KEY))):
        workspace = f"proj_{provider}_{key // KEYS_PER_WORKSPACE:06d}" if key % 50 else ""
        for model in chance.sample(models, MODELS_PER_KEY):
            variant = "batch" if chance.random() < 0.1 else ""  # noqa: PLR2004
            places.append((workspace, f"key_{provider}_{key:08d}", model, variant, chance.choice(upstreams)))
    return Spender(account_id, provider, tuple(sorted(places)))


def _rows(spender: Spender, span: Window) -> Iterator[Row]:
    """In the order of the primary key, which SQLite appends fastest."""
    chance = np.random.default_rng(SEED + spender.account_id)
    unit = UNITS.get(spender.provider)
    size = len(spender.places)
    for day in span.days():
        billed = (chance.lognormal(16, 2, size)).astype(np.int64)
        tokens = chance.integers(1, 2_000_000, size)
        spent = zip(spender.places, billed.tolist(), tokens.tolist(), strict=True)
        for place, cost, counted in spent:
            used: Row = (counted, counted // 3, None, counted // 5, None, None, counted // 900)
            if unit is not None:
                used = (None, None, None, None, counted * 1_000_000, unit, None)
            basis = "reported" if counted % 10 else "allocated"
            yield (spender.account_id, day.isoformat(), *place, cost, None, cost // 50, basis, *used)


def _insert_names(connection: sqlite3.Connection, spender: Spender, span: Window) -> None:
    at = NOW.isoformat(" ")
    spaces = sorted({place[0] for place in spender.places} - {""})
    keys = {place[1]: place[0] for place in spender.places}
    connection.executemany(
        "INSERT INTO workspace (account_id, workspace_id, name, status, first_seen, last_seen) "
        "VALUES (?, ?, ?, 'active', ?, ?)",
        [(spender.account_id, space, f"Team {space[-6:]}", at, at) for space in spaces],
    )
    connection.executemany(
        "INSERT INTO workspace_name (account_id, workspace_id, number, name, source, at) "
        "VALUES (?, ?, 1, ?, 'provider', ?)",
        [(spender.account_id, space, f"Team {space[-6:]}", at) for space in spaces],
    )
    connection.executemany(
        "INSERT INTO api_key (account_id, api_key_id, workspace_id, name, hint, status, first_seen, last_seen) "
        "VALUES (?, ?, ?, ?, ?, 'active', ?, ?)",
        [(spender.account_id, key, home, f"job {key[-8:]}", f"sk-…{key[-4:]}", at, at) for key, home in keys.items()],
    )
    connection.execute(
        "UPDATE account SET covered_from = ?, covered_to = ? WHERE id = ?",
        (span.start.isoformat(), span.end.isoformat(), spender.account_id),
    )


def _insert_controls(connection: sqlite3.Connection) -> None:
    """Every provider's own total of each day."""
    connection.execute(
        "INSERT INTO control_total (account_id, day, billed_cost) "
        "SELECT account_id, day, sum(billed_cost) FROM daily_cost GROUP BY account_id, day"
    )
