from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from pages.parts.cells import AMBER_WORDS, BAD_WORDS, GOOD_WORDS
from pages.parts.states import MEANING, described, worst
from store.overview import StateWord

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
ACCOUNT = {"linked": True, "paused": False}
COLOURED = {"good": GOOD_WORDS, "amber": AMBER_WORDS, "bad": BAD_WORDS}


def run(status: str = "succeeded", error: str | None = None, hours: float | None = 1) -> dict[str, Any]:
    last = None if hours is None else NOW - timedelta(hours=hours)
    return {"status": status, "error_kind": error, "last_success": last}


@pytest.mark.parametrize(
    ("newest", "tone", "sentence"),
    [
        (run(), "good", "Last complete sync 1 h ago."),
        (None, "busy", "Linked; the first sync has not begun."),
        (run("queued", hours=None), "busy", "A sync is at work. No sync has been complete yet."),
        (run("failed", "provider_unavailable"), "bad", "The last sync failed. Last complete sync 1 h ago."),
        (run(hours=25), "amber", "The numbers are older than a day. Last complete sync 25 h ago."),
    ],
)
def test_a_state_says_what_is_the_matter_and_how_old_the_numbers_are(newest: Any, tone: str, sentence: str) -> None:
    found = described(ACCOUNT, newest, NOW)
    assert (found.tone, found.sentence) == (tone, sentence)


def test_every_state_has_its_meaning_and_the_tables_colour_it_alike() -> None:
    assert set(MEANING) == set(get_args(StateWord))
    for word, (tone, _) in MEANING.items():
        assert {name for name, words in COLOURED.items() if word in words} == {tone} & set(COLOURED), word


def test_the_state_that_needs_a_person_most_speaks_for_the_provider() -> None:
    states = [described(ACCOUNT, newest, NOW) for newest in (run(), run("failed"), run(hours=25))]
    assert worst(states).word == "failed"
    assert worst([]).word == "not linked"
