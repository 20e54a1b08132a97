"""Odd LiteLLM proxies, at random but repeatable: everything a proxy's activity can say and nobody expects.

Calls without key, team, model or provider, keys that work for several teams on one day, models stored with and without
a provider's prefix or with that of another one, deleted keys and teams, names that are attacks. LiteLLM knows no
credits, and it counts money in floating-point numbers: a day of a million dollars is the most they tell exactly.
"""

import uuid
from datetime import date
from random import Random

from demo.litellm_activity import BARE, NO_MODEL
from demo.litellm_spend import HEALTH_CHECKS, MASTER, OPERATOR, key_hash
from demo.odd_openai import MODELS as OTHER_MODELS
from demo.odd_openai import NAMES
from demo.story import Key, Owner, Story, Workspace
from demo.traffic import Part, Stream
from demo.world import World

MODELS = (
    *OTHER_MODELS, NO_MODEL, f"{BARE}small", f"{BARE}small", f"{BARE}large", "openai/gpt-4.1", "azure/gpt-4.1",
    "a&b=c#d?e%2F+f", "データ", "x_y/z", "unknown", "=1+1", "Ω" * 200, "'; DROP TABLE x; --", " ",
)  # fmt: skip
PROVIDERS = ("openai", "openai", "azure", "anthropic", "vertex_ai", "a/b", "データ", "")
AMOUNTS = (10, 10**6, 10**10, 3 * 10**13)
"""Nano-dollars, about, of the largest line."""


def odd_litellm_world(seed: int, today: date, *, history_days: int = 20) -> World:
    """A proxy's world in which streams of one key may belong to different teams."""
    chance = Random(f"litellm {seed}")  # noqa: S311 - a repeatable world, no secret
    teams = tuple(_team(chance) for _ in range(chance.randint(0, 4)))
    keys = tuple(_key(chance, number, teams) for number in range(chance.randint(0, 6)))
    streams = {}
    for _ in range(chance.randint(0, 18)):
        stream = _stream(chance, teams, keys)
        streams[stream.workspace_id, stream.api_key_id, stream.model, stream.variant] = stream
    story = Story(provider="litellm", workspaces=teams, keys=keys, streams=tuple(streams.values()))
    return World(seed, today, history_days=history_days, stories=(story,))


def _team(chance: Random) -> Workspace:
    return Workspace(
        workspace_id=str(uuid.UUID(int=chance.getrandbits(128))),
        name=chance.choice(NAMES),
        archived=chance.choice((None, None, 3, -1)),
    )


def _key(chance: Random, number: int, teams: tuple[Workspace, ...]) -> Key:
    return Key(
        api_key_id=key_hash(f"odd {number} {chance.random()}"),
        workspace_id=chance.choice(("", *(team.workspace_id for team in teams))),
        name=chance.choice(NAMES) or "",
        hint=chance.choice(("", "sk-...", "sk-...Zq3w")),
        owner=chance.choice((OPERATOR, Owner(owner_id="sam", name="sam", email="sam@example.com"))),
        deleted=chance.choice((None, None, 4, -1)),
    )


def _stream(chance: Random, teams: tuple[Workspace, ...], keys: tuple[Key, ...]) -> Stream:
    homes = {key.api_key_id: key.workspace_id for key in keys}
    api_key_id = chance.choice(("", MASTER, HEALTH_CHECKS, key_hash("unheard of"), *homes, *homes))
    is_moved = chance.random() < 0.3  # noqa: PLR2004 - odds
    anywhere = ("", *(team.workspace_id for team in teams))
    return Stream(
        workspace_id=chance.choice(anywhere) if is_moved else homes.get(api_key_id, ""),
        api_key_id=api_key_id,
        model=chance.choice(MODELS),
        variant=chance.choice(PROVIDERS),
        parts=tuple(_parts(chance, chance.choice(AMOUNTS))),
        requests=chance.choice((1, 7, 3_000)),
        odds=chance.choice((0.2, 0.6, 1.0)),
        since=chance.choice((None, None, 3, 15)),
        until=chance.choice((None, None, 1, 6)),
    )


def _parts(chance: Random, amount: int) -> list[Part]:
    sign = chance.choice((1, 1, 1, 1, 1, 1, 1, 0, -1))
    kinds = chance.choice((("input",), ("input", "cached_input", "cache_write", "output"), ("call",), ("output",)))
    parts = []
    for kind in kinds:
        a_request = 1 if kind == "call" else chance.choice((1, 3, chance.uniform(0.3, 5_000)))
        parts.append(Part(kind, a_request, sign * chance.randint(1, max(1, int(amount / 3_000 / a_request)))))
    return parts
