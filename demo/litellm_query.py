"""How the LiteLLM proxy reads its query, and how it says no: three shapes of error, as recorded from 1.106.2.

Stricter than the real proxy in one thing: a parameter that the route does not know is refused, not ignored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from demo.wire import Answer, Request


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, content: Any) -> None:
        super().__init__(status)
        self.status, self.content = status, content

    def answer(self) -> Answer:
        return Answer.of_json(self.status, self.content)


def refused(status: int, message: str, kind: str, param: str = "None") -> Refused:
    """The shape of authentication: `code` is a text."""
    return Refused(status, {"error": {"message": message, "type": kind, "param": param, "code": str(status)}})


def denied(status: int, message: str) -> Refused:
    """The shape of the reports and lists."""
    return Refused(status, {"detail": {"error": message}})


def unfit(name: str, kind: str, message: str) -> Refused:
    """The shape of FastAPI."""
    return Refused(422, {"detail": [{"type": kind, "loc": ["query", name], "msg": message}]})


@dataclass(frozen=True, slots=True)
class Query:
    """The parameters of one request, each given at most once."""

    values: Mapping[str, str]

    @classmethod
    def read(cls, request: Request, known: frozenset[str]) -> "Query":
        values: dict[str, str] = {}
        for name, value in request.query:
            if name not in known or name in values:
                raise unfit(name, "extra_forbidden", "Extra inputs are not permitted")
            values[name] = value
        return cls(values)

    def number(self, name: str, default: int, largest: int | None = None) -> int:
        value = self.values.get(name, str(default))
        if not value.isascii() or not value.removeprefix("-").isdigit():
            raise unfit(name, "int_parsing", "Input should be a valid integer, unable to parse string as an integer")
        if int(value) < 1:
            raise unfit(name, "greater_than_equal", "Input should be greater than or equal to 1")
        if largest is not None and int(value) > largest:
            raise unfit(name, "less_than_equal", f"Input should be less than or equal to {largest}")
        return int(value)

    def flag(self, name: str) -> bool:
        value = self.values.get(name, "false")
        if value not in {"true", "false"}:
            raise unfit(name, "bool_parsing", "Input should be a valid boolean, unable to interpret input")
        return value == "true"

    def days(self) -> tuple[date, date]:
        """The first and the last day asked for, both included."""
        start, end = self.values.get("start_date"), self.values.get("end_date")
        if not start or not end:
            raise denied(400, "Please provide start_date and end_date")
        return _day(start), _day(end)

    def ids(self, name: str) -> frozenset[str] | None:
        value = self.values.get(name)
        return frozenset(value.split(",")) if value else None


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise denied(400, "start_date and end_date must be valid YYYY-MM-DD dates")
    return day
