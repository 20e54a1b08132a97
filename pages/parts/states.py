"""How an account is, in one word and one sentence: from its row and its newest sync."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from pages.parts.numbers import ago

STALE = timedelta(hours=24)
RELINK = frozenset({"credential_rejected", "credential_lacks_billing", "credential_unreadable"})

Tone = Literal["good", "busy", "quiet", "amber", "bad"]
SEVERITY: tuple[Tone, ...] = ("bad", "amber", "busy", "quiet", "good")


@dataclass(frozen=True, slots=True)
class State:
    """`word` for a table, `sentence` for a person; both without any provider's own text."""

    word: str
    tone: Tone
    sentence: str


def account_state(account: Mapping[str, Any], run: Mapping[str, Any] | None, now: datetime) -> State:
    """The state of an account; `run` is its newest sync with `last_success`, None before the first."""
    if not account["linked"]:
        return State("unlinked", "quiet", "Unlinked; its data was kept and is no longer updated.")
    if run is None and account["paused"]:
        return State("paused", "quiet", "Paused before its first sync.")
    if run is None:
        return State("waiting", "busy", "Linked; the first sync has not begun.")
    last = run["last_success"]
    fresh = f"Last complete sync {ago(last, now)}." if last else "No sync has been complete yet."
    is_stale = last is None or now - last > STALE
    states = (
        (run["status"] == "queued", State("syncing", "busy", f"A sync is about to begin. {fresh}")),
        (run["status"] == "running", State("syncing", "busy", f"A sync is at work. {fresh}")),
        (run["error_kind"] in RELINK, State("re-link", "bad", f"The bill cannot be read with this key. {fresh}")),
        (account["paused"], State("paused", "quiet", f"Paused; it syncs only when asked to. {fresh}")),
        (run["status"] == "failed", State("failed", "bad", f"The last sync failed. {fresh}")),
        (run["status"] == "interrupted", State("interrupted", "amber", f"The last sync was cut off. {fresh}")),
        (run["status"] == "partial", State("partial", "amber", f"The last sync stopped half-way. {fresh}")),
        (is_stale, State("stale", "amber", f"The numbers are older than a day. {fresh}")),
    )
    return next((state for is_so, state in states if is_so), State("ok", "good", fresh))


def worst(states: Iterable[State]) -> State:
    """The state that needs a person most; of none, that nothing is linked."""
    ranked = sorted(states, key=lambda state: SEVERITY.index(state.tone))
    return ranked[0] if ranked else State("not linked", "quiet", "No account of this provider is linked.")
