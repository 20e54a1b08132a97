"""What a connector is: one frozen value per provider, made of plain functions."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from connectors.errors import RateLimited
from store.records import CostRecord, Statement, Window, day_totals, to_nanos

SHORTEST_MASKED = 24
"""Characters. Of a shorter secret only the last two are shown."""


class Credential(BaseModel):
    """Base of all credentials. Secrets are `SecretStr`; field titles and descriptions draw the link form.

    Validators raise `ValueError` in words for people where the shape alone tells that a key is of the wrong kind.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, str_strip_whitespace=True, hide_input_in_errors=True
    )

    @property
    def hint(self) -> str:
        """The key shortened so that its owner recognises it and nobody else can use it."""
        raise NotImplementedError


def masked(secret: str) -> str:
    """The first characters up to the last dash among the first twelve, and the last four: `sk-admin-…EQAA`."""
    if len(secret) < SHORTEST_MASKED:
        return "…" + secret[-2:]
    head = secret[:12]
    return f"{head[: head.rfind('-') + 1] or head[:4]}…{secret[-4:]}"


@dataclass(slots=True)
class Meter:
    """What talking to the provider took: requests made, and what the provider charges for being asked."""

    requests: int = 0
    cost: Decimal = Decimal(0)
    bytes_billed: int = 0
    allowance: Decimal | None = None
    """US dollars that this session may still cost; None without a limit."""

    def charge(self, price: Decimal) -> None:
        """Counts what the next request costs; raises `RateLimited` instead where that is beyond the allowance."""
        if self.allowance is not None and self.cost + price > self.allowance:
            raise RateLimited(
                "The monthly budget of this account's syncs is spent; nothing more was asked.",
                likely_cause="The provider charges for reading its bill, and syncs have cost as much as they may.",
                resolution="Wait for the next month (UTC), or raise SPENDGLASS_SYNC_BUDGET and restart.",
            )
        self.cost += price


class Session(Protocol):
    """An opened connection to one provider account; holds the credential's effect, never shows it."""

    meter: Meter

    def close(self) -> None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountIdentity:
    """Whose bill a credential reads. `organization_id` None where the provider does not say."""

    organization_id: str | None = None
    name: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """Printed lines of a saved day: label → US dollars. What a meter showed when the day was last read."""

    day: date
    api_key_id: str
    shown: Mapping[str, Decimal]


@dataclass(frozen=True, kw_only=True, slots=True)
class Remembered:
    """What an account's saved data still know when its provider may have forgotten.

    `api_keys` are all keys ever listed or billed with their workspaces; `readings` the newest days with printed lines.
    """

    api_keys: Mapping[str, str] = field(default_factory=dict)
    readings: tuple[Reading, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Methodology:
    """How far a provider's numbers can be believed, in sentences for the people who read them; "" where none is so."""

    exact: str
    """What stands in the store as the provider itself reports it."""
    missing: str
    """What the provider does not tell, so that it cannot be shown."""
    allocated: str = ""
    """Which reported amounts are split finer than the provider does, and by what."""
    priced: str = ""
    """Which amounts are usage at a price instead of a bill."""


C = TypeVar("C", bound=Credential)
S = TypeVar("S", bound=Session)


@dataclass(frozen=True, kw_only=True)
class Connector(Generic[C, S]):
    """One provider. `fetch` reads and translates: no clock, no retry, no sleep, no logging, no half windows."""

    slug: str
    name: str
    credential: type[C]
    connect: Callable[[C], S]
    check: Callable[[S], AccountIdentity]
    fetch: Callable[[S, Window], Statement]
    history_days: int
    restated_days: int
    window_days: int
    steps: str
    methodology: Methodology
    control: Callable[[S, Window], Mapping[date, Decimal] | None] | None = None
    """The provider's own billed US dollars per day, in few requests, days without cost absent; None where it has none.

    Lets the sync find restated days of any age without reading all rows again. Equals `control_totals` of `fetch`; None
    where this session's credential does not get them."""
    credited: Callable[[S, Window], Mapping[date, Decimal]] | None = None
    """The provider's own credits per day in US dollars, days without credits absent, asked after `control` and from the
    same answers; None where it has none. Lets the sync find days of any age on which credits alone were restated."""
    changed: Callable[[S, Window, datetime], Iterable[date]] | None = None
    """The days of the window about which the provider has written anything since then, however old they are.

    Lets the sync find restated days where the provider keeps the time of every line; credits are found as well."""
    resume: Callable[[S, Remembered], date | None] | None = None
    """Called once before the first fetch of a sync, for providers that show running counters or forget deleted keys.
    Gives the first UTC day that this credential can read, None where `history_days` says it all."""
    gaps: frozenset[str] = field(default_factory=frozenset)
    """Names of `CostRecord` fields the provider never reports."""
    sync_minutes: int = 60
    """Minutes between two syncs, as often as the provider's numbers change."""
    key_type: str = ""
    """The kind of key needed, in a few words, for the README and the form."""
    data_delay: str = ""
    """How late the provider's numbers are, in a few words."""


AnyConnector = Connector[Any, Any]


def reconcile(
    costs: Iterable[CostRecord], control_totals: Mapping[date, Decimal], window: Window, *, model: str
) -> tuple[tuple[CostRecord, ...], tuple[str, ...]]:
    """The costs with one unattributed row per day that misses the provider's own total, and a note for each.

    Rows plus remainder equal the control total of every day of the window. Differences that vanish when rounded to a
    nano-dollar are the provider's own floating-point noise and make no row.
    """
    rows = {cost.grain: cost for cost in costs}
    billed = day_totals(rows.values())
    notes = []
    for day in window.days():
        difference = control_totals.get(day, Decimal(0)) - billed.get(day, Decimal(0))
        if to_nanos(difference):
            remainder = CostRecord(day=day, model=model, billed_cost=difference)
            if known := rows.get(remainder.grain):
                remainder = known.model_copy(update={"billed_cost": known.billed_cost + difference})
            rows[remainder.grain] = remainder
            notes.append(
                f"{day}: rows miss the provider's own total by ${difference:f}; booked as unattributed ({model})."
            )
    return tuple(rows.values()), tuple(notes)
