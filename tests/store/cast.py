"""The cast of the store's tests: one linked account with a sync at work, and records short to write."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlmodel import SQLModel

from store.accounts import account, add_account
from store.db import Store
from store.leases import new_holder, take_lease
from store.records import CostRecord, Statement, Window
from store.runs import begin_run
from store.tables import rows_of, table
from store.write import Saved, save_statement

TODAY = date(2026, 3, 20)
MARKER = "sk-marker-5e1f0c"


def day(number: int) -> date:
    """A day of March 2026."""
    return date(2026, 3, number)


def march(first: int, last: int) -> Window:
    """Days of March 2026, both included."""
    return Window(day(first), day(last) + timedelta(days=1))


def cost(on: int, dollars: str, **more: Any) -> CostRecord:
    """Reported dollars of a day of March, of `gpt-5` in workspace `w1` by key `k1` unless told."""
    values = {"workspace_id": "w1", "api_key_id": "k1", "model": "gpt-5", **more}
    return CostRecord(day=day(on), billed_cost=Decimal(dollars), **values)


def bill(window: Window, *costs: CostRecord, **more: Any) -> Statement:
    return Statement(window=window, costs=costs, **more)


def link(
    store: Store, now: datetime, *, provider: str = "openai", organization: str | None = "org-1", **more: Any
) -> int:
    """A linked account; its credential holds `MARKER`."""
    values = {"name": f"{provider} team", "hint": "sk-…0c", "organization_name": "Team", **more}
    credential = {"apiKey": f"{MARKER}-{provider}-{organization}"}
    return add_account(store, provider, credential, organization_id=organization, now=now, **values)


@dataclass(frozen=True)
class Syncing:
    """A linked account, the run that is syncing it and the holder of its lease."""

    store: Store
    account_id: int
    run_id: int
    holder: str
    now: datetime

    def save(self, statement: Statement) -> Saved:
        return save_statement(
            self.store, self.account_id, statement, run_id=self.run_id, holder=self.holder, now=self.now
        )

    def at(self, now: datetime) -> "Syncing":
        """The same sync at another time, its lease taken anew."""
        assert take_lease(self.store, self.account_id, self.holder, now)
        return replace(self, now=now)

    def account(self) -> dict[str, Any]:
        return account(self.store, self.account_id)


def begin(store: Store, now: datetime, **more: Any) -> Syncing:
    account_id, holder = link(store, now, **more), new_holder()
    assert take_lease(store, account_id, holder, now)
    return Syncing(store, account_id, begin_run(store, account_id, "cli", now), holder, now)


def rows(store: Store, model: type[SQLModel], *columns: str) -> list[Any]:
    """All rows of a table as tuples of the columns, in their order; a single column as plain values."""
    chosen = table(model)
    with store.read() as connection:
        found = rows_of(connection, select(*[chosen.c[name] for name in columns]))
    values = sorted((tuple(row[name] for name in columns) for row in found), key=repr)
    return [value[0] for value in values] if len(columns) == 1 else values


def everything(store: Store) -> dict[str, list[dict[str, Any]]]:
    """The content of all tables but the count of versions and the lease's expiry, to compare before and after."""
    with store.read() as connection:
        content = {
            chosen.name: rows_of(connection, select(chosen).order_by(*chosen.primary_key.columns))
            for chosen in SQLModel.metadata.sorted_tables
        }
    del content["data_version"], content["lease"]
    return content
