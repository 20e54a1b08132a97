import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

from connectors import CONNECTORS
from pages.parts.palette import INK, OTHER, PROVIDERS, READABLE, SERIES, SURFACE, contrast, readable, series_colours

THEME = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text())["theme"]
LARGE = 3.0


@pytest.mark.parametrize("shade", ["light", "dark"])
def test_bars_stand_out_from_both_surfaces(shade: str) -> None:
    for colour in (*PROVIDERS.values(), *SERIES, OTHER):
        assert contrast(colour, SURFACE[shade]) >= LARGE, colour


@pytest.mark.parametrize("shade", ["light", "dark"])
def test_words_can_be_read_on_both_surfaces(shade: str) -> None:
    for colour in INK[shade].values():
        assert contrast(colour, SURFACE[shade]) >= READABLE, colour
    for colour in PROVIDERS.values():
        assert contrast(readable(colour, shade), SURFACE[shade]) >= READABLE, colour


@pytest.mark.parametrize("shade", ["light", "dark"])
def test_the_surfaces_and_the_ink_are_those_of_the_theme(shade: str) -> None:
    assert THEME[shade]["backgroundColor"] == SURFACE[shade]
    assert THEME[shade]["textColor"] == INK[shade]["text"]
    assert contrast(THEME[shade]["primaryColor"], SURFACE[shade]) >= LARGE
    assert contrast(THEME[shade]["primaryColor"], "#ffffff") >= READABLE
    for option in ("textColor", "linkColor", "redColor", "greenColor", "orangeColor"):
        assert contrast(THEME[shade][option], SURFACE[shade]) >= READABLE, option
        assert contrast(THEME[shade][option], THEME[shade]["secondaryBackgroundColor"]) >= READABLE, option


def test_every_provider_has_a_colour_of_its_own() -> None:
    assert CONNECTORS.keys() <= PROVIDERS.keys()
    assert len(set(PROVIDERS.values())) == len(PROVIDERS)
    assert series_colours(["openai", "unheard-of"], "provider") == {"openai": PROVIDERS["openai"], "unheard-of": OTHER}


def test_contrast_is_that_of_the_web_guidelines() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_neighbours_of_a_stack_are_not_the_same() -> None:
    assert all(first != second for first, second in pairwise(SERIES))
