"""Odd organizations at AWS, at random but repeatable: everything Cost Explorer can say of Bedrock and nobody expects.

Linked accounts without a name or with one that is an attack, record types of every treatment, credits beyond the price
and credits taken back, savings negated, free tokens, models and services of no document, taxes on days without a cost.
Neither keys nor requests nor costs of no account, as AWS tells none.
"""

from collections.abc import Iterator
from datetime import date
from random import Random

from demo.bedrock_ledger import ASIDES, CHARGES, RELIEFS
from demo.bedrock_spend import GENERAL
from demo.odd_openai import NAMES
from demo.story import Story, Workspace
from demo.traffic import Part, Stream
from demo.world import World

TOKENS = ("input", "cached_input", "cache_write", "output")
TIERS_BY_MODEL = {
    "claude-opus-9": ("", "batch"),
    "cohere-embed-3-model-english": ("",),
    "データ": ("", "batch"),
    "モデル": ("", "global"),
    "palmyra-x5": ("", "global"),
    "claude-sonnet-4.6": ("", "global"),
    "<script>alert1</script>": ("",),
    "nova-lite": ("", "flex", "batch"),
    "glm-4.7": ("", "priority", "latency-optimized"),
    "zephyr-9-ultra": ("", "custom-model"),
}
PIECES = {
    "nova-pro": "model_unit_hour",
    "nova-canvas": "image",
    "nova-reel": "seconds",
    "bedrock-guardrails": "text_unit",
    "bedrock-knowledge-bases": "retrieval",
    "bedrock-agentcore": "hour",
    "bedrock-data-automation": "page",
    "cohere-rerank-v3.5": "search",
    "stable-diffusion-3-large-v1.0": "image",
    GENERAL: "other",
}
AMOUNTS = (10, 10**6, 10**12, 10**14, 3 * 10**15)
"""Nano-dollars, about, of the largest line: up to three million dollars."""
DEAREST_TOKEN = 400_000
"""Nano-dollars: $400 for a million tokens. Beyond $1,000 their unit is doubted."""
MOST_REQUESTS = 3_000


def odd_bedrock_world(seed: int, today: date, *, history_days: int = 20) -> World:
    """A world at AWS with one to five linked accounts."""
    chance = Random(f"bedrock {seed}")  # noqa: S311 - a repeatable world, no secret
    workspaces = tuple(
        Workspace(workspace_id=f"{number}{chance.randrange(10**11):011}", name=chance.choice(NAMES))
        for number in range(chance.randint(1, 5))
    )
    streams = {}
    for _ in range(chance.randint(0, 16)):
        stream = _stream(chance, seed, chance.choice(workspaces))
        streams[stream.workspace_id, stream.model, stream.variant] = stream
    asides = tuple(_aside(chance, chance.choice(workspaces)) for _ in range(chance.randint(0, 5)))
    sold = {(stream.workspace_id, stream.model, stream.variant): stream for stream in (*asides, *streams.values())}
    story = Story(provider="bedrock", workspaces=workspaces, keys=(), streams=tuple(sold.values()))
    return World(seed, today, history_days=history_days, stories=(story,))


def _stream(chance: Random, seed: int, workspace: Workspace) -> Stream:
    """Use of one model. All use of a model in an account has one sign, or is free: the price of mixed tokens would tell
    that their unit is wrong.
    """
    model = chance.choice((*TIERS_BY_MODEL, *TIERS_BY_MODEL, *PIECES))
    sign = Random(f"{seed} {workspace.workspace_id} {model}").choice((1, 1, 1, 1, 1, -1, 0))  # noqa: S311
    words = (
        chance.choice(TIERS_BY_MODEL.get(model, ("",))),
        chance.choice(("", *CHARGES)),
        chance.choice(("", *RELIEFS)),
    )
    return Stream(
        workspace_id=workspace.workspace_id,
        model=model,
        variant=" ".join(filter(None, words)),
        parts=tuple(_parts(chance, model, sign)),
        requests=chance.choice((1, 7, MOST_REQUESTS)),
        odds=chance.choice((0.2, 0.6, 1.0)),
        since=chance.choice((None, None, 3, 15)),
        until=chance.choice((None, None, 1, 6)),
        is_counted=False,
    )


def _parts(chance: Random, model: str, sign: int) -> Iterator[Part]:
    amount = chance.choice(AMOUNTS)
    kinds = TOKENS[: chance.randint(1, 4)] if model in TIERS_BY_MODEL else (PIECES[model],)
    for kind in kinds:
        a_request = chance.choice((1, 3, chance.uniform(0.3, 5_000)))
        most = max(1, int(amount / MOST_REQUESTS / a_request))
        price = sign * chance.randint(1, min(most, DEAREST_TOKEN) if kind in TOKENS else most)
        yield Part(kind, a_request, price, chance.choice((0, 0, 0, price, price // 3, 2 * price, 7, -1)))
    if model == GENERAL:
        yield Part("credit", 1, 0, chance.choice((-1, 1)) * chance.randint(1, amount))


def _aside(chance: Random, workspace: Workspace) -> Stream:
    """What AWS bills besides, by the day; no part of the truth, as it is not billed for a model."""
    kinds = chance.sample(tuple(ASIDES), 3)
    return Stream(
        workspace_id=workspace.workspace_id,
        model=GENERAL,
        variant="aside",
        parts=tuple(Part(kind, chance.randint(1, 10**12), None) for kind in kinds),
        requests=1,
        odds=chance.choice((0.1, 0.5)),
        is_counted=False,
    )
