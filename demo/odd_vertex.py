"""Odd worlds of Google: everything its billing export can hold, at random but repeatable.

Google tells neither keys nor requests, and a project only by the lines that bear its name.
"""

from collections import defaultdict
from dataclasses import replace
from datetime import date, datetime
from random import Random

from demo.odd_openai import NAMES
from demo.story import Workspace
from demo.traffic import Part, Stream
from demo.vertex_labels import LABELS
from demo.vertex_more_labels import MORE_LABELS
from demo.vertex_spend import VertexStory
from demo.world import World

RATES: tuple[tuple[tuple[str, str | None], ...], ...] = (
    (("USD", None),),
    (("USD", "1"),),
    (("EUR", "0.861326443583118"), ("EUR", "0.86"), ("EUR", "0.9")),
    (("JPY", "154.37000000000001"), ("JPY", "149.9")),
    (("IDR", "16651.5"), ("USD", "1.0"), ("USD", None)),
    (("KWD", "0.3073"),),
)
LARGEST_PRICE = 10**9
LARGEST_BINARY_PRICE = 10**5
"""Nano-dollars each. Binary fractions of larger sums would lose nano-dollars."""
MOST_STREAMS = 10
PARTS = defaultdict[tuple[str, str], list[str]](list)
for _model, _variant, _kind in sorted({*LABELS, *MORE_LABELS}):
    PARTS[_model, _variant].append(_kind)


def odd_vertex_world(seed: int, today: date, *, history_days: int = 20) -> World:
    """A world with nameless and null projects, unknown SKUs, goodwill, credits of all types, and other currencies."""
    chance = Random(f"vertex {seed}")  # noqa: S311 - a repeatable world, no secret
    is_binary = chance.random() < 0.4  # noqa: PLR2004 - odds
    projects = tuple(
        Workspace(workspace_id=f"project-{number}-{chance.randrange(10**6)}", name=chance.choice(NAMES))
        for number in range(chance.randint(1, 4))
    )
    streams = {}
    for _ in range(chance.randint(0, MOST_STREAMS)):
        project = chance.choice(("", *(project.workspace_id for project in projects)))
        stream = _stream(chance, project, LARGEST_BINARY_PRICE if is_binary else LARGEST_PRICE)
        streams[project, stream.model, stream.variant] = stream
    story = VertexStory(
        provider="vertex",
        workspaces=projects,
        keys=(),
        streams=tuple(streams.values()),
        rates=chance.choice(RATES),
        has_mixed_rates=chance.random() < 0.5,  # noqa: PLR2004 - odds
        is_binary=is_binary,
        has_all_credits=chance.random() < 0.7,  # noqa: PLR2004
    )
    return World(seed, today, history_days=history_days, stories=(story,))


def rename_project(world: World, workspace_id: str, name: str, now: datetime) -> World:
    """The world in which lines written from `now` on bear another name of a project; older ones keep theirs."""
    old = world.story("vertex")
    assert isinstance(old, VertexStory)
    former = (workspace_id, now, old.name_at(workspace_id, now))
    story = replace(old, former_names=(*old.former_names, former))
    return replace(world, stories=(story,)).rename("vertex", workspace_id, name)


def _stream(chance: Random, project: str, largest: int) -> Stream:
    model, variant = chance.choice(sorted(PARTS))
    kinds = chance.sample(PARTS[model, variant], chance.randint(1, min(4, len(PARTS[model, variant]))))
    return Stream(
        workspace_id=project,
        model=model,
        variant=variant,
        parts=tuple(_part(chance, kind, largest) for kind in kinds),
        requests=chance.choice((1, 7, 3_000)),
        odds=chance.choice((0.1, 0.6, 1.0)),
        since=chance.choice((None, None, 9)),
        until=chance.choice((None, None, 6)),
        is_counted=False,
    )


def _part(chance: Random, kind: str, largest: int) -> Part:
    price = chance.randrange(chance.choice((2, 9, largest))) * chance.choice((1, 1, 1, -1))
    credit = chance.choice((0, price, price // 3, -price // 7, 2 * price))
    return Part(kind, chance.uniform(0.3, 2_000), price, credit)
