"""A made-up company's spend: seeded, pure, and the oracle that every total is checked against.

A world is what the providers would bill if they were asked at some instant `now` (UTC): finished days whole, the day of
`now` as far as it has come, later days nothing. The same seed and day always give the same world.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Self

from demo.anthropic_spend import ANTHROPIC
from demo.bedrock_spend import BEDROCK
from demo.cells import SECONDS_A_DAY, Cell, Grain, Totals, totals_by_grain
from demo.fal_spend import FAL
from demo.litellm_spend import LITELLM
from demo.openai_spend import OPENAI
from demo.openrouter_spend import OPENROUTER
from demo.runway_spend import RUNWAY
from demo.story import Story
from demo.vertex_spend import VERTEX

STORIES = (OPENAI, ANTHROPIC, BEDROCK, VERTEX, FAL, RUNWAY, OPENROUTER, LITELLM)


@dataclass(frozen=True, slots=True)
class Restatement:
    """A provider's second thoughts about a share of its cells before a day."""

    fraction: float
    seed: int
    before: date


@dataclass(frozen=True)
class World:
    """The company's spend at all its providers. What changes it gives back another world."""

    seed: int
    today: date
    history_days: int = 365
    stories: tuple[Story, ...] = STORIES
    restatements: tuple[Restatement, ...] = ()
    _days: dict[tuple[str, date], tuple[Cell, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def first_day(self) -> date:
        """The first day with any spend."""
        return self.today - timedelta(days=self.history_days)

    def story(self, provider: str) -> Story:
        """What one provider sells; KeyError where the company does not buy there."""
        for story in self.stories:
            if story.provider == provider:
                return story
        raise KeyError(provider)

    def cells(self, provider: str, start: date, end: date, now: datetime) -> list[Cell]:
        """The cells of the days from `start` to before `end`, in the order of days."""
        first, last = max(start, self.first_day), min(end, now.date() + timedelta(days=1))
        return [
            cell
            for offset in range((last - first).days)
            for cell in self.cells_between(provider, first + timedelta(days=offset), 0, SECONDS_A_DAY, now)
        ]

    def cells_between(self, provider: str, day: date, start: int, end: int, now: datetime) -> Sequence[Cell]:
        """What was bought between two seconds of a day, without cells in which nothing happened."""
        reached = int((now - datetime.combine(day, time(), UTC)).total_seconds())
        end = min(end, reached)
        if end <= start:
            return ()
        if (start, end) == (0, SECONDS_A_DAY):
            return self._whole_day(provider, day)
        parts = (cell.between(start, end) for cell in self._whole_day(provider, day))
        return [part for part in parts if part.quantity or part.nanos or part.requests or part.credits]

    def totals(self, provider: str, start: date, end: date, now: datetime) -> dict[Grain, Totals]:
        """The truth per day, workspace, key and model."""
        return totals_by_grain(self.cells(provider, start, end, now))

    def day_totals(self, provider: str, start: date, end: date, now: datetime) -> dict[date, int]:
        """Billed nano-dollars per day; days without a billed cell are absent."""
        nanos: dict[date, int] = {}
        for cell in self.cells(provider, start, end, now):
            if cell.is_billed:
                nanos[cell.day] = nanos.get(cell.day, 0) + cell.nanos
        return nanos

    def last_used(self, provider: str, api_key_id: str, now: datetime) -> date | None:
        """The last day on which a key made a request, None if it never did."""
        for offset in range((now.date() - self.first_day).days + 1):
            day = now.date() - timedelta(days=offset)
            if any(cell.api_key_id == api_key_id for cell in self.cells_between(provider, day, 0, SECONDS_A_DAY, now)):
                return day
        return None

    def restate(self, fraction: float, seed: int, before: date | None = None) -> Self:
        """The world after the providers corrected a random share of the cells before a day (default: today).

        Amounts go up and down, some cells vanish, some appear: part of a use, attributed to no key.
        """
        restatement = Restatement(fraction, seed, before or self.today)
        return replace(self, restatements=(*self.restatements, restatement))

    def rename(self, provider: str, workspace_id: str, name: str | None) -> Self:
        """The world in which a workspace bears another name."""
        old = self.story(provider)
        workspaces = tuple(
            replace(known, name=name) if known.workspace_id == workspace_id else known for known in old.workspaces
        )
        new = replace(old, workspaces=workspaces)
        return replace(self, stories=tuple(new if story is old else story for story in self.stories))

    def _whole_day(self, provider: str, day: date) -> tuple[Cell, ...]:
        place = (provider, day)
        if day < self.first_day:
            return ()
        if (cells := self._days.get(place)) is None:
            chance = Random(f"{self.seed} {provider} {day}")  # noqa: S311 - a repeatable world, no secret
            streams = self.story(provider).streams
            cells = tuple(cell for stream in streams for cell in stream.cells(provider, day, self.today, chance))
            for restatement in self.restatements:
                if day < restatement.before:
                    cells = _corrected(cells, restatement, day)
            self._days[place] = cells
        return cells


def _corrected(cells: Sequence[Cell], restatement: Restatement, day: date) -> tuple[Cell, ...]:
    """One provider's cells of a day, each corrected with the probability `fraction`."""
    chance = Random(f"{restatement.seed} {cells[0].provider if cells else ''} {day}")  # noqa: S311
    taken = {cell.identity for cell in cells}
    corrected: list[Cell] = []
    for cell in cells:
        way = chance.choice(("up", "down", "vanish", "appear"))
        part = cell.nanos // 3 // cell.step * cell.step
        if chance.random() >= restatement.fraction or (way == "appear" and not part):
            corrected.append(cell)
        elif way == "appear":
            twin = replace(cell, api_key_id="", nanos=part, quantity=max(1, cell.quantity // 3), requests=0)
            corrected.extend((cell,) if twin.identity in taken else (cell, twin))
            taken.add(twin.identity)
        elif way != "vanish":
            change = max(1, abs(cell.nanos) // 7 // cell.step) * cell.step * cell.is_billed
            corrected.append(replace(cell, nanos=cell.nanos + (change if way == "up" else -change)))
    return tuple(corrected)
