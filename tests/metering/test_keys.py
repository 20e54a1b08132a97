"""Metering keys: shown once, kept as a hash, revoked for good, and those of the environment beside them."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from settings import Settings
from store.backup import backup
from store.db import Store
from store.errors import StoreError, UnknownName
from store.metering import save_events
from store.metering_keys import (
    FROM_ENVIRONMENT,
    create_key,
    hash_of,
    list_keys,
    revoke_key,
    valid_keys,
)
from tests.metering.test_store import metered

GIVEN = "hak_given0by0the0environment"


@pytest.fixture
def none(tmp_path: Path, without_settings: None) -> Settings:
    """Settings without a metering key."""
    return Settings(data_dir=tmp_path)


def test_a_key_is_what_clients_take_for_one_and_no_two_are_alike(store: Store, now: datetime) -> None:
    made = {create_key(store, "Search", now)[1] for _ in range(20)}
    assert len(made) == 20
    assert all(key.startswith("hak_") and len(key) == 44 and key[4:].isalnum() and key.isascii() for key in made)


def test_a_key_stands_nowhere_in_the_database(store: Store, now: datetime, tmp_path: Path) -> None:
    _, key = create_key(store, "Search", now)
    backup(store, tmp_path / "copy.db")
    content = (tmp_path / "copy.db").read_bytes()
    assert hash_of(key).encode() in content
    assert key[8:-4].encode() not in content


def test_a_key_is_valid_until_it_is_revoked(store: Store, now: datetime, none: Settings) -> None:
    first, key = create_key(store, "Search", now)
    second, other = create_key(store, "Chat", now)
    assert valid_keys(store, none) == {hash_of(key): first, hash_of(other): second}
    revoke_key(store, first, now)
    revoke_key(store, first, now + timedelta(days=1))
    assert valid_keys(store, none) == {hash_of(other): second}
    listed = list_keys(store, none)
    assert [(row["id"], row["name"], row["revoked_at"]) for row in listed] == [(1, "Search", now), (2, "Chat", None)]
    assert listed[0]["hint"] == f"{key[:7]}...{key[-4:]}"


def test_an_unknown_key_cannot_be_revoked(store: Store, now: datetime) -> None:
    with pytest.raises(UnknownName, match="no metering key 9"):
        revoke_key(store, 9, now)


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "x" * 101])
def test_a_key_needs_a_name(name: str, store: Store, now: datetime) -> None:
    with pytest.raises(StoreError, match="needs a name"):
        create_key(store, name, now)


def test_the_keys_of_the_environment_are_valid_and_listed_as_such(store: Store, now: datetime, tmp_path: Path) -> None:
    chosen = Settings(data_dir=tmp_path, metering_keys=SecretStr(f" {GIVEN}, {GIVEN} ,{GIVEN}2,"))
    assert valid_keys(store, chosen) == {hash_of(GIVEN): FROM_ENVIRONMENT, hash_of(GIVEN + "2"): FROM_ENVIRONMENT}
    assert [(row["id"], row["name"]) for row in list_keys(store, chosen)] == [(None, "from the environment")] * 2
    assert GIVEN not in str(list_keys(store, chosen))


def test_a_short_key_in_the_environment_is_refused_without_being_quoted(tmp_path: Path) -> None:
    with pytest.raises(ValidationError) as fault:
        Settings(data_dir=tmp_path, metering_keys=SecretStr(f"{GIVEN},weakling"))
    assert "24" in str(fault.value)
    assert "weakling" not in str(fault.value)


def test_the_last_use_is_kept_within_a_minute(store: Store, now: datetime, none: Settings) -> None:
    used, _ = create_key(store, "Search", now)
    create_key(store, "Chat", now)
    seen = []
    for seconds in (0, 59, 61):
        save_events(store, [metered("a")], now + timedelta(seconds=seconds), {used, FROM_ENVIRONMENT})
        seen.append([row["last_used_at"] for row in list_keys(store, none)])
    assert seen == [[now, None], [now, None], [now + timedelta(seconds=61), None]]
