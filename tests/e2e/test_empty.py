"""Nothing is linked yet: every page teaches, and leads to the form."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from demo.world import World
from tests.e2e.conftest import Visit
from tests.e2e.provider import Provider
from tests.e2e.serving import Installation, Server
from tests.e2e.visiting import PAGES, UNFILTERED


@pytest.fixture(scope="module")
def bare_server(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with (
        Provider(world) as provider,
        Server(Installation(tmp_path_factory.mktemp("bare") / "data", provider)) as running,
    ):
        yield running


def test_every_page_of_data_without_accounts_teaches_and_leads_to_the_form(bare_server: Server, visit: Visit) -> None:
    visitor = visit(bare_server)
    for path in PAGES.keys() - set(UNFILTERED):
        visitor.open(path)
        expect(visitor.text("No account is linked yet")).to_be_visible()
        visitor.button("Link a provider").click()
        visitor.arrive("AI Accounts")
        expect(visitor.text("Link your first provider")).to_be_visible()
        expect(visitor.page).to_have_url(f"{bare_server.url}/accounts")


def test_the_accounts_page_without_accounts_shows_the_form_beside_its_steps(bare_server: Server, visit: Visit) -> None:
    visitor = visit(bare_server)
    visitor.open("/accounts")
    expect(visitor.page.get_by_role("textbox", name="Admin key")).to_have_attribute("type", "password")
    expect(visitor.text("As an Owner, open platform.openai.com")).to_be_visible()
