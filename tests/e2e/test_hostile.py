"""Names that want to be more than names stay names, and fit the screen."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from demo.story import Story
from demo.world import World
from tests.e2e.conftest import Visit
from tests.e2e.provider import TODAY, Provider
from tests.e2e.serving import Installation, Server
from tests.e2e.visiting import PAGES, Visitor

HACK = "window.hacked=true"
NAMES = (
    f'<img src=x onerror="{HACK}">',
    f"[click](javascript:{HACK}) ![x](http://192.0.2.1/x.png)",
    r"$\LaTeX$ :red[red] :material/home: **bold**",
    "👩‍🚀🏳️‍🌈 🔥" * 3,
    "\u202eمرحبا بالعالم\u202c שלום",
    "Ω" * 10_000,
    f"<script>{HACK}</script>",
    "`code` | pipe | <b>bold</b> <svg onload={HACK}>",
)
PLANTED = """() => [
    window.hacked === true && 'a script ran',
    ...[...document.querySelectorAll('[data-testid=stMain] *')].map(element =>
        element.matches('img[src="x"], img[src^="http://192"], a[href^="javascript"], .katex, svg[onload]')
        && element.outerHTML.slice(0, 200)),
].filter(Boolean)"""
OVERFLOW = """() => [document.documentElement, document.querySelector('[data-testid=stMain]')]
    .map(element => element.scrollWidth - element.clientWidth)"""


def hostile_world() -> World:
    """The company, with projects, keys and their owners renamed by somebody who means harm."""
    plain = World(1, TODAY, history_days=40)
    old = plain.story("openai")
    keys = tuple(
        replace(key, name=NAMES[at % len(NAMES)], hint=NAMES[-1 - at % len(NAMES)][:60])
        for at, key in enumerate(old.keys)
    )
    workspaces = tuple(replace(known, name=NAMES[at]) for at, known in enumerate(old.workspaces))
    story = Story(provider="openai", workspaces=workspaces, keys=keys, streams=old.streams)
    return replace(plain, stories=(story,))


@pytest.fixture(scope="module")
def hostile_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Provider(hostile_world()) as provider:
        made = Installation(tmp_path_factory.mktemp("hostile") / "data", provider)
        made.link(NAMES[0])
        with Server(made) as running:
            yield running


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


def test_hostile_names_reach_the_export_as_they_are_but_inert(hostile_server: Server) -> None:
    printed = hostile_server.installation.command("export", "workspaces").decode()
    assert NAMES[5] in printed
    assert "\n=" not in printed
