"""What a line of Google's bill is about, read from the description of its SKU.

Google rewords descriptions and has several families of them; each reader below knows one. What none of them knows goes
to `vertex-general`, with its cost: a better reader can only move money between models, never lose it.
Catalogue: https://cloud.google.com/skus
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

GENERAL = "vertex-general"
TOKENS = frozenset({"input", "cached_input", "cache_write", "output"})


@dataclass(frozen=True, slots=True)
class Sku:
    """Model, priced variety and kind: one of `TOKENS`, or the unit that is counted; "" keeps Google's own unit."""

    model: str
    variant: str = ""
    kind: str = ""


_PREFIX = re.compile(r"^(cloud vertex ai model garden model as a service|ai dev tools:|vertex ai:)\s*", re.IGNORECASE)
_TIER = re.compile(r"\b(batch|flex|priority|live)\b")
_LONG = re.compile(r"\blong\b|context window size from [1-9]")
_OTHER_BUCKETS = (
    (re.compile(r"\bgrounding\b|\bsearch quer|\bweb search requests\b"), "grounding", "searches"),
    (re.compile(r"\bprovisioned throughput\b"), "provisioned-throughput", ""),
    (re.compile(r"\bagent platform\b|\breasoning ?engine\b|\bmemory bank\b|\bagent engine\b"), "agent-platform", ""),
)
_MARKETPLACE_KINDS = (
    ("cache read", "cached_input"), ("cache write", "cache_write"), ("output", "output"), ("input", "input"),
)  # fmt: skip
_GENERATE = re.compile(r"^generate content (?P<before>.*?)\btoken count\b(?: for)?(?P<model>.*)$")
_GENERATE_NOISE = re.compile(
    r"\b(short|long|input|output|text|audio|video|speech|non-thinking|thinking|batch|flex|priority|caching|cached|free"
    r"|preview)\b"
)
_PREDICTIONS = re.compile(
    r"^(?P<model>.+?)(?: (?:input|output))? (?:text|image|audio|video)(?: cached)? "
    r"(?P<kind>input caching|output caching|input|output|ouptut|caching)\b(?P<rest>.*)$"
)
_PREDICTIONS_NOISE = re.compile(r"\b(ga|global|live|thinking|preview|batch|flex|priority|input|output|cached)\b")
_PLAIN_TOKENS = re.compile(
    r"^(?P<model>.+?)(?: text)?(?: batch)?(?P<cached> cached)?(?: text)? (?P<way>input|output)"
    r"(?P<cache> cache (?:read|write))? (?P<unit>tokens?|characters)\b"
)
_VIDEO = re.compile(r"\b(?P<size>\d+p|\dk)\b")


def read_sku(description: str) -> Sku:
    """What the description says; the first reader that knows it decides."""
    text = _PREFIX.sub("", " ".join(description.replace("_", " ").split())).lower()
    for pattern, bucket, unit in _OTHER_BUCKETS:
        if pattern.search(text):
            return Sku(bucket, kind=unit)
    variant = " ".join([*_TIER.findall(text)[:1], *(["long"] if _LONG.search(text) else [])])
    for reader in _READERS:
        if (sku := reader(text, variant)) is not None and sku.model:
            return sku
    return Sku(GENERAL)


def _marketplace(text: str, variant: str) -> Sku | None:
    """`Claude Opus 4 8 — Input Cache Write Tokens (TTL 3600 seconds) — us-east5 — Context Window Size from …`."""
    model, *parts = re.split(r"\s*—\s*", text)
    if not parts:
        return None
    kind = next((kind for words, kind in _MARKETPLACE_KINDS if words in parts[0]), "")
    return Sku(_named(re.sub(r"(?<=\d) (?=\d)", ".", model)), variant, kind)


def _generate(text: str, variant: str) -> Sku | None:
    """`Generate content output token count gemini 2.5 flash short input text`: the direction is the word before."""
    found = _GENERATE.match(text)
    if found is None:
        return None
    before, name = found["before"], found["model"]
    direction = before.split()[-1] if before.split() else ""
    if direction not in {"input", "output"}:
        return None
    is_cached = "cach" in text
    model = " ".join(_GENERATE_NOISE.sub(" ", name).split())
    is_image_model = (
        "image output" in before or model.endswith("pro image") or "native image" in model or "image" not in model
    )
    if not is_image_model:
        model = model.removesuffix(" image")
    return Sku(_named(model), variant, "cached_input" if is_cached and direction == "input" else direction)


def _predictions(text: str, variant: str) -> Sku | None:
    """`Gemini 2.5 Flash GA Text Output (Thinking On) - Predictions`: the model stands before text, image and so on."""
    found = _PREDICTIONS.match(text)
    if found is None:
        return None
    model = _named(_PREDICTIONS_NOISE.sub(" ", found["model"]))
    if "caching" in text or "cached" in text:
        return Sku(model, variant, "cache storage" if "storage" in text else "cached_input")
    if model.startswith("lyria"):
        return Sku(model, variant)
    return Sku(model, variant, "output" if found["kind"].startswith("ou") else "input")


def _plain_tokens(text: str, variant: str) -> Sku | None:
    """`Llama 4 Maverick Batch Input Token`, `Claude 3 Haiku Input Tokens`, `Translation LLM Input Characters`."""
    found = _PLAIN_TOKENS.match(text)
    if found is None:
        return None
    model = _named(found["model"])
    if found["unit"] == "characters":
        return Sku(model, variant, "characters")
    if "write" in (found["cache"] or ""):
        return Sku(model, variant, "cache_write")
    is_cached = found["cached"] or found["cache"]
    return Sku(model, variant, "cached_input" if is_cached and found["way"] == "input" else found["way"])


def _media(text: str, variant: str) -> Sku | None:
    """Images, videos, music and embeddings, whose units are not tokens."""
    if text.startswith("imagen"):
        return Sku(_named(text.partition(" generation")[0]), variant, "images")
    if text.startswith("veo"):
        size = _VIDEO.search(text)
        sound = "audio" if "with audio" in text else ""
        varieties = " ".join(filter(None, (variant, size["size"] if size else "", sound)))
        return Sku(_named(text.partition(" generation")[0]), varieties)
    if "videos generated" in text:
        return Sku("veo", variant, "videos")
    if text.startswith("lyria"):
        return Sku(_named(text.partition(" - ")[0]), variant)
    if "embed" in text:
        return Sku(_named(text.partition(" - ")[0]), variant)
    return None


def _named(text: str) -> str:
    return "-".join(text.split()).strip("-")[:120]


_READERS: tuple[Callable[[str, str], Sku | None], ...] = (
    _marketplace, _generate, _predictions, _plain_tokens, _media,
)  # fmt: skip
