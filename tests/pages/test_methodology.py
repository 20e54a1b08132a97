"""The Methodology page says of every connector what its numbers are worth."""

import pytest

from connectors import CONNECTORS
from connectors.base import AnyConnector
from pages.parts.methodology import GAPS, provider_words
from store.db import Store
from store.records import CostRecord
from tests.pages.conftest import OpenPage

EACH = pytest.mark.parametrize("connector", CONNECTORS.values(), ids=lambda connector: connector.slug)


@EACH
def test_every_connector_says_what_is_exact_and_what_is_not_told(connector: AnyConnector) -> None:
    words = dict(provider_words(connector, None))
    assert words["Exact"] == connector.methodology.exact != ""
    assert words["Not told"] == connector.methodology.missing != ""
    assert all(said.endswith(".") for said in words.values())


@EACH
def test_every_gap_of_a_connector_has_a_word(connector: AnyConnector) -> None:
    assert connector.gaps <= GAPS.keys() <= CostRecord.model_fields.keys()


def test_the_page_has_a_card_of_every_provider_and_says_which_are_linked(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("methodology.py")
    texts = " ".join(element.value for element in app.markdown)
    for connector in CONNECTORS.values():
        assert connector.methodology.exact.split(",")[0] in texts.replace("\\", "")
    assert [caption.value for caption in app.caption].count("linked") == 2
    assert "100 % reported" in texts.replace("\\", "")


def test_the_page_is_there_with_nothing_linked(empty_store: Store, open_page: OpenPage) -> None:
    app = open_page("methodology.py")
    assert [caption.value for caption in app.caption].count("not linked") == len(CONNECTORS)
