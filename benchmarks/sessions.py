"""How long twenty people wait who change filters at the same time, over many cost rows, in the real server.

    python3 run.py bench sessions [--rows ROWS] [--people PEOPLE] [--seconds SECONDS]

Everyone speaks the browser's own protocol over a websocket, changes a filter, waits until the script has finished, and
thinks for three
seconds, half more or less. Target: 95 of 100 waits within a second. The people share the machine with the server.
"""

import argparse
import asyncio
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from _filled_store import PROVIDERS, SPAN, fill
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import StringArray
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

from pages.parts.palette import name_of
from pages.parts.period import DEFAULT, PERIODS

ROOT = Path(__file__).parents[1]
PORT = 8598
TARGET_SECONDS, THINK_SECONDS = 1.0, 3.0
PAGES = ("", "models", "api_keys", "workspaces")


def main(rows: int, people: int, seconds: float) -> int:
    today = datetime.now(UTC).date()
    with tempfile.TemporaryDirectory(prefix="spendglass-bench-") as name:
        fill(Path(name), rows, today - SPAN.last_day).close()
        with _server(Path(name)):
            waits, faults = asyncio.run(_all(people, seconds))
    late = statistics.quantiles(waits, n=20)[18]
    print(f"{'people, changes of a filter':<36}{people:>6,} {len(waits):>7,}")
    print(f"{'half of the changes within':<36}{statistics.median(waits) * 1000:>8,.0f} ms")
    print(f"{'95 of 100 within':<36}{late * 1000:>8,.0f} ms   (target: {TARGET_SECONDS * 1000:,.0f} ms)")
    print(f"{'scripts that failed':<36}{faults:>8,}")
    print(f"{'load of the machine':<36}{os.getloadavg()[0]:>8.1f}")
    return 0 if late <= TARGET_SECONDS and not faults else 1


@contextmanager
def _server(folder: Path) -> Iterator[None]:
    """The real server, ready."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SPENDGLASS_")}
    given = {"SPENDGLASS_DATA_DIR": str(folder), "SPENDGLASS_SYNC_MINUTES": "0"}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={PORT}"]
    with subprocess.Popen(command, cwd=ROOT, env=inherited | given, stdout=subprocess.DEVNULL) as server:
        try:
            while not _is_ready():
                if server.poll() is not None:
                    sys.exit("The server ended by itself.")
                time.sleep(0.2)
            yield
        finally:
            server.terminate()


def _is_ready() -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/readyz"):
            return True
    except (urllib.error.URLError, ConnectionError):
        return False


async def _all(people: int, seconds: float) -> tuple[list[float], int]:
    """Seconds of every wait after each person's first page, and how many scripts failed."""
    found = await asyncio.gather(*[_person(number, seconds) for number in range(people)])
    return [wait for waits, _ in found for wait in waits], sum(faults for _, faults in found)


async def _person(number: int, seconds: float) -> tuple[list[float], int]:
    chance = random.Random(number)
    waits, faults = [], 0
    visit = Visit(PAGES[number % len(PAGES)])
    await asyncio.sleep(chance.random() * THINK_SECONDS)
    address = f"ws://127.0.0.1:{PORT}/_stcore/stream"
    async with connect(address, max_size=None, open_timeout=60) as socket:
        await visit.drawn(socket)
        ends = time.perf_counter() + seconds
        while time.perf_counter() < ends:
            await asyncio.sleep(THINK_SECONDS * (0.5 + chance.random()))
            visit.change(chance)
            started = time.perf_counter()
            faults += not await visit.drawn(socket)
            waits.append(time.perf_counter() - started)
    return waits, faults


class Visit:
    """One browser on one page: the controls it was shown, and what it set them to."""

    def __init__(self, page: str) -> None:
        self._page, self._query = page, ""
        self._controls: dict[str, str] = {}
        self._set: dict[str, WidgetState] = {}
        self.figures: dict[str, str] = {}

    def change(self, chance: random.Random) -> None:
        """Set one control of the filter bar, or follow a link to a workspace or model; all others back to nothing."""
        self._query = ""
        self._put("Providers", WidgetState(string_array_value=StringArray()))
        self._put("Search", WidgetState(string_value=""))
        self._put("Period", WidgetState(string_value=PERIODS[DEFAULT]))
        provider = chance.choice(sorted(PROVIDERS))
        kind = chance.randrange(5)
        if kind == 0:
            self._put("Providers", WidgetState(string_array_value=StringArray(data=[name_of(provider)])))
        elif kind == 1:
            self._put("Search", WidgetState(string_value=chance.choice(("team 0000", "large", "mini-3", "job 000001"))))
        elif kind == 2:  # noqa: PLR2004
            self._put("Period", WidgetState(string_value=PERIODS[chance.choice(("7d", "30d"))]))
        elif kind == 3:  # noqa: PLR2004
            self._query = urllib.parse.urlencode({"workspace": f"Team {chance.randrange(20):06d}"})
        else:
            self._query = urllib.parse.urlencode({"model": f"{provider}-large-{chance.randrange(8)}"})

    def _put(self, label: str, state: WidgetState) -> None:
        state.id = self._controls[label]
        self._set[label] = state

    async def drawn(self, socket: ClientConnection) -> bool:
        """Ask for the page and wait for the end of its script; whether that went well."""
        again = BackMsg()
        again.rerun_script.query_string = self._query
        again.rerun_script.page_name = self._page
        again.rerun_script.widget_states.widgets.extend(self._set.values())
        await socket.send(again.SerializeToString())
        went_well, self.figures = True, {}
        while True:
            message = ForwardMsg.FromString(await socket.recv())
            kind = message.WhichOneof("type")
            if kind == "script_finished":
                return went_well
            if kind == "delta":
                element = message.delta.new_element
                went_well &= element.WhichOneof("type") != "exception"
                self._take(element)

    def _take(self, element: Element) -> None:
        kind = element.WhichOneof("type")
        if kind in {"multiselect", "selectbox", "text_input"}:
            control = getattr(element, kind)
            self._controls[control.label] = control.id
        elif kind == "metric":
            self.figures[element.metric.label] = element.metric.body


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60)
    given = parser.parse_args()
    sys.exit(main(given.rows, given.people, given.seconds))
