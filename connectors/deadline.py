"""The time limit of a whole answer, headers included.

An HTTP client limits only the wait between two bytes: a server that sends one byte a second keeps it busy for ever.
"""

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self


class Connection:
    """The socket a client talks through; sees it by httpx's `trace` extension, which names each connection made."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._socket = info["return_value"].get_extra_info("socket")

    def cut(self) -> None:
        """Wakes a blocked read at once. By the base class's method: a TLS socket's own is not safe across threads."""
        if self._socket is not None:
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class Deadline:
    """Cuts the connection when the block is still running after so many seconds; `has_passed` tells that it did."""

    def __init__(self, seconds: float, connection: Connection) -> None:
        self.has_passed = False
        self._connection = connection
        self._timer = threading.Timer(seconds, self._pass)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()

    def _pass(self) -> None:
        self.has_passed = True
        self._connection.cut()
