"""Names that want to be more than names stay names, and fit the screen."""

import json
import re
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus

import pytest
from playwright.sync_api import expect

from demo.story import Story
from demo.world import World
from metering.fields import LONGEST_LABEL
from store.metering_keys import LONGEST_NAME as LONGEST_KEY_NAME
from store.views import LONGEST_NAME as LONGEST_VIEW_NAME
from tests.e2e.conftest import Visit
from tests.e2e.provider import TODAY, Provider
from tests.e2e.serving import Installation, Server
from tests.e2e.visiting import PAGES, Visitor

HACK = "window.hacked=true"
METERING_KEY = f"hak_{'k7' * 20}"
NAMES = (
    f'<img src=x onerror="{HACK}">',
    f"[click](javascript:{HACK}) ![x](http://192.0.2.1/x.png)",
    r"$\LaTeX$ :red[red] :material/home: **bold**",
    "👩‍🚀🏳️‍🌈 🔥" * 3,
    "\u202eمرحبا بالعالم\u202c שלום",
    "Ω" * 10_000,
    f"<script>{HACK}</script>",
    "`code` | pipe | <b>bold</b> <svg onload={HACK}>",
    '=HYPERLINK("http://192.0.2.1","x")',
)
MODELS = {"gpt-4o-mini-2024-07-18": NAMES[5]}
"""Of the others the connector makes `openai-other`: a model's name has no blanks and no markup."""
PLANTED = """() => [
    window.hacked === true && 'a script ran',
    ...[...document.querySelectorAll('[data-testid=stMain] *')].map(element =>
        element.matches('img[src="x"], img[src^="http://192"], a[href^="javascript"], .katex, svg[onload]')
        && element.outerHTML.slice(0, 200)),
].filter(Boolean)"""
OVERFLOW = """() => [document.documentElement, document.querySelector('[data-testid=stMain]')]
    .map(element => element.scrollWidth - element.clientWidth)"""


def hostile_world() -> World:
    """The company, with projects, keys, their owners and models renamed by somebody who means harm."""
    plain = World(1, TODAY, history_days=40)
    old = plain.story("openai")
    keys = tuple(
        replace(key, name=NAMES[at % len(NAMES)], hint=NAMES[-1 - at % len(NAMES)][:60])
        for at, key in enumerate(old.keys)
    )
    workspaces = tuple(replace(known, name=NAMES[at]) for at, known in enumerate(old.workspaces))
    streams = tuple(replace(stream, model=MODELS.get(stream.model, stream.model)) for stream in old.streams)
    story = Story(provider="openai", workspaces=workspaces, keys=keys, streams=streams)
    return replace(plain, stories=(story,))


@pytest.fixture(scope="module")
def hostile_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Provider(hostile_world()) as provider:
        made = Installation(
            tmp_path_factory.mktemp("hostile") / "data", provider, {"SPENDGLASS_METERING_KEYS": METERING_KEY}
        )
        made.link(NAMES[0])
        with Server(made) as running:
            for name in filter(str.isprintable, NAMES):
                made.command("metering-key", name[:LONGEST_KEY_NAME])
            for number, name in enumerate(NAMES):
                tell(running, number, name[:LONGEST_LABEL])
            yield running


def tell(server: Server, number: int, name: str) -> None:
    """A metered call whose model, key and workspace carry a name."""
    event = {
        "transactionId": f"call-{number}", "model": name, "provider": "OPENAI", "requestTime": "2026-11-22T12:00:00Z",
        "inputTokenCount": 1000, "outputTokenCount": 100, "totalTokenCount": 1100, "credentialAlias": name,
        "organizationName": name,
    }  # fmt: skip
    request = urllib.request.Request(
        f"{server.url}/meter/v2/ai/completions",
        json.dumps(event).encode(),
        {"x-api-key": METERING_KEY, "content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == HTTPStatus.CREATED


def look(visitor: Visitor, where: str) -> None:
    assert (where, visitor.page.evaluate(PLANTED)) == (where, [])
    assert (where, visitor.page.evaluate(OVERFLOW)) == (where, [0, 0])


@pytest.mark.parametrize("width", [390, 1440])
def test_hostile_names_neither_run_nor_break_a_page(hostile_server: Server, visit: Visit, width: int) -> None:
    visitor = visit(hostile_server, width=width, height=900)
    for path in PAGES:
        visitor.open(path)
        look(visitor, path)


def test_hostile_names_stay_names_as_filters_and_in_dialogs(hostile_server: Server, visit: Visit) -> None:
    visitor = visit(hostile_server)
    visitor.open("/workspaces")
    shown = visitor.grid("workspaces").read().column("Workspace")
    assert NAMES[0] in shown
    visitor.button("Rename workspaces").click()
    visitor.page.get_by_role("dialog").get_by_text("Every name it had").wait_for()
    visitor.settle()
    look(visitor, "dialog")
    for name in NAMES[:3]:
        visitor.open("/api_keys")
        visitor.page.evaluate("name => history.replaceState(null, '', `?workspace=${encodeURIComponent(name)}`)", name)
        visitor.page.reload()
        visitor.arrive("API Keys")
        assert visitor.page.locator(".st-key-chips").get_by_role("button").count() == 1
        look(visitor, name)


@pytest.mark.parametrize("width", [390, 1440])
def test_hostile_names_stay_names_in_the_panel_in_popovers_and_as_views(
    hostile_server: Server, visit: Visit, width: int
) -> None:
    visitor = visit(hostile_server, width=width, height=900)
    visitor.open("/workspaces")
    for row in range(3):
        with visitor.redrawing():
            visitor.grid("workspaces").opener(row).click()
        expect(visitor.page.locator(".st-key-workspace-panel").get_by_text("Every name it had")).to_be_visible()
        look(visitor, f"panel {row}")

    visitor.open("/api_keys")
    visitor.button("Export cost rows").click()
    visitor.page.get_by_role("combobox", name="Keys").press("ArrowDown")
    expect(visitor.page.get_by_role("option").first).to_be_visible()
    look(visitor, "chargeback")

    visitor.open("/coverage")
    visitor.button("Views").click()
    for name in (NAMES[0], NAMES[1], NAMES[2], NAMES[8]):
        visitor.page.get_by_role("textbox", name="Save this view as").fill(name[:LONGEST_VIEW_NAME])
        with visitor.redrawing():
            visitor.button("Save view").click()
        look(visitor, f"view {name}")
    expect(visitor.page.get_by_role("button", name=re.compile("^=HYPERLINK"))).to_be_visible()


def test_a_hostile_name_stays_a_name_in_the_legend_of_a_chart(hostile_server: Server, visit: Visit) -> None:
    visitor = visit(hostile_server)
    visitor.open("/workspaces")
    expect(visitor.page.locator(".legend")).to_contain_text(NAMES[0][:20])
    look(visitor, "legend")


def test_hostile_names_reach_the_export_as_they_are_but_inert(hostile_server: Server) -> None:
    printed = hostile_server.installation.command("export", "workspaces").decode()
    assert NAMES[5] in printed
    assert "\n=" not in printed
