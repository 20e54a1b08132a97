"""How Anthropic's administration interface reads its query, and how it says no."""

import base64
import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from demo.wire import Answer

TIERS = frozenset({"standard", "batch", "priority", "priority_on_demand", "flex", "flex_discount"})
WINDOWS = frozenset({"0-200k", "200k-1M"})
GEOS = frozenset({"global", "us", "not_available"})
SPEEDS = frozenset({"fast", "standard"})
CURSOR_PREFIX = "page_"
CURSOR = struct.Struct(">QI")


class Refused(Exception):
    """An answer that is an error; `code` is its stable `details.error_code`."""

    def __init__(self, status: int, kind: str, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        error: dict[str, object] = {"type": kind, "message": message}
        if code:
            error["details"] = {"error_code": code}
        self.content = {"type": "error", "error": error, "request_id": "req_demo"}

    def answer(self) -> Answer:
        return Answer.of_json(self.status, self.content, {"request-id": "req_demo"})


def invalid(message: str, *, code: str | None = None) -> Refused:
    return Refused(400, "invalid_request_error", message, code=code)


def missing(what: str) -> Refused:
    return Refused(404, "not_found_error", f"{what} not found.")


@dataclass(frozen=True, slots=True)
class Query:
    """The parameters of one request; arrays come as `name[]=a&name[]=b`. What the endpoint does not know is refused."""

    values: Mapping[str, tuple[str, ...]]

    @classmethod
    def read(cls, pairs: Iterable[tuple[str, str]], *, scalars: Iterable[str], arrays: Iterable[str] = ()) -> "Query":
        known, values = {*scalars, *(f"{name}[]" for name in arrays)}, dict[str, tuple[str, ...]]()
        for name, value in pairs:
            if name not in known:
                raise invalid(f"{name}: Extra inputs are not permitted")
            if name in values and not name.endswith("[]"):
                raise invalid(f"{name}: given twice")
            values[name] = (*values.get(name, ()), value)
        return cls(values)

    def text(self, name: str) -> str | None:
        return self.values[name][0] if name in self.values else None

    def array(self, name: str, allowed: frozenset[str] | None = None) -> tuple[str, ...]:
        """All values, each once."""
        chosen = tuple(dict.fromkeys(self.values.get(f"{name}[]", ())))
        for value in chosen:
            if allowed is not None and value not in allowed:
                raise invalid(f"{name}: Input should be one of {', '.join(sorted(allowed))}")
        return chosen

    def choice(self, name: str, allowed: Iterable[str], default: str | None = None) -> str | None:
        value = self.text(name)
        if value is not None and value not in allowed:
            raise invalid(f"{name}: Input should be one of {', '.join(sorted(allowed))}")
        return default if value is None else value

    def flag(self, name: str) -> bool:
        return self.choice(name, ("true", "false"), "false") == "true"

    def bounded(self, name: str, default: int, maximum: int) -> int:
        value = self.text(name)
        if value is None:
            return default
        if not (value.isascii() and value.isdigit() and 1 <= int(value) <= maximum):
            raise invalid(f"{name}: Input should be between 1 and {maximum}")
        return int(value)

    def instant(self, name: str) -> datetime | None:
        """An RFC 3339 time; it must name its zone."""
        value = self.text(name)
        if value is None:
            return None
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            raise invalid(f"{name}: Input should be a valid datetime") from None
        if instant.tzinfo is None or "T" not in value:
            raise invalid(f"{name}: Input should have timezone info")
        return instant.astimezone(UTC)

    def seal(self, path: str) -> int:
        """A number for all parameters but the cursor, which binds a cursor to them."""
        asked = sorted((name, value) for name, value in self.values.items() if name != "page")
        return zlib.crc32(f"{path} {asked}".encode())

    def position(self, path: str) -> int:
        """Where the page asked for begins; refused where its cursor was given for another question."""
        if (cursor := self.text("page")) is None:
            return 0
        try:
            position, sealed = CURSOR.unpack(base64.b64decode(cursor.removeprefix(CURSOR_PREFIX), validate=True))
        except (ValueError, struct.error):
            raise invalid("page: Invalid pagination token") from None
        if sealed != self.seal(path):
            raise invalid("page: The pagination token belongs to a request with other parameters")
        return int(position)

    def cursor(self, path: str, position: int) -> str:
        return CURSOR_PREFIX + base64.b64encode(CURSOR.pack(position, self.seal(path))).decode()
