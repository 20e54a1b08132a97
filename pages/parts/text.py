"""Strings of providers and people made harmless and short enough to show."""

import html
import re

LONGEST = 80
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&@=\"'/])")
_ADDRESS = re.compile(r"(\\@|\\:(?=\\/\\/)|\bwww(?=\\\.))", re.IGNORECASE)


def shortened(text: str, longest: int = LONGEST) -> str:
    """One line without control or direction characters, cut with `…` after `longest` characters."""
    line = " ".join(_CONTROL.sub(" ", text[: 4 * longest]).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def escaped(text: str, longest: int = LONGEST) -> str:
    """The text for a place that reads Markdown, shown literally: no markup, link, formula, colour or icon.

    Addresses become links even when escaped (https://github.github.com/gfm/#autolinks-extension-), so that a word
    joiner, which has no width, stands in them.
    """
    return _ADDRESS.sub("\\1\u2060", _MARKUP.sub(r"\\\1", shortened(text, longest)))


def for_plotly(text: str, longest: int = 40) -> str:
    """The text for a Plotly label, which reads a small part of HTML; never empty."""
    return html.escape(shortened(text, longest)) or "(no name)"
