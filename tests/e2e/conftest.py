"""A real browser, and real servers for it: one that is only read from, fresh ones for tests that change things."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from demo.world import World
from tests.e2e.provider import TODAY, Provider
from tests.e2e.serving import Installation, Server
from tests.e2e.visiting import Visitor, launched

Visit = Callable[..., Visitor]
Serve = Callable[..., Server]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = launched(playwright)
        yield started
        started.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Opens a window of its own at a server; when the test ends, no window may have seen a fault."""
    visitors = []
    with ExitStack() as stack:

        def opened(server: Server, *, width: int = 1440, height: int = 1000, **options: Any) -> Visitor:
            context = browser.new_context(viewport={"width": width, "height": height}, **options)
            stack.callback(context.close)
            visitors.append(Visitor(context, server.url))
            return visitors[-1]

        yield opened
    assert [fault for visitor in visitors for fault in visitor.record.faults] == []


@pytest.fixture(scope="session")
def world() -> World:
    return World(1, TODAY, history_days=200)


@pytest.fixture(scope="session")
def read_installation(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One account, linked and read whole. Tests copy it before they change it."""
    with Provider(world) as provider:
        made = Installation(tmp_path_factory.mktemp("read") / "data", provider)
        made.link()
        yield made


@pytest.fixture(scope="session")
def server(read_installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server that tests only read from."""
    with Server(read_installation.copy(tmp_path_factory.mktemp("shared") / "data")) as running:
        yield running


@pytest.fixture
def provider(world: World) -> Iterator[Provider]:
    """A provider of the test's own, to be held up and to go wrong."""
    with Provider(world) as running:
        yield running
        running.open()


@pytest.fixture
def linked(read_installation: Installation, provider: Provider, tmp_path: Path) -> Installation:
    """A copy of the account that is linked and read whole, at the test's own provider."""
    return read_installation.copy(tmp_path / "data", provider)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers over installations of the test's own; ends them with the test."""
    with ExitStack() as stack:

        def started(installation: Installation, **options: Any) -> Server:
            return stack.enter_context(Server(installation, **options))

        yield started
