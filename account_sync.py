"""What one sync of an account reads: its windows as planned, each saved as it arrives, and how far it got."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from connectors import CONNECTORS
from connectors.base import AnyConnector, Reading, Remembered, Session
from linking import opened_credential
from settings import settings
from store import accounts, runs
from store.coverage import Reach, around, backward, differing, forward
from store.db import Store
from store.errors import LeaseLost
from store.memory import known_api_keys, printed_lines
from store.records import Window, to_nanos
from store.write import save_statement

LONGEST_NOTES = 20_000
ROUNDED_NANOS = 1_000
"""What the credits of a day may differ by because each row was rounded on its own, and providers add up floats."""
LATEST_VISIBLE = timedelta(days=2)
"""How long after its own time a provider's line may come to light."""

Clock = Callable[[], datetime]


@dataclass(slots=True)
class Progress:
    """What a run has done so far, as its row tells it."""

    planned: int = 0
    saved: int = 0
    first: date | None = None
    last: date | None = None
    workspaces: set[str] = field(default_factory=set)
    api_keys: set[str] = field(default_factory=set)
    cost_rows: int = 0
    restated_days: int = 0
    notes: dict[str, None] = field(default_factory=dict)

    def row(self, session: Session | None) -> dict[str, Any]:
        values: dict[str, Any] = {
            "windows_planned": self.planned,
            "windows_saved": self.saved,
            "from_day": self.first,
            "to_day": self.last,
            "workspaces": len(self.workspaces),
            "api_keys": len(self.api_keys),
            "cost_rows": self.cost_rows,
            "restated_days": self.restated_days,
            "notes": "\n".join(self.notes)[:LONGEST_NOTES],
        }
        if session is not None:
            meter = session.meter
            values |= {
                "http_requests": meter.requests,
                "sync_cost": meter.cost,
                "bytes_billed": meter.bytes_billed,
            }
        return values


@dataclass(slots=True)
class AccountSync:
    """One sync of one account, holding its lease."""

    store: Store
    account_id: int
    holder: str
    run_id: int
    clock: Clock
    report: Callable[[dict[str, Any]], None]
    today: date
    lost: threading.Event
    progress: Progress = field(default_factory=Progress)
    session: Session | None = None

    def run(self, since: date | None) -> None:
        """Read and save all windows; the error that stops it goes up."""
        account = accounts.account(self.store, self.account_id)
        connector = CONNECTORS[account["provider"]]
        self.session = connector.connect(opened_credential(self.store, account))
        month = self.clock().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        self.session.meter.allowance = settings().sync_budget - runs.cost_since(self.store, self.account_id, month)
        reach = Reach(
            history_days=connector.history_days,
            restated_days=connector.restated_days,
            window_days=connector.window_days,
            first_day=self._resumed(connector),
        )
        covered = _covered(account)
        first = forward(covered, reach, self.today, since)
        self._gap(covered, first[0])
        self._read(connector, first)
        if covered is not None and since is None:
            self._read(connector, self._restated(connector, covered.start, first[0].start, reach))
        now_covered = _covered(accounts.account(self.store, self.account_id))
        assert now_covered is not None
        self._read(connector, backward(now_covered, reach, self.today, since))

    def _resumed(self, connector: AnyConnector) -> date | None:
        """The first day the account's credential can read, once its session knows what is saved."""
        if connector.resume is None:
            return None
        readings = tuple(
            Reading(day=day, api_key_id=api_key_id, shown=shown)
            for day, api_key_id, shown in printed_lines(self.store, self.account_id)
        )
        api_keys = known_api_keys(self.store, self.account_id)
        return connector.resume(self.session, Remembered(api_keys=api_keys, readings=readings))

    def _gap(self, covered: Window | None, first: Window) -> None:
        if covered is not None and first.start > covered.end:
            self.progress.notes[
                f"{covered.end} to {first.start - timedelta(days=1)} were never read: the provider no longer serves "
                "these days. Totals over them are incomplete."
            ] = None

    def _restated(self, connector: AnyConnector, start: date, end: date, reach: Reach) -> list[Window]:
        """Older days that the provider has changed since they were saved, found without reading their rows."""
        start = max(start, reach.oldest(self.today))
        if start >= end:
            return []
        window = Window(start, end)
        if connector.changed is not None:
            return around(connector.changed(self.session, window, self._last_read()), reach)
        if connector.control is None:
            return []
        totals = connector.control(self.session, window)
        if totals is None:
            return []
        told = {day: to_nanos(total) for day, total in totals.items()}
        days = differing(runs.control_totals(self.store, self.account_id, window), told, window)
        if connector.credited is not None:
            told = {day: to_nanos(total) for day, total in connector.credited(self.session, window).items()}
            saved = runs.credits_applied(self.store, self.account_id, window)
            days += differing(saved, told, window, beyond=ROUNDED_NANOS)
        return around(days, reach)

    def _last_read(self) -> datetime:
        """Since when the account's older days may have changed unseen: a while before its last success."""
        last: datetime | None = runs.latest_runs(self.store)[self.account_id]["last_success"]
        linked: datetime = accounts.account(self.store, self.account_id)["created_at"]
        return (last or linked) - LATEST_VISIBLE

    def _read(self, connector: AnyConnector, windows: list[Window]) -> None:
        self.progress.planned += len(windows)
        self._tell()
        for window in windows:
            statement = connector.fetch(self.session, window)
            if self.lost.is_set():
                raise _taken_over()
            saved = save_statement(
                self.store,
                self.account_id,
                statement,
                run_id=self.run_id,
                holder=self.holder,
                now=self.clock(),
                today=self.today,
            )
            done = self.progress
            done.saved += 1
            done.first = min(done.first or window.start, window.start)
            done.last = max(done.last or window.last_day, window.last_day)
            done.workspaces |= {record.workspace_id for record in statement.workspaces}
            done.api_keys |= {record.api_key_id for record in statement.api_keys}
            done.cost_rows += saved.cost_rows
            done.restated_days += saved.restated_days
            done.notes |= dict.fromkeys(statement.notes)
            self._tell()

    def _tell(self) -> None:
        values = self.progress.row(self.session)
        runs.update_run(self.store, self.run_id, **values)
        self.report(values)

    def end(self, status: str, **why: str) -> None:
        values = self.progress.row(self.session)
        runs.update_run(self.store, self.run_id, status=status, ended_at=self.clock(), **values, **why)


def _covered(account: dict[str, Any]) -> Window | None:
    return None if account["covered_from"] is None else Window(account["covered_from"], account["covered_to"])


def _taken_over() -> LeaseLost:
    return LeaseLost(
        "Another process took over this account; the window at hand was not saved twice.",
        likely_cause="This process was halted for longer than its lease, for example by a sleeping laptop.",
        resolution="Nothing to do: the other process goes on.",
    )
