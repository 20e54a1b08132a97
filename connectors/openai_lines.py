"""Reads the labels of OpenAI's bill, such as `gpt-4o-2024-08-06, cached input` or `dall-e 3, hd, 1024x1792`.

A module of its own, since no other provider prints its bill in prose. A label is a text for people, published nowhere
as a list, and lives in two generations: with blanks (2025) and like members (2026: `gpt-6-astra, input_tokens`).
So the reading is total: whatever the text, there is a model to book it under, and nothing is raised.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

UNASSIGNED = "openai-unassigned"
ADJUSTMENTS = "openai-adjustments"
WEB_SEARCH = "openai-web-search"
FILE_SEARCH = "openai-file-search"
CODE_INTERPRETER = "openai-code-interpreter"
STORAGE = "openai-storage"
IMAGES = "openai-images"
OTHER = "openai-other"
TRAINING = "training"

Kind = Literal["input", "cached_input", "cache_write", "output", "image", "training", "other"]
TOKEN_KINDS: frozenset[Kind] = frozenset({"input", "cached_input", "cache_write", "output"})

SERVICES = (
    (("web search",), WEB_SEARCH),
    (("file search",), FILE_SEARCH),
    (("code interpreter", "container"), CODE_INTERPRETER),
    (("vector store", "storage"), STORAGE),
    (("image models",), IMAGES),
    (("audio models",), "openai-audio"),
    (("fine-tun", "training"), "openai-fine-tuning"),
    (("credit", "refund", "adjustment", "discount"), ADJUSTMENTS),
)
"""What the text of a line without a model contains → the bucket it is booked under; the first match wins."""

_MODEL_FAMILIES = re.compile(
    r"(?:ft[-:])?(?:gpt|chatgpt|o\d|text-embedding|text-moderation|omni-moderation|whisper|tts|dall-e|sora|codex"
    r"|computer-use|davinci|babbage)"
)
_SIZE = re.compile(r"\d+x\d+", re.ASCII)
_TIERS = ("batch", "flex", "priority", "fast", "scale")
_MODALITIES = {"text", "audio", "image", "uncached", "30m", "12h"}
_KINDS: dict[frozenset[str], Kind] = {
    frozenset({"input"}): "input",
    frozenset({"cached", "input"}): "cached_input",
    frozenset({"cached"}): "cached_input",
    frozenset({"cache", "write"}): "cache_write",
    frozenset({"input", "cache", "write"}): "cache_write",
    frozenset({"output"}): "output",
}


@dataclass(frozen=True, slots=True)
class Label:
    """What a label names: the model or service bucket, what is counted, and the priced variety of the model."""

    model: str
    kind: Kind = "other"
    variant: str = ""


def read_label(
    text: str | None, amount: Decimal, *, unit: str | None = None, known_models: Collection[str] = ()
) -> Label:
    """The meaning of a bill's label. `known_models` are the lower-case ids seen in the usage of the same window."""
    if text is None or not text.strip():
        return Label(UNASSIGNED)
    named = text.partition(" | ")[2] or text
    head, *details = (part.strip().lower() for part in named.strip().split(","))
    model = "-".join(head.split())
    is_bucket = any(word in head for words, _ in SERVICES for word in words)
    is_plain_id = bool(details) and bool(head) and " " not in head and not is_bucket
    if _MODEL_FAMILIES.match(model) or model in known_models or is_plain_id:
        return _of_model(model, details)
    return Label(_service(named.lower(), amount, unit))


def _of_model(model: str, details: list[str]) -> Label:
    words = re.findall(r"[^\s,()]+", " ".join(details).replace("_", " "))
    tiers = [word for word in words if word in _TIERS]
    words = [word for word in words if word not in _TIERS and word not in {"token", "tokens"}]
    if any(_SIZE.fullmatch(word) for word in words):
        shown = [word for word in words if word not in {"image", "images"}]
        return Label(model, "image", " ".join([*tiers, *shown]))
    if TRAINING in words:
        return Label(model, "training", " ".join([*tiers, TRAINING]))
    kind = _KINDS.get(frozenset(words) - _MODALITIES, "other")
    return Label(model, kind, " ".join(tiers))


def _service(text: str, amount: Decimal, unit: str | None) -> str:
    for words, bucket in SERVICES:
        if any(word in text for word in words):
            return bucket
    if unit == "gibibyte_hours":
        return STORAGE
    return ADJUSTMENTS if amount < 0 else OTHER


def spellings(model: str) -> tuple[str, ...]:
    """The names under which usage and bill may know one model, the likeliest first, all in lower case.

    A fine-tuned `ft:<base>:…` is billed as `ft-<base>`, and `text-embedding-ada-002-v2` without its `-v2`.
    """
    name = model.lower()
    if name.startswith("ft:"):
        return (name, "ft-" + name.split(":")[1])
    if name.startswith("text-embedding") and name.endswith("-v2"):
        return (name, name.removesuffix("-v2"))
    return (name,)


_DATE = re.compile(r"-\d{4}-\d{2}-\d{2}$", re.ASCII)


def partner(model: str, billed: Collection[str]) -> str | None:
    """The billed model that is the used `model`: by name, else by name without its date if that leaves just one.

    Two names with different dates are two models: a date is dropped only where the other side has none.
    """
    names = spellings(model)
    for name in names:
        if name in billed:
            return name
    undated = {_DATE.sub("", name) for name in names}
    near = [name for name in billed if name in undated or (_DATE.sub("", name) in names and _DATE.search(name))]
    return near[0] if len(near) == 1 else None
