"""A person at a browser: opens pages, uses their controls, and keeps a record of all that the browser saw."""

import csv
import io
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Download, Locator, Page, Playwright, WebSocket, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.e2e.tables import Grid

PAGES = {
    "/": "Providers",
    "/models": "Models",
    "/api_keys": "API Keys",
    "/workspaces": "Workspaces",
    "/coverage": "Coverage",
    "/sync_logs": "Sync Logs",
    "/accounts": "AI Accounts",
    "/metering": "Metering",
    "/methodology": "Methodology",
}
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENCE_MILLISECONDS = 20_000
UNFILTERED = ("/accounts", "/metering", "/methodology")
"""Pages without the filter bar."""
ASKED, BEGUN, ENDED = "rerun_script", "new_session", "script_finished"
MOST_FRAMES = 2_000
REPORT_VIOLATIONS = """addEventListener("securitypolicyviolation",
    event => console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI}`))"""
IS_STILL = """() => document.querySelector('[data-testid=stApp][data-test-script-state=notRunning]')
    && !document.querySelector('[data-stale=true], [data-testid=stSkeleton], [data-testid=stAppSkeleton]')
    && !document.querySelector('.ledger:empty')"""


PROBED = re.compile(r"/\w+/_stcore/(health|host-config)$")
"""At a deep link Streamlit's browser part first looks for its server below that page, and is told 404."""
NEAR = re.compile(r"(https?|wss?)://127\.0\.0\.1[:/]|data:|blob:|about:")


def launched(playwright: Playwright) -> Browser:
    """A running Chromium; raises `FileNotFoundError` where there is none."""
    path = shutil.which(os.environ.get("SPENDGLASS_CHROMIUM") or "chromium")
    if path is None:
        raise FileNotFoundError("Chromium was not found. Install it, or set SPENDGLASS_CHROMIUM to a browser's path.")
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    return playwright.chromium.launch(executable_path=path, args=list(FLAGS))


@dataclass
class Record:
    """What a browser saw: console lines with their kind and source, URLs asked for, and what came through sockets.

    `talk` are the kinds of messages that page and server exchanged, in order.
    """

    console: list[tuple[str, str, str]] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)
    talk: list[str | None] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """Errors on the console, faults of scripts, and requests that left this machine."""
        errors = [text for kind, text, source in self.console if kind == "error" and not PROBED.search(source)]
        return errors + [f"a request left the machine: {url}" for url in self.urls if not NEAR.match(url)]

    def is_answered(self, since: int) -> bool:
        """Whether the page asked for something since then, and the last thing asked for was answered whole."""
        later = self.talk[since:]
        if ASKED not in later:
            return False
        answer = later[len(later) - later[::-1].index(ASKED) :]
        return BEGUN in answer and ENDED in answer[answer.index(BEGUN) :]

    def follow(self, context: BrowserContext) -> None:
        context.on(
            "console",
            lambda message: self.console.append((message.type, message.text, message.location["url"])),
        )
        context.on("weberror", lambda error: self.console.append(("error", str(error.error), "script")))
        context.on("request", lambda request: self.urls.append(request.url))
        context.on("page", lambda page: page.on("websocket", self._listen))

    def _listen(self, socket: WebSocket) -> None:
        self.urls.append(socket.url)
        socket.on("framesent", self._note_sent)
        socket.on("framereceived", self._note_received)

    def _note_sent(self, frame: str | bytes) -> None:
        if isinstance(frame, bytes):
            self.talk.append(BackMsg.FromString(frame).WhichOneof("type"))

    def _note_received(self, frame: str | bytes) -> None:
        if isinstance(frame, bytes):
            self.received.append(frame)
            self.talk.append(ForwardMsg.FromString(frame).WhichOneof("type"))


class Visitor:
    """One browser window at a server."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.record = Record()
        self.record.follow(context)
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        context.add_init_script(REPORT_VIOLATIONS)
        self.url = url
        self.page: Page = context.new_page()

    def open(self, path: str = "/") -> None:
        """Go to a page by its address, and wait until all of it is drawn."""
        self.page.goto(self.url + path)
        self.arrive(PAGES[path.partition("?")[0]])

    def arrive(self, title: str) -> None:
        """Wait until the page of that title is drawn."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(title)
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is being drawn. After an action, wait for what it changes first."""
        self.page.wait_for_function(IS_STILL)

    @contextmanager
    def redrawing(self) -> Iterator[None]:
        """Wait until the server has answered what is done within, and its answer is drawn."""
        before = len(self.record.talk)
        yield
        for _ in range(MOST_FRAMES):
            if self.record.is_answered(before):
                self.settle()
                return
            self.page.evaluate("new Promise(requestAnimationFrame)")
        raise AssertionError(f"the server did not answer: {self.record.talk[before:]}")

    def follow(self, title: str) -> None:
        """Go to a page by the menu."""
        self.page.get_by_role("navigation").get_by_role("link", name=title).click()
        self.arrive(title)

    def choose(self, label: str, option: str) -> None:
        """Pick an option of a select box. By keyboard, since a list opened by a click closes while the page scrolls."""
        box = self.page.get_by_role("combobox", name=label, exact=True)
        box.hover()
        box.press("ArrowDown")
        with self.redrawing():
            self.page.get_by_role("option", name=option, exact=True).click()

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def text(self, text: str | re.Pattern[str]) -> Locator:
        """The first piece of the main part that holds the text."""
        return self.page.get_by_test_id("stMain").get_by_text(text).first

    def grid(self, name: str) -> Grid:
        return Grid(self.page, name)

    def alerts(self) -> Locator:
        return self.page.get_by_test_id("stAlert")

    def metric(self, label: str) -> str:
        """The figure of a card."""
        card = self.page.get_by_test_id("stMetric").filter(has=self.page.get_by_text(label, exact=True))
        return card.get_by_test_id("stMetricValue").inner_text()

    def downloaded(self, click: Callable[[], None]) -> Download:
        with self.page.expect_download() as waiting:
            click()
        return waiting.value

    def exported(self, table: str) -> list[dict[str, str]]:
        """The lines of a table's CSV, or of another export of that name."""
        button = self.page.locator(f".st-key-csv-{table}").get_by_role("button")
        content = Path(self.downloaded(button.click).path()).read_bytes()
        return list(csv.DictReader(io.StringIO(content.decode())))
