import math
import tomllib
from itertools import combinations, pairwise
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


SEEN = {
    "all colours": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no green": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    "no red": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
}
"""Linear RGB as people see it: Machado, Oliveira and Fernandes 2009, severity 1 (doi.org/10.1109/TVCG.2009.113)."""
APART = 18


def lightness_and_hue(colour: str, eyes: str) -> tuple[float, float, float]:
    """The colour in CIELAB, whose distances are about those that people see."""
    parts = [part / 255 for part in bytes.fromhex(colour[1:])]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    r, g, b = (max(0, sum(weight * part for weight, part in zip(row, linear, strict=True))) for row in SEEN[eyes])
    x, y, z = (
        light ** (1 / 3) if light > 0.008856 else 7.787 * light + 16 / 116
        for light in (
            (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047,
            0.2126 * r + 0.7152 * g + 0.0722 * b,
            (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883,
        )
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("eyes", SEEN)
def test_providers_are_told_apart_by_all_eyes(eyes: str) -> None:
    for first, second in combinations((*PROVIDERS.values(), OTHER), 2):
        assert math.dist(lightness_and_hue(first, eyes), lightness_and_hue(second, eyes)) >= APART, (first, second)
