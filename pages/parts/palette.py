"""Colours with a meaning, the same on every page and in both themes.

Providers and series start from Okabe and Ito's set (https://jfly.uni-koeln.de/color/), moved until each has a contrast
of at least 3:1 to both surfaces. Providers and Other also stay apart for people who see no red or no green.
"""

from collections.abc import Iterable
from functools import cache

from connectors import CONNECTORS

PROVIDERS = {
    "openai": "#29a25c",
    "anthropic": "#e9670d",
    "bedrock": "#925820",
    "vertex": "#3563bb",
    "fal": "#9a468d",
    "runway": "#a571ff",
    "openrouter": "#149ac7",
    "litellm": "#4f6d56",
}
SERIES = ("#2f77c4", "#d9772b", "#1a936f", "#bd6a9f", "#3f97b5", "#a87b00", "#7d68c8")
OTHER = "#868c94"
MIX = ("#2f77c4", "#149ac7", "#a87b00", "#d9772b")
"""The kinds of tokens: input read afresh, from cache, written to cache, output."""
INK = {
    "light": {
        "text": "#1d2126", "faint": "#5f656d",
        "up": "#b3261e", "down": "#1b6e3c", "amber": "#8a5300", "accent": "#1b5e8c",
    },
    "dark": {
        "text": "#e9e7e2", "faint": "#a2a7ae",
        "up": "#ff8a80", "down": "#6fcf97", "amber": "#f0b24a", "accent": "#7fbce6",
    },
}  # fmt: skip
SURFACE = {"light": "#fbfaf8", "dark": "#14161a"}
READABLE = 4.5
LINEAR_PART = 0.04045


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio)."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    linear = [part / 12.92 if part <= LINEAR_PART else ((part + 0.055) / 1.055) ** 2.4 for part in _parts(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _parts(colour: str) -> tuple[float, ...]:
    """Red, green and blue, 0 to 1, of `#rrggbb`."""
    return tuple(int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))


@cache
def readable(colour: str, shade: str) -> str:
    """The colour moved towards ink until text in it can be read on the theme's surface."""
    ink = _parts(INK[shade]["text"])
    for step in range(21):
        mixed = [one + (other - one) * step / 20 for one, other in zip(_parts(colour), ink, strict=True)]
        found = "#" + "".join(f"{round(part * 255):02x}" for part in mixed)
        if contrast(found, SURFACE[shade]) >= READABLE:
            return found
    return INK[shade]["text"]


def name_of(provider: str) -> str:
    """The provider as people call it."""
    connector = CONNECTORS.get(provider)
    return connector.name if connector else provider


def series_colours(names: Iterable[str], by: str) -> dict[str, str]:
    """A colour per series: fixed for providers, by rank for all others."""
    ranked = list(names)
    if by == "provider":
        return {name: PROVIDERS.get(name, OTHER) for name in ranked}
    return {name: SERIES[rank % len(SERIES)] for rank, name in enumerate(ranked)}
