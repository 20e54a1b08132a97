"""Odd accounts at OpenRouter, at random but repeatable: everything its interface can say and nobody expects.

Chat in a browser without any workspace, keys and workspaces deleted that are still billed, corrections, models and
upstream providers without a name, use of own keys and of OpenRouter's on one line, names that are attacks.
"""

import hashlib
import uuid
from datetime import date
from random import Random

from demo.odd_openai import MODELS as OTHER_MODELS
from demo.odd_openai import NAMES
from demo.openrouter_use import UNNAMED
from demo.story import Key, Owner, Story, Workspace
from demo.traffic import Part, Stream
from demo.world import World

MODELS = (
    *OTHER_MODELS, UNNAMED, "openai/gpt-6-astra-2026-06-11", "openai/gpt-6-astra", "データ/模型-20260101",
    '=HYPERLINK("x")/<b>', "a/b/c", "/", "openrouter/auto", "~~", "Ω" * 200,
)  # fmt: skip
PROVIDERS = ("Anthropic", "Azure", "Amazon Bedrock", "Google", "", "データ", "<script>alert(1)</script>", "Ω" * 200)
WAYS = ("", "", "", "byok ", "free ")
HUGE_AMOUNTS = (10, 10**6, 10**12, 10**14, 3 * 10**15)
"""Nano-dollars, about, of the largest line: up to three million dollars, where numbers have all their digits."""
AMOUNTS = HUGE_AMOUNTS[:4]
"""Likewise, up to a hundred thousand dollars: much beyond that a floating-point number tells no nano-dollar."""
GONE_BETWEEN = -1
"""An age in days: the key is deleted on the morning after the world's today."""
REMEMBERED_DAYS = 25
"""The longest history with such keys: all its days are read again at every sync."""


def odd_openrouter_world(
    seed: int, today: date, *, history_days: int = 20, amounts: tuple[int, ...] = AMOUNTS
) -> World:
    """A world at OpenRouter whose lines cost up to about one of `amounts` each."""
    chance = Random(f"openrouter {seed}")  # noqa: S311 - a repeatable world, no secret
    workspaces = (_workspace(chance, is_default=True), *(_workspace(chance) for _ in range(chance.randint(0, 4))))
    ages = (None, None, None, 4, GONE_BETWEEN if history_days <= REMEMBERED_DAYS else None)
    keys = tuple(_key(chance, number, chance.choice(workspaces), ages) for number in range(chance.randint(0, 7)))
    streams = {}
    for _ in range(chance.randint(0, 16)):
        stream = _stream(chance, workspaces, keys, chance.choice(amounts))
        streams[stream.workspace_id, stream.api_key_id, stream.model, stream.variant] = stream
    story = Story(provider="openrouter", workspaces=workspaces, keys=keys, streams=tuple(streams.values()))
    return World(seed, today, history_days=history_days, stories=(story,))


def _workspace(chance: Random, *, is_default: bool = False) -> Workspace:
    return Workspace(
        workspace_id=str(uuid.UUID(int=chance.getrandbits(128))),
        name=chance.choice(NAMES),
        archived=None if is_default else chance.choice((None, None, 2, 9)),
    )


def _key(chance: Random, number: int, workspace: Workspace, ages: tuple[int | None, ...]) -> Key:
    return Key(
        api_key_id=hashlib.sha256(chance.randbytes(8)).hexdigest(),
        workspace_id=workspace.workspace_id,
        name=chance.choice(NAMES) or "",
        hint=chance.choice(("", "sk-or-v1-abc...123")),
        owner=Owner(owner_id=f"user_{number}", name="Somebody"),
        deleted=chance.choice(ages),
        is_owner_present=chance.random() < 0.7,  # noqa: PLR2004 - odds
    )


def _stream(chance: Random, workspaces: tuple[Workspace, ...], keys: tuple[Key, ...], amount: int) -> Stream:
    key = chance.choice((None, *keys))
    known = {space.workspace_id: space for space in workspaces}
    workspace_id = key.workspace_id if key else chance.choice(("", *known))
    way = chance.choice(WAYS)
    since = chance.choice((None, None, 3, 15))
    ends = [age for age in (chance.choice((None, None, 1, 6)), _gone(key), _gone(known.get(workspace_id))) if age]
    return Stream(
        workspace_id=workspace_id,
        api_key_id=key.api_key_id if key else "",
        model=chance.choice(MODELS),
        variant=way + chance.choice(PROVIDERS),
        parts=tuple(_parts(chance, way, amount)),
        requests=chance.choice((1, 7, 3_000)),
        odds=chance.choice((0.2, 0.6, 1.0)),
        since=since,
        until=max(ends, default=None),
        is_counted=chance.random() < 0.8,  # noqa: PLR2004 - odds
    )


def _gone(thing: Key | Workspace | None) -> int | None:
    """The last whole day, in days ago, of what was deleted before the world's today."""
    ended = thing.deleted if isinstance(thing, Key) else thing.archived if thing else None
    return ended + 1 if ended and ended > 0 else None


def _parts(chance: Random, way: str, amount: int) -> list[Part]:
    sign = chance.choice((1, 1, 1, 1, -1))
    kinds = chance.choice((("input",), ("input", "cached_input", "output"), ("image",), ("output",)))
    parts = []
    for kind in (*kinds, *(("fee",) if way == "byok " and chance.random() < 0.5 else ())):  # noqa: PLR2004 - odds
        a_request = 1 if kind == "fee" else chance.choice((1, 3, chance.uniform(0.3, 5_000)))
        most = max(1, int(amount / 3_000 / a_request))
        parts.append(Part(kind, a_request, None if way == "free " else sign * chance.randint(1, most)))
    return parts
