"""How OpenAI's administration interface reads its query, and how it says no."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from demo.wire import Answer

ARRAY_VALUES: Mapping[str, frozenset[str]] = {
    "context_levels": frozenset({"low", "medium", "high"}),
    "sources": frozenset({"image.generation", "image.edit", "image.variation"}),
    "sizes": frozenset({"256x256", "512x512", "1024x1024", "1792x1792", "1024x1792"}),
}


class Refused(Exception):
    """An answer that is an error. `is_bare`: the error member is a string, as seen for missing scopes."""

    def __init__(
        self, status: int, message: str, *, param: str | None = None, code: str | None = None, is_bare: bool = False
    ) -> None:
        super().__init__(message)
        self.status = status
        error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
        self.content = {"error": message if is_bare else error}

    def answer(self) -> Answer:
        return Answer.of_json(self.status, self.content)


def invalid(param: str, message: str) -> Refused:
    """The 400 that names a parameter."""
    return Refused(400, message, param=param)


@dataclass(frozen=True, slots=True)
class Query:
    """The parameters of one request; a name that the endpoint does not know, or a scalar given twice, is refused.

    Arrays come as `name=a&name=b` or `name[]=a&name[]=b`; both mean the same.
    """

    values: Mapping[str, tuple[str, ...]]

    @classmethod
    def read(cls, pairs: Iterable[tuple[str, str]], *, scalars: frozenset[str], arrays: frozenset[str]) -> "Query":
        values: dict[str, tuple[str, ...]] = {}
        for given, value in pairs:
            name = given.removesuffix("[]")
            if name not in scalars | arrays or (name in scalars and name != given):
                raise invalid(given, f"Unknown parameter: '{given}'.")
            if name in scalars and name in values:
                raise invalid(name, f"Duplicate parameter: '{name}'.")
            values[name] = (*values.get(name, ()), value)
        return cls(values)

    def text(self, name: str) -> str | None:
        return self.values[name][0] if name in self.values else None

    def number(self, name: str, default: int | None = None) -> int:
        """An integer; without a default it is required."""
        value = self.text(name)
        if value is None:
            if default is None:
                raise invalid(name, f"Missing required parameter: '{name}'.")
            return default
        if not value.isascii() or not value.removeprefix("-").isdigit():
            raise invalid(name, f"Invalid type for '{name}': expected an integer.")
        return int(value)

    def bounded(self, name: str, default: int, maximum: int) -> int:
        number = self.number(name, default)
        if not 1 <= number <= maximum:
            raise invalid(name, f"Invalid '{name}': integer out of range. Expected a value between 1 and {maximum}.")
        return number

    def flag(self, name: str) -> bool | None:
        value = self.choice(name, frozenset({"true", "false"}))
        return None if value is None else value == "true"

    def choice(self, name: str, allowed: frozenset[str]) -> str | None:
        value = self.text(name)
        if value is not None and value not in allowed:
            raise invalid(name, f"Invalid value: '{value}'. Supported values are: {', '.join(sorted(allowed))}.")
        return value

    def choices(self, name: str, allowed: frozenset[str] | None = None) -> tuple[str, ...]:
        """All values of an array, each once."""
        chosen = tuple(dict.fromkeys(self.values.get(name, ())))
        allowed = allowed or ARRAY_VALUES.get(name)
        for value in chosen:
            if allowed is not None and value not in allowed:
                raise invalid(name, f"Invalid value: '{value}'. Supported values are: {', '.join(sorted(allowed))}.")
        return chosen

    def fingerprint(self) -> str:
        """All parameters but the cursor, so that a cursor can be bound to them."""
        return repr(sorted((name, value) for name, value in self.values.items() if name not in {"page", "after"}))
