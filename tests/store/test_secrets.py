"""Sealed credentials: where they open, where they do not, and where their text never is."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import select, update

from settings import Settings
from store.accounts import add_account, credential_of, rotate_key
from store.backup import backup
from store.db import Store, open_store
from store.errors import CredentialUnreadable, StoreError
from store.frames import read_costs
from store.models import Account
from store.secrets import open_sealer
from store.tables import table
from tests.store.cast import MARKER, begin, bill, cost, link, march

ROOT = Path(__file__).parents[2]
KEYS = (Fernet.generate_key().decode(), "a passphrase of some length", Fernet.generate_key().decode())


@pytest.fixture
def sqlite(sqlite_settings: Settings) -> Iterator[Store]:
    store = open_store(sqlite_settings)
    yield store
    store.close()


def sealed(store: Store) -> dict[int, str]:
    accounts = table(Account)
    with store.read() as connection:
        found = connection.execute(select(accounts.c.id, accounts.c.sealed_credential)).all()
        return {row.id: row.sealed_credential for row in found}


def test_a_sealed_credential_moved_to_another_row_does_not_open(store: Store, now: datetime) -> None:
    first, second = link(store, now), link(store, now, organization="org-2")
    accounts = table(Account)
    with store.write() as connection:
        moved = update(accounts).where(accounts.c.id == second).values(sealed_credential=sealed(store)[first])
        connection.execute(moved)
    assert credential_of(store, first) == {"apiKey": f"{MARKER}-openai-org-1"}
    with pytest.raises(CredentialUnreadable, match="belongs to another account") as fault:
        credential_of(store, second)
    assert MARKER not in str(fault.value)


def test_rotation_with_a_key_file_reseals_all_and_drops_the_old_key(
    store: Store, chosen: Settings, now: datetime
) -> None:
    path = chosen.data_dir / "secret.key"
    first, before = link(store, now), path.read_text()
    old = sealed(store)[first]
    assert rotate_key(store) == (1, 0)
    assert credential_of(store, first) == {"apiKey": f"{MARKER}-openai-org-1"}
    assert sealed(store)[first] != old
    assert len(path.read_text().split()) == 1
    assert path.read_text() != before
    with pytest.raises(CredentialUnreadable):
        store.sealer.unseal(first, old)


def test_a_running_server_goes_on_after_another_process_rotated_the_key(
    store: Store, chosen: Settings, now: datetime
) -> None:
    first = link(store, now)
    other = open_store(chosen)
    assert rotate_key(other) == (1, 0)
    assert credential_of(store, first) == {"apiKey": f"{MARKER}-openai-org-1"}
    second = link(store, now, organization="org-2")
    assert credential_of(other, second) == {"apiKey": f"{MARKER}-openai-org-2"}
    other.close()


def test_rotation_keeps_the_old_key_while_a_credential_does_not_open(
    store: Store, chosen: Settings, now: datetime
) -> None:
    first, second = link(store, now), link(store, now, organization="org-2")
    accounts = table(Account)
    with store.write() as connection:
        connection.execute(update(accounts).where(accounts.c.id == second).values(sealed_credential="gAAAA-broken"))
    assert rotate_key(store) == (1, 1)
    assert len((chosen.data_dir / "secret.key").read_text().split()) == 2
    assert credential_of(store, first) == {"apiKey": f"{MARKER}-openai-org-1"}


def test_rotation_with_two_keys_in_the_environment_reseals_under_the_first(chosen: Settings, now: datetime) -> None:
    def opened(*keys: str) -> Store:
        return open_store(chosen.model_copy(update={"secret_key": SecretStr(",".join(keys))}))

    old = opened(KEYS[0])
    first = link(old, now)
    both = opened(KEYS[1], KEYS[0])
    assert credential_of(both, first) == {"apiKey": f"{MARKER}-openai-org-1"}
    assert rotate_key(both) == (1, 0)
    new = opened(KEYS[1])
    assert credential_of(new, first) == {"apiKey": f"{MARKER}-openai-org-1"}
    with pytest.raises(CredentialUnreadable):
        credential_of(old, first)
    assert not (chosen.data_dir / "secret.key").exists()
    for store in (old, both, new):
        store.close()


def test_a_lost_key_asks_to_link_again_and_costs_stay_readable(store: Store, chosen: Settings, now: datetime) -> None:
    sync = begin(store, now)
    sync.save(bill(march(1, 1), cost(1, "1.5")))
    (chosen.data_dir / "secret.key").unlink()
    reopened = open_store(chosen)
    with pytest.raises(CredentialUnreadable) as fault:
        credential_of(reopened, sync.account_id)
    assert "re-link" in fault.value.resolution
    assert read_costs(reopened, march(1, 31))["billed_cost"].to_list() == [1_500_000_000]
    assert link(reopened, now, organization="org-2")
    reopened.close()


@pytest.mark.parametrize("key", ["", " , ", "too short"])
def test_an_empty_or_short_key_is_refused(tmp_path: Path, without_settings: None, key: str) -> None:
    with pytest.raises(StoreError) as fault:
        open_sealer(Settings(data_dir=tmp_path, secret_key=SecretStr(key)))
    assert fault.value.resolution


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00key"])
def test_a_key_file_that_cannot_be_read_is_explained(
    tmp_path: Path, without_settings: None, content: bytes | None
) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StoreError) as fault:
        open_sealer(Settings(data_dir=tmp_path, secret_key_file=path))
    assert fault.value.resolution


def test_a_key_file_that_cannot_be_written_is_explained(sqlite: Store, now: datetime) -> None:
    first = link(sqlite, now)
    assert sqlite.sealer.key_file is not None
    content = sqlite.sealer.key_file.read_text()
    sqlite.sealer.key_file.unlink()
    sqlite.sealer.key_file.mkdir()
    with pytest.raises(StoreError, match="cannot be read"):
        rotate_key(sqlite)
    sqlite.sealer.key_file.rmdir()
    sqlite.sealer.key_file.write_text(content)
    assert credential_of(sqlite, first)


def test_the_key_file_is_for_its_owner_only_even_after_rotation(sqlite: Store) -> None:
    path = sqlite.sealer.key_file
    assert path is not None
    before = os.umask(0)
    try:
        assert path.stat().st_mode & 0o777 == 0o600
        rotate_key(sqlite)
        assert path.stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(before)
    assert [found.name for found in path.parent.iterdir() if "part" in found.name] == []


def test_processes_that_make_the_key_file_at_once_end_with_the_same_key(tmp_path: Path) -> None:
    code = (
        "import sys; from settings import Settings; from store.secrets import open_sealer\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "print(open_sealer(Settings()).seal(1, {'apiKey': 'x'}))"
    )
    environment = {"SPENDGLASS_DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(3)
    ]  # fmt: skip
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    texts = [process.communicate()[0].strip() for process in started]
    sealer = open_sealer(Settings(data_dir=tmp_path))
    assert [sealer.unseal(1, text) for text in texts] == [{"apiKey": "x"}] * 3
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_a_credential_is_in_no_byte_of_any_file(sqlite: Store, now: datetime, tmp_path: Path) -> None:
    first = add_account(
        sqlite,
        "openai",
        {"apiKey": MARKER},
        name="n",
        hint="…0c",
        organization_id=None,
        organization_name=None,
        now=now,
    )
    backup(sqlite, tmp_path / "copy.db")
    assert credential_of(sqlite, first) == {"apiKey": MARKER}
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    names = {path.name for path in files}
    assert {"spendglass.db", "spendglass.db-wal", "secret.key", "copy.db"} <= names
    needles = [MARKER.encode(), MARKER.encode("utf-16-le"), MARKER.encode().hex().encode()]
    assert [path for path in files for needle in needles if needle in path.read_bytes()] == []
    assert MARKER not in repr(sqlite)
