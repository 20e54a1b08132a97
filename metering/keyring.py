"""Whose key it is, without asking the database each time: a revoked key is refused within `OLDEST_SECONDS`."""

import asyncio
import time
from collections.abc import Callable, Mapping

from store.metering_keys import hash_of

OLD_SECONDS = 2.0
OLDEST_SECONDS = 4.0
UNKNOWN_SECONDS = 0.5
"""How old the list may be for a key that is not in it: one just made is soon known."""


class KeyRing:
    """The valid keys, read again in the background while they are used."""

    def __init__(self, load: Callable[[], Mapping[str, int]], clock: Callable[[], float] = time.monotonic) -> None:
        self._load, self._clock = load, clock
        self._ids: Mapping[str, int] = {}
        self._read_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    async def holder(self, key: str) -> int | None:
        """The id of a valid key, None for any other text. Raises `StoreError` when the keys cannot be read.

        Keys are looked up by their hash, so the time it takes says nothing about how much of a key is right.
        """
        digest = hash_of(key)
        age = self._clock() - self._read_at
        if age > OLD_SECONDS:
            self._read_again()
        if age > (OLDEST_SECONDS if digest in self._ids else UNKNOWN_SECONDS):
            await asyncio.shield(self._read_again())
        return self._ids.get(digest)

    def _read_again(self) -> asyncio.Task[None]:
        """The reading that is under way, or a new one."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
            self._reading.add_done_callback(lambda done: done.cancelled() or done.exception())
        return self._reading

    async def _read(self) -> None:
        began = self._clock()
        self._ids = await asyncio.to_thread(self._load)
        self._read_at = began
