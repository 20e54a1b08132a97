"""Servers as processes: the very first request, the end, and two over one database."""

import os
import select
import signal
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Serve, Visit
from tests.e2e.provider import Provider
from tests.e2e.serving import SECONDS_TO_STOP, Installation
from tests.e2e.visiting import UNFILTERED

RUNS = "SELECT status FROM sync_run ORDER BY id"


@pytest.mark.parametrize("path", ["/workspaces", "/sync_logs", *UNFILTERED])
def test_a_deep_link_as_the_first_request_of_a_server_shows_that_page_with_its_filters(
    linked: Installation, serve: Serve, visit: Visit, path: str
) -> None:
    visitor = visit(serve(linked, is_cold=True))
    if path in UNFILTERED:
        visitor.open(path)
        expect(visitor.page.get_by_role("navigation").get_by_role("link", name="Sync Logs")).to_be_visible()
        return
    visitor.open(f"{path}?period=Last+7+days&search=e")
    expect(visitor.page.get_by_role("navigation").get_by_role("link", name="Sync Logs")).to_be_visible()
    expect(visitor.page.get_by_role("combobox", name="Period")).to_have_value("Last 7 days")
    expect(visitor.page.get_by_role("searchbox", name="Search")).to_have_value("e")
    expect(visitor.page.locator(".ledger tbody tr").first).to_be_visible()


def descendants(process: int) -> list[int]:
    """All processes below one, by Linux' own lists."""
    found = []
    for listed in Path(f"/proc/{process}/task").glob("*/children"):
        for child in listed.read_text().split():
            found += [int(child), *descendants(int(child))]
    return found


def test_a_server_that_is_told_to_end_leaves_no_process_behind(
    linked: Installation, provider: Provider, serve: Serve, visit: Visit
) -> None:
    server = serve(linked)
    visitor = visit(server)
    provider.shut()
    visitor.open("/")
    visitor.button("Refresh Data").click()
    provider.await_held()
    visitor.page.goto("about:blank")
    children = {pid: os.pidfd_open(pid) for pid in descendants(server.process.pid)}
    assert children
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(SECONDS_TO_STOP)
    for pid, watched in children.items():
        ended, _, _ = select.select([watched], [], [], SECONDS_TO_STOP)
        os.close(watched)
        assert (pid, bool(ended)) == (pid, True)
    provider.open()


def test_two_servers_on_one_database_sync_an_account_once(
    linked: Installation, provider: Provider, serve: Serve, visit: Visit
) -> None:
    before = linked.rows(RUNS)
    later = timedelta(hours=3)
    provider.shut()
    server = serve(linked, ahead=later, minutes=60)
    provider.await_held()
    first = visit(server)
    first.open("/")
    expect(first.text("OpenAI · Demo Company:")).to_be_visible()
    second = visit(serve(linked, ahead=later, minutes=60))
    second.open("/accounts")
    second.button("Sync now").click()
    expect(second.text("A sync is at work.")).to_be_visible()
    provider.open()
    for visitor in (first, second):
        expect(visitor.text("OpenAI · Demo Company:")).to_have_count(0)
    expect(second.text("Last complete sync just now.")).to_be_visible()
    assert linked.rows(RUNS) == [*before, {"status": "succeeded"}]
    asked = list(provider.requests)
    assert len(asked) == len(set(asked))
