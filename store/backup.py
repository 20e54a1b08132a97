"""Backups: one SQLite file, whichever database it came from, and back from such a file into either.

A backup holds the credentials as they are stored: sealed. The secret key is not in it.
"""

import sqlite3
import tempfile
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, delete, select, update

from store.copies import copy_file, copy_to, replace_rows, tables_of
from store.engine import Store, lock_out_others, make_folder, read_only_uri, sqlite_engine
from store.errors import StoreError
from store.leases import is_leased
from store.models import DataVersion, Lease
from store.revisions import refuse_newer, upgrade
from store.runs import interrupt_open_runs
from store.tables import changed, table

OURS = frozenset({"account", "daily_cost", "data_version", "alembic_version"})
"""Tables that every version of Spendglass has."""


def backup(store: Store, target: Path, *, overwrite: bool = False) -> None:
    """Write a consistent copy of the store, also while it is in use; `target` appears whole or not at all.

    Raises `StoreError` when the target exists and is not to be overwritten, or cannot be written.
    """
    if store.sqlite_path is not None and target.resolve() == store.sqlite_path.resolve():
        raise StoreError(
            "The backup cannot be written over the database itself.",
            likely_cause="The path given is that of the database in use.",
            resolution="Choose another file.",
        )
    if target.exists() and not overwrite:
        raise StoreError(
            f"{target} exists already; nothing was written.",
            likely_cause="An earlier backup has this name.",
            resolution="Choose another name, or remove the file first.",
        )
    copy_to(store, target)


def restore(store: Store, source: Path, now: datetime) -> Path:
    """Replace the store's content by that of a backup, all of it or nothing; returns a backup of what was there.

    A backup of an older version is brought up first; syncs cut off by the backup end as interrupted. Raises
    `StoreTooNew` for a backup of a newer version, `StoreError` for a file that is damaged or is no Spendglass database
    and while an account is being synced.
    """
    make_folder(store.backups)
    with store.read() as connection:
        _refuse_while_syncing(connection, now)
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=store.backups) as folder:
        staged = _staged(store, source, Path(folder), now)
        try:
            safety = _free_name(store.backups, now)
            copy_to(store, safety)
            with staged.read() as theirs, store.write() as ours:
                _replace(theirs, ours, now)
        finally:
            staged.close()
    return safety


def _free_name(folder: Path, now: datetime) -> Path:
    wanted = folder / f"before-restore-{now:%Y%m%dT%H%M%S}.db"
    number = 1
    while wanted.exists():
        number += 1
        wanted = folder / f"before-restore-{now:%Y%m%dT%H%M%S}-{number}.db"
    return wanted


def _staged(store: Store, source: Path, folder: Path, now: datetime) -> Store:
    """The backup as an opened store of the current version, with nobody at work in it."""
    if not source.is_file():
        raise StoreError(
            f"There is no file {source}.",
            likely_cause="The path is mistyped.",
            resolution="Give the path of a file made by `python cli.py backup`.",
        )
    copied = copy_file(source, folder)
    revision = _checked_revision(copied, source)
    refuse_newer(revision)
    staged = Store(sqlite_engine(copied), store.sealer, copied, store.backups)
    with staged.write() as connection:
        upgrade(connection)
        connection.execute(delete(table(Lease)))
        interrupt_open_runs(connection, now)
    return staged


def _checked_revision(copied: Path, source: Path) -> str:
    """The schema revision of a whole, sound Spendglass database."""
    try:
        with closing(sqlite3.connect(read_only_uri(copied), uri=True)) as file:
            sound = file.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            names = {row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            revision = file.execute("SELECT version_num FROM alembic_version").fetchone() if names >= OURS else None
            sound = sound and not file.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.Error:
        sound, revision = False, None
    if not sound:
        raise StoreError(
            f"{source} is damaged. Nothing was changed.",
            likely_cause="The file was cut short when it was copied, or is not a backup.",
            resolution="Restore another backup.",
        )
    if revision is None:
        raise StoreError(
            f"{source} is no Spendglass database. Nothing was changed.",
            likely_cause="The file belongs to another program.",
            resolution="Give a file made by `python cli.py backup`.",
        )
    return str(revision[0])


def _refuse_while_syncing(connection: Connection, now: datetime) -> None:
    for account_id in connection.execute(select(table(Lease).c.account_id)).scalars().all():
        if is_leased(connection, account_id, now):
            raise StoreError(
                f"Account {account_id} is being synced. Nothing was changed.",
                likely_cause="The server or another command line is at work.",
                resolution="Wait until the sync has ended, or stop the server, then restore again.",
            )


def _replace(theirs: Connection, ours: Connection, now: datetime) -> None:
    """All tables at once; the data version goes on counting, so that pages notice."""
    lock_out_others(ours)
    if ours.dialect.name == "postgresql":
        names = ", ".join(sorted(found.name for found in tables_of(ours)))
        ours.exec_driver_sql(f"LOCK TABLE {names} IN EXCLUSIVE MODE")
    _refuse_while_syncing(ours, now)
    versions = table(DataVersion)
    before = ours.execute(select(versions.c.version)).scalar_one()
    replace_rows(theirs, ours)
    after = ours.execute(select(versions.c.version)).scalar_one()
    ours.execute(update(versions).values(version=max(before, after)))
    changed(ours)
