"""Steady use of models, told as data: who asks how often for what, and how it swings, grows and surges."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from demo.cells import Cell

FIRST_DAY_OF_WEEKEND = 5
DAYS_A_YEAR = 365


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of thing a request takes: how much on average, at how many nano-dollars each (None: never billed).

    `credit` are the nano-dollars of each that a credit pays. `step`: the provider bills whole multiples of it.
    """

    kind: str
    per_request: float
    price: int | None
    credit: int = 0
    step: int = 1


@dataclass(frozen=True, slots=True)
class Surge:
    """Use times `factor` from `first` days ago to `last` days ago, both included."""

    first: int
    last: int
    factor: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Stream:
    """One key's use of one model.

    `requests` is an ordinary working day's number at the world's today; a year before it was `requests / growth`.
    `since` and `until` are days ago, both included; use climbs linearly over the first `ramp` days. `odds` is the share
    of days with any use; `month_day` keeps only that day of each month. `is_counted` False: requests are not reported.
    """

    model: str
    parts: tuple[Part, ...]
    requests: float
    workspace_id: str = ""
    api_key_id: str = ""
    variant: str = ""
    weekend: float = 0.35
    growth: float = 1.6
    since: int | None = None
    until: int | None = None
    ramp: int = 0
    surges: tuple[Surge, ...] = ()
    odds: float = 1.0
    month_day: int | None = None
    is_counted: bool = True

    def cells(self, provider: str, day: date, today: date, chance: Random) -> Iterator[Cell]:
        """The cells of one whole day."""
        requests = self._requests(day, (today - day).days, chance)
        counted = requests if self.is_counted else 0
        for part in self.parts:
            noise = 1 if part.per_request == 1 else chance.uniform(0.94, 1.06)
            quantity = round(requests * part.per_request * noise)
            if not quantity:
                continue
            yield Cell(
                provider, day, self.workspace_id, self.api_key_id, self.model, self.variant, part.kind,
                quantity * (part.price or 0), quantity, counted, part.price is not None, quantity * part.credit,
                part.step,
            )  # fmt: skip
            counted = 0

    def _requests(self, day: date, ago: int, chance: Random) -> int:
        luck, noise = chance.random(), chance.gauss(1, 0.07)
        is_over = (self.since is not None and ago > self.since) or (self.until is not None and ago < self.until)
        if is_over or luck >= self.odds or (self.month_day is not None and day.day != self.month_day):
            return 0
        requests = self.requests * math.pow(self.growth, -ago / DAYS_A_YEAR)
        if day.weekday() >= FIRST_DAY_OF_WEEKEND:
            requests *= self.weekend
        if self.ramp and self.since is not None:
            requests *= min(1.0, (self.since - ago + 1) / self.ramp)
        for surge in self.surges:
            if surge.last <= ago <= surge.first:
                requests *= surge.factor
        return max(1, round(requests * max(noise, 0.5)))
