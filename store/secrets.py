"""Sealing credentials at rest.

Fernet (AES-128-CBC with HMAC) under keys that live outside the database: `SPENDGLASS_SECRET_KEY`,
`SPENDGLASS_SECRET_KEY_FILE`, or `secret.key` in the data folder, made at first start. The account's id is inside the
sealed text, so that a sealed value moved to another row does not open there.
"""

import base64
import hashlib
import json
import os
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
    """Seals with the first key, opens with any. `key_file` None where the keys come from the environment."""

    fernet: MultiFernet
    key_file: Path | None

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
                likely_cause="The secret key was lost or replaced (SPENDGLASS_SECRET_KEY, or secret.key in the data folder).",
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
        return Sealer(_fernet(chosen.secret_key.get_secret_value().split(",")), None)
    path = chosen.secret_key_file or chosen.data_dir / "secret.key"
    if not path.exists() and chosen.secret_key_file is None:
        _write_new(path, Fernet.generate_key().decode())
    try:
        return Sealer(_fernet(path.read_text().split()), path)
    except OSError as fault:
        raise StoreError(
            f"The secret key file {path} cannot be read: {fault.strerror}.",
            likely_cause="SPENDGLASS_SECRET_KEY_FILE is wrong, or this user may not read the file.",
            resolution="Correct the path or the permissions, or unset it to use the data folder's own key.",
        ) from fault


def with_new_key(sealer: Sealer) -> Sealer:
    """A sealer whose key file has a fresh key in front; the old ones still open. Only for key files."""
    assert sealer.key_file is not None
    keys = [Fernet.generate_key().decode(), *sealer.key_file.read_text().split()]
    _replace(sealer.key_file, "\n".join(keys))
    return Sealer(_fernet(keys), sealer.key_file)


def with_first_key_only(sealer: Sealer) -> Sealer:
    """A sealer whose key file holds just the newest key."""
    assert sealer.key_file is not None
    keys = sealer.key_file.read_text().split()[:1]
    _replace(sealer.key_file, keys[0])
    return Sealer(_fernet(keys), sealer.key_file)


def _fernet(keys: list[str]) -> MultiFernet:
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


def _write_new(path: Path, content: str) -> None:
    """Create the file readable by its owner only; of two processes at once the first one's key stays."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    _write_private(unfinished, content)
    try:
        os.link(unfinished, path)
    except FileExistsError:
        pass
    finally:
        unfinished.unlink()


def _replace(path: Path, content: str) -> None:
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    _write_private(unfinished, content)
    unfinished.replace(path)


def _write_private(path: Path, content: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(content + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as fault:
        raise StoreError(
            f"The secret key file {path} cannot be written: {fault.strerror}.",
            likely_cause="The data folder is read-only or the disk is full.",
            resolution="Make the folder writable, or give the key by SPENDGLASS_SECRET_KEY.",
        ) from fault
