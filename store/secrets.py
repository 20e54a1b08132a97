"""Sealing credentials at rest.

Fernet (AES-128-CBC with HMAC) under keys that live outside the database: `SPENDGLASS_SECRET_KEY`,
`SPENDGLASS_SECRET_KEY_FILE`, or `secret.key` in the data folder, made at first start. The account's id is inside the
sealed text, so that a sealed value moved to another row does not open there.
"""

import base64
import hashlib
import json
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from settings import Settings
from store.errors import CredentialUnreadable, StoreError

SHORTEST_PASSPHRASE = 16


@dataclass(frozen=True, slots=True, repr=False)
class Sealer:
    """Seals with the first key, opens with any. `key_file` None where the keys come from the environment.

    A key file is read at every use, since another process may rotate it.
    """

    keys: tuple[str, ...]
    key_file: Path | None

    @property
    def fernet(self) -> MultiFernet:
        return _fernet(self.keys if self.key_file is None else _read(self.key_file))

    def seal(self, account_id: int, credential: dict[str, Any]) -> str:
        text = json.dumps({"account": account_id, "credential": credential})
        return self.fernet.encrypt(text.encode()).decode()

    def unseal(self, account_id: int, sealed: str) -> dict[str, Any]:
        """The credential; raises `CredentialUnreadable` when no key fits or it belongs to another account."""
        try:
            content = json.loads(self.fernet.decrypt(sealed.encode()))
        except InvalidToken:
            raise CredentialUnreadable(
                "The stored credential cannot be opened with the present secret key.",
                likely_cause="The key (SPENDGLASS_SECRET_KEY, or secret.key in the data folder) was lost or replaced.",
                resolution="Put the old key back, or re-link the account. Cost data is not affected.",
            ) from None
        if content["account"] != account_id:
            raise CredentialUnreadable(
                "The stored credential belongs to another account.",
                likely_cause="Rows of the database were changed by hand.",
                resolution="Re-link the account.",
            )
        credential: dict[str, Any] = content["credential"]
        return credential

    def reseal(self, sealed: str) -> str:
        """The same content under the first key."""
        return self.fernet.rotate(sealed.encode()).decode()


def open_sealer(chosen: Settings) -> Sealer:
    """The sealer of these settings; makes the key file at first start."""
    if chosen.secret_key is not None:
        sealer = Sealer(tuple(chosen.secret_key.get_secret_value().split(",")), None)
    else:
        path = chosen.secret_key_file or chosen.data_dir / "secret.key"
        if not path.exists() and chosen.secret_key_file is None:
            _write_new(path, Fernet.generate_key().decode())
        sealer = Sealer((), path)
    assert sealer.fernet
    return sealer


def add_key(sealer: Sealer) -> None:
    """Put a fresh key in front in the key file; the old ones still open."""
    assert sealer.key_file is not None
    _replace(sealer.key_file, [Fernet.generate_key().decode(), *_read(sealer.key_file)])


def keep_first_key(sealer: Sealer) -> None:
    """Leave only the newest key in the key file."""
    assert sealer.key_file is not None
    _replace(sealer.key_file, _read(sealer.key_file)[:1])


def _read(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except (OSError, UnicodeDecodeError) as fault:
        raise StoreError(
            f"The secret key file {path} cannot be read: {getattr(fault, 'strerror', 'it is not text')}.",
            likely_cause="SPENDGLASS_SECRET_KEY_FILE is wrong, or this user may not read the file.",
            resolution="Correct the path or the permissions, or unset it to use the data folder's own key.",
        ) from fault


def _fernet(keys: Iterable[str]) -> MultiFernet:
    given = [key.strip() for key in keys if key.strip()]
    if not given:
        raise StoreError(
            "The secret key is empty.",
            likely_cause="SPENDGLASS_SECRET_KEY or the key file holds only white space.",
            resolution="Give at least one key of 16 characters or more.",
        )
    return MultiFernet([_one(key) for key in given])


@lru_cache(maxsize=16)
def _one(key: str) -> Fernet:
    """A Fernet key as it is, any other text of at least 16 characters through scrypt."""
    try:
        return Fernet(key)
    except ValueError:
        if len(key) < SHORTEST_PASSPHRASE:
            raise StoreError(
                "The secret key is too short.",
                likely_cause="SPENDGLASS_SECRET_KEY has fewer than 16 characters.",
                resolution="Use a long random text, for example the output of `openssl rand -base64 32`.",
            ) from None
    derived = hashlib.scrypt(key.encode(), salt=b"spendglass credentials", n=2**14, r=8, p=1, dklen=32)
    return Fernet(base64.urlsafe_b64encode(derived))


def _write_new(path: Path, key: str) -> None:
    """Create the file readable by its owner only; of two processes at once the first one's key stays."""
    with _written_beside(path, [key]) as unfinished, suppress(FileExistsError):
        os.link(unfinished, path)


def _replace(path: Path, keys: list[str]) -> None:
    with _written_beside(path, keys) as unfinished:
        unfinished.replace(path)


@contextmanager
def _written_beside(path: Path, keys: list[str]) -> Iterator[Path]:
    """A file of these keys, on the disk and for its owner only, to be put in place of `path` at once."""
    unfinished = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write("\n".join(keys) + "\n")
            file.flush()
            os.fsync(file.fileno())
        yield unfinished
    except OSError as fault:
        raise StoreError(
            f"The secret key file {path} cannot be written: {fault.strerror}.",
            likely_cause="The folder is read-only or the disk is full.",
            resolution="Make the folder writable, or give the key by SPENDGLASS_SECRET_KEY.",
        ) from fault
    finally:
        unfinished.unlink(missing_ok=True)
