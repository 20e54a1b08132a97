"""The database: opening it, its two kinds of transaction, and bringing it to the current version."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import DBAPIError

from settings import Settings, settings
from store.errors import StoreError, StoreTooNew, explained
from store.secrets import Sealer, open_sealer

BUSY_MILLISECONDS = 15_000
KEPT_BACKUPS = 5


@dataclass(frozen=True, slots=True)
class Store:
    """An opened database with the sealer of its credentials. `sqlite_path` None on PostgreSQL."""

    engine: Engine
    sealer: Sealer
    sqlite_path: Path | None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view of the data."""
        with _explained_faults(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: all of it or nothing. On SQLite the write lock is taken at the start."""
        with _explained_faults(), self.engine.connect() as connection:
            writing = connection.execution_options(spendglass_write=True)
            with writing.begin():
                yield writing

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def _explained_faults() -> Iterator[None]:
    try:
        yield
    except DBAPIError as fault:
        raise explained(fault) from fault


def open_store(chosen: Settings | None = None) -> Store:
    """The store of these settings, brought to the current version.

    Raises `StoreError` (unreachable, read-only, full) or `StoreTooNew`.
    """
    chosen = chosen or settings()
    if chosen.database_url is None or not (chosen.secret_key or chosen.secret_key_file):
        _make_folder(chosen.data_dir)
    store = Store(_engine(chosen), open_sealer(chosen), chosen.sqlite_path)
    migrate(store, chosen.data_dir / "backups")
    return store


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as fault:
        raise StoreError(
            f"The data folder {folder} cannot be made: {fault.strerror}.",
            likely_cause="The path is wrong, or this user may not write there.",
            resolution="Point SPENDGLASS_DATA_DIR to a folder this user may write to.",
        ) from fault


def _engine(chosen: Settings) -> Engine:
    if chosen.database_url is not None:
        url = make_url(chosen.database_url.get_secret_value()).set(drivername="postgresql+psycopg")
        return create_engine(url, pool_pre_ping=True, hide_parameters=True)
    return sqlite_engine(chosen.data_dir / "spendglass.db")


def sqlite_engine(path: Path) -> Engine:
    """An engine on a SQLite file: write-ahead log, foreign keys, and transactions that begin when we say."""
    engine = create_engine(
        f"sqlite:///{path}", hide_parameters=True, connect_args={"timeout": BUSY_MILLISECONDS / 1000}
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA journal_mode=WAL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get("spendglass_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _alembic(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def version(store: Store) -> str | None:
    """The database's schema revision, None while it is empty."""
    with store.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """The schema revision this program writes."""
    return str(ScriptDirectory.from_config(_alembic()).get_current_head())


def migrate(store: Store, backups: Path) -> None:
    """Bring the database to the current version, after a backup; nothing to do when it is there already.

    Raises `StoreTooNew` for a database of a newer Spendglass, without touching it.
    """
    current = version(store)
    if current == head():
        return
    known = {script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()}
    if current is not None and current not in known:
        raise StoreTooNew(
            "This database was written by a newer version of Spendglass. It was not touched.",
            likely_cause="Spendglass was set back to an older version, or the file came from another machine.",
            resolution="Update Spendglass, or restore a backup made by this version.",
        )
    if current is None and _is_foreign(store):
        raise StoreError(
            "This database has tables, but they are not those of Spendglass. It was not touched.",
            likely_cause="SPENDGLASS_DATABASE_URL or SPENDGLASS_DATA_DIR points to another program's database.",
            resolution="Point it to an empty database of its own.",
        )
    if current is not None and store.sqlite_path is not None:
        backup_before_migration(store.sqlite_path, backups, current)
    with store.write() as connection:
        _lock_out_others(connection)
        if MigrationContext.configure(connection).get_current_revision() != head():
            command.upgrade(_alembic(connection), "head")


def _is_foreign(store: Store) -> bool:
    with store.read() as connection:
        return bool(inspect(connection).get_table_names())


def _lock_out_others(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(7236012)"))


def backup_before_migration(path: Path, backups: Path, revision: str) -> Path:
    """A copy of the database beside it, the newest few kept."""
    backups.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = backups / f"before-migration-{datetime.now(UTC):%Y%m%dT%H%M%S}-{revision}.db"
    copy_sqlite(path, target)
    for old in sorted(backups.glob("before-migration-*.db"))[:-KEPT_BACKUPS]:
        old.unlink()
    return target


def copy_sqlite(source: Path, target: Path) -> None:
    """A consistent copy of a SQLite database that may be in use; `target` appears whole or not at all."""
    unfinished = target.with_name(target.name + ".part")
    try:
        unfinished.touch(mode=0o600)
        with sqlite3.connect(f"file:{source}?mode=ro", uri=True) as here, sqlite3.connect(unfinished) as there:
            here.backup(there)
            there.execute("PRAGMA journal_mode=DELETE")
        here.close()
        there.close()
        unfinished.replace(target)
    except (sqlite3.Error, OSError) as fault:
        unfinished.unlink(missing_ok=True)
        raise explained(fault) from fault


def free_bytes(folder: Path) -> int:
    """Free space of the disk that holds a folder."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize
