"""An HTTP server that speaks the providers' billing protocols about a made-up world.

    python -m demo.simulator [--port N] [--seed N] [--history-days N] [--now INSTANT] [--control]

prints its own address, then one line `SPENDGLASS_ENDPOINT_<SLUG>=<url>` per provider. It listens on loopback only. This
is where the demo's clock is read; without `--now` the bill of today grows as the day goes on.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from types import FrameType
from typing import Self

from demo.anthropic_api import ANTHROPIC_API
from demo.bedrock_api import BEDROCK_API
from demo.conversation import LOOPBACK, Listener
from demo.fal_api import FAL_API
from demo.litellm_api import LITELLM_API
from demo.openai_api import OPENAI_API
from demo.openrouter_api import OPENROUTER_API
from demo.runway_api import RUNWAY_API
from demo.stage import Stage
from demo.vertex_api import VERTEX_API
from demo.wire import Provider
from demo.world import World

PROVIDERS: tuple[Provider, ...] = (
    OPENAI_API,
    ANTHROPIC_API,
    BEDROCK_API,
    VERTEX_API,
    FAL_API,
    RUNWAY_API,
    OPENROUTER_API,
    LITELLM_API,
)
SHUTDOWN_POLL_SECONDS = 0.01


class Simulator(Stage):
    """The running simulator: a context that listens while it is open. See `Stage` for what can be changed meanwhile."""

    def __init__(
        self, world: World, *, clock: Callable[[], datetime] | None = None, port: int = 0, has_control: bool = False
    ) -> None:
        super().__init__(world, PROVIDERS, clock=clock, has_control=has_control)
        self._listener = Listener(self, port)
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(SHUTDOWN_POLL_SECONDS,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._listener.server_port}"

    def endpoint(self, slug: str) -> str:
        """The base URL to give to a provider's connector."""
        return self.url + self.providers[slug].base

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join()


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo.simulator", description="Providers' billing APIs, simulated.")
    parser.add_argument("--port", type=int, default=0, help="port on loopback; 0 takes a free one")
    parser.add_argument("--seed", type=int, default=1, help="another seed is another world")
    parser.add_argument("--history-days", type=int, default=365, help="days before today with any spend")
    parser.add_argument("--control", action="store_true", help="serve /_control/: faults, restatements, the truth")
    clock = parser.add_mutually_exclusive_group()
    clock.add_argument(
        "--now", type=_instant, help="the instant of all answers, ISO 8601, UTC unless it says otherwise"
    )
    clock.add_argument("--realtime", action="store_true", help="answer for the present moment (default)")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Serves until it is interrupted or terminated."""
    options = _options(arguments)
    stopped = threading.Event()

    def tell_time() -> datetime:
        return options.now or datetime.now(UTC)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    world = World(options.seed, tell_time().date(), history_days=options.history_days)
    with Simulator(world, clock=tell_time, port=options.port, has_control=options.control) as simulator:
        lines = [f"SPENDGLASS_ENDPOINT_{slug.upper()}={simulator.endpoint(slug)}" for slug in simulator.providers]
        sys.stdout.write("\n".join([simulator.url, *lines, ""]))
        sys.stdout.flush()
        stopped.wait()


if __name__ == "__main__":
    main()
