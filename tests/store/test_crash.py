"""Killed at any instant, the store holds whole windows only."""

import random
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from sqlalchemy import func, select

from settings import Settings
from store.db import open_store
from store.models import Account, DailyCost
from store.records import from_nanos
from store.tables import table
from tests.store.cast import begin

ROOT = Path(__file__).parents[2]
KILLS = 12
WRITER = """
import itertools, sys
from datetime import datetime, timedelta
from decimal import Decimal
from settings import Settings
from store.db import open_store
from tests.store.cast import Syncing, bill, cost, march

account_id, run_id, holder, now = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], datetime.fromisoformat(sys.argv[4])
sync = Syncing(open_store(Settings()), account_id, run_id, holder, now)
for number in itertools.count(int(sys.argv[5])):
    rows = [cost(1 + row % 20, f"{number}.{row:09}", model=f"model-{row}") for row in range(400)]
    sync.save(bill(march(1, 20), *rows))
    print(number, flush=True)
"""


def test_a_writer_killed_again_and_again_leaves_whole_windows(chosen: Settings, now: datetime) -> None:
    store = open_store(chosen)
    sync = begin(store, now)
    last = 0
    whole_part = from_nanos(sum(range(400)))
    for kill in range(KILLS):
        reported = _killed_writer(chosen, sync.account_id, sync.run_id, sync.holder, now, last + 1, seed=kill)
        reopened = open_store(chosen)
        costs, accounts = table(DailyCost), table(Account)
        with reopened.read() as connection:
            count, total = connection.execute(select(func.count(), func.sum(costs.c.billed_cost))).one()
            window = connection.execute(select(accounts.c.covered_from, accounts.c.covered_to)).one()
        reopened.close()
        number = int(total // 400)
        assert (count, Decimal(total)) == (400, 400 * Decimal(number) + whole_part)
        assert reported <= number <= reported + 1
        assert (window.covered_from.day, window.covered_to.day) == (1, 21)
        last = number
    store.close()


def _killed_writer(
    chosen: Settings, account_id: int, run_id: int, holder: str, now: datetime, first: int, seed: int
) -> int:
    """The last window that a writer reported as saved before it was killed in the middle of its work."""
    url = chosen.database_url.get_secret_value() if chosen.database_url else ""
    environment = {"SPENDGLASS_DATA_DIR": str(chosen.data_dir), "SPENDGLASS_DATABASE_URL": url, "PATH": "/usr/bin:/bin"}
    arguments = [str(account_id), str(run_id), holder, now.astimezone(UTC).isoformat(), str(first)]
    command = [sys.executable, "-c", WRITER, *arguments]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(random.Random(seed).randint(1, 4))]
        try:
            writer.wait(timeout=random.Random(seed).random() * 0.03)
        except subprocess.TimeoutExpired:
            writer.kill()
        lines += writer.stdout.readlines()
    assert writer.returncode == -9, "the writer ended by itself"
    return max(int(line) for line in lines if line.endswith("\n"))
