"""Speaking to the tables in SQLAlchemy Core: facts are many, so no row becomes an object on its way."""

from collections.abc import Iterable, Sequence
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


def insert_rows(connection: Connection, into: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert many rows in the fastest way of the driver; values are given as the database stores them."""
    names = ", ".join(f'"{name}"' for name in columns)
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection
        with driver.cursor() as cursor, cursor.copy(f"COPY {into} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    elif values := list(rows):
        marks = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"INSERT INTO {into} ({names}) VALUES ({marks})", values)  # noqa: S608  own names


def changed(connection: Connection) -> None:
    """Count up the version that pages key their caches by."""
    versions = table(DataVersion)
    connection.execute(update(versions).values(version=versions.c.version + 1))
