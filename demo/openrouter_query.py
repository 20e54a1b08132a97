"""How OpenRouter reads a query, and how it says no."""

from collections.abc import Iterable, Mapping

from demo.wire import Answer


class Refused(Exception):
    """An answer that is an error, in OpenRouter's envelope."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message

    def answer(self) -> Answer:
        return Answer.of_json(self.status, {"error": {"code": self.status, "message": self.message}})


def parameters(pairs: Iterable[tuple[str, str]], known: frozenset[str]) -> Mapping[str, str]:
    """The parameters of a request; an unknown one or one given twice is refused."""
    values: dict[str, str] = {}
    for name, value in pairs:
        if name not in known or name in values:
            raise Refused(400, "Invalid request parameters")
        values[name] = value
    return values


def number(values: Mapping[str, str], name: str, default: int, *, least: int, most: int) -> int:
    """An integer between two bounds, both allowed."""
    text = values.get(name, str(default))
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise Refused(400, "Invalid request parameters")
    return int(text)
