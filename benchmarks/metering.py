"""How many metered events a second the server takes, and how soon, while a page is drawn again and again.

    python3 run.py bench metering [--seconds SECONDS] [--rate RATE]

One event per request, sent from a process of its own, against the real server on SQLite. An event's time runs from the
moment it was due to the end of its answer, so a server that falls behind does not slow the clock. The page shows 20,000
cost rows; its visitor asks for it again as soon as it is drawn and half a second has gone.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from settings import Settings
from store import accounts, leases, runs, write
from store.db import Store, open_store
from store.models import MeteredCost
from store.records import CostRecord, Statement, Window
from store.tables import rows_of, table

ROOT = Path(__file__).parents[1]
PORT = 8597
KEY = "hak_benchmark0benchmark0benchmark"
RATE = 1_000
CONNECTIONS = 32
COST_ROWS = 20_000
THINK_SECONDS = 0.5
TARGET_SECONDS = 0.05
CREATED = 201


def main(seconds: int, rate: int) -> int:
    with tempfile.TemporaryDirectory(prefix="spendglass-bench-") as name:
        folder = Path(name)
        store = open_store(Settings(data_dir=folder))
        _save_costs(store)
        with _server(folder):
            idle = asyncio.run(_visit(10))
            beside = [_beside("load", seconds, rate), _beside("visit", seconds)]
            load, visit = [json.loads(process.communicate()[0]) for process in beside]
        saved = _saved(store)
        store.close()
    _print(load, visit, idle, saved, rate)
    return 0 if load["late"] <= TARGET_SECONDS and load["answers"] == {"201": saved} else 1


def _beside(*arguments: object) -> subprocess.Popen[str]:
    """A process of this file that prints what it found as JSON."""
    return subprocess.Popen(
        [sys.executable, __file__, *map(str, arguments)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def _print(load: dict[str, Any], visit: list[float], idle: list[float], saved: int, rate: int) -> None:
    for name, value in (
        ("events due per second", f"{rate:,}"),
        ("events answered per second", f"{load['rate']:,.0f}"),
        ("answers by status", load["answers"]),
        ("events in the store", f"{saved:,}"),
        ("median answer", f"{load['median'] * 1000:,.1f} ms"),
        ("99 of 100 answers within", f"{load['late'] * 1000:,.1f} ms   (target: {TARGET_SECONDS * 1000:.0f} ms)"),
        ("longest answer", f"{load['longest'] * 1000:,.1f} ms"),
        ("page drawn in, without events", f"{statistics.median(idle) * 1000:,.0f} ms (median of {len(idle)})"),
        ("page drawn in, with events", f"{statistics.median(visit) * 1000:,.0f} ms (median of {len(visit)})"),
        ("load of the machine", "{:.1f} {:.1f} {:.1f}".format(*os.getloadavg())),
    ):
        print(f"{name:<32}{value}")


def _save_costs(store: Store) -> None:
    now, chance = datetime.now(UTC), random.Random(20260601)
    window = Window(now.date() - timedelta(days=30), now.date())
    costs = tuple(
        CostRecord(
            day=window.start + timedelta(days=number % window.length),
            workspace_id=f"workspace-{number % 37}",
            api_key_id=f"key-{number % 211}",
            model=f"model-{number % 41}",
            variant=f"variant-{number}",
            billed_cost=Decimal(chance.randrange(10**12)).scaleb(-11),
            input_tokens=chance.randrange(10**7),
        )
        for number in range(COST_ROWS)
    )
    account_id = accounts.add_account(
        store,
        "openai",
        {"apiKey": "none"},
        name="Bench",
        hint="none",
        organization_id="bench",
        organization_name=None,
        now=now,
    )
    holder, run_id = leases.new_holder(), runs.begin_run(store, account_id, "cli", now)
    leases.take_lease(store, account_id, holder, now)
    write.save_statement(
        store, account_id, Statement(window=window, costs=costs), run_id=run_id, holder=holder, now=now
    )
    leases.drop_lease(store, account_id, holder)


def _saved(store: Store) -> int:
    with store.read() as connection:
        return sum(row["events"] for row in rows_of(connection, table(MeteredCost).select()))


@contextmanager
def _server(folder: Path) -> Iterator[None]:
    """The real server, ready to take events."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SPENDGLASS_")}
    given = {"SPENDGLASS_DATA_DIR": str(folder), "SPENDGLASS_METERING_KEYS": KEY, "SPENDGLASS_SYNC_MINUTES": "0"}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={PORT}"]
    with subprocess.Popen(command, cwd=ROOT, env=inherited | given, stdout=subprocess.DEVNULL) as server:
        try:
            while not _takes_events():
                if server.poll() is not None:
                    sys.exit("The server ended by itself.")
                time.sleep(0.2)
            yield
        finally:
            server.terminate()


def _takes_events() -> bool:
    url, headers = f"http://127.0.0.1:{PORT}/v1/traces", {"x-api-key": KEY, "content-type": "application/json"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, b"{}", headers, method="POST")):
            return True
    except (urllib.error.URLError, ConnectionError):
        return False


async def _load(seconds: int, rate: int) -> dict[str, Any]:
    """Send events at an even rate over a few connections; what was answered, and how late."""
    due: asyncio.Queue[tuple[float, int]] = asyncio.Queue()
    taken: list[float] = []
    answers: Counter[int] = Counter()
    connections = [await asyncio.open_connection("127.0.0.1", PORT) for _ in range(CONNECTIONS)]
    workers = [asyncio.create_task(_send(*streams, due, taken, answers)) for streams in connections]
    started = time.perf_counter()
    for number in range(seconds * rate):
        at = started + number / rate
        if (early := at - time.perf_counter()) > 0:
            await asyncio.sleep(early)
        due.put_nowait((at, number))
    await due.join()
    took = time.perf_counter() - started
    for worker in workers:
        worker.cancel()
    late = statistics.quantiles(taken, n=100)[98]
    return {
        "rate": len(taken) / took,
        "answers": answers,
        "median": statistics.median(taken),
        "late": late,
        "longest": max(taken),
    }


async def _send(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    due: "asyncio.Queue[tuple[float, int]]",
    taken: list[float],
    answers: "Counter[int]",
) -> None:
    while True:
        at, number = await due.get()
        body = _event(number)
        head = f"POST /meter/v2/ai/completions HTTP/1.1\r\nhost: localhost\r\nx-api-key: {KEY}\r\n"
        writer.write(f"{head}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        taken.append(time.perf_counter() - at)
        answers[int(answer.split(maxsplit=2)[1])] += 1
        due.task_done()


def _event(number: int) -> bytes:
    """What the SDK sends of one chat completion."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps(
        {
            "model": ("gpt-4o-mini-2024-07-18", "gpt-4o-2024-08-06", "gpt-4.1-mini-2025-04-14")[number % 3],
            "provider": "OPENAI",
            "modelSource": "OPENAI",
            "costType": "AI",
            "operationType": "CHAT",
            "inputTokenCount": 1200 + number % 100,
            "outputTokenCount": 300,
            "totalTokenCount": 1500 + number % 100,
            "cacheReadTokenCount": 1024,
            "cacheCreationTokenCount": 0,
            "reasoningTokenCount": 0,
            "requestTime": now,
            "completionStartTime": now,
            "responseTime": now,
            "requestDuration": 812,
            "timeToFirstToken": 120,
            "isStreamed": False,
            "stopReason": "END",
            "middlewareSource": "PYTHON",
            "credentialAlias": f"key-{number % 11}",
            "organizationName": f"Team {number % 5}",
            "transactionId": f"bench-{number}",
        }
    ).encode()


async def _visit(seconds: int) -> list[float]:
    """Seconds that each drawing of the Providers page took."""
    again = BackMsg()
    again.rerun_script.query_string = ""
    taken = []
    ends = time.perf_counter() + seconds
    async with connect(f"ws://127.0.0.1:{PORT}/_stcore/stream", max_size=None) as socket:
        while time.perf_counter() < ends:
            started = time.perf_counter()
            await socket.send(again.SerializeToString())
            await _drawn(socket)
            taken.append(time.perf_counter() - started)
            await asyncio.sleep(THINK_SECONDS)
    return taken[1:]


async def _drawn(socket: ClientConnection) -> None:
    while True:
        message = ForwardMsg.FromString(await socket.recv())
        if message.WhichOneof("type") == "script_finished":
            return


if __name__ == "__main__":
    if sys.argv[1:2] == ["load"]:
        print(json.dumps(asyncio.run(_load(int(sys.argv[2]), int(sys.argv[3])))))
    elif sys.argv[1:2] == ["visit"]:
        print(json.dumps(asyncio.run(_visit(int(sys.argv[2])))))
    else:
        parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
        parser.add_argument("--seconds", type=int, default=60)
        parser.add_argument("--rate", type=int, default=RATE)
        given = parser.parse_args()
        sys.exit(main(given.seconds, given.rate))
