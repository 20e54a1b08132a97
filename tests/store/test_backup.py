"""Backups: whole or not at all, from either database into either, and nothing lost on the way back."""

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select, text

from settings import Settings
from store.accounts import credential_of, set_paused
from store.backup import backup, restore
from store.db import Store, open_store
from store.errors import LeaseLost, StoreError, StoreTooNew
from store.frames import data_version, read_costs
from store.leases import drop_lease, new_holder, take_lease
from store.models import Lease, SyncRun
from store.records import ApiKeyRecord, WorkspaceRecord
from store.runs import begin_run, request_sync, run, update_run
from store.tables import rows_of, table
from tests.store.cast import MARKER, Syncing, begin, bill, cost, day, everything, march, rows


def ended(sync: Syncing) -> Syncing:
    """The sync with data of every table saved, and ended."""
    sync.save(
        bill(
            march(1, 4),
            cost(1, "1234567.123456789", credits_applied=Decimal("0.1"), usage_quantity=Decimal("0.000001")),
            cost(2, "-0.000000001", input_tokens=2**60),
            workspaces=(WorkspaceRecord(workspace_id="w1", name="Suche „ß“", created_at=sync.now),),
            api_keys=(ApiKeyRecord(api_key_id="k1", workspace_id="w1", last_used_at=sync.now),),
            control_totals={day(1): Decimal("1234567.123456789"), day(2): Decimal("-0.000000001")},
        )
    )
    sync.save(bill(march(4, 4), cost(4, "7")))
    update_run(sync.store, sync.run_id, status="succeeded", ended_at=sync.now, sync_cost=Decimal("0.01"))
    drop_lease(sync.store, sync.account_id, sync.holder)
    return sync


@pytest.fixture(params=["sqlite", "postgresql"])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    """Opens a second, empty store of either kind."""

    def opened() -> Store:
        if request.param == "sqlite":
            chosen = Settings(data_dir=tmp_path / "other", secret_key_file=tmp_path / "data" / "secret.key")
        else:
            found = request.getfixturevalue("postgresql").empty()
            key = tmp_path / "data" / "secret.key"
            chosen = Settings(data_dir=tmp_path / "other", secret_key_file=key, database_url=found)
        store = open_store(chosen)
        request.addfinalizer(store.close)
        return store

    return opened


def test_a_backup_restored_into_either_database_is_the_same_to_the_last_digit(
    sync: Syncing, other: Callable[[], Store], tmp_path: Path
) -> None:
    ended(sync)
    backup(sync.store, tmp_path / "copy.db")
    there = other()
    before = data_version(there)
    restore(there, tmp_path / "copy.db", sync.now)
    assert everything(there) == everything(sync.store)
    assert read_costs(there, march(1, 31)).equals(read_costs(sync.store, march(1, 31)))
    assert credential_of(there, sync.account_id) == {"apiKey": f"{MARKER}-openai-org-1"}
    assert data_version(there) > before


def test_after_a_restore_new_rows_get_new_ids(sync: Syncing, other: Callable[[], Store], tmp_path: Path) -> None:
    ended(sync)
    backup(sync.store, tmp_path / "copy.db")
    there = other()
    restore(there, tmp_path / "copy.db", sync.now)
    second = begin(there, sync.now, organization="org-2")
    assert second.account_id > sync.account_id
    assert second.run_id > sync.run_id
    assert second.save(bill(march(1, 1), cost(1, "1", workspace_id="w9"))).cost_rows == 1


def test_a_restore_leaves_a_backup_of_what_it_replaced(sync: Syncing, tmp_path: Path) -> None:
    ended(sync)
    backup(sync.store, tmp_path / "old.db")
    set_paused(sync.store, sync.account_id, paused=True)
    present = everything(sync.store)
    seen = data_version(sync.store)
    safety = restore(sync.store, tmp_path / "old.db", sync.now)
    assert everything(sync.store) != present
    assert data_version(sync.store) > seen
    assert safety.parent == sync.store.backups
    seen = data_version(sync.store)
    assert restore(sync.store, safety, sync.now) != safety
    assert everything(sync.store) == present
    assert data_version(sync.store) > seen


def test_a_backup_taken_during_a_sync_comes_back_with_nobody_at_work(sync: Syncing, tmp_path: Path) -> None:
    sync.save(bill(march(1, 1), cost(1, "1")))
    backup(sync.store, tmp_path / "busy.db")
    request_sync(sync.store, sync.account_id, "manual", sync.now)
    drop_lease(sync.store, sync.account_id, sync.holder)
    restore(sync.store, tmp_path / "busy.db", sync.now)
    assert rows(sync.store, Lease, "holder") == []
    assert rows(sync.store, SyncRun, "status") == ["interrupted"]
    assert run(sync.store, sync.run_id)["ended_at"] == sync.now


def test_a_restore_is_refused_while_an_account_is_synced(sync: Syncing, tmp_path: Path) -> None:
    backup(sync.store, tmp_path / "copy.db")
    before = everything(sync.store)
    with pytest.raises(StoreError, match="being synced") as fault:
        restore(sync.store, tmp_path / "copy.db", sync.now)
    assert fault.value.resolution
    assert everything(sync.store) == before
    expired = sync.now + timedelta(minutes=5)
    assert restore(sync.store, tmp_path / "copy.db", expired).exists()


def planted(path: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(path)) as file:
        for statement in statements:
            file.execute(statement)
        file.commit()
    return path


def cut_short(whole: Path, path: Path) -> Path:
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    return path


def scribbled(whole: Path, path: Path) -> Path:
    content = bytearray(whole.read_bytes())
    content[4096 * 3 : 4096 * 3 + 2000] = b"\xa5" * 2000
    path.write_bytes(content)
    return path


def with_orphan(whole: Path, path: Path) -> Path:
    path.write_bytes(whole.read_bytes())
    return planted(path, "INSERT INTO control_total VALUES (99, '2026-03-01', 1)")


def of_another_program(_whole: Path, path: Path) -> Path:
    return planted(
        path, "CREATE TABLE alembic_version (version_num TEXT)", "INSERT INTO alembic_version VALUES ('0001')"
    )


def a_text(_whole: Path, path: Path) -> Path:
    path.write_text("day,cost\n" * 1000)
    return path


def nothing(_whole: Path, path: Path) -> Path:
    path.touch()
    return path


def missing(_whole: Path, path: Path) -> Path:
    return path


def newer(whole: Path, path: Path) -> Path:
    path.write_bytes(whole.read_bytes())
    return planted(path, "UPDATE alembic_version SET version_num = '9999'")


@pytest.mark.parametrize(
    ("made", "kind", "words"),
    [
        (cut_short, StoreError, "damaged"),
        (scribbled, StoreError, "damaged"),
        (with_orphan, StoreError, "damaged"),
        (of_another_program, StoreError, "no Spendglass database"),
        (a_text, StoreError, "damaged or is not a database"),
        (nothing, StoreError, "no Spendglass database"),
        (missing, StoreError, "There is no file"),
        (newer, StoreTooNew, "newer version"),
    ],
)
def test_a_file_that_is_no_sound_backup_is_refused_and_nothing_touched(
    sync: Syncing, tmp_path: Path, made: Callable[[Path, Path], Path], kind: type[StoreError], words: str
) -> None:
    ended(sync)
    backup(sync.store, tmp_path / "whole.db")
    bad = made(tmp_path / "whole.db", tmp_path / "bad.db")
    content = bad.read_bytes() if bad.exists() else None
    before, seen = everything(sync.store), data_version(sync.store)
    with pytest.raises(kind, match=words) as fault:
        restore(sync.store, bad, sync.now)
    assert fault.value.likely_cause
    assert fault.value.resolution
    assert (everything(sync.store), data_version(sync.store)) == (before, seen)
    assert (bad.read_bytes() if bad.exists() else None) == content
    assert list(sync.store.backups.iterdir()) == []


def test_a_target_that_exists_is_refused_unless_overwritten(sync: Syncing, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("precious")
    with pytest.raises(StoreError, match="exists already"):
        backup(sync.store, target)
    assert target.read_text() == "precious"
    backup(sync.store, target, overwrite=True)
    assert target.read_bytes().startswith(b"SQLite format 3")
    assert target.stat().st_mode & 0o777 == 0o600


def test_the_database_in_use_is_never_the_target(sqlite_settings: Settings, tmp_path: Path) -> None:
    store = open_store(sqlite_settings)
    (tmp_path / "link").symlink_to(sqlite_settings.data_dir)
    with pytest.raises(StoreError, match="over the database itself"):
        backup(store, tmp_path / "link" / "spendglass.db", overwrite=True)
    store.close()


def test_a_backup_into_a_place_that_cannot_be_written_says_so(sync: Syncing, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="Nothing can be written") as fault:
        backup(sync.store, tmp_path / "nowhere" / "copy.db")
    assert "Choose another place" in fault.value.resolution
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match="Nothing can be written"):
        backup(sync.store, tmp_path / "folder", overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "folder"]


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """This process may write no file beyond a size, as on a disk that fills up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_backup_that_finds_no_space_leaves_nothing_behind(sync: Syncing, tmp_path: Path) -> None:
    (tmp_path / "old.db").write_text("precious")
    with files_no_larger_than(16_384), pytest.raises(StoreError) as fault:
        backup(sync.store, tmp_path / "old.db", overwrite=True)
    assert "space" in fault.value.resolution
    assert (tmp_path / "old.db").read_text() == "precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "old.db"]


def test_a_restore_that_finds_no_space_changes_nothing(sync: Syncing, tmp_path: Path) -> None:
    ended(sync)
    backup(sync.store, tmp_path / "copy.db")
    set_paused(sync.store, sync.account_id, paused=True)
    before, seen = everything(sync.store), data_version(sync.store)
    with files_no_larger_than(16_384), pytest.raises(StoreError) as fault:
        restore(sync.store, tmp_path / "copy.db", sync.now)
    assert "space" in fault.value.resolution
    assert (everything(sync.store), data_version(sync.store)) == (before, seen)
    assert list(sync.store.backups.iterdir()) == []


def test_a_backup_is_one_file_without_a_log_beside_it(sync: Syncing, tmp_path: Path) -> None:
    folder = tmp_path / "only"
    folder.mkdir()
    backup(sync.store, folder / "copy.db")
    with closing(sqlite3.connect(folder / "copy.db")) as file:
        assert file.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert [path.name for path in folder.iterdir()] == ["copy.db"]


def test_a_backup_has_one_consistent_state_while_others_write(sync: Syncing, tmp_path: Path) -> None:
    sync.save(bill(march(1, 2), cost(1, "1"), cost(2, "-1")))
    with sync.store.read() as connection:
        connection.execute(text("SELECT count(*) FROM daily_cost"))
        sync.save(bill(march(1, 2), cost(1, "5"), cost(2, "-5")))
        backup(sync.store, tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as file:
        assert file.execute("SELECT billed_cost FROM daily_cost ORDER BY day").fetchall() == [
            (5 * 10**9,),
            (-5 * 10**9,),
        ]


def test_a_sync_that_lost_its_account_to_a_restore_saves_nothing(sync: Syncing, tmp_path: Path) -> None:
    backup(sync.store, tmp_path / "copy.db")
    restore(sync.store, tmp_path / "copy.db", sync.now + timedelta(minutes=5))
    with pytest.raises(LeaseLost):
        sync.save(bill(march(1, 1), cost(1, "1")))
    holder = new_holder()
    assert take_lease(sync.store, sync.account_id, holder, sync.now)
    assert begin_run(sync.store, sync.account_id, "cli", sync.now) > sync.run_id
    with sync.store.read() as connection:
        assert rows_of(connection, select(table(SyncRun)))[0]["status"] == "interrupted"
