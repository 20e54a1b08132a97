from collections.abc import Iterator

import pytest

from demo.simulator import Simulator
from demo.world import World
from tests.demo.asking import NOW, TODAY, Asker


@pytest.fixture(scope="session")
def world() -> World:
    return World(7, TODAY)


@pytest.fixture
def simulator(world: World) -> Iterator[Simulator]:
    with Simulator(world, clock=lambda: NOW, has_control=True) as running:
        yield running


@pytest.fixture
def ask(simulator: Simulator) -> Iterator[Asker]:
    asker = Asker(simulator)
    with asker.http:
        yield asker
