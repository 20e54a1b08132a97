"""The vocabulary: what a connector hands to the store.

Words are those of FinOps (FOCUS). One difference, said once: FOCUS keeps credits as rows of their own; here they are
the positive column `credits_applied` at the grain of the cost they reduce.

Money is `Decimal` US dollars of any precision; the store rounds each finished row to whole nano-dollars.
A day is a UTC date. None means "the provider does not say", 0 means "measured, none".
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

NANO = Decimal("0.000000001")
MICRO = Decimal("0.000001")
LARGEST_NANOS = 2**63 - 1
LARGEST_AMOUNT = Decimal(LARGEST_NANOS).scaleb(-9)
LARGEST_QUANTITY = Decimal(LARGEST_NANOS).scaleb(-6)
_EXACT = Context(prec=100, rounding=ROUND_HALF_EVEN)
UNATTRIBUTED = ""

CostBasis = Literal["reported", "allocated", "priced"]
KeyStatus = Literal["active", "inactive", "archived", "expired", "deleted", "unknown"]


def _up_to(largest: Decimal) -> AfterValidator:
    """Numbers that the store holds exactly as whole small units in 64 bits."""

    def check(value: Decimal) -> Decimal:
        if abs(value) > largest:
            raise ValueError(f"{value:.4e} is more than the store can hold, ±{largest:,.0f}")
        return value

    return AfterValidator(check)


def _storable(value: Any) -> Any:
    """Text without what no database takes: a zero character and halves of surrogate pairs become U+FFFD."""
    if not isinstance(value, str) or (value.isascii() and "\0" not in value):
        return value
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")


Amount = Annotated[Decimal, _up_to(LARGEST_AMOUNT)]
"""US dollars, up to ± 9.2 billion."""
Quantity = Annotated[Decimal, _up_to(LARGEST_QUANTITY)]
Count = Annotated[int, Field(ge=0, le=LARGEST_NANOS)]
Text = Annotated[str, BeforeValidator(_storable)]


def to_nanos(amount: Decimal) -> int:
    """Whole nano-dollars, halves to even; raises `ValueError` beyond ± 9.2 billion dollars."""
    return _whole(amount, NANO, 9)


def to_micros(quantity: Decimal) -> int:
    """Whole millionths of a quantity, halves to even; raises `ValueError` beyond ± 9.2 trillion."""
    return _whole(quantity, MICRO, 6)


def _whole(value: Decimal, unit: Decimal, digits: int) -> int:
    try:
        units = int(_EXACT.scaleb(_EXACT.quantize(value, unit), digits))
    except (InvalidOperation, ValueError):
        units = None
    if units is None or not -LARGEST_NANOS <= units <= LARGEST_NANOS:
        raise ValueError(f"{value:.4e} is more than the store can hold, ±{Decimal(LARGEST_NANOS).scaleb(-digits):,.0f}")
    return units


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

    def parts(self, longest: int) -> Iterator[Self]:
        """The window in pieces of at most so many days, oldest first."""
        start = self.start
        while start < self.end:
            end = min(self.end, start + timedelta(days=longest))
            yield type(self)(start, end)
            start = end

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LineItem(_Record):
    """One line of the provider's bill as it was printed, kept so that a better parser can read it again."""

    label: Text
    amount: Amount
    quantity: Quantity | None = None
    unit: Text | None = None


class CostRecord(_Record):
    """Cost and usage of one (day, workspace, API key, model, variant, upstream); unique within a statement."""

    day: date
    workspace_id: Text = UNATTRIBUTED
    api_key_id: Text = UNATTRIBUTED
    model: Text = Field(min_length=1)
    variant: Text = ""
    upstream: Text = ""
    billed_cost: Amount
    list_cost: Amount | None = None
    credits_applied: Amount = Decimal(0)
    cost_basis: CostBasis = "reported"
    input_tokens: Count | None = None
    cached_input_tokens: Count | None = None
    cache_write_tokens: Count | None = None
    output_tokens: Count | None = None
    usage_quantity: Quantity | None = None
    usage_unit: Text | None = None
    requests: Count | None = None
    line_items: tuple[LineItem, ...] = ()

    @property
    def grain(self) -> tuple[date, str, str, str, str, str]:
        return (self.day, self.workspace_id, self.api_key_id, self.model, self.variant, self.upstream)


class WorkspaceRecord(_Record):
    """A workspace as the provider names it now; `name` None where it has none."""

    workspace_id: Text = Field(min_length=1)
    name: Text | None = None
    status: Literal["active", "archived", "deleted", "unknown"] = "active"
    created_at: datetime | None = None


class ApiKeyRecord(_Record):
    """An API key as the provider lists it now. `hint` is the provider's own masked form, never a secret."""

    api_key_id: Text = Field(min_length=1)
    workspace_id: Text = UNATTRIBUTED
    name: Text | None = None
    hint: Text | None = None
    owner: Text | None = None
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
    listed_workspaces: frozenset[Text] | None = None
    notes: tuple[Text, ...] = ()
    control_totals: Mapping[date, Amount] | None = None

    @property
    def control_total(self) -> Decimal | None:
        """The provider's own total of the window in US dollars, None where it gives none."""
        return None if self.control_totals is None else sum(self.control_totals.values(), Decimal(0))

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        seen = set()
        sizes: defaultdict[date, Decimal] = defaultdict(Decimal)
        for cost in self.costs:
            if cost.day not in self.window:
                raise ValueError(
                    f"a cost of {cost.day} lies outside the window {self.window.start} to {self.window.end}"
                )
            if cost.grain in seen:
                raise ValueError(f"two costs of {cost.day} share workspace, key, model and variant")
            seen.add(cost.grain)
            sizes[cost.day] += abs(cost.billed_cost)
        if sizes and max(sizes.values()) > LARGEST_AMOUNT:
            raise ValueError(f"the costs of a day add up to more than the store can hold, ±{LARGEST_AMOUNT:,.0f}")
        if self.control_totals is not None:
            billed = day_totals(self.costs)
            for day in self.window.days():
                difference = self.control_totals.get(day, Decimal(0)) - billed.get(day, Decimal(0))
                if to_nanos(difference):
                    raise ValueError(f"the costs of {day} miss the provider's own total by {difference:f}")
        return self


def day_totals(costs: Iterable[CostRecord]) -> dict[date, Decimal]:
    """Billed US dollars per day, unrounded; days without a cost are absent."""
    totals: defaultdict[date, Decimal] = defaultdict(Decimal)
    for cost in costs:
        totals[cost.day] += cost.billed_cost
    return dict(totals)
