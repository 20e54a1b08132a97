"""The billing export: the lines that Google appends to its table, in euros, never changing one it has written.

A use is spread over hours; a correction negates the old line and writes a new one on the same hour, days later. Around
the company's AI stand lines of other services, tax, and a reseller's margin, which are not what it pays for AI.
https://cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/standard-usage
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from demo.vertex_labels import COMPUTE, SEARCH, VERTEX_AI
from demo.vertex_lines import COLUMNS, Line, Press, Row, at, moment
from demo.vertex_spend import GONE, PLATFORM, VertexStory
from demo.wire import Manners
from demo.world import World

__all__ = ["COLUMNS", "Row", "moment", "rows"]

ACCOUNT = "01ABCD-2EF345-6789AB"
SPANS = ((0, 7), (7, 20), (20, 24))
"""Hours of the day that one line covers; the first is still the day before in California."""
DELAY = timedelta(hours=5)


def rows(world: World, start: date, end: date, now: datetime, manners: Manners = Manners()) -> Iterator[Row]:  # noqa: B008 - frozen
    """All lines with a use on the days from `start` to before `end`, written until `now`."""
    story = world.story("vertex")
    assert isinstance(story, VertexStory)
    press = Press(story, manners)
    first, last = max(start, world.first_day), min(end, now.date() + timedelta(days=1))
    for offset in range((last - first).days):
        day = first + timedelta(days=offset)
        for line in (*_uses(world, day, now), *_corrections(world, day)):
            yield press.row(line)
        yield from _surroundings(press, day)


def _uses(world: World, day: date, now: datetime) -> Iterator[Line]:
    """The day as it was billed first."""
    first = replace(world, restatements=())
    for begin, end in SPANS:
        exported = min(at(day, end) + DELAY, now)
        for cell in first.cells_between("vertex", day, begin * 3_600, end * 3_600, now):
            yield Line(cell, (begin, end), exported)


def _corrections(world: World, day: date) -> Iterator[Line]:
    """What each later reading of the day took back and wrote anew."""
    for count, restatement in enumerate(world.restatements, start=1):
        if day >= restatement.before:
            continue
        old, new = (
            {
                cell.identity: cell
                for cell in replace(world, restatements=world.restatements[:known]).cells(
                    "vertex", day, day + timedelta(days=1), at(day, 48)
                )
            }
            for known in (count - 1, count)
        )
        exported = at(restatement.before, 0) + timedelta(minutes=30)
        for identity in old.keys() | new.keys():
            if old.get(identity) != new.get(identity):
                for sign, cell in ((-1, old.get(identity)), (1, new.get(identity))):
                    if cell is not None:
                        yield Line(cell, SPANS[-1], exported, sign)


def _surroundings(press: Press, day: date) -> Iterator[Row]:
    """What stands on the same bill and is no AI of the company's own."""
    whole, exported = (0, 1), at(day, 1)
    none = (None, None)
    tax = (VERTEX_AI, "0000-0000-0001", "Tax", "")
    core = (COMPUTE, "2037-B859-1728", "N1 Predefined Instance Core running in Americas", "seconds")
    tools = (SEARCH, "DE10-0001-0002", "AI Dev Tools: Claude Opus 4.8 Input Tokens (Long)", "count")
    platform = (PLATFORM, "Data platform")
    yield press.printed(core, day, whole, exported, cost=9_990_000_000, amount="3600", project=(GONE, None))
    yield press.printed(tools, day, whole, exported, cost=1_250_000_000, amount="90000", project=platform)
    if day.day == 1:
        yield press.printed(tax, day, whole, exported, cost=77_310_000_000, amount="0", project=none, cost_type="tax")
        yield press.printed(tax, day, whole, exported, cost=1_000, amount="0", project=none, cost_type="rounding_error")
