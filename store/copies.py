"""Whole copies of a database, always as one SQLite file: the form that both databases can be restored from."""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, delete, select

from store.engine import Store, read_only_uri, sqlite_engine
from store.errors import StoreError, explained
from store.revisions import revision_of, upgrade
from store.tables import insert_rows

BATCH_ROWS = 5_000


def copy_to(store: Store, target: Path) -> None:
    """A consistent copy of a store that may be in use; `target` appears whole or not at all, for its owner only.

    Raises `StoreError` when the target cannot be written or the source cannot be read.
    """
    with _scratch(target.parent) as folder:
        if store.sqlite_path is not None:
            copied = _copied_pages(store.sqlite_path, folder / "copy.db")
        else:
            copied = _copied_pages(_copied_tables(store, folder / "tables.db"), folder / "copy.db")
        try:
            copied.replace(target)
        except OSError as fault:
            raise _unwritable(target.parent, fault) from fault


def copy_file(source: Path, folder: Path) -> Path:
    """A consistent copy of a SQLite file within `folder`; raises `StoreError` when there is no such database."""
    return _copied_pages(source, folder / "copy.db")


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A folder of our own on the same disk, so that a finished file can be moved to its place at once."""
    try:
        scratch = tempfile.TemporaryDirectory(prefix=".spendglass-", dir=folder)
    except OSError as fault:
        raise _unwritable(folder, fault) from fault
    with scratch as name:
        yield Path(name)


def _unwritable(folder: Path, fault: OSError) -> StoreError:
    return StoreError(
        f"Nothing can be written to {folder}: {fault.strerror}.",
        likely_cause="The folder does not exist, its disk is full, or this user may not write there.",
        resolution="Choose another place for the copy, or free some space.",
    )


def _copied_pages(source: Path, target: Path) -> Path:
    """SQLite's own online copy: one consistent state, also while others write."""
    try:
        target.touch(mode=0o600)
        uri = read_only_uri(source)
        with closing(sqlite3.connect(uri, uri=True)) as here, closing(sqlite3.connect(target)) as there:
            here.backup(there)
            there.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as fault:
        raise explained(fault) from fault
    except OSError as fault:
        raise _unwritable(target.parent, fault) from fault
    return target


def _copied_tables(store: Store, target: Path) -> Path:
    """The tables as SQLite of the same schema revision, row by row."""
    copy = Store(sqlite_engine(target), store.sealer, target, store.backups)
    try:
        with store.read() as here, copy.write() as there:
            upgrade(there, revision_of(here) or "head")
            replace_rows(here, there)
    finally:
        copy.close()
    return target


def tables_of(connection: Connection) -> list[Table]:
    """The tables as the database itself describes them, those that others refer to first."""
    found = MetaData()
    found.reflect(connection)
    return [chosen for chosen in found.sorted_tables if chosen.name != "alembic_version"]


def replace_rows(source: Connection, target: Connection) -> None:
    """Put the source's rows in the place of all the target's, within the target's transaction. Same schema revision.

    Columns are taken as each database describes them, so money stays whole nano-dollars all the way.
    """
    for connection in (source, target):
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")
    theirs = {table.name: table for table in tables_of(source)}
    ours = tables_of(target)
    for table in reversed(ours):
        target.execute(delete(table))
    for table in ours:
        found = source.execute(select(theirs[table.name]), execution_options={"yield_per": BATCH_ROWS})
        names = [column.name for column in theirs[table.name].columns]
        stored = _stored(target, [table.c[name] for name in names])
        for rows in found.partitions():
            insert_rows(target, table.name, names, [stored(row) for row in rows])
        _number_on(target, table)


def _stored(target: Connection, columns: list[Column[Any]]) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    """Turns a row into values as the target stores them: SQLite keeps days and times as text."""
    if target.dialect.name == "postgresql":
        return tuple
    dialect = target.dialect
    makers = [column.type.dialect_impl(dialect).bind_processor(dialect) for column in columns]
    return lambda row: tuple(value if make is None else make(value) for value, make in zip(row, makers, strict=True))


def _number_on(target: Connection, table: Table) -> None:
    """Let PostgreSQL's counter of a table go on after the highest id; SQLite does so by itself."""
    key = table.autoincrement_column
    if target.dialect.name == "postgresql" and key is not None:
        target.exec_driver_sql(
            f"SELECT setval(pg_get_serial_sequence('{table.name}', '{key.name}'), max({key.name})) "  # noqa: S608
            f"FROM {table.name} HAVING max({key.name}) IS NOT NULL AND "
            f"pg_get_serial_sequence('{table.name}', '{key.name}') IS NOT NULL"
        )
