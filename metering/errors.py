"""Why a body is refused. Messages name what is wrong with it, never what it says."""


class MalformedEvent(Exception):
    """Something is missing or can not be true (400); `field` is the client's own name for it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field} {message}")
        self.field = field
        self.message = message


class BodyTooLarge(Exception):
    """More than `limit` bytes, compressed or not (413)."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the body is larger than {limit:,} bytes")
        self.limit = limit
