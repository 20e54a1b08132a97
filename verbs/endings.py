"""How a verb ends when it could not do what was asked: words on standard error, and an exit code."""

import sys

from connectors.errors import ConnectorError, CredentialLacksBilling, CredentialRejected
from store.errors import StoreError, UnknownName

WRONG_USE, REFUSED, UNAVAILABLE, INTERRUPTED = 2, 3, 4, 130
CODES = (
    (UnknownName, WRONG_USE),
    (CredentialRejected, REFUSED),
    (CredentialLacksBilling, REFUSED),
    (ConnectorError, UNAVAILABLE),
    (StoreError, 1),
)


class WrongUseError(Exception):
    """The command line asks for something that cannot be."""


def say(code: int, text: str) -> int:
    print(text, file=sys.stderr)
    return code


def explain(fault: ConnectorError | StoreError) -> int:
    text = f"{fault.message}\nLikely cause: {fault.likely_cause}\nNext step: {fault.resolution}"
    return say(next(code for kind, code in CODES if isinstance(fault, kind)), text)
