"""Odd organizations at Anthropic, at random but repeatable: everything its reports can say and nobody expects.

Costs of no workspace and no key, keys and workspaces that no list knows, archived ones that are still billed,
corrections, models without a name, kinds of cost and tiers of no document, tokens that nobody bills.
"""

from datetime import date
from random import Random

from demo.anthropic_places import SPECIAL_TIERS
from demo.anthropic_spend import CODE_EXECUTION, DEFAULT, OTHER, SESSIONS
from demo.odd_openai import MODELS as OTHER_MODELS
from demo.odd_openai import NAMES
from demo.story import Key, Owner, Story, Workspace
from demo.traffic import Part, Stream
from demo.world import World

MODELS = (
    *OTHER_MODELS, "claude-opus-5-5", "claude-haiku-4-5-20251001", "claude-haiku-4-5", "データ/模型", "<b>claude</b>",
    '=HYPERLINK("x")', "Ω" * 200,
)  # fmt: skip
UNLISTED_WORKSPACE = "wrkspc_unlisted"
UNLISTED_KEYS = ("", "apikey_unlisted")
WAYS = ("", "", "fast", "long", "us", "long us fast")
TOKENS = ("input", "cached_input", "cache_write", "cache_write_1h", "output")
AMOUNTS = (10, 10**6, 10**12, 10**14, 3 * 10**15)
"""Nano-dollars, about, of the largest line: up to three million dollars."""
MOST_REQUESTS = 3_000


def odd_anthropic_world(seed: int, today: date, *, history_days: int = 20) -> World:
    """A world at Anthropic. It always has the default workspace, since every organization has one."""
    chance = Random(f"anthropic {seed}")  # noqa: S311 - a repeatable world, no secret
    default = Workspace(workspace_id=DEFAULT, name=chance.choice(("Default", *NAMES)))
    workspaces = (default, *(_workspace(chance, number) for number in range(chance.randint(0, 4))))
    keys = tuple(_key(chance, number, chance.choice(workspaces)) for number in range(chance.randint(0, 7)))
    streams = {}
    for _ in range(chance.randint(0, 16)):
        stream = _stream(chance, workspaces, keys)
        streams[stream.workspace_id, stream.api_key_id, stream.model, stream.variant] = stream
    story = Story(provider="anthropic", workspaces=workspaces, keys=keys, streams=tuple(streams.values()))
    return World(seed, today, history_days=history_days, stories=(story,))


def _workspace(chance: Random, number: int) -> Workspace:
    return Workspace(
        workspace_id=f"wrkspc_{number}{chance.randrange(10**9)}",
        name=chance.choice(NAMES),
        archived=chance.choice((None, None, 3)),
    )


def _key(chance: Random, number: int, workspace: Workspace) -> Key:
    return Key(
        api_key_id=f"apikey_{number}{chance.randrange(10**9)}",
        workspace_id=workspace.workspace_id,
        name=chance.choice(NAMES) or "",
        hint=chance.choice(("", "sk-ant-api03-Z4C...EQAA")),
        owner=Owner(owner_id=f"user_{number}", name="Somebody", email=chance.choice((None, "someone@example.com"))),
        created=chance.choice((30, 400)),
        deleted=chance.choice((None, None, 4)),
        is_owner_present=chance.random() < 0.7,  # noqa: PLR2004 - odds
    )


def _stream(chance: Random, workspaces: tuple[Workspace, ...], keys: tuple[Key, ...]) -> Stream:
    key = chance.choice((None, *keys))
    places = ("", UNLISTED_WORKSPACE, *(known.workspace_id for known in workspaces))
    model = chance.choice(MODELS)
    way = " ".join(filter(None, (chance.choice(("", "", *SPECIAL_TIERS)), chance.choice(WAYS))))
    model, variant, kinds = chance.choice(
        (
            (model, way, TOKENS),
            (model, way, TOKENS),
            (model, way, (*TOKENS[:2], "web_search")),
            (model, way, ("hologram",)),
            (OTHER, "", ("input", "output")),
            (OTHER, chance.choice(("", "late")), ("adjustment",)),
            (OTHER, "hologram", ("hologram",)),
            (CODE_EXECUTION, "", ("code_execution",)),
            (SESSIONS, "", ("session",)),
            ("anthropic-web-search", "", ("web_search",)),
        )
    )
    return Stream(
        workspace_id=key.workspace_id if key else chance.choice(places),
        api_key_id=key.api_key_id if key else chance.choice(UNLISTED_KEYS),
        model=model,
        variant=variant,
        parts=_parts(chance, kinds),
        requests=chance.choice((1, 7, MOST_REQUESTS)),
        odds=chance.choice((0.2, 0.6, 1.0)),
        since=chance.choice((None, None, 3, 15)),
        until=chance.choice((None, None, 1, 6)),
        is_counted=kinds[0] in TOKENS and chance.random() < 0.8,  # noqa: PLR2004 - odds
    )


def _parts(chance: Random, kinds: tuple[str, ...]) -> tuple[Part, ...]:
    """Parts of one sign, of any size from a nano-dollar on. Tokens may be free, or be billed to nobody."""
    sign = -1 if kinds[0] == "adjustment" else chance.choice((1, 1, 1, 1, -1))
    amount = chance.choice(AMOUNTS)
    parts = []
    for kind in kinds:
        a_request = chance.choice((1, 3, chance.uniform(0.3, 5_000)))
        most = max(1, int(amount / MOST_REQUESTS / a_request))
        is_free = kind in TOKENS and chance.random() < 0.1  # noqa: PLR2004 - odds
        price = chance.choice((0, None)) if is_free else sign * chance.randint(1, most)
        parts.append(Part(kind, a_request, price))
    return tuple(parts)
