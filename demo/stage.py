"""What the simulator plays at the moment: the world, the instant, the faults ordered, and what was asked."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, time

from demo.faults import FaultQueue
from demo.wire import Manners, Provider
from demo.world import World

REMEMBERED_REQUESTS = 10_000


class Stage:
    """The state that all connections share; `world`, `clock` and `manners` may be replaced at any time.

    `clock` tells the instant that answers are given for: noon UTC of the world's today unless told otherwise.
    `requests` remembers (method, path with query) of what was asked, oldest first.
    """

    def __init__(
        self,
        world: World,
        providers: Iterable[Provider],
        *,
        clock: Callable[[], datetime] | None = None,
        has_control: bool = False,
    ) -> None:
        self.world = world
        self.clock = clock or (lambda: datetime.combine(world.today, time(12), UTC))
        self.manners = Manners()
        self.has_control = has_control
        self.providers = {provider.slug: provider for provider in providers}
        self.faults = FaultQueue()
        self.requests: deque[tuple[str, str]] = deque(maxlen=REMEMBERED_REQUESTS)
        self.closing = threading.Event()
        self._lock = threading.Lock()

    def restate(self, fraction: float, seed: int) -> None:
        """Corrects a random share of all finished days."""
        with self._lock:
            self.world = self.world.restate(fraction, seed, before=self.clock().date())
