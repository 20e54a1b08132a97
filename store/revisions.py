"""The versions of the schema: which one a database has, and bringing it up."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from store.engine import Store
from store.errors import StoreTooNew

MIGRATIONS = Path(__file__).parent / "migrations"


def _alembic(scripts: Path, connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def version(store: Store) -> str | None:
    """The database's schema revision, None while it is empty."""
    with store.read() as connection:
        return revision_of(connection)


def revision_of(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def head(scripts: Path = MIGRATIONS) -> str:
    """The schema revision this program writes."""
    return str(ScriptDirectory.from_config(_alembic(scripts)).get_current_head())


def refuse_newer(revision: str | None, scripts: Path = MIGRATIONS) -> None:
    """Raise `StoreTooNew` for a revision this program does not know."""
    known = {script.revision for script in ScriptDirectory.from_config(_alembic(scripts)).walk_revisions()}
    if revision is not None and revision not in known:
        raise StoreTooNew(
            "This database was written by a newer version of Spendglass. It was not touched.",
            likely_cause="Spendglass was set back to an older version, or the file came from another machine.",
            resolution="Update Spendglass, or restore a backup made by this version.",
        )


def upgrade(connection: Connection, revision: str = "head", scripts: Path = MIGRATIONS) -> None:
    """Bring the schema up to a revision, within the caller's transaction."""
    command.upgrade(_alembic(scripts, connection), revision)
