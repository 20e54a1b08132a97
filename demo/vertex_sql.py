"""Runs a billing query as BigQuery would, by saying it in SQLite's words.

GoogleSQL differs in few constructs here: nested columns, `UNNEST`, exact decimals, named arrays. What this translation
does not know, SQLite refuses, and the answer is BigQuery's `invalidQuery`.
"""

import re
import sqlite3
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any

from demo.vertex_export import COLUMNS, Row, moment, rows
from demo.wire import Manners
from demo.world import World

SETTLED = timedelta(days=2)
"""Older days do not change while the clock goes on."""
EXACT = Context(prec=100)
BYTES_A_LINE = 900
TRANSLATIONS = (
    (re.compile(r"`[^`]+`"), "export"),
    (re.compile(r"\bb\.(\w+(?:\.\w+)*)"), r'b."\1"'),
    (re.compile(r"IN UNNEST\((@\w+)\)"), r"IN (SELECT value FROM json_each(\1))"),
    (re.compile(r"\bUNNEST\("), "json_each("),
    (re.compile(r"\bc\.(\w+)"), r"(c.value ->> '$.\1')"),
    (re.compile(r" AS (?:BIG)?NUMERIC\)"), " AS TEXT)"),
    (re.compile(r" AS STRING\)"), " AS TEXT)"),
    (re.compile(r"\bSUM\("), "exact_sum("),
)
TYPES = {"SUM": "BIGNUMERIC", "COUNT": "INTEGER", "MAX": "TIMESTAMP"}
_ITEM = re.compile(r"^\s*(?:SELECT (?:DISTINCT )?)?(\w+)\(.* AS (\w+),?$", re.MULTILINE)
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class InvalidQuery(Exception):
    """The query is not one that can be run."""


@dataclass(frozen=True, slots=True)
class Result:
    """Columns by name and type, rows as BigQuery prints cells, and what the query read."""

    schema: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str | None, ...], ...]
    bytes_read: int


class ExactSum:
    """SUM over decimals kept as text; NULL over nothing but NULL."""

    def __init__(self) -> None:
        self.total, self.count = Decimal(0), 0

    def step(self, value: str | None) -> None:
        if value is not None:
            self.total, self.count = EXACT.add(self.total, Decimal(value)), self.count + 1

    def inverse(self, value: str | None) -> None:
        if value is not None:
            self.total, self.count = EXACT.subtract(self.total, Decimal(value)), self.count - 1

    def value(self) -> str | None:
        return f"{self.total:f}" if self.count else None

    finalize = value


class Table:
    """An export table: the settled rows stay, fresh ones are written for each query."""

    def __init__(self, settled: Iterable[Row]) -> None:
        self._lock = threading.Lock()
        self._base = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._base.create_window_function("exact_sum", 1, ExactSum)
        self._base.create_function("REGEXP_CONTAINS", 2, _contains, deterministic=True)
        self._base.execute("CREATE TABLE export ({})".format(", ".join(f'"{name}" TEXT' for name in COLUMNS)))
        self._write(settled)

    def run(self, sql: str, parameters: Mapping[str, Any], fresh: Iterable[Row] = ()) -> Result:
        """Raises `InvalidQuery`."""
        with self._lock:
            self._base.execute("BEGIN")
            try:
                self._write(fresh)
                found = self._base.execute(translated(sql), parameters)
                names = [column[0] for column in found.description]
                cells = found.fetchall()
                (count,) = self._base.execute(
                    'SELECT COUNT(*) FROM export WHERE "_PARTITIONTIME" >= ?', (parameters.get("partition_from", ""),)
                ).fetchone()
            except sqlite3.Error as error:
                raise InvalidQuery(str(error)) from error
            finally:
                self._base.execute("ROLLBACK")
        schema = _schema(sql, names, cells)
        kinds = [kind for _, kind in schema]
        return Result(schema, tuple(tuple(map(_cell, row, kinds)) for row in cells), count * BYTES_A_LINE)

    def _write(self, lines: Iterable[Row]) -> None:
        places = ", ".join("?" * len(COLUMNS))
        self._base.executemany(f"INSERT INTO export VALUES ({places})", lines)  # noqa: S608 - question marks only


@lru_cache(maxsize=2)
def _settled_table(world: World, manners: Manners, settled_before: date) -> Table:
    return Table(rows(world, date.min, settled_before, _noon(settled_before + SETTLED), manners))


def asked(world: World, manners: Manners, now: datetime, sql: str, parameters: Mapping[str, Any]) -> Result:
    """What the export of a world answers at that instant."""
    newest = now.date() - SETTLED
    fresh = rows(world, newest, date.max, now, manners)
    return _settled_table(world, manners, newest).run(sql, parameters, fresh)


def translated(sql: str) -> str:
    """GoogleSQL in SQLite's words."""
    for pattern, replacement in TRANSLATIONS:
        sql = pattern.sub(replacement, sql)
    return sql


def parameter(kind: str, value: Any) -> Any:
    """A query parameter as the table's columns compare with it."""
    return moment(datetime.fromisoformat(value)) if kind == "TIMESTAMP" else value


def _schema(sql: str, names: list[str], cells: list[tuple[Any, ...]]) -> tuple[tuple[str, str], ...]:
    """The type of each column by its outermost function, else by its cells: a day or a text."""
    told = {name: TYPES[function] for function, name in _ITEM.findall(sql) if function in TYPES}
    days = {
        name
        for position, name in enumerate(names)
        if name.endswith("day") or (cells and all(_DAY.fullmatch(str(row[position])) for row in cells))
    }
    return tuple((name, told.get(name, "DATE" if name in days else "STRING")) for name in names)


def _cell(value: Any, kind: str) -> str | None:
    if value is None:
        return None
    if kind == "TIMESTAMP":
        instant = datetime.strptime(value, "%Y-%m-%d %H:%M:%S.%fZ").replace(tzinfo=UTC)
        return str(round((instant - datetime.fromtimestamp(0, UTC)) / timedelta(microseconds=1)))
    return str(value)


def _contains(text: str | None, pattern: str) -> bool:
    return text is not None and re.search(pattern, text) is not None


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
