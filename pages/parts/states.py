"""How an account is, in one word and one sentence: from its row and its newest sync."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pages.parts.numbers import ago
from store.overview import StateWord, account_state

Tone = Literal["good", "busy", "quiet", "amber", "bad"]
SEVERITY: tuple[Tone, ...] = ("bad", "amber", "busy", "quiet", "good")
MEANING: dict[StateWord, tuple[Tone, str]] = {
    "ok": ("good", ""),
    "syncing": ("busy", "A sync is at work."),
    "waiting": ("busy", "Linked; the first sync has not begun."),
    "re-link": ("bad", "The bill cannot be read with this key."),
    "failed": ("bad", "The last sync failed."),
    "interrupted": ("amber", "The last sync was cut off."),
    "partial": ("amber", "The last sync stopped half-way."),
    "stale": ("amber", "The numbers are older than a day."),
    "paused": ("quiet", "Paused; it syncs only when asked to."),
    "unlinked": ("quiet", "Unlinked; its data was kept and is no longer updated."),
}


@dataclass(frozen=True, slots=True)
class State:
    """`word` for a table, `sentence` for a person; both without any provider's own text."""

    word: str
    tone: Tone
    sentence: str


def described(account: Mapping[str, Any], run: Mapping[str, Any] | None, now: datetime) -> State:
    """`overview.account_state` for people, with how old the numbers are."""
    word = account_state(account, run, now)
    tone, meaning = MEANING[word]
    if run is None or word == "unlinked":
        return State(word, tone, meaning)
    last = run["last_success"]
    fresh = f"Last complete sync {ago(last, now)}." if last else "No sync has been complete yet."
    return State(word, tone, f"{meaning} {fresh}".lstrip())


def worst(states: Iterable[State]) -> State:
    """The state that needs a person most; of none, that nothing is linked."""
    ranked = sorted(states, key=lambda state: SEVERITY.index(state.tone))
    return ranked[0] if ranked else State("not linked", "quiet", "No account of this provider is linked.")
