"""Who is due, and running it: the server's schedule.

Syncs run in a process of their own (see `worker`), so that parsing never holds up a page. Pages, command line and other
servers on the same database are met in the database alone.
"""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED, EVENT_JOB_SUBMITTED, JobEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from connectors import CONNECTORS
from settings import settings
from store import accounts, runs
from store.db import Store
from store.errors import StoreError
from syncing import sync_account, utc_now
from worker import Worker

LOG = logging.getLogger("spendglass.scheduler")
PARALLEL_SYNCS = 8
TICK_SECONDS = 1


def run_due_sync(store: Store, account_id: int, minutes: int) -> None:
    """The scheduler's job: sync the account if a sync was asked for, or the last one began long enough ago.

    Looks into the database once more, since another server on the same database may have been quicker.
    """
    latest = runs.latest_runs(store).get(account_id)
    if latest is not None and latest["status"] != "queued" and not _is_due(latest, minutes, utc_now()):
        return
    sync_account(store, account_id, trigger="schedule")


def _is_due(latest: dict[str, Any], minutes: int, now: datetime) -> bool:
    began: datetime = latest["started_at"] or latest["queued_at"]
    return minutes > 0 and now - began >= timedelta(minutes=minutes) / 2


class Scheduler:
    """Runs every linked account's job on its interval, and at once when a sync was asked for.

    Talks to pages and to other processes through the database alone.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._minutes = settings().sync_minutes
        self._busy: set[str] = set()
        self._worker = Worker(run_due_sync, threads=PARALLEL_SYNCS)
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1), "syncs": ThreadPoolExecutor(PARALLEL_SYNCS)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        runs.mark_interrupted(self._store, utc_now())
        self._scheduler.add_listener(self._note, EVENT_JOB_SUBMITTED | EVENT_JOB_EXECUTED | EVENT_JOB_ERROR)
        self._scheduler.add_job(self._tick, "interval", seconds=TICK_SECONDS, id="tick", next_run_time=utc_now())
        self._worker.start()
        self._scheduler.start()

    def stop(self) -> None:
        """End the schedule and what it runs."""
        self._scheduler.shutdown(wait=False)
        self._worker.stop()

    def jobs(self) -> list[str]:
        """The ids of the accounts' jobs."""
        return sorted(job.id for job in self._scheduler.get_jobs() if job.id.startswith("sync-"))

    def _note(self, event: JobEvent) -> None:
        if event.code == EVENT_JOB_SUBMITTED:
            self._busy.add(event.job_id)
        else:
            self._busy.discard(event.job_id)

    def _tick(self) -> None:
        """Jobs follow the accounts; a sync asked for starts its job now."""
        try:
            linked = {row["id"]: row for row in accounts.accounts(self._store, linked_only=True)}
            self._follow(linked)
            for account_id in runs.queued_accounts(self._store):
                job_id = f"sync-{account_id}"
                if account_id in linked and job_id not in self._busy:
                    self._busy.add(job_id)
                    self._scheduler.modify_job(job_id, next_run_time=utc_now())
            runs.mark_interrupted(self._store, utc_now())
        except StoreError as fault:
            LOG.warning("%s %s", fault.message, fault.resolution)

    def _follow(self, linked: dict[int, dict[str, Any]]) -> None:
        present = set(self.jobs())
        wanted = {f"sync-{account_id}": row for account_id, row in linked.items()}
        for job_id in present - wanted.keys():
            self._scheduler.remove_job(job_id)
        latest = runs.latest_runs(self._store) if wanted.keys() - present else {}
        for job_id in wanted.keys() - present:
            self._add(job_id, wanted[job_id], latest.get(wanted[job_id]["id"]))
        for job in self._scheduler.get_jobs():
            if job.id in wanted and job.id not in self._busy:
                self._pause(job, paused=self._off(wanted[job.id]))

    def _off(self, account: dict[str, Any]) -> bool:
        return bool(account["paused"]) or self._minutes == 0

    def _minutes_of(self, account: dict[str, Any]) -> int:
        return CONNECTORS[account["provider"]].sync_minutes if self._minutes is None else self._minutes

    def _add(self, job_id: str, account: dict[str, Any], latest: dict[str, Any] | None) -> None:
        minutes = self._minutes_of(account)
        began = None if latest is None else latest["started_at"]
        first = utc_now() if began is None else max(utc_now(), began + timedelta(minutes=minutes))
        self._scheduler.add_job(
            self._worker.run,
            "interval",
            minutes=max(minutes, 1),
            jitter=min(60, max(minutes, 1) * 6),
            args=(account["id"], minutes),
            id=job_id,
            executor="syncs",
            next_run_time=None if self._off(account) else first,
        )

    def _pause(self, job: Any, *, paused: bool) -> None:
        if paused and job.next_run_time is not None:
            job.pause()
        elif not paused and job.next_run_time is None:
            job.resume()
