"""Traffic of a gateway whose upstream's own bill is linked: told on Providers, and no dollar of it counted twice."""

from datetime import datetime, timedelta

import pytest

from store.db import Store
from tests.pages.conftest import READ, OpenPage, finish, shown
from tests.store.cast import begin, bill, cost

NOTE = "$7.50 of LiteLLM traffic is billed by linked providers and not counted twice"


@pytest.fixture
def gateway(seeded: Store, now: datetime) -> Store:
    """A LiteLLM that passed on $7.50 to linked providers and $2 to one that is not."""
    sync = begin(seeded, now - timedelta(hours=1), provider="litellm", organization="proxy")
    finish(
        sync,
        bill(
            READ,
            cost(10, "4.5", upstream="openai"),
            cost(11, "3", upstream="anthropic", model="claude"),
            cost(11, "2", upstream="groq", model="llama"),
        ),
    )
    return seeded


def notes(written: list[str]) -> list[str]:
    return [text.replace("\\", "") for text in written if "counted twice" in text]


def test_what_another_bill_holds_is_told_and_not_added(gateway: Store, open_page: OpenPage) -> None:
    app = open_page()
    assert app.metric[0].value == "$209.25"
    assert dict(shown(app).select("provider", "billed_cost").iter_rows())["litellm"] == 2
    found = [caption for caption in app.caption if "counted twice" in caption.value]
    assert len(found) == 1
    assert NOTE in notes([found[0].value])[0]
    assert "OpenAI $4.50, Anthropic $3.00" in found[0].help.replace("\\", "")


def test_a_gateway_with_nothing_of_its_own_in_the_period_says_whose_bill_it_is_on(
    gateway: Store, open_page: OpenPage
) -> None:
    app = open_page("providers.py", provider="LiteLLM")
    app.text_input(key="search").input("claude").run()
    assert any("$3.00 of LiteLLM traffic" in text for text in notes([caption.value for caption in app.caption]))
    assert "No cost" in app.subheader[0].value


def test_without_a_gateway_there_is_nothing_to_tell(seeded: Store, open_page: OpenPage) -> None:
    assert notes([caption.value for caption in open_page().caption]) == []
