"""Opening a database: empty, ours, of another version, or of somebody else."""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from pydantic import SecretStr
from sqlalchemy import text
from sqlmodel import SQLModel

from settings import Settings
from store.db import migrate, open_store
from store.engine import Store, postgresql_engine, sqlite_engine
from store.errors import StoreError, StoreTooNew
from store.frames import data_version
from store.models import DailyCost
from store.revisions import MIGRATIONS, head, upgrade, version
from store.secrets import open_sealer
from tests.conftest import Postgresql
from tests.store.cast import Syncing, bill, cost, everything, march, rows

ROOT = Path(__file__).parents[2]
LATER = '''
"""A later revision, of this test only"""

import sqlalchemy as sa
from alembic import op

revision = "later"
down_revision = "{head}"


def upgrade() -> None:
    op.add_column("account", sa.Column("colour", sa.String(), server_default="blue"))
    {then}
'''


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path, without_settings: None) -> Settings:
    """Settings of a database without any table."""
    if request.param == "sqlite":
        return Settings(data_dir=tmp_path / "data")
    server: Postgresql = request.getfixturevalue("postgresql")
    return Settings(data_dir=tmp_path / "data", database_url=SecretStr(server.empty()))


def scripts(tmp_path: Path, then: str = "") -> Path:
    """A folder of migrations with one more revision."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    (folder / "versions" / "later.py").write_text(LATER.format(head=head(), then=then))
    return folder


def test_an_empty_database_is_brought_to_the_current_version_without_a_backup(empty: Settings) -> None:
    store = open_store(empty)
    assert version(store) == head()
    assert data_version(store) == 0
    store.close()
    again = open_store(empty)
    assert version(again) == head()
    again.close()
    assert not (empty.data_dir / "backups").exists()


def test_models_and_migrations_agree(empty: Settings) -> None:
    store = open_store(empty)
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, SQLModel.metadata) == []
    store.close()


def test_a_database_of_the_first_release_is_upgraded_and_keeps_its_data(empty: Settings) -> None:
    url = empty.database_url.get_secret_value() if empty.database_url else None
    empty.data_dir.mkdir()
    path = None if url else empty.data_dir / "spendglass.db"
    engine = postgresql_engine(url) if url else sqlite_engine(empty.data_dir / "spendglass.db")
    first = Store(engine, open_sealer(empty), path, empty.data_dir / "backups")
    with first.write() as connection:
        upgrade(connection, "0001")
        connection.execute(text("UPDATE data_version SET version = 7"))
    first.close()
    store = open_store(empty)
    assert version(store) == head() != "0001"
    assert data_version(store) == 7
    assert len(list(store.backups.iterdir())) == 1
    store.close()


def test_an_older_database_is_backed_up_and_then_upgraded(sync: Syncing, tmp_path: Path) -> None:
    sync.save(bill(march(1, 1), cost(1, "1.5")))
    migrate(sync.store, scripts(tmp_path))
    assert version(sync.store) == "later"
    with sync.store.read() as connection:
        assert connection.execute(text("SELECT colour FROM account")).scalars().all() == ["blue"]
        assert connection.execute(text("SELECT billed_cost FROM daily_cost")).scalars().all() == [1_500_000_000]
    [kept] = sync.store.backups.iterdir()
    with closing(sqlite3.connect(kept)) as file:
        assert file.execute("SELECT version_num FROM alembic_version").fetchall() == [(head(),)]
        assert file.execute("SELECT billed_cost FROM daily_cost").fetchall() == [(1_500_000_000,)]
    undo(sync)


def undo(sync: Syncing) -> None:
    """Back to the current revision: the PostgreSQL database serves the next test too."""
    with sync.store.write() as connection:
        connection.execute(text("ALTER TABLE account DROP COLUMN colour"))
        connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": head()})


def test_a_migration_that_fails_changes_nothing(sync: Syncing, tmp_path: Path) -> None:
    sync.save(bill(march(1, 1), cost(1, "1.5")))
    before = everything(sync.store)
    with pytest.raises(StoreError):
        migrate(
            sync.store, scripts(tmp_path, then='op.execute("DELETE FROM daily_cost; ")\n    op.execute("nonsense")')
        )
    assert version(sync.store) == head()
    assert everything(sync.store) == before


def test_only_the_newest_backups_before_migrations_are_kept(sync: Syncing, tmp_path: Path) -> None:
    sync.store.backups.mkdir(parents=True)
    old = [sync.store.backups / f"before-migration-2020010{n}T000000-0000.db" for n in range(1, 8)]
    for path in [*old, sync.store.backups / "mine.db"]:
        path.touch()
    migrate(sync.store, scripts(tmp_path))
    kept = sorted(path.name for path in sync.store.backups.iterdir())
    assert kept[:4] == [path.name for path in old[3:]]
    assert len(kept) == 6
    assert kept[-1] == "mine.db"
    undo(sync)


def test_a_newer_database_is_refused_untouched(sync: Syncing, chosen: Settings) -> None:
    sync.save(bill(march(1, 1), cost(1, "1")))
    with sync.store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreTooNew) as fault:
        open_store(chosen)
    assert "Update Spendglass" in fault.value.resolution
    assert version(sync.store) == "9999"
    assert len(rows(sync.store, DailyCost, "day")) == 1
    assert not sync.store.backups.exists()
    with sync.store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": head()})


def test_another_programs_database_is_refused_untouched(tmp_path: Path, without_settings: None) -> None:
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / "spendglass.db"
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("CREATE TABLE recipes (name TEXT)")
    with pytest.raises(StoreError, match="not those of Spendglass"):
        open_store(Settings(data_dir=tmp_path / "data"))
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]


def test_another_programs_postgresql_is_refused_untouched(
    tmp_path: Path, without_settings: None, postgresql: Postgresql
) -> None:
    url = postgresql.empty()
    postgresql.run("CREATE TABLE recipes (name TEXT)", "empty")
    with pytest.raises(StoreError, match="not those of Spendglass"):
        open_store(Settings(data_dir=tmp_path / "data", database_url=SecretStr(url)))
    with pytest.raises(Exception, match="alembic_version"):
        postgresql.run("SELECT * FROM alembic_version", "empty")


def test_processes_that_open_an_empty_database_at_once_all_succeed(empty: Settings) -> None:
    code = (
        "import sys; from settings import Settings; from store.db import open_store\n"
        "from store.frames import data_version\n"
        "print('ready', flush=True); sys.stdin.readline(); print(data_version(open_store(Settings())))"
    )
    url = empty.database_url.get_secret_value() if empty.database_url else ""
    environment = {"SPENDGLASS_DATA_DIR": str(empty.data_dir), "SPENDGLASS_DATABASE_URL": url, "PATH": "/usr/bin:/bin"}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(4)
    ]  # fmt: skip
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate()[0] for process in started] == ["0\n"] * 4


def test_readers_see_one_state_while_a_writer_saves(sync: Syncing) -> None:
    sync.save(bill(march(1, 1), cost(1, "1")))
    with sync.store.read() as connection:
        count = text("SELECT sum(billed_cost) FROM daily_cost")
        first = connection.execute(count).scalar_one()
        sync.save(bill(march(1, 1), cost(1, "7")))
        assert connection.execute(count).scalar_one() == first
    assert rows(sync.store, DailyCost, "billed_cost") == [7]
