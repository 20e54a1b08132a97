"""The store held against the world: cell by cell, to the nano-dollar, the token and the request."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from connectors import CONNECTORS
from demo.cells import Cell, added_up
from demo.simulator import Simulator
from store.db import Store
from store.frames import read_costs
from store.records import Window
from tests.sync.conftest import TODAY, Clock, synced

GRAIN = ("day", "workspace_id", "api_key_id", "model")
MONEY = ("billed_cost", "credits_applied")
NOTHING = (0, 0)
COUNTS = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "requests")

Place = tuple[Any, ...]
Figures = Mapping[Place, Mapping[str, int]]


def all_days(clock: Clock) -> Window:
    return Window(TODAY - timedelta(days=140), clock().date() + timedelta(days=1))


def reported(provider: str) -> tuple[str, ...]:
    """The figures that the provider tells."""
    return tuple(name for name in (*MONEY, *COUNTS) if name not in CONNECTORS[provider].gaps)


def of_the_store(store: Store, clock: Clock, columns: tuple[str, ...], grain: tuple[str, ...] = GRAIN) -> Figures:
    """Figures of all places that have any, zeros left out."""
    found: defaultdict[Place, Counter[str]] = defaultdict(Counter)
    for row in read_costs(store, all_days(clock)).select(*grain, *columns).iter_rows(named=True):
        figures = found[tuple(row[name] for name in grain)]
        for name in columns:
            figures[name] += row[name] or 0
    return without_nothing(found)


def of_the_world(
    simulator: Simulator,
    provider: str,
    clock: Clock,
    columns: tuple[str, ...],
    place: Callable[[Cell], Place] = lambda cell: cell.grain,
) -> Figures:
    """Likewise what the provider should tell; `place` gives the place of a cell as the provider tells it."""
    window, cells = all_days(clock), defaultdict[Place, list[Cell]](list)
    for cell in simulator.world.cells(provider, window.start, window.end, clock()):
        cells[place(cell)].append(cell)
    found = {}
    for where, there in cells.items():
        total = added_up(there)
        everything = {"billed_cost": total.nanos, "credits_applied": total.credits}
        everything |= {name: getattr(total, name) for name in COUNTS}
        found[where] = {name: everything[name] for name in columns}
    return without_nothing(found)


def without_nothing(figures: Figures) -> Figures:
    told = {where: {name: count for name, count in there.items() if count} for where, there in figures.items()}
    return {where: there for where, there in told.items() if there}


def sync_and_compare(
    store: Store, account_id: int, simulator: Simulator, provider: str, clock: Clock, *, reads_all: bool = False
) -> dict[str, Any]:
    """One sync, after which the store holds all that the provider tells and nothing is left unattributed.

    Unless it `reads_all`, days older than those read again are found by their totals of costs and of credits. What
    leaves both as they were (counts alone, or amounts that cancel out) could only be found by reading every row.
    """
    run = synced(store, account_id, clock)
    assert run["status"] == "succeeded", run["message"]
    assert "unattributed" not in run["notes"]
    oldest = date.min if reads_all else clock().date() - timedelta(days=CONNECTORS[provider].restated_days - 1)
    columns = reported(provider)
    saved, true = of_the_store(store, clock, columns), of_the_world(simulator, provider, clock, columns)
    before, after = day_totals(saved), day_totals(true)
    unseen = {day for day in before | after if day < oldest and before.get(day, NOTHING) == after.get(day, NOTHING)}
    assert_same(without_days(saved, unseen), without_days(true, unseen))
    return run


def day_totals(figures: Figures) -> dict[date, tuple[int, ...]]:
    """Billed and credited nano-dollars per day."""
    sums: defaultdict[date, Counter[str]] = defaultdict(Counter)
    for where, there in figures.items():
        sums[where[0]].update(there)
    return {day: tuple(total[name] for name in MONEY) for day, total in sums.items()}


def without_days(figures: Figures, days: set[date]) -> Figures:
    return {where: there for where, there in figures.items() if where[0] not in days}


def assert_same(saved: Figures, told: Figures) -> None:
    """Says which places differ: saved figures, true ones."""
    wrong = {place: (saved.get(place), told.get(place)) for place in saved.keys() | told.keys()}
    wrong = {place: both for place, both in sorted(wrong.items()) if both[0] != both[1]}
    assert not wrong, "\n".join(f"{place}: {both}" for place, both in list(wrong.items())[:5])


def finished(figures: Figures, today: date) -> Figures:
    """Without the day that is still growing."""
    return {where: there for where, there in figures.items() if where[0] < today}


def assert_followed(saved: Figures, told: Figures, before: Figures | None, oldest: date) -> None:
    """Days before `oldest` are read again only where their total has changed: else they stay as they were `before`."""
    mine, world = by_day(saved), by_day(told)
    for day in mine | world:
        if mine.get(day) != world.get(day):
            assert before is not None
            assert day < oldest, (day, mine.get(day), world.get(day))
            assert mine.get(day) == by_day(before).get(day)
            assert billed(mine.get(day, {})) == billed(world.get(day, {}))


def by_day(figures: Figures) -> dict[date, dict[Place, Mapping[str, int]]]:
    days: defaultdict[date, dict[Place, Mapping[str, int]]] = defaultdict(dict)
    for where, there in figures.items():
        days[where[0]][where] = there
    return dict(days)


def billed(figures: Figures) -> int:
    return sum(there.get("billed_cost", 0) for there in figures.values())
