"""Every setting, read once from the environment.

Names are those of the README; `python cli.py config` prints them all with secrets masked.
"""

import os
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ENDPOINT_PREFIX = "SPENDGLASS_ENDPOINT_"
SHORTEST_METERING_KEY = 24


class Settings(BaseSettings):
    """One attribute per environment variable `SPENDGLASS_<NAME>`."""

    model_config = SettingsConfigDict(
        env_prefix="SPENDGLASS_", env_ignore_empty=True, frozen=True, hide_input_in_errors=True
    )

    data_dir: Path = Field(default=Path("data"), description="Folder of database, key file, backups and logs.")
    database_url: SecretStr | None = Field(
        default=None, description="PostgreSQL instead of the SQLite file: postgresql://user:password@host/name"
    )
    secret_key: SecretStr | None = Field(
        default=None, description="Seals credentials. Several keys separated by commas: the first seals, all open."
    )
    secret_key_file: Path | None = Field(
        default=None,
        description="File with the sealing keys, one per line. Default: DATA_DIR/secret.key, made at first start.",
    )
    sync_minutes: int | None = Field(
        default=None,
        ge=0,
        description="Minutes between syncs of an account; 0 = no schedule. Default: the provider's own.",
    )
    http_timeout: float = Field(default=60.0, gt=0, description="Seconds to wait for one answer of a provider.")
    sync_budget: Decimal = Field(
        default=Decimal(10),
        ge=0,
        description="US dollars a month that the syncs of one account may cost where the provider charges for them.",
    )
    metering_keys: SecretStr | None = Field(
        default=None, description="Keys that metering clients may use, separated by commas."
    )
    behind_login: bool = Field(
        default=False, description="Says that a proxy with a login stands before the server; silences the warning."
    )
    demo: bool = Field(default=False, description="Label every page as demo data.")

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("must begin with postgresql://; for a SQLite file set SPENDGLASS_DATA_DIR instead")
        return value

    @field_validator("metering_keys")
    @classmethod
    def _are_long(cls, value: SecretStr | None) -> SecretStr | None:
        keys = [] if value is None else [key.strip() for key in value.get_secret_value().split(",")]
        if any(len(key) < SHORTEST_METERING_KEY or not key.isascii() for key in keys if key):
            raise ValueError(f"every key needs {SHORTEST_METERING_KEY} plain characters or more")
        return value

    @property
    def own_metering_keys(self) -> tuple[str, ...]:
        """The metering keys given by the environment."""
        given = "" if self.metering_keys is None else self.metering_keys.get_secret_value()
        return tuple(dict.fromkeys(key.strip() for key in given.split(",") if key.strip()))

    @property
    def sqlite_path(self) -> Path | None:
        """The SQLite file, None on PostgreSQL."""
        return None if self.database_url else self.data_dir / "spendglass.db"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process."""
    return Settings()


def endpoint(slug: str, default: str) -> str:
    """The base URL of a provider: `SPENDGLASS_ENDPOINT_<SLUG>` or the provider's own, without a trailing slash."""
    return (os.environ.get(ENDPOINT_PREFIX + slug.upper()) or default).rstrip("/")


def endpoints() -> dict[str, str]:
    """All replaced base URLs by environment variable name."""
    return {name: value for name, value in sorted(os.environ.items()) if name.startswith(ENDPOINT_PREFIX) and value}
