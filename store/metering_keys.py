"""Keys that metering clients show: made, listed and revoked here, and by the setting `SPENDGLASS_METERING_KEYS`.

A key is shown once. The store keeps its SHA-256, which is enough for 238 random bits: a slow hash guards guessable
passwords.
"""

import secrets
import string
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, insert, select, update

from settings import Settings
from store.engine import Store
from store.errors import StoreError, UnknownName
from store.models import MeteringKey
from store.tables import rows_of, table

PREFIX = "hak_"
"""What clients of the Revenium SDK take for a key."""
LETTERS = 40
LONGEST_NAME = 100
NOTED_EVERY = timedelta(minutes=1)
FROM_ENVIRONMENT = 0
"""Stands for the id of a key that is given by the settings."""
ENVIRONMENT_NAME = "from the environment"
SHOWN = ("id", "name", "hint", "created_at", "revoked_at", "last_used_at")


def create_key(store: Store, name: str, now: datetime) -> tuple[int, str]:
    """A new key's id and the key itself, which cannot be shown again. Raises `StoreError` for a name it cannot have."""
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise StoreError(
            f"A metering key needs a name of 1 to {LONGEST_NAME} printable characters.",
            likely_cause="The name is empty, too long, or holds a line break.",
            resolution="Name it after the application that will use it.",
        )
    alphabet = string.ascii_letters + string.digits
    key = PREFIX + "".join(secrets.choice(alphabet) for _ in range(LETTERS))
    values = {"name": name, "key_hash": hash_of(key), "hint": hint_of(key), "created_at": now}
    with store.write() as connection:
        made = connection.execute(insert(table(MeteringKey)).values(values)).inserted_primary_key
    assert made is not None
    return int(made[0]), key


def list_keys(store: Store, chosen: Settings) -> list[dict[str, Any]]:
    """All keys ever made, oldest first, then those of the environment, whose other columns are None.

    Columns: id, name, hint, created_at, revoked_at, last_used_at.
    """
    keys = table(MeteringKey)
    with store.read() as connection:
        made = rows_of(connection, select(*[keys.c[name] for name in SHOWN]).order_by(keys.c.id))
    return made + [
        dict.fromkeys(SHOWN, None) | {"name": ENVIRONMENT_NAME, "hint": hint_of(key)}
        for key in chosen.own_metering_keys
    ]


def revoke_key(store: Store, key_id: int, now: datetime) -> None:
    """Refuse the key from now on; a second time changes nothing. Raises `UnknownName`."""
    keys = table(MeteringKey)
    mine = keys.c.id == key_id
    with store.write() as connection:
        if connection.execute(select(keys.c.id).where(mine)).first() is None:
            raise UnknownName(
                f"There is no metering key {key_id}.",
                likely_cause="The id is mistyped, or the key is given by SPENDGLASS_METERING_KEYS.",
                resolution="`python cli.py metering-keys` lists all keys.",
            )
        connection.execute(update(keys).where(mine & keys.c.revoked_at.is_(None)).values(revoked_at=now))


def valid_keys(store: Store, chosen: Settings) -> dict[str, int]:
    """The ids of all keys that are not revoked by the hashes of these."""
    keys = table(MeteringKey)
    with store.read() as connection:
        made = connection.execute(select(keys.c.key_hash, keys.c.id).where(keys.c.revoked_at.is_(None))).all()
    given = {hash_of(key): FROM_ENVIRONMENT for key in chosen.own_metering_keys}
    return given | {row.key_hash: row.id for row in made}


def note_use(connection: Connection, key_ids: Collection[int], now: datetime) -> None:
    """Remember that keys were used, within the caller's transaction and at most once a minute for each."""
    keys = table(MeteringKey)
    stale = keys.c.last_used_at.is_(None) | (keys.c.last_used_at < now - NOTED_EVERY)
    if wanted := set(key_ids) - {FROM_ENVIRONMENT}:
        connection.execute(update(keys).where(keys.c.id.in_(wanted) & stale).values(last_used_at=now))


def hash_of(key: str) -> str:
    return sha256(key.encode()).hexdigest()


def hint_of(key: str) -> str:
    """Enough of a key to tell it from others."""
    return f"{key[:7]}...{key[-4:]}"
