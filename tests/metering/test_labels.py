"""A day keeps so many rows of metered events, whatever clients call things; `ROOM` of them tell all labels here."""

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event as sqlalchemy_event

from store import metering_rows
from store.db import Store
from store.events import OTHER, MeteredEvent
from store.metering import save_events
from tests.metering.test_store import NOON, metered, sums
from tests.store.cast import everything

ROOM, MORE = 5, 2
LABELS = ("application", "workspace", "api_key", "model", "provider")


@pytest.fixture(autouse=True)
def _little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metering_rows, "ROWS", ROOM)
    monkeypatch.setattr(metering_rows, "MORE_ROWS", MORE)


def calls(number: int, *different: str, **more: Any) -> list[MeteredEvent]:
    """Calls of a tenth of a cent whose labels `different` are others at each."""
    same = {"application": "bot", "workspace": "Search", "api_key": "prod", **more}
    return [metered(f"{n}", **{**same, **{name: f"{name} {n}" for name in different}}) for n in range(number)]


def labels(store: Store) -> Counter[tuple[str, ...]]:
    """Calls by their labels, without the number that makes each another."""
    found: Counter[tuple[str, ...]] = Counter()
    for *texts, events in sums(store, *LABELS, "events"):
        found[tuple(text.split(" ")[0] for text in texts)] += events
    return found


def test_a_label_that_differs_at_every_call_is_given_up_and_the_others_are_kept(store: Store, now: datetime) -> None:
    assert save_events(store, calls(100, "application"), now).new == 100
    assert len(sums(store, "events")) == ROOM + 1
    assert labels(store) == {
        ("application", "Search", "prod", "gpt-5", "openai"): ROOM,
        (OTHER, "Search", "prod", "gpt-5", "openai"): 100 - ROOM,
    }


def test_labels_that_all_differ_are_given_up_one_after_the_other_and_no_call_is_lost(
    store: Store, now: datetime
) -> None:
    events = calls(100, *LABELS)
    for start in range(0, 100, 7):
        save_events(store, events[start : start + 7], now)
    given_up = [(*[OTHER] * number, *LABELS[number:]) for number in range(len(LABELS) + 1)]
    assert labels(store) == dict(zip(given_up, (ROOM, MORE, MORE, MORE, MORE, 100 - ROOM - 4 * MORE), strict=True))
    assert len(sums(store, "events")) == ROOM + 4 * MORE + 1
    assert sum(sums(store, "cost")) == Decimal("0.1")


def test_calls_saved_at_once_find_the_rows_that_they_would_find_one_by_one(
    store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metering_rows, "LOOKED_UP_AT_ONCE", 3)
    events = calls(30, "workspace", "model")
    for number in range(15):
        save_events(store, [events[number]], now)
    save_events(store, events[15:], now)
    one_by_one = [("bot" if n < ROOM else OTHER, "workspace" if n < ROOM + MORE else OTHER) for n in range(30)]
    assert Counter(told[:2] for told in labels(store).elements()) == Counter(one_by_one)


def test_a_call_told_again_counts_no_more_when_its_labels_were_given_up(store: Store, now: datetime) -> None:
    events = calls(20, *LABELS)
    save_events(store, events, now)
    before = everything(store)
    assert save_events(store, [*events[::-1], *calls(20, "model")], now).new == 0
    assert everything(store) == before


def test_a_row_that_is_there_goes_on_and_other_days_and_sources_have_their_own_room(
    store: Store, now: datetime
) -> None:
    events = calls(20, "application")
    save_events(store, events, now)
    known = events[0].model_copy(update={"event_id": "known"})
    tomorrow = events[19].model_copy(update={"event_id": "day", "occurred_at": NOON + timedelta(days=1)})
    other = events[19].model_copy(update={"event_id": "source", "source": "opentelemetry"})
    save_events(store, [known, tomorrow, other], now)
    assert dict(sums(store, "application", "events"))["application 0"] == 2
    assert sums(store, "application").count("application 19") == 2


def test_a_label_that_no_client_gave_is_not_called_other(store: Store, now: datetime) -> None:
    save_events(store, calls(20, "model", application="", workspace=""), now)
    assert {told[:3] for told in labels(store)} == {("", "", "prod"), ("", "", OTHER)}


def test_rows_are_counted_for_new_labels_alone(store: Store, now: datetime) -> None:
    save_events(store, calls(ROOM, "application"), now)
    again = [event.model_copy(update={"event_id": f"again {n}"}) for n, event in enumerate(calls(ROOM, "application"))]
    statements: list[str] = []
    sqlalchemy_event.listen(store.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    save_events(store, again, now)
    assert not [text for text in statements if "count(" in text]
    save_events(store, calls(ROOM + 1, "application")[-1:], now)
    assert len([text for text in statements if "count(" in text]) == 1
