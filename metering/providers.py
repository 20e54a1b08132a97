"""Who sends the bill, by what clients call it.

Where a client's word is none of ours it stays, in lower case: an `azure` is billed by nobody that we can link, and is
shown as such. LiteLLM's own word for a provider of its bill is in `connectors.litellm`; here it is that of a client.
Words: https://opentelemetry.io/docs/specs/semconv/registry/attributes/gen-ai/#gen-ai-provider-name, and what the
packages `revenium-python-sdk` 0.12.0 and `opentelemetry-semantic-conventions-ai` 0.5.1 send.
"""

import re
from urllib.parse import urlsplit

_WORDS = {
    "openai": {"openai"},
    "anthropic": {"anthropic"},
    "bedrock": {"bedrock", "aws", "aws.bedrock", "amazon", "amazon.bedrock"},
    # Google bills Gemini's own API and Vertex AI in one export.
    "vertex": {
        "vertex", "vertexai", "vertex.ai", "google", "gcp", "gemini", "google.ai", "google.genai", "google.vertex",
        "gcp.gen.ai", "gcp.vertex.ai", "gcp.gemini",
    },
    "fal": {"fal", "fal.ai"},
    "runway": {"runway", "runwayml"},
    "openrouter": {"openrouter"},
    "litellm": {"litellm", "litellm.proxy"},
    "azure": {
        "azure", "azure.openai", "openai.azure", "azure.ai.openai", "azure.ai.inference", "az.ai.openai",
        "az.ai.inference",
    },
    "xai": {"xai", "x.ai"},
    "mistral": {"mistral", "mistralai", "mistral.ai"},
}  # fmt: skip
_BY_WORD = {word: ours for ours, words in _WORDS.items() for word in words}
_BY_HOST = {
    "amazonaws.com": "bedrock",
    "googleapis.com": "vertex",
    "openrouter.ai": "openrouter",
    "openai.azure.com": "azure",
    "services.ai.azure.com": "azure",
}
_SPOKEN_BY_OTHERS = {"openai", "anthropic"}
"""Providers whose clients are pointed at other providers too, and go on naming their own."""


def slug_of(word: str) -> str:
    """Our slug for a client's word for a provider, or that word in lower case."""
    return _BY_WORD.get(re.sub(r"[\s._-]+", ".", word.strip().lower()), word.strip().lower())


def slug_at(word: str, address: str) -> str:
    """The same where the address is known that the client called: a host name or a URL."""
    slug = slug_of(word)
    if slug not in _SPOKEN_BY_OTHERS:
        return slug
    host = _host(address)
    return next((ours for suffix, ours in _BY_HOST.items() if host == suffix or host.endswith(f".{suffix}")), slug)


def _host(address: str) -> str:
    try:
        return (urlsplit(address if "//" in address else f"//{address}").hostname or "").rstrip(".")
    except ValueError:
        return ""
