"""The vocabulary: what a connector hands to the store.

Words are those of FinOps (FOCUS). One difference, said once: FOCUS keeps credits as rows of their own; here they are the
positive column `credits_applied` at the grain of the cost they reduce.

Money is `Decimal` US dollars of any precision; the store rounds each finished row to whole nano-dollars.
A day is a UTC date. None means "the provider does not say", 0 means "measured, none".
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

NANO = Decimal("0.000000001")
UNATTRIBUTED = ""

CostBasis = Literal["reported", "allocated", "priced"]
KeyStatus = Literal["active", "inactive", "archived", "expired", "deleted", "unknown"]


def _finite(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise ValueError("money and quantities must be finite numbers")
    return value


Amount = Annotated[Decimal, AfterValidator(_finite)]
Count = Annotated[int, Field(ge=0)]


def to_nanos(amount: Decimal) -> int:
    """Whole nano-dollars, halves to even."""
    return int(amount.quantize(NANO, rounding=ROUND_HALF_EVEN).scaleb(9))


def from_nanos(nanos: int) -> Decimal:
    """US dollars, exact."""
    return Decimal(nanos).scaleb(-9)


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A half-open range of whole UTC days: `start` included, `end` excluded."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError(f"a window needs at least one day, got {self.start} to {self.end}")

    @property
    def length(self) -> int:
        """Number of days."""
        return (self.end - self.start).days

    @property
    def last_day(self) -> date:
        """The last day included, as people write ranges."""
        return self.end - timedelta(days=1)

    @property
    def previous(self) -> Self:
        """The window of equal length that ends where this one starts."""
        return type(self)(self.start - timedelta(days=self.length), self.start)

    def days(self) -> Iterator[date]:
        for offset in range(self.length):
            yield self.start + timedelta(days=offset)

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LineItem(_Record):
    """One line of the provider's bill as it was printed, kept so that a better parser can read it again."""

    label: str
    amount: Amount
    quantity: Amount | None = None
    unit: str | None = None


class CostRecord(_Record):
    """Cost and usage of one (day, workspace, API key, model, variant, upstream); unique within a statement."""

    day: date
    workspace_id: str = UNATTRIBUTED
    api_key_id: str = UNATTRIBUTED
    model: str = Field(min_length=1)
    variant: str = ""
    upstream: str = ""
    billed_cost: Amount
    list_cost: Amount | None = None
    credits_applied: Amount = Decimal(0)
    cost_basis: CostBasis = "reported"
    input_tokens: Count | None = None
    cached_input_tokens: Count | None = None
    cache_write_tokens: Count | None = None
    output_tokens: Count | None = None
    usage_quantity: Amount | None = None
    usage_unit: str | None = None
    requests: Count | None = None
    line_items: tuple[LineItem, ...] = ()

    @property
    def grain(self) -> tuple[date, str, str, str, str, str]:
        return (self.day, self.workspace_id, self.api_key_id, self.model, self.variant, self.upstream)


class WorkspaceRecord(_Record):
    """A workspace as the provider names it now; `name` None where it has none."""

    workspace_id: str = Field(min_length=1)
    name: str | None = None
    status: Literal["active", "archived", "deleted", "unknown"] = "active"
    created_at: datetime | None = None


class ApiKeyRecord(_Record):
    """An API key as the provider lists it now. `hint` is the provider's own masked form, never a secret."""

    api_key_id: str = Field(min_length=1)
    workspace_id: str = UNATTRIBUTED
    name: str | None = None
    hint: str | None = None
    owner: str | None = None
    status: KeyStatus = "active"
    created_at: datetime | None = None
    last_used_at: datetime | None = None
    expires_at: datetime | None = None


class Statement(_Record):
    """All that one account was billed in a window.

    `listed_workspaces` are the workspaces whose keys were listed to the end: a known key of such a workspace that is
    missing from `api_keys` has been deleted. None means the keys were not listed, so nothing can be concluded.
    `control_totals` is the provider's own total per day where it gives one apart from the rows; rows that do not add up
    to it are refused here, so a connector books the remainder (see `connectors.base.reconcile`).
    """

    window: Window
    costs: tuple[CostRecord, ...] = ()
    workspaces: tuple[WorkspaceRecord, ...] = ()
    api_keys: tuple[ApiKeyRecord, ...] = ()
    listed_workspaces: frozenset[str] | None = None
    notes: tuple[str, ...] = ()
    control_totals: Mapping[date, Amount] | None = None

    @property
    def control_total(self) -> Decimal | None:
        """The provider's own total of the window in US dollars, None where it gives none."""
        return None if self.control_totals is None else sum(self.control_totals.values(), Decimal(0))

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        seen = set()
        for cost in self.costs:
            if cost.day not in self.window:
                raise ValueError(
                    f"a cost of {cost.day} lies outside the window {self.window.start} to {self.window.end}"
                )
            if cost.grain in seen:
                raise ValueError(f"two costs of {cost.day} share workspace, key, model and variant")
            seen.add(cost.grain)
        if self.control_totals is not None:
            billed = day_totals(self.costs)
            for day in self.window.days():
                difference = self.control_totals.get(day, Decimal(0)) - billed.get(day, Decimal(0))
                if to_nanos(difference):
                    raise ValueError(f"the costs of {day} miss the provider's own total by {difference}")
        return self


def day_totals(costs: Iterable[CostRecord]) -> dict[date, Decimal]:
    """Billed US dollars per day, unrounded; days without a cost are absent."""
    totals: defaultdict[date, Decimal] = defaultdict(Decimal)
    for cost in costs:
        totals[cost.day] += cost.billed_cost
    return dict(totals)
