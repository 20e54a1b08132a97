import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.parts.text import escaped, for_plotly, shortened

LINKED = re.compile(r"https?://|\bwww\.|[-.\w+]@\w", re.IGNORECASE)
MARKDOWN = re.compile(r"(?<!\\)[`*_\[\]()<>#|~$:!]")


def test_markup_links_formulas_colours_and_icons_are_shown_literally() -> None:
    assert escaped("[x](y) $a$ :red[y] :material/home: <b>") == (
        r"\[x\]\(y\) \$a\$ \:red\[y\] \:material\/home\: \<b\>"
    )


@pytest.mark.parametrize("text", ["http://e.com", "see https://e.com/a?b", "www.e.com", "WWW.e.com", "a.b+c@e-f.com"])
def test_addresses_do_not_become_links(text: str) -> None:
    written = escaped(text)
    assert not LINKED.search(written.replace("\\", ""))
    assert written.replace("\\", "").replace("\u2060", "") == text


@given(st.text(max_size=300))
def test_no_markup_survives(text: str) -> None:
    assert not MARKDOWN.search(escaped(text).replace("\\\\", ""))


@given(st.text(max_size=300))
def test_plotly_gets_no_tag_and_never_nothing(text: str) -> None:
    label = for_plotly(text)
    assert label
    assert not re.search(r"[<>]", label)
    assert html.unescape(label)


def test_ten_thousand_characters_become_one_short_line() -> None:
    name = shortened("a\n" * 10_000)
    assert len(name) <= 80
    assert "\n" not in name
    assert name.endswith("…")


def test_direction_marks_cannot_turn_a_name_round() -> None:
    assert shortened("safe\u202etxt.exe") == "safe txt.exe"
