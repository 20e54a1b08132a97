"""Why setting up failed, in words for people: what happened, the likely cause, the next step."""

import errno
import re
from typing import NamedTuple


class SetupError(Exception):
    """What went wrong in one sentence, with the likely cause and the next step."""

    def __init__(self, message: str, *, likely_cause: str, next_step: str, details: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.likely_cause = likely_cause
        self.next_step = next_step
        self.details = details

    def __str__(self) -> str:
        lines = [self.message, f"  Likely cause: {self.likely_cause}", f"  Next step:    {self.next_step}"]
        return "\n".join([self.details, *lines] if self.details else lines)


class Fault(NamedTuple):
    """A way to fail, recognised by what pip, uv, Python or the system say about it."""

    pattern: str
    likely_cause: str
    next_step: str


FAULTS = (
    Fault(
        r"No space left on device|Disk quota exceeded",
        "The disk is full; the environment takes about 1 GB.",
        "Free some space (`df -h .` shows how much is left) and run the same command again.",
    ),
    Fault(
        r"DO NOT MATCH THE HASHES|[Hh]ash mismatch",
        "A download was damaged on the way, or the package index serves other files than those pinned here.",
        "Try again with an empty cache (`pip cache purge`, `uv cache clean`). If it stays, do not trust that index.",
    ),
    Fault(
        r"CERTIFICATE_VERIFY_FAILED|SSLError|SSLCertVerificationError|invalid peer certificate",
        "The certificate of the package index is not trusted here, often because a proxy signs with its own.",
        "Install `ca-certificates`, or point SSL_CERT_FILE (or PIP_CERT) to your proxy's certificate file.",
    ),
    Fault(
        r"Name or service not known|[Tt]emporary failure in name resolution|nodename nor servname|dns error"
        r"|NewConnectionError|ConnectTimeout|Connection refused|Network is unreachable|No route to host"
        r"|[Tt]imed out|Max retries exceeded|error sending request|Failed to fetch|Connection reset",
        "No network, or the package index cannot be reached from here.",
        "Check network and proxy (HTTPS_PROXY). Behind a mirror, set PIP_INDEX_URL or `index-url` in pip.conf.",
    ),
    Fault(
        r"No matching distribution|no wheels with a matching|No solution found|no matching wheel",
        "The package index lacks a pinned package, or has no ready-made build for this system and Python version.",
        "Use CPython 3.11 to 3.13 on Linux (glibc) or macOS, and an index that mirrors all of PyPI.",
    ),
    Fault(
        r"Permission denied|Read-only file system|Operation not permitted",
        "This user may not write in the project's folder or in the package cache.",
        "Run it as the owner of the folder, or copy the project to a folder of your own.",
    ),
)


def explain(message: str, output: str) -> SetupError:
    """The error for `message`, its cause recognised from the failed program's output."""
    details = "\n".join(output.strip().splitlines()[-15:])
    for fault in FAULTS:
        if re.search(fault.pattern, output):
            return SetupError(message, likely_cause=fault.likely_cause, next_step=fault.next_step, details=details)
    return SetupError(
        message,
        likely_cause="See the lines above.",
        next_step="Delete the folder `.venv` and run the same command again; if it stays, report these lines.",
        details=details,
    )


def explain_system(message: str, error: OSError) -> SetupError:
    """The error for a refusal of the operating system."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return explain(message, "No space left on device")
    return explain(message, str(error))
