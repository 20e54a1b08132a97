"""Odd worlds of Runway: everything its bill can hold, at random but repeatable.

Runway tells neither workspaces nor keys, and bills whole credits: there is nothing to rename, and no finer amount than
a cent. What is odd are models, refunds, and days.
"""

from datetime import date
from random import Random

from demo.odd_openai import NAMES
from demo.runway_spend import CREDIT, RunwayStory
from demo.traffic import Part, Stream
from demo.world import World

MODELS = (
    "gen4.5", "Gen4.5", " gen4.5 ", "veo3.1_fast", "gwm1_avatars", "zz_unreleased", "product_ad", "0", "null",
    *(name for name in NAMES if name),
)  # fmt: skip
VARIANTS = ("", "refund", "again", "late")
LARGEST_CREDITS = 5 * 10**8
"""Of one generation: a day stays below the 9.2 billion dollars that the store can hold."""
MOST_STREAMS = 14


def odd_runway_world(seed: int, today: date, *, history_days: int = 20) -> World:
    """A world with refunds, days of nothing, models listed twice, hostile names, and amounts from a cent to huge."""
    chance = Random(f"runway {seed}")  # noqa: S311 - a repeatable world, no secret
    streams = {}
    for _ in range(chance.randint(0, MOST_STREAMS)):
        stream = _stream(chance, history_days)
        streams[stream.model, stream.variant] = stream
    story = RunwayStory(
        provider="runway",
        workspaces=(),
        keys=(),
        streams=tuple(streams.values()),
        tells_keys=chance.random() < 0.5,  # noqa: PLR2004 - odds
        splits_days=chance.random() < 0.5,  # noqa: PLR2004
        longest_memory=chance.choice((None, None, 90)),
    )
    return World(seed, today, history_days=history_days, stories=(story,))


def _stream(chance: Random, history_days: int) -> Stream:
    variant = chance.choice(VARIANTS)
    price = chance.choice((1, chance.randint(1, 9), chance.randint(1, LARGEST_CREDITS))) * CREDIT
    is_refund = variant == "refund" or chance.random() < 0.1  # noqa: PLR2004 - odds
    return Stream(
        model=chance.choice(MODELS),
        variant=variant,
        parts=(Part("refund" if is_refund else "credit", 1, -price if is_refund else price, step=CREDIT),),
        requests=chance.choice((1, 1, 60)),
        weekend=chance.choice((0.0, 1.0)),
        odds=chance.choice((0.1, 0.6, 1.0)),
        since=chance.choice((None, None, chance.randint(0, history_days))),
        is_counted=False,
    )
