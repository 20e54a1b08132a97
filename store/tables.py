"""Speaking to the tables in SQLAlchemy Core: facts are many, so no row becomes an object on its way."""

from typing import Any

from sqlalchemy import Connection, Executable, Table, update
from sqlmodel import SQLModel

from store.models import DataVersion


def table(model: type[SQLModel]) -> Table:
    """The table of a model."""
    found: Table = model.__table__  # type: ignore[attr-defined]
    return found


def rows_of(connection: Connection, query: Executable) -> list[dict[str, Any]]:
    """All rows of a query as dictionaries."""
    return [dict(row) for row in connection.execute(query).mappings()]


def changed(connection: Connection) -> None:
    """Count up the version that pages key their caches by."""
    versions = table(DataVersion)
    connection.execute(update(versions).values(version=versions.c.version + 1))
