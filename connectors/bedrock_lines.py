"""What a line of the bill is about: model, variant, and what its quantity counts.

A module of its own, since AWS says this in two grammars of usage types, neither of them documented; the examples that
the rules were tried on stand in the tests. Money never depends on it: an unreadable line is `bedrock-general`.

    AWS's own     <region>-<slug>-<what>[-<qualifiers>]                  service "Amazon Bedrock"; thousands of tokens
    Marketplace   <region>-MP:<region>_<metric>[_<qualifiers>]-Units     service "<model> (Amazon Bedrock Edition)";
                                                                         millions of tokens
"""

import re
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

GENERAL = "bedrock-general"
NO_USAGE_TYPES = frozenset({"", "NoUsageType"})

Kind = Literal[
    "input", "cached_input", "cache_write", "output", "image", "seconds", "search", "provisioned", "units", "other"
]
TOKEN_KINDS: frozenset[Kind] = frozenset({"input", "cached_input", "cache_write", "output"})
UNITS: Mapping[Kind, str] = {
    "image": "images",
    "seconds": "seconds",
    "search": "search_units",
    "provisioned": "model_unit_hours",
    "units": "text_units",
}


class Label(NamedTuple):
    """`tokens_per_unit` is 0 where the quantity counts no tokens; `is_known` False where the line could not be read."""

    model: str
    variant: str = ""
    kind: Kind = "other"
    tokens_per_unit: int = 0
    is_known: bool = True


Names = Mapping[tuple[tuple[str, ...], tuple[str, ...]], str]
"""The model names that services bear, by what is the same in all spellings of a model."""

_EDITION = re.compile(r"\s*\(Amazon Bedrock Edition\)\s*$", re.IGNORECASE)
_REGION = re.compile(r"^(EU|[A-Z]{2,4}\d)-")
_METRIC_REGION = re.compile(r"^(EU|[A-Z]{2,4}\d)_")
_TOKENS = re.compile(
    r"^(?P<slug>.+?)(-mantle)?-("
    r"cache-(?P<cache>read|write)-(input-)?tokens?(-count)?"
    r"|((text|speech|image|audio|video)-)?(?P<way>input|output)-((text|image|audio|video|speech)-)?tokens?(-count)?"
    r"|(?P<search>search-?units)"
    r")(?P<tail>(-.*)?)$",
    re.IGNORECASE,
)
_MEDIA = re.compile(
    r"^(?P<slug>.+?)-((?P<pictures>T2I|I2I)|T2V|I2V|V2V|output-seconds|(?=[A-Za-z]+fps-))(?P<tail>(-?.*)?)$"
)
_CAPACITY = re.compile(r"^(?P<slug>.+?)-(?P<what>ProvisionedThroughput|Customization|RFT)-")
_TIERS = (
    ("batch", ("batch",)),
    ("flex", ("flex",)),
    ("priority", ("priority",)),
    ("latency-optimized", ("latency-optimized", "latencyoptimized", "latency_optimized")),
    ("custom-model", ("custom-model", "custom_model")),
    ("long-context", ("lctx", "long_ctx", "long-ctx", "long_context")),
    ("global", ("global",)),
)


def model_names(services: Iterable[str]) -> Names:
    """The names that win where a model is sold under several: those of its Marketplace service.

    Of two services with the same words, "Claude 4.6 Sonnet" and "Claude Sonnet 4.6", the name with its version last.
    """
    names = sorted(_service_model(service) for service in services if _EDITION.search(service))
    return {_essence(name): name for name in names}


def read_label(service: str, usage_type: str, names: Names) -> Label:
    """The meaning of one line; `names` are those of `model_names`."""
    rest = _REGION.sub("", usage_type)
    if _EDITION.search(service):
        model = _service_model(service)
        kind, variant = _marketplace(rest)
        label = Label(model, variant, kind, 1_000_000 if kind in TOKEN_KINDS else 0, is_known=True)
    else:
        label = _own(service, rest)
    return label._replace(model=names.get(_essence(label.model), label.model))


def _marketplace(rest: str) -> tuple[Kind, str]:
    metric = _METRIC_REGION.sub("", rest.removeprefix("MP:")).removesuffix("-Units").lower()
    plain = metric.replace("_", "")
    kind: Kind = "other"
    # Cache before input, as "CacheReadInputTokenCount" contains "InputTokenCount"; pictures are no picture tokens.
    if "cacheread" in plain:
        kind = "cached_input"
    elif "cachewrite" in plain:
        kind = "cache_write"
    elif "cachestorage" in plain:
        kind = "other"
    elif "provisionedthroughput" in plain or "reserved" in plain:
        return "provisioned", "provisioned"
    elif "searchunit" in plain:
        kind = "search"
    elif "image" in plain and "token" not in plain:
        kind = "image"
    elif "input" in plain and "token" in plain:
        kind = "input"
    elif "output" in plain and "token" in plain:
        kind = "output"
    return kind, _variant(metric)


def _own(service: str, rest: str) -> Label:
    if platform := _platform(service, rest):
        return platform
    if capacity := _CAPACITY.match(rest):
        is_rented = capacity["what"] == "ProvisionedThroughput"
        return Label(
            _slug_model(capacity["slug"]),
            "provisioned" if is_rented else "customization",
            "provisioned" if is_rented else "other",
        )
    if tokens := _TOKENS.match(rest):
        kind = _token_kind(tokens)
        return Label(_slug_model(tokens["slug"]), _variant(tokens["tail"]), kind, 1_000 if kind in TOKEN_KINDS else 0)
    if media := _MEDIA.match(rest):
        kind = "image" if media["pictures"] else "seconds"
        return Label(_slug_model(media["slug"]), media["tail"].strip("-").lower().replace("-", " "), kind)
    return Label(GENERAL, is_known=rest in NO_USAGE_TYPES)


def _platform(service: str, rest: str) -> Label | None:
    """Services around the models."""
    if rest.startswith("Guardrail"):
        return Label("bedrock-guardrails", kind="units")
    if rest.startswith(("Knowledge-Base", "KnowledgeBase")):
        return Label("bedrock-knowledge-bases")
    if "DataAutomation" in rest:
        return Label("bedrock-data-automation")
    if "Consumption-based" in rest or "agentcore" in service.lower():
        return Label("bedrock-agentcore")
    return None


def _token_kind(tokens: re.Match[str]) -> Kind:
    if tokens["search"]:
        return "search"
    if tokens["cache"]:
        return "cached_input" if tokens["cache"].lower() == "read" else "cache_write"
    return "input" if tokens["way"].lower() == "input" else "output"


def _variant(qualifiers: str) -> str:
    lowered = qualifiers.lower()
    return " ".join(name for name, marks in _TIERS if any(mark in lowered for mark in marks))


def _service_model(service: str) -> str:
    """`Cohere Embed 3 Model - English (Amazon Bedrock Edition)` → `cohere-embed-3-model-english`."""
    name = _EDITION.sub("", service).lower().replace("(", "").replace(")", "")
    return re.sub(r"-{2,}", "-", re.sub(r"\s+", "-", name.strip())) or GENERAL


def _slug_model(slug: str) -> str:
    """`Claude3-5Haiku` → `claude-3-5-haiku`; `zai.glm-4.7` → `glm-4.7`."""
    name = re.sub(r"^[a-z0-9]+\.(?=[a-z])", "", slug)
    if name != name.lower():
        name = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[a-z]{2})(?=\d)", "-", name)
        name = re.sub(r"(?<=\d)(?=[A-Z][a-z])", "-", name)
    return name.lower()


def _essence(model: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Words in any order and numbers in theirs: the same for `claude-3-5-haiku`, `claude-3.5-haiku`.

    A name of neither words nor numbers is itself only.
    """
    parts = re.findall(r"\d+|[^\W\d_]+", model.lower()) or [model]
    words = tuple(sorted(part for part in parts if not part[0].isdecimal()))
    return words, tuple(part for part in parts if part[0].isdecimal())
