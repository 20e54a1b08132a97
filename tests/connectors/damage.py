"""Damage to an answer, for tests that send thousands of broken ones."""

import copy
import random
from collections.abc import Iterable, Sequence
from typing import Any


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
