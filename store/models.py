"""The tables. Grain and words are those of `store.records`; every time is UTC."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ForeignKeyConstraint, LargeBinary, UniqueConstraint
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

from store.records import from_nanos, to_micros, to_nanos


class NanoDollars(TypeDecorator[Decimal]):
    """US dollars as `Decimal` in Python, whole nano-dollars in the database. Range ± 9.2 billion dollars."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else to_nanos(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        return None if value is None else from_nanos(value)


class MicroUnits(TypeDecorator[Decimal]):
    """A quantity of seconds, images, characters, … as `Decimal` in Python, whole millionths in the database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else to_micros(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        return None if value is None else Decimal(value).scaleb(-6)


class Account(SQLModel, table=True):
    """A linked provider account. Covered days are one unbroken half-open range."""

    __table_args__ = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, primary_key=True)
    provider: str = Field(index=True)
    name: str
    hint: str
    sealed_credential: str | None = None
    organization_id: str | None = None
    organization_name: str | None = None
    paused: bool = False
    created_at: datetime
    unlinked_at: datetime | None = None
    covered_from: date | None = None
    covered_to: date | None = None
    finished_to: date | None = None
    """Days before this one were over when they were last saved: a later change to them is a restatement."""


class DailyCost(SQLModel, table=True):
    """One `CostRecord`, added up and rounded."""

    __tablename__ = "daily_cost"
    __table_args__ = {"sqlite_with_rowid": False}

    account_id: int = Field(foreign_key="account.id", ondelete="CASCADE", primary_key=True)
    day: date = Field(primary_key=True)
    workspace_id: str = Field(primary_key=True)
    api_key_id: str = Field(primary_key=True)
    model: str = Field(primary_key=True)
    variant: str = Field(primary_key=True)
    upstream: str = Field(primary_key=True)
    billed_cost: Decimal = Field(sa_type=NanoDollars)
    list_cost: Decimal | None = Field(default=None, sa_type=NanoDollars)
    credits_applied: Decimal = Field(sa_type=NanoDollars)
    cost_basis: str
    input_tokens: int | None = Field(default=None, sa_type=BigInteger)
    cached_input_tokens: int | None = Field(default=None, sa_type=BigInteger)
    cache_write_tokens: int | None = Field(default=None, sa_type=BigInteger)
    output_tokens: int | None = Field(default=None, sa_type=BigInteger)
    usage_quantity: Decimal | None = Field(default=None, sa_type=MicroUnits)
    usage_unit: str | None = None
    requests: int | None = Field(default=None, sa_type=BigInteger)
    line_items: str | None = None
    """The printed lines of the bill as JSON: a list of {label, amount, quantity, unit}."""


class PackedDay(SQLModel, table=True):
    """The rows of a day in `daily_cost` once more, as one file of columns (see `store.packed`)."""

    __tablename__ = "packed_day"

    account_id: int = Field(foreign_key="account.id", ondelete="CASCADE", primary_key=True)
    day: date = Field(primary_key=True)
    rows: bytes = Field(sa_type=LargeBinary)


class ControlTotal(SQLModel, table=True):
    """The provider's own total of a day, where it gives one apart from the rows."""

    __tablename__ = "control_total"

    account_id: int = Field(foreign_key="account.id", ondelete="CASCADE", primary_key=True)
    day: date = Field(primary_key=True)
    billed_cost: Decimal = Field(sa_type=NanoDollars)


class Workspace(SQLModel, table=True):
    """A workspace ever seen, listed or only billed. `name` is the provider's; people's names are in `WorkspaceName`."""

    __table_args__ = (UniqueConstraint("account_id", "workspace_id"),)

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", ondelete="CASCADE")
    workspace_id: str
    name: str | None = None
    status: str = "unknown"
    created_at: datetime | None = None
    first_seen: datetime
    last_seen: datetime


class WorkspaceName(SQLModel, table=True):
    """Every name a workspace had, numbered from 1. `source` is `provider` or `user`."""

    __tablename__ = "workspace_name"
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "workspace_id"], ["workspace.account_id", "workspace.workspace_id"], ondelete="CASCADE"
        ),
    )

    account_id: int = Field(primary_key=True)
    workspace_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    name: str
    source: str
    at: datetime


class ApiKey(SQLModel, table=True):
    """An API key ever seen. A key that vanished from the provider's list stays, as `deleted`."""

    __tablename__ = "api_key"

    account_id: int = Field(foreign_key="account.id", ondelete="CASCADE", primary_key=True)
    api_key_id: str = Field(primary_key=True)
    workspace_id: str = ""
    name: str | None = None
    hint: str | None = None
    owner: str | None = None
    status: str = "unknown"
    created_at: datetime | None = None
    last_used_at: datetime | None = None
    expires_at: datetime | None = None
    first_seen: datetime
    last_seen: datetime


class SyncRun(SQLModel, table=True):
    """One sync of one account. Statuses: queued, running, succeeded, partial, failed, interrupted."""

    __tablename__ = "sync_run"
    __table_args__ = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", ondelete="CASCADE", index=True)
    trigger: str
    status: str = Field(index=True)
    queued_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    windows_planned: int = 0
    windows_saved: int = 0
    from_day: date | None = None
    to_day: date | None = None
    """Last day read, included."""
    workspaces: int = 0
    api_keys: int = 0
    cost_rows: int = 0
    restated_days: int = 0
    http_requests: int = 0
    sync_cost: Decimal = Field(default=Decimal(0), sa_type=NanoDollars)
    bytes_billed: int = Field(default=0, sa_type=BigInteger)
    notes: str = ""
    error_kind: str | None = None
    message: str | None = None
    likely_cause: str | None = None
    resolution: str | None = None


class Restatement(SQLModel, table=True):
    """A finished, already saved day whose total the provider changed afterwards."""

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="sync_run.id", ondelete="CASCADE", index=True)
    account_id: int = Field(foreign_key="account.id", ondelete="CASCADE", index=True)
    day: date
    before: Decimal = Field(sa_type=NanoDollars)
    after: Decimal = Field(sa_type=NanoDollars)


class Lease(SQLModel, table=True):
    """The right to sync an account, held by one process at a time."""

    account_id: int = Field(foreign_key="account.id", ondelete="CASCADE", primary_key=True)
    holder: str
    expires_at: datetime


class MeteringKey(SQLModel, table=True):
    """A key that metering clients show. Only its SHA-256 is kept: a key is 238 random bits, which nobody guesses."""

    __tablename__ = "metering_key"
    __table_args__ = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, primary_key=True)
    name: str
    key_hash: str = Field(unique=True)
    hint: str
    created_at: datetime
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    """Within a minute."""


class SeenEvent(SQLModel, table=True):
    """A metered event that was counted, so that it is not counted again; kept while it may still come twice."""

    __tablename__ = "metered_event"
    __table_args__ = {"sqlite_with_rowid": False}

    digest: bytes = Field(primary_key=True, sa_type=LargeBinary)
    """16 bytes that stand for the event's id."""
    day: date = Field(index=True)


class MeteredCost(SQLModel, table=True):
    """Metered events added up. A text is "" where no client says it; measures are None where none does."""

    __tablename__ = "metered_cost"
    __table_args__ = {"sqlite_with_rowid": False}

    day: date = Field(primary_key=True)
    grain: bytes = Field(primary_key=True, sa_type=LargeBinary)
    """16 bytes that stand for the texts beneath, which can be longer than PostgreSQL's index takes."""
    source: str
    provider: str
    model: str
    api_key: str
    workspace: str
    application: str
    operation: str
    usage_unit: str
    cost: Decimal = Field(sa_type=NanoDollars)
    """Of the events whose cost is known: 0 says nothing where all are unpriced."""
    priced_cost: Decimal = Field(sa_type=NanoDollars)
    """The part of `cost` that is use at public prices instead of the clients' word."""
    events: int = Field(sa_type=BigInteger)
    failed_events: int = Field(sa_type=BigInteger)
    unpriced_events: int = Field(sa_type=BigInteger)
    """Events that succeeded and whose cost is not known."""
    input_tokens: int | None = Field(default=None, sa_type=BigInteger)
    cached_input_tokens: int | None = Field(default=None, sa_type=BigInteger)
    cache_write_tokens: int | None = Field(default=None, sa_type=BigInteger)
    output_tokens: int | None = Field(default=None, sa_type=BigInteger)
    usage_quantity: Decimal | None = Field(default=None, sa_type=MicroUnits)


class SavedView(SQLModel, table=True):
    """A page with its filters under a name, for the whole team."""

    __tablename__ = "saved_view"

    name: str = Field(primary_key=True)
    page: str
    """The page's table, as `queries.QUERIES` calls it."""
    filters: str
    """The filter bar's values as JSON."""
    saved_at: datetime


class DataVersion(SQLModel, table=True):
    """One row that keys the caches of pages."""

    __tablename__ = "data_version"

    id: int = Field(default=1, primary_key=True)
    version: int = 0
    """Counted up by every change of what pages show, metering apart."""
    metered: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    """Counted up by every saved batch of metered events, many a second."""
