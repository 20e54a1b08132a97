"""What a provider's test folder gives to the contract test: `tests/connectors/<slug>/fake.py` with a `FAKE`."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from store.records import Window
from tests.connectors.local_server import Reply, Request

MARKER = "PLANTEDSECRETMARKER"
"""Part of every secret in the contract; wherever it turns up, a secret has leaked."""


class Life(StrEnum):
    """The lives an account can have. In every one of the first three the bill comes in at least two pages."""

    NORMAL = "normal"
    RESTATED = "restated"
    REPEATED_CURSOR = "repeated cursor"
    EMPTY = "empty"
    WRONG_KEY = "wrong key"
    WRONG_KIND = "wrong kind of key"


class ProviderFake(Protocol):
    """One provider over HTTP, reached through `SPENDGLASS_ENDPOINT_<SLUG>`."""

    slug: str
    credential: Mapping[str, Any]
    """As pasted into the form, with the marker in every secret."""
    wrong_shapes: Sequence[Mapping[str, Any]]
    """Credentials of other kinds, recognised without asking the provider; with the marker in every secret."""
    window: Window
    billed: Mapping[Life, Decimal]
    """Dollars in the window of a normal and of a restated life; they differ."""

    def answer(self, life: Life, request: Request) -> Reply: ...

    def is_second_page(self, request: Request) -> bool: ...
