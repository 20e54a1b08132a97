"""The server's side of metering: takes in as many deliveries as it has room for and hands them to the counting process.

Pages live in this process, so it does no more than that: bodies are understood, priced and saved in the other one.
"""

import asyncio
import itertools
import logging
import multiprocessing
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.context import SpawnProcess
from typing import cast

from metering.deliveries import Answer, Delivery, Frames, frame
from metering.refusals import RETRY_SECONDS, refusal

LOG = logging.getLogger("spendglass.metering")
MOST_REQUESTS = 2_000
MOST_BYTES = 64 * 2**20
ANSWER_SECONDS = 30.0
SECONDS_TO_END = 5.0
SECONDS_TO_START_AGAIN = 1.0


class Full(Exception):
    """As much is waiting as this server has room for (429)."""


class Room:
    """How much may wait at a time: requests, and bytes of their bodies."""

    def __init__(self, requests: int = MOST_REQUESTS, size: int = MOST_BYTES) -> None:
        self._requests, self._bytes = requests, size

    @contextmanager
    def place(self) -> Iterator["Place"]:
        """Room for one request until the block ends; raises `Full`."""
        if not self._requests:
            raise Full
        self._requests -= 1
        place = Place(self)
        try:
            yield place
        finally:
            self._requests += 1
            self._bytes += place.size

    def take(self, size: int) -> None:
        if size > self._bytes:
            raise Full
        self._bytes -= size


class Place:
    """The room of one request; `size` is what its body has taken so far."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.size = 0

    def grow(self, size: int) -> None:
        """Take room for more of the body; raises `Full`."""
        self._room.take(size)
        self.size += size


class Link(asyncio.Protocol):
    """The pipe to one counting process; `counting` is set while that process answers."""

    def __init__(self, counting: asyncio.Event) -> None:
        self._counting = counting
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting: dict[int, asyncio.Future[Answer | None]] = {}
        self._frames = Frames(Answer)
        self._numbers = itertools.count(1)
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        for number, told in self._frames.arrived(data):
            self._counting.set()
            if (waiting := self.waiting.get(number)) and not waiting.done():
                waiting.set_result(told)

    def connection_lost(self, _fault: Exception | None) -> None:
        self._counting.clear()
        for waiting in self.waiting.values():
            if not waiting.done():
                waiting.set_result(None)
        self.ended.set_result(None)

    async def answer(self, delivery: Delivery) -> Answer | None:
        """What became of a delivery; None where the link broke or nobody answered, so that nothing is known."""
        assert self._transport is not None
        number, answer = next(self._numbers), asyncio.get_running_loop().create_future()
        self.waiting[number] = answer
        try:
            self._transport.write(frame(number, delivery))
            async with asyncio.timeout(ANSWER_SECONDS):
                told: Answer | None = await answer
        except TimeoutError:
            told = None
        finally:
            del self.waiting[number]
        return told

    async def close(self) -> None:
        """Wait for what is under way, then hang up."""
        if self.waiting:
            await asyncio.wait(self.waiting.values(), timeout=SECONDS_TO_END)
        assert self._transport is not None
        self._transport.close()


def count(link: socket.socket) -> None:
    """What the counting process does; the server itself needs neither wire formats nor prices."""
    from metering import counting  # noqa: PLC0415

    counting.count(link)


class Intake:
    """Keeps one counting process running, and gives it deliveries."""

    def __init__(self, work: Callable[[socket.socket], None] = count) -> None:
        self.room = Room()
        self.counting = asyncio.Event()
        """Set while there is a process that answers."""
        self._work = work
        self._link: Link | None = None
        self._is_stopped = False

    async def deliver(self, delivery: Delivery) -> Answer:
        """The answer for the client: after what was delivered is saved, or why it was not."""
        told = await self._link.answer(delivery) if self._link is not None and self.counting.is_set() else None
        if told is None:
            return refusal(delivery, 503, "Metering is starting, try again.", retry_after=RETRY_SECONDS)
        return told

    async def run(self) -> None:
        """Start the counting process, and start it again whenever it ends, until `stop`."""
        while not self._is_stopped:
            ours, theirs = socket.socketpair()
            with theirs:
                process = await asyncio.to_thread(_started, self._work, theirs)
            loop = asyncio.get_running_loop()
            _, link = await loop.create_unix_connection(lambda: Link(self.counting), sock=ours)
            self._link = link
            if self._is_stopped:
                await link.close()
            await link.ended
            await asyncio.to_thread(_end, process)
            if not self._is_stopped:
                LOG.warning("The process that counts metered events has ended; it is started again.")
                await asyncio.sleep(SECONDS_TO_START_AGAIN)

    async def stop(self) -> None:
        """Let the counting process finish what it has, and end it."""
        self._is_stopped = True
        if self._link is not None:
            await self._link.close()


def _started(work: Callable[[socket.socket], None], link: socket.socket) -> SpawnProcess:
    process = multiprocessing.get_context("spawn").Process(target=work, args=(link,), name="metering", daemon=True)
    process.start()
    return process


def _end(process: SpawnProcess) -> None:
    process.join(SECONDS_TO_END)
    if process.is_alive():
        process.kill()
        process.join()
