"""Speaking to SQLite or PostgreSQL: engines, and the two kinds of transaction."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from store.errors import StoreError, explained
from store.secrets import Sealer

BUSY_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Store:
    """An opened database with the sealer of its credentials. `sqlite_path` None on PostgreSQL."""

    engine: Engine
    sealer: Sealer
    sqlite_path: Path | None
    backups: Path
    """Folder of the backups made before migrations and restores; made when needed."""

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view of the data."""
        with _explained_faults(), self.engine.connect() as connection:
            if self.sqlite_path is None:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")  # noqa: PLW2901
            with connection.begin():
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
    except (DBAPIError, psycopg.Error) as fault:
        raise explained(fault) from fault
    except PoolTimeout as fault:
        raise StoreError(
            "The database is busy: all connections are in use.",
            likely_cause="Many pages are read at once, or the database answers slowly.",
            resolution="Try again in a moment.",
        ) from fault


def postgresql_engine(url: str) -> Engine:
    return create_engine(make_url(url).set(drivername="postgresql+psycopg"), pool_pre_ping=True, hide_parameters=True)


def sqlite_engine(path: Path, busy_seconds: float = BUSY_SECONDS) -> Engine:
    """An engine on a SQLite file: write-ahead log, foreign keys, and transactions that begin when we say."""
    url = URL.create("sqlite", database=str(path))
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": busy_seconds})

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


def read_only_uri(path: Path) -> str:
    """The SQLite URI that opens an existing file without writing to it."""
    return f"file:{quote(str(path))}?mode=ro"


def lock_out_others(connection: Connection) -> None:
    """Let one writer at a time pass here, until its transaction ends. On SQLite every writer is alone already."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7236012)")


def flush_to_disk(store: Store) -> None:
    """Make what was committed survive a power cut now, not at SQLite's next checkpoint."""
    if store.sqlite_path is not None:
        with _explained_faults(), store.engine.connect() as connection:
            connection.connection.cursor().execute("PRAGMA wal_checkpoint(FULL)")


def make_folder(folder: Path) -> None:
    """Make a folder that only its owner may enter; raises `StoreError` when that fails."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as fault:
        raise StoreError(
            f"The folder {folder} cannot be made: {fault.strerror}.",
            likely_cause="The path is wrong, or this user may not write there.",
            resolution="Point SPENDGLASS_DATA_DIR to a folder this user may write to.",
        ) from fault


def free_bytes(folder: Path) -> int:
    """Free space of the disk that holds a folder."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize
