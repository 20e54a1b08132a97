"""Odd worlds of fal: everything its reports can hold, at random but repeatable.

fal knows one workspace, the account itself, whose name is its id: there is nothing to rename but keys. Its amounts are
never negative, and credits are in none of its reports.
"""

from dataclasses import replace
from datetime import date
from random import Random

from demo.fal_spend import CATEGORIES, NO_APP, SERVERLESS, UNITS, FalStory
from demo.odd_openai import NAMES
from demo.story import Key, Owner, Workspace
from demo.traffic import Part, Stream
from demo.world import World

SHOWN_NAMES = tuple(name for name in NAMES if name)
MODELS = (
    *list(CATEGORIES)[:4], "acme/own-model", "FAL-AI/FLUX/DEV", "fal-ai/flux/dev?x=1&y=2", "Unattributed", *SHOWN_NAMES,
)  # fmt: skip
KINDS = (*UNITS, "", "quantum widgets", "Megapixels", "GPU units", "=1+1")
DISCOUNTS = ("", "discount 20", "discount 33.3333", "discount 99.5", "discount 1")
KEYS = ("", "=1+1", "0", "null", "8b61d2aa-90f4-4f0e-8f33-6d1c2a9b0009")
MACHINES = ("GPU-H100", "M", "XL|*b*", "<i>", "データ")
PLACES = ("", " production", " =1+1", " production surge")
LARGEST_PRICE = 10**9
LARGEST_FLOAT_PRICE = 10**5
"""Nano-dollars a quantum. Binary fractions of larger sums would lose nano-dollars."""
MOST_STREAMS = 9


def odd_fal_world(seed: int, today: date, *, history_days: int = 20) -> World:
    """A world with unknown models and units, deleted and unlisted keys, calls of nobody, discounts, and own apps."""
    chance = Random(f"fal {seed}")  # noqa: S311 - a repeatable world, no secret
    username = chance.choice(("acme-media", *SHOWN_NAMES))
    is_exact = chance.random() < 0.6  # noqa: PLR2004 - odds
    keys = tuple(_key(chance, number, username) for number in range(chance.randint(0, 5)))
    streams = {}
    for _ in range(chance.randint(0, MOST_STREAMS)):
        stream = _app(chance) if chance.random() < 0.25 else _stream(chance, keys)  # noqa: PLR2004 - odds
        price = chance.randrange(chance.choice((2, 9, LARGEST_FLOAT_PRICE, LARGEST_PRICE if is_exact else 99)))
        parts = tuple(replace(part, price=price) for part in stream.parts)
        streams[stream.api_key_id, stream.model, stream.variant] = replace(
            stream, workspace_id=username, parts=parts, odds=chance.choice((0.1, 0.6, 1.0))
        )
    story = FalStory(
        provider="fal",
        workspaces=(Workspace(workspace_id=username, name=username),),
        keys=keys,
        streams=tuple(streams.values()),
        username=username,
        admin_keys=frozenset(key.api_key_id for key in keys if chance.random() < 0.2),  # noqa: PLR2004 - odds
        is_exact=is_exact,
        is_terse=chance.random() < 0.5,  # noqa: PLR2004
        omits_empty_days=chance.random() < 0.5,  # noqa: PLR2004
    )
    return World(seed, today, history_days=history_days, stories=(story,))


def rename_keys(world: World, seed: int) -> World:
    """The world in which some of fal's keys bear another alias."""
    chance = Random(f"aliases {seed}")  # noqa: S311
    old = world.story("fal")
    keys = tuple(replace(key, name=chance.choice((key.name, "renamed", *SHOWN_NAMES))) for key in old.keys)
    return replace(world, stories=(replace(old, keys=keys),))


def _key(chance: Random, number: int, username: str) -> Key:
    return Key(
        api_key_id=f"{chance.randrange(16**8):08x}-{number}",
        workspace_id=username,
        name=chance.choice(NAMES) or "",
        hint="",
        owner=Owner(owner_id=f"owner-{number}", name=chance.choice(NAMES) or ""),
        deleted=chance.choice((None, None, 4)),
    )


def _stream(chance: Random, keys: tuple[Key, ...]) -> Stream:
    api_key_id = chance.choice(("", *(key.api_key_id for key in keys), chance.choice(KEYS)))
    nobody = ("", "unsaid", f"login {chance.choice(SHOWN_NAMES)}")
    kinds = chance.sample(KINDS, chance.choice((1, 1, 2)))
    return Stream(
        api_key_id=api_key_id,
        model=chance.choice(MODELS),
        variant=chance.choice(DISCOUNTS if api_key_id else nobody),
        parts=tuple(Part(kind, chance.uniform(0.3, 2_000), 0) for kind in kinds),
        requests=chance.choice((1, 7, 3_000)),
        is_counted=False,
    )


def _app(chance: Random) -> Stream:
    return Stream(
        model=SERVERLESS + chance.choice((NO_APP, "matting-app", *SHOWN_NAMES)),
        variant=chance.choice(MACHINES) + chance.choice(PLACES),
        parts=(Part("machine_second", chance.uniform(1, 900), 0),),
        requests=chance.choice((1, 110)),
        is_counted=False,
    )
