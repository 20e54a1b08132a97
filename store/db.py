"""Opening the database, and bringing it to the current version."""

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import inspect

from settings import Settings, settings
from store.copies import copy_to
from store.engine import BUSY_SECONDS, Store, lock_out_others, make_folder, postgresql_engine, sqlite_engine
from store.errors import StoreError
from store.revisions import MIGRATIONS, head, refuse_newer, revision_of, upgrade, version
from store.secrets import open_sealer

__all__ = ["Store", "migrate", "open_store"]

KEPT_BACKUPS = 5


def open_store(chosen: Settings | None = None, *, busy_seconds: float = BUSY_SECONDS) -> Store:
    """The store of these settings, brought to the current version.

    `busy_seconds` is how long SQLite waits for another writer. Raises `StoreError` (unreachable, read-only, full) or
    `StoreTooNew`.
    """
    chosen = chosen or settings()
    if chosen.database_url is None or not (chosen.secret_key or chosen.secret_key_file):
        make_folder(chosen.data_dir)
    sealer, backups = open_sealer(chosen), chosen.data_dir / "backups"
    if chosen.database_url is not None:
        store = Store(postgresql_engine(chosen.database_url.get_secret_value()), sealer, None, backups)
    else:
        path = chosen.data_dir / "spendglass.db"
        store = Store(sqlite_engine(path, busy_seconds), sealer, path, backups)
    with ExitStack() as on_failure:
        on_failure.callback(store.close)
        migrate(store)
        on_failure.pop_all()
    return store


def migrate(store: Store, scripts: Path = MIGRATIONS) -> None:
    """Bring the database to the current version, after a backup; nothing to do when it is there already.

    Raises `StoreTooNew` for a database of a newer Spendglass, without touching it.
    """
    current, newest = version(store), head(scripts)
    if current == newest:
        return
    refuse_newer(current, scripts)
    if current is None and _is_foreign(store):
        raise StoreError(
            "This database has tables, but they are not those of Spendglass. It was not touched.",
            likely_cause="SPENDGLASS_DATABASE_URL or SPENDGLASS_DATA_DIR points to another program's database.",
            resolution="Point it to an empty database of its own.",
        )
    if current is not None:
        _backup_before_migration(store, current)
    with store.write() as connection:
        lock_out_others(connection)
        if revision_of(connection) != newest:
            upgrade(connection, scripts=scripts)


def _is_foreign(store: Store) -> bool:
    with store.read() as connection:
        return bool(inspect(connection).get_table_names()) and revision_of(connection) is None


def _backup_before_migration(store: Store, revision: str) -> None:
    """A copy in the backups folder, the newest few kept."""
    make_folder(store.backups)
    copy_to(store, store.backups / f"before-migration-{datetime.now(UTC):%Y%m%dT%H%M%S}-{revision}.db")
    for old in sorted(store.backups.glob("before-migration-*.db"))[:-KEPT_BACKUPS]:
        old.unlink(missing_ok=True)
