"""The simulated provider that the servers under test read, with a gate before its cost report."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, time

from demo.openai_api import OPENAI_API
from demo.simulator import Simulator
from demo.wire import Answer, Request
from demo.world import World

TODAY = date(2026, 11, 23)
NOON = datetime.combine(TODAY, time(12), UTC)
LONGEST_HOLD_SECONDS = 60


class Provider(Simulator):
    """A simulator at noon of TODAY. While its gate is shut, requests for costs wait, so that a sync stands still."""

    def __init__(self, world: World) -> None:
        super().__init__(world, clock=lambda: NOON)
        self.providers = {"openai": replace(OPENAI_API, answer=self._answer)}
        self._opened = threading.Event()
        self._opened.set()
        self._held = threading.Event()
        self._passing = 0

    def shut(self, *, passing: int = 0) -> None:
        """Hold every request for costs, but for the next few."""
        self._passing = passing
        self._held.clear()
        self._opened.clear()

    def await_held(self) -> None:
        """Wait until a request stands before the shut gate."""
        assert self._held.wait(LONGEST_HOLD_SECONDS), "nobody asked for costs"

    def open(self) -> None:
        self._opened.set()

    def _answer(self, request: Request) -> Answer:
        if not self._opened.is_set() and request.path.endswith("/costs"):
            self._passing -= 1
            if self._passing < 0:
                self._held.set()
                self._opened.wait(LONGEST_HOLD_SECONDS)
        return OPENAI_API.answer(request)
