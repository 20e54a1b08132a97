"""When the database refuses: a next step for people, and nothing lost."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import event

from settings import Settings
from store.backup import backup
from store.db import open_store
from store.engine import sqlite_engine
from store.errors import StoreError
from store.frames import read_costs
from store.models import DailyCost
from tests.conftest import Postgresql
from tests.store.cast import Syncing, begin, bill, cost, everything, march, rows

MANY = bill(march(1, 20), *[cost(1 + number % 20, "1", model=f"model-{number}") for number in range(3000)])


@pytest.fixture
def saved(sqlite_settings: Settings, now: datetime) -> Iterator[Syncing]:
    """A sync on a SQLite file that waits for nobody, with one day saved."""
    store = open_store(sqlite_settings, busy_seconds=0)
    sync = begin(store, now)
    sync.save(bill(march(1, 1), cost(1, "1")))
    yield sync
    store.close()


def refused(sync: Syncing, words: str) -> None:
    """Saving raises an explained `StoreError` and leaves the store as it was."""
    before = everything(sync.store)
    with pytest.raises(StoreError, match=words) as fault:
        sync.save(MANY)
    assert fault.value.message
    assert fault.value.likely_cause
    assert fault.value.resolution
    assert everything(sync.store) == before


def test_a_full_disk_loses_nothing_and_saving_goes_on_when_there_is_space(saved: Syncing) -> None:
    with saved.store.engine.connect() as connection:
        raw = connection.connection.cursor()
        pages = raw.execute("PRAGMA page_count").fetchone()[0]
        raw.execute(f"PRAGMA max_page_count={pages + 10}")
        connection.connection.invalidate(soft=True)

    @event.listens_for(saved.store.engine, "connect")
    def shrink(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages + 10}")

    saved.store.engine.dispose()
    refused(saved, "The disk is full")
    event.remove(saved.store.engine, "connect", shrink)
    saved.store.engine.dispose()
    assert saved.save(MANY).cost_rows == 3000


def test_a_database_locked_by_another_program_loses_nothing(saved: Syncing) -> None:
    with closing(sqlite3.connect(str(saved.store.sqlite_path), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        refused(saved, "stayed locked")
        assert read_costs(saved.store, march(1, 31)).height == 1
        other.execute("ROLLBACK")
    assert saved.save(MANY).cost_rows == 3000


def test_a_read_only_database_loses_nothing(saved: Syncing) -> None:
    @event.listens_for(saved.store.engine, "connect")
    def protect(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA query_only=ON")

    saved.store.engine.dispose()
    refused(saved, "read-only")


def test_a_postgresql_that_only_reads_is_explained(postgresql_settings: Settings, now: datetime) -> None:
    store = open_store(postgresql_settings)
    sync = begin(store, now)

    @event.listens_for(store.engine, "begin")
    def protect(connection: object) -> None:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")  # type: ignore[attr-defined]

    refused(sync, "read-only")
    store.close()


def test_a_fault_in_the_middle_of_saving_leaves_nothing_of_it(sync: Syncing) -> None:
    sync.save(bill(march(1, 1), cost(1, "1")))
    before = everything(sync.store)
    broken = cost(3, "3").model_copy(update={"model": None})
    with pytest.raises(StoreError):
        sync.save(bill(march(1, 5), cost(2, "2")).model_copy(update={"costs": (cost(1, "9"), broken)}))
    too_much = cost(3, "3").model_copy(update={"billed_cost": cost(1, "9e9").billed_cost * 2})
    with pytest.raises(ValueError, match="more than the store can hold"):
        sync.save(bill(march(1, 5)).model_copy(update={"costs": (cost(1, "9"), too_much)}))
    assert everything(sync.store) == before
    assert sync.save(bill(march(1, 5), cost(2, "2"))).cost_rows == 1
    assert len(rows(sync.store, DailyCost, "day")) == 1


def test_a_file_that_is_no_database_is_explained(sqlite_settings: Settings) -> None:
    sqlite_settings.data_dir.mkdir()
    path = sqlite_settings.data_dir / "spendglass.db"
    path.write_text("not a database, " * 1000)
    with pytest.raises(StoreError, match="damaged or is not a database") as fault:
        open_store(sqlite_settings)
    assert "restore a backup" in fault.value.resolution
    assert path.read_text() == "not a database, " * 1000


def test_a_data_folder_that_cannot_be_made_is_explained(tmp_path: Path, without_settings: None) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made"):
        open_store(Settings(data_dir=tmp_path / "file" / "data"))


@pytest.mark.parametrize("host", ["127.0.0.1:1", "no-such-host.invalid"])
def test_a_postgresql_that_does_not_answer_is_explained_without_its_password(
    tmp_path: Path, without_settings: None, host: str
) -> None:
    url = SecretStr(f"postgresql://someone:pass-5e1f0c@{host}/spend?connect_timeout=2")
    with pytest.raises(StoreError, match="cannot be reached") as fault:
        open_store(Settings(data_dir=tmp_path / "data", database_url=url))
    assert "pass-5e1f0c" not in str(fault.value) + fault.value.likely_cause + fault.value.resolution


def test_a_postgresql_database_that_is_not_there_is_explained(
    tmp_path: Path, without_settings: None, postgresql: Postgresql
) -> None:
    url = SecretStr(postgresql.url("nowhere"))
    with pytest.raises(StoreError, match="cannot be reached or refuses"):
        open_store(Settings(data_dir=tmp_path / "data", database_url=url))


def test_reading_a_database_that_went_away_is_explained(saved: Syncing, tmp_path: Path) -> None:
    path = tmp_path / "gone" / "spendglass.db"
    gone = replace(saved.store, engine=sqlite_engine(path), sqlite_path=path)
    with pytest.raises(StoreError, match="cannot be opened"):
        read_costs(gone, march(1, 31))


def test_a_data_folder_with_signs_of_an_address_in_its_name_works(
    tmp_path: Path, without_settings: None, now: datetime
) -> None:
    store = open_store(Settings(data_dir=tmp_path / "a b?c=d#e%20f"))
    begin(store, now).save(bill(march(1, 1), cost(1, "1")))
    assert read_costs(store, march(1, 31)).height == 1
    backup(store, tmp_path / "copy.db")
    assert (tmp_path / "a b?c=d#e%20f" / "spendglass.db").exists()
    store.close()
