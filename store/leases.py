"""One process at a time syncs an account.

A lease is a row with a holder and an expiry that the holder keeps pushing on. A holder that died on this same machine
is recognised by its process being gone, so that a restart need not wait for the expiry.
"""

import os
import socket
import uuid
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from store.engine import Store
from store.errors import LeaseLost
from store.models import Lease
from store.tables import rows_of, table

LEASE = timedelta(seconds=30)
HEARTBEAT_SECONDS = 8.0


def new_holder() -> str:
    """A name for one sync of this process: machine, process, and a part of its own."""
    return f"{_machine()}/{os.getpid()}@{_started(os.getpid())}/{uuid.uuid4().hex}"


@lru_cache(maxsize=1)
def _machine() -> str:
    """This boot of this machine and its process namespace: process numbers mean the same only within it."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}:{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return f"{socket.gethostname()}:{uuid.getnode():x}"


def _started(process: int) -> str:
    """When a process began, in the kernel's own count; empty where the system does not say."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _is_dead(holder: str) -> bool:
    """Whether the holder's process is surely gone. A holder on another machine is never surely gone."""
    machine, process, _ = holder.rsplit("/", 2)
    if machine != _machine():
        return False
    number, _, started = process.partition("@")
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _started(int(number)) != started or _is_zombie(int(number))


def _is_zombie(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False


def take_lease(store: Store, account_id: int, holder: str, now: datetime) -> bool:
    """Whether `holder` now holds the account: it was free, expired, or its holder is dead."""
    leases = table(Lease)
    with store.write() as connection:
        found = rows_of(connection, select(leases).where(leases.c.account_id == account_id).with_for_update())
        if found and found[0]["holder"] != holder and found[0]["expires_at"] > now and not _is_dead(found[0]["holder"]):
            return False
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        values = {"holder": holder, "expires_at": now + LEASE}
        wanted = dialect.insert(leases).values(account_id=account_id, **values)
        taken = wanted.on_conflict_do_update(
            index_elements=["account_id"],
            set_=values,
            where=(leases.c.holder == (found[0]["holder"] if found else holder)),
        )
        connection.execute(taken)
        kept = rows_of(connection, select(leases).where(leases.c.account_id == account_id))
        return bool(kept[0]["holder"] == holder)


def keep_lease(connection: Connection, account_id: int, holder: str, now: datetime) -> None:
    """Push the expiry on, within the caller's transaction; raises `LeaseLost` when another process took over."""
    leases = table(Lease)
    mine = (leases.c.account_id == account_id) & (leases.c.holder == holder)
    if connection.execute(update(leases).where(mine).values(expires_at=now + LEASE)).rowcount != 1:
        raise LeaseLost(
            "Another process took over this account; the window at hand was not saved twice.",
            likely_cause="This process was halted for longer than its lease, for example by a sleeping laptop.",
            resolution="Nothing to do: the other process goes on.",
        )


def drop_lease(store: Store, account_id: int, holder: str) -> None:
    leases = table(Lease)
    with store.write() as connection:
        connection.execute(delete(leases).where((leases.c.account_id == account_id) & (leases.c.holder == holder)))


def is_leased(connection: Connection, account_id: int, now: datetime) -> bool:
    """Whether a live process is syncing the account."""
    leases = table(Lease)
    found = rows_of(connection, select(leases).where(leases.c.account_id == account_id))
    return bool(found) and found[0]["expires_at"] > now and not _is_dead(found[0]["holder"])
