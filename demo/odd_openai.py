"""Odd worlds of OpenAI, at random but repeatable: everything its reports can hold and nobody expects."""

from datetime import date
from random import Random

from demo.story import Key, Owner, Story, Workspace
from demo.traffic import Part, Stream
from demo.world import World

NAMES = (
    None, "", "Default project", '=HYPERLINK("http://x.example")', "<script>alert(1)</script>", "a|b *bold* [x](y)",
    "データ", "line\nbreak", "'; DROP TABLE account; --", "Ω" * 200,
)  # fmt: skip
MODELS = ("gpt-6-astra", "gpt-4o-mini-2024-07-18", "gpt-5.6-luna", "ft-gpt-4o-mini-2024-07-18", "zephyr-9-ultra")
VARIANTS = ("", "batch", "flex", "evals", "decisions")
LABELS = ("Text tokens", "quantum widgets", "rounding as agreed")
SIZES = ("standard 1024x1024", "standard 1792x1024", "hd 1024x1024", "hd 1024x1792")
LARGEST_PRICE = 10**8


def odd_openai_world(seed: int, today: date, *, history_days: int = 20) -> World:
    """A world with null keys and projects, deleted keys, negative amounts, empty days, unknown models and labels."""
    chance = Random(f"story {seed}")  # noqa: S311 - a repeatable world, no secret
    workspaces = tuple(_workspace(chance, number) for number in range(chance.randint(1, 5)))
    keys = tuple(_key(chance, number, chance.choice(workspaces)) for number in range(chance.randint(0, 6)))
    streams = {}
    for _ in range(chance.randint(0, 14)):
        stream = _stream(chance, workspaces, keys)
        streams[stream.workspace_id, stream.api_key_id, stream.model, stream.variant] = stream
    story = Story(provider="openai", workspaces=workspaces, keys=keys, streams=tuple(streams.values()))
    return World(seed, today, history_days=history_days, stories=(story,))


def _workspace(chance: Random, number: int) -> Workspace:
    return Workspace(
        workspace_id=f"proj_{number}{chance.randrange(10**9)}",
        name=chance.choice(NAMES),
        archived=chance.choice((None, None, 3)),
    )


def _key(chance: Random, number: int, workspace: Workspace) -> Key:
    email = chance.choice((None, "someone@example.com"))
    return Key(
        api_key_id=f"key_{number}{chance.randrange(10**9)}",
        workspace_id=workspace.workspace_id,
        name=chance.choice(NAMES) or "key",
        hint="sk-...abcd",
        owner=Owner(owner_id=f"owner_{number}", name=chance.choice(NAMES) or "owner", email=email),
        deleted=chance.choice((None, None, 4)),
        is_owner_present=chance.random() < 0.7,  # noqa: PLR2004 - odds
    )


def _stream(chance: Random, workspaces: tuple[Workspace, ...], keys: tuple[Key, ...]) -> Stream:
    key = chance.choice((None, *keys))
    workspace_id = key.workspace_id if key else chance.choice(("", *(known.workspace_id for known in workspaces)))
    model, variant, kinds = chance.choice(
        (
            (chance.choice(MODELS), chance.choice(VARIANTS), ("input", "cached_input", "cache_write", "output")),
            (chance.choice(MODELS), chance.choice(VARIANTS), ("input", "audio_input", "audio_output")),
            ("text-embedding-3-small", "", ("input",)),
            ("omni-moderation-latest", "", ("input",)),
            ("dall-e-3", chance.choice(SIZES), ("image",)),
            ("whisper-1", "", ("seconds",)),
            ("tts-1", "", ("characters",)),
            ("openai-web-search", "", ("web_search",)),
            ("openai-file-search", "", ("file_search",)),
            ("openai-other", chance.choice(LABELS), ("other",)),
            ("openai-adjustments", "", ("adjustment",)),
        )
    )
    is_correction = model == "openai-adjustments"
    sign = -1 if is_correction or (model in MODELS and chance.random() < 0.1) else 1  # noqa: PLR2004
    is_call = model in {"openai-web-search", "openai-file-search"}
    parts = tuple(
        Part(
            kind,
            1 if is_call else chance.uniform(0.3, 5_000),
            sign * chance.randrange(chance.choice((9, LARGEST_PRICE))),
        )
        for kind in kinds
    )
    return Stream(
        workspace_id=workspace_id,
        api_key_id=key.api_key_id if key else "",
        model=model,
        variant=variant,
        parts=parts,
        requests=chance.choice((1, 7, 3_000)),
        odds=chance.choice((0.2, 0.6, 1.0)),
        is_counted=not (is_correction or model == "openai-other"),
    )
