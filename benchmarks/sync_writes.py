"""How fast a statement is saved, beside a raw `executemany` of the same rows into the same table on SQLite.

    python3 run.py bench sync_writes [--rows ROWS]

Rounds alternate, so that a busy machine slows both. The design asks for a ratio of at least 0.5.
"""

import argparse
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from settings import Settings
from store import accounts, leases, runs, write
from store.db import Store, open_store
from store.records import ApiKeyRecord, CostRecord, Statement, Window, WorkspaceRecord

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
MONTH = Window(date(2026, 5, 1), date(2026, 6, 1))
ROUNDS = 7
TARGET = 0.5


def main(rows: int) -> int:
    statement = _statement(rows)
    saved, raw = [], []
    with tempfile.TemporaryDirectory(prefix="spendglass-bench-") as folder:
        for number in range(ROUNDS):
            store = open_store(Settings(data_dir=Path(folder) / str(number)))
            saved.append(_save(store, statement))
            raw.append(_raw(store))
            store.close()
    ratio = statistics.median(raw) / statistics.median(saved)
    print(f"rows per statement          {rows:>10,}")
    print(f"save_statement              {rows / statistics.median(saved):>10,.0f} rows/s")
    print(f"raw executemany             {rows / statistics.median(raw):>10,.0f} rows/s")
    print(f"ratio                       {ratio:>10.2f}   (target: at least {TARGET})")
    return 0 if ratio >= TARGET else 1


def _statement(rows: int) -> Statement:
    """A month of costs, day by day as providers report them, in no order within a day."""
    chance = random.Random(20260601)
    costs = tuple(
        CostRecord(
            day=MONTH.start + timedelta(days=number * MONTH.length // rows),
            workspace_id=f"workspace-{number % 37}",
            api_key_id=f"key-{number % 211}",
            model=f"model-{number % 41}",
            variant=f"variant-{number // (37 * 211 * 41)}",
            billed_cost=Decimal(chance.randrange(10**12)).scaleb(-11),
            input_tokens=chance.randrange(10**7),
            output_tokens=chance.randrange(10**6),
            requests=chance.randrange(10**4),
        )
        for number in range(rows)
    )
    return Statement(
        window=MONTH,
        costs=costs,
        workspaces=tuple(WorkspaceRecord(workspace_id=f"workspace-{n}", name=f"Team {n}") for n in range(37)),
        api_keys=tuple(ApiKeyRecord(api_key_id=f"key-{n}", workspace_id=f"workspace-{n % 37}") for n in range(211)),
    )


def _save(store: Store, statement: Statement) -> float:
    """Seconds of `save_statement` into an empty store."""
    account_id = accounts.add_account(
        store,
        "openai",
        {"apiKey": "none"},
        name="Bench",
        hint="none",
        organization_id="bench",
        organization_name=None,
        now=NOW,
    )
    holder = leases.new_holder()
    leases.take_lease(store, account_id, holder, NOW)
    run_id = runs.begin_run(store, account_id, "cli", NOW)
    started = time.perf_counter()
    write.save_statement(store, account_id, statement, run_id=run_id, holder=holder, now=NOW)
    return time.perf_counter() - started


def _raw(store: Store) -> float:
    """Seconds of one transaction that inserts the rows just saved into the same table, emptied."""
    with closing(sqlite3.connect(str(store.sqlite_path), isolation_level=None)) as connection:
        for pragma in ("foreign_keys=ON", "synchronous=NORMAL", "journal_mode=WAL"):
            connection.execute(f"PRAGMA {pragma}")
        rows = connection.execute("SELECT * FROM daily_cost").fetchall()
        connection.execute("DELETE FROM daily_cost")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        marks = ", ".join("?" * len(rows[0]))
        started = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(f"INSERT INTO daily_cost VALUES ({marks})", rows)
        connection.execute("COMMIT")
        return time.perf_counter() - started


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=50_000)
    sys.exit(main(parser.parse_args().rows))
