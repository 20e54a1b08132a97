"""What can be wrong with the store, each with its likely cause and the next step."""


class StoreError(Exception):
    """The store cannot do what was asked. Nothing that was saved before is lost."""

    kind = "store_error"

    def __init__(self, message: str, *, likely_cause: str, resolution: str) -> None:
        super().__init__(message)
        self.message = message
        self.likely_cause = likely_cause
        self.resolution = resolution


class StoreTooNew(StoreError):
    """The database was written by a newer Spendglass."""

    kind = "store_too_new"


class LeaseLost(StoreError):
    """Another process took over the account while this one was syncing it; its window was not saved."""

    kind = "lease_lost"


class CredentialUnreadable(StoreError):
    """A sealed credential does not open with the keys at hand."""

    kind = "credential_unreadable"


class UnknownName(StoreError):
    """An account, workspace or name number that is not in the store, or is in it more than once."""

    kind = "unknown_name"


def explained(fault: Exception) -> StoreError:
    """A database driver's fault in words for people."""
    text = str(getattr(fault, "orig", None) or fault)
    low = text.lower()
    for marks, message, cause, resolution in _FAULTS:
        if any(mark in low for mark in marks):
            return StoreError(message, likely_cause=cause, resolution=resolution)
    first = next(iter(text.splitlines()), type(fault).__name__)
    return StoreError(
        f"The database refused: {first[:200]}",
        likely_cause="The database file or server is damaged or was changed by another program.",
        resolution="Run `python cli.py doctor`; restore a backup if it reports damage.",
    )


_FAULTS = (
    (
        ("disk is full", "no space left", "disk full"),
        "The disk is full: nothing was saved in this step, all earlier data is whole.",
        "The disk that holds the database has no free space.",
        "Free some space, then try again.",
    ),
    (
        ("disk i/o error", "input/output error", "could not read block", "could not write block"),
        "The disk failed to read or write: nothing was saved in this step.",
        "The disk is full or failing, or the folder's network drive went away.",
        "Check free space and the disk's health, then try again.",
    ),
    (
        ("readonly database", "read-only", "readonly", "permission denied for"),
        "The database is read-only: nothing was saved.",
        "The file, its folder, the disk or the database user has no right to write.",
        "Give the user that runs Spendglass write access to the data folder or database, then try again.",
    ),
    (
        ("database is locked", "lock timeout", "database table is locked", "deadlock detected"),
        "The database stayed locked: nothing was saved in this step.",
        "Another program holds a long transaction on the database, for example a backup tool or an open SQLite shell.",
        "Close that program, then try again.",
    ),
    (
        ("unable to open database", "could not open file", "failed to open"),
        "The database file cannot be opened.",
        "The data folder does not exist, or this user may not write there.",
        "Check SPENDGLASS_DATA_DIR and the folder's permissions.",
    ),
    (
        ("not a database", "malformed", "corrupt", "invalid page"),
        "The database file is damaged or is not a database.",
        "The file was cut short or overwritten by another program or a full disk.",
        "Move the database file aside, start Spendglass anew and restore a backup: `python cli.py restore FILE`.",
    ),
    (
        (
            "connection refused",
            "could not connect",
            "connection failed",
            "connection to server",
            "could not translate host",
            "server closed",
            "password authentication",
            'database "',
            "connection timeout",
            "timeout expired",
            "failed to resolve",
            "terminating connection",
            "the connection is closed",
        ),
        "The PostgreSQL server cannot be reached or refuses the login.",
        "The server is down, or host, port, user, password or database name in SPENDGLASS_DATABASE_URL is wrong.",
        "Check that the server runs and that SPENDGLASS_DATABASE_URL is right.",
    ),
)
