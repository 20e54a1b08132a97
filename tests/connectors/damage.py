"""Damage to an answer, for tests that send thousands of broken ones, and what must hold of each."""

import copy
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from connectors.answers import parse_json
from connectors.errors import ConnectorError
from store.records import Statement, Window, day_totals, to_nanos

BODIES = 10_000
LONG = "9" * 60
ODD_ANYWHERE: Sequence[Any] = (
    None, True, 0, -1, 1, 10**30, 2**63, Decimal("0.5"), Decimal("1E+400"), Decimal("1E-400"), "", "x", "NaN", "1e999",
    LONG, "\0", "💸", [], {}, [None], {"value": 1},
)  # fmt: skip


def damage(value: Any, chance: random.Random, odd: Sequence[Any]) -> None:
    """Removes, repeats or replaces by something `odd` one member somewhere inside a JSON value; {} and [] have none."""
    spots = [(value, key) for key in _keys(value)]
    for parent, key in spots:
        spots += [(parent[key], inner) for inner in _keys(parent[key])]
    if not spots:
        return
    parent, key = chance.choice(spots)
    match chance.randint(0, 3):
        case 0:
            del parent[key]
        case 1 if isinstance(parent, list):
            parent.append(copy.deepcopy(parent[key]))
        case _:
            parent[key] = copy.deepcopy(chance.choice(odd))


def _keys(value: Any) -> Iterable[Any]:
    if isinstance(value, list):
        return range(len(value))
    return list(value) if isinstance(value, dict) else ()


class Damaging:
    """Parses the answers to one fetch; the one at `position` is damaged in one to three places."""

    def __init__(self, position: int, chance: random.Random, odd: Sequence[Any]) -> None:
        self.to_come = position
        self._chance, self._odd = chance, odd

    def parsed(self, body: bytes) -> Any:
        self.to_come -= 1
        if self.to_come != -1:
            return _parsed_once(body)
        value = parse_json(body)
        for _ in range(self._chance.randint(1, 3)):
            damage(value, self._chance, self._odd)
        return value


_parsed_once = cache(parse_json)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One fetch of damaged answers. `true_total` is asked after it; a bill with another total must be told."""

    fetch: Callable[[], Statement]
    window: Window
    true_total: Callable[[], Decimal]
    is_told: Callable[[Statement], bool] = lambda statement: any("unattributed" in note for note in statement.notes)


def assert_adds_up(statement: Statement, window: Window) -> None:
    """Each day's costs make the day's control total."""
    billed, told = day_totals(statement.costs), statement.control_totals
    assert told is not None
    for day in window.days():
        assert to_nanos(billed.get(day, Decimal(0))) == to_nanos(told.get(day, Decimal(0)))


def assert_nothing_changes_in_silence(attempt: Callable[[int], Attempt], never: str) -> None:
    """Ten thousand attempts, by their number: errors that quote nothing, and statements that add up and tell."""
    errors: list[ConnectorError] = []
    unchanged = 0
    for number in range(BODIES):
        tried = attempt(number)
        try:
            statement = tried.fetch()
        except ConnectorError as error:
            errors.append(error)
            continue
        assert_adds_up(statement, tried.window)
        if to_nanos(sum(day_totals(statement.costs).values(), Decimal(0))) == to_nanos(tried.true_total()):
            unchanged += 1
        else:
            assert tried.is_told(statement)
    assert len(errors) > BODIES / 10
    assert not [error for error in errors if LONG in error.message or never in error.message]
    assert unchanged > BODIES / 10
