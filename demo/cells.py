"""The smallest parts of the made-up bill, and how they add up."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

CACHE_WRITE_KINDS = frozenset({"cache_write", "cache_write_1h"})
INPUT_KINDS = frozenset({"input", "cached_input", "audio_input"}) | CACHE_WRITE_KINDS
OUTPUT_KINDS = frozenset({"output", "audio_output", "image_output"})
TOKEN_KINDS = INPUT_KINDS | OUTPUT_KINDS
SECONDS_A_DAY = 86_400

Grain = tuple[date, str, str, str]
"""Day, workspace id, API key id and model: what a truth is told by."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one key bought of one kind of one model on one UTC day.

    An empty id means that the provider attributes it to none. `model` is the name Spendglass shows. `quantity` counts
    what the kind says: tokens, images, characters, seconds, calls, GiB hours. The requests of a model stand at one of
    its kinds only, so that they add up. A cell that is not billed shows up in usage answers alone. `credits` are the
    nano-dollars that the provider takes off again, positive. `step` divides the amount: nothing smaller is billed.
    """

    provider: str
    day: date
    workspace_id: str
    api_key_id: str
    model: str
    variant: str
    kind: str
    nanos: int
    quantity: int
    requests: int = 0
    is_billed: bool = True
    credits: int = 0
    step: int = 1

    @property
    def grain(self) -> Grain:
        return (self.day, self.workspace_id, self.api_key_id, self.model)

    @property
    def identity(self) -> tuple[str, ...]:
        """What no two cells of one provider's day share."""
        return (self.workspace_id, self.api_key_id, self.model, self.variant, self.kind)

    def between(self, start: int, end: int) -> "Cell":
        """The part bought between two seconds of the day; adjoining parts add up to the whole."""
        return replace(
            self,
            nanos=(_share(self.nanos // self.step, end) - _share(self.nanos // self.step, start)) * self.step,
            quantity=_share(self.quantity, end) - _share(self.quantity, start),
            requests=_share(self.requests, end) - _share(self.requests, start),
            credits=_share(self.credits, end) - _share(self.credits, start),
        )


def _share(amount: int, seconds: int) -> int:
    part = abs(amount) * seconds // SECONDS_A_DAY
    return part if amount >= 0 else -part


@dataclass(frozen=True, slots=True)
class Totals:
    """Billed nano-dollars, requests, the quantity of each kind, and the nano-dollars of credit."""

    nanos: int = 0
    requests: int = 0
    quantities: Mapping[str, int] = field(default_factory=dict)
    credits: int = 0

    @property
    def input_tokens(self) -> int:
        """All input, cached and cache writes included."""
        return sum(self.quantities.get(kind, 0) for kind in INPUT_KINDS)

    @property
    def cached_input_tokens(self) -> int:
        return self.quantities.get("cached_input", 0)

    @property
    def cache_write_tokens(self) -> int:
        return sum(self.quantities.get(kind, 0) for kind in CACHE_WRITE_KINDS)

    @property
    def output_tokens(self) -> int:
        return sum(self.quantities.get(kind, 0) for kind in OUTPUT_KINDS)


def added_up(cells: Iterable[Cell]) -> Totals:
    """One total of all cells."""
    nanos = requests = credit = 0
    quantities: defaultdict[str, int] = defaultdict(int)
    for cell in cells:
        nanos += cell.nanos
        requests += cell.requests
        credit += cell.credits
        quantities[cell.kind] += cell.quantity
    return Totals(nanos, requests, dict(quantities), credit)


def totals_by_grain(cells: Iterable[Cell]) -> dict[Grain, Totals]:
    """Totals per day, workspace, key and model."""
    groups: defaultdict[Grain, list[Cell]] = defaultdict(list)
    for cell in cells:
        groups[cell.grain].append(cell)
    return {grain: added_up(group) for grain, group in groups.items()}
