"""The made-up company's use of OpenRouter: equally named keys, own keys of other providers, a chat in a browser.

A stream's `variant` is the endpoint that served it: the upstream provider, after `byok ` where the company's own key
with that provider was used, after `free ` for a free model. `model` is the dated id. Of a request with an own key the
kind `fee` goes to OpenRouter and the rest to the provider. Prices are invented, in nano-dollars each. Ages are in days
before the world's today.
"""

import hashlib

from demo.story import Key, Owner, Story, Workspace
from demo.traffic import Part, Stream, Surge

DEFAULT = "0df9e665-d932-5740-b2c7-b52af166bc11"
ASSISTANT = "5b1c6f0a-7d2e-4c39-9a84-e3f1d0b7c562"
LABS = "c47e9d18-3a6b-4f52-8e0d-91b5a2c6f734"

WORKSPACES = (
    Workspace(workspace_id=DEFAULT, name="Default Workspace", created=420),
    Workspace(workspace_id=ASSISTANT, name="Assistant", created=300),
    Workspace(workspace_id=LABS, name="Labs", created=210),
)


def key_text(name: str) -> str:
    """A whole key as its owner holds it."""
    return f"sk-or-v1-{hashlib.sha256(f'demo {name}'.encode()).hexdigest()}"


def key_hash(name: str) -> str:
    """A key's id."""
    return hashlib.sha256(key_text(name).encode()).hexdigest()


ASSISTANT_PROD = key_hash("assistant prod")
ASSISTANT_OWN = key_hash("assistant own keys")
LABS_PROD = key_hash("labs prod")
EVALS = key_hash("evals")
STUDIO = key_hash("studio")
IDLE = key_hash("idle")
GONE = key_hash("gone")

LEAD = Owner(owner_id="user_2dHFtVWx2n56w6HkM0000000001", name="Robin Example", email="robin@example.com")
FELLOW = Owner(owner_id="user_2dHFtVWx2n56w6HkM0000000002", name="Noor Example", email="noor@example.com")


def _key(
    name: str,
    workspace_id: str,
    shown: str,
    *,
    created: int,
    owner: Owner = LEAD,
    deleted: int | None = None,
    is_enabled: bool = True,
) -> Key:
    text = key_text(name)
    return Key(
        api_key_id=key_hash(name),
        workspace_id=workspace_id,
        name=shown,
        hint=f"{text[:12]}...{text[-3:]}",
        owner=owner,
        created=created,
        deleted=deleted,
        is_owner_present=is_enabled,
    )


KEYS = (
    _key("assistant prod", ASSISTANT, "prod", created=295),
    _key("assistant own keys", ASSISTANT, "prod-own-keys", created=160),
    _key("labs prod", LABS, "prod", created=205, owner=FELLOW),
    _key("evals", LABS, "evals", created=200, owner=FELLOW, is_enabled=False),
    _key("studio", DEFAULT, "studio", created=400),
    _key("idle", DEFAULT, "=1+1|test", created=410),
    _key("gone", LABS, "hackathon", created=120, deleted=20),
)


def tokens(fresh: float, cached: float, out: float, price: tuple[int, int, int]) -> tuple[Part, ...]:
    """A request's uncached input, cached input and output, with the price of each."""
    return (Part("input", fresh, price[0]), Part("cached_input", cached, price[1]), Part("output", out, price[2]))


OPUS = "anthropic/claude-opus-5-20260820"
ASTRA = "openai/gpt-6-astra-2026-06-11"
FLASH = "google/gemini-4-flash-20260702"
SEEK = "deepseek/deepseek-v4-20260318"
LLAMA = "meta-llama/llama-5-scout"
FLUX = "black-forest-labs/flux.2-pro"
EMBED = "qwen/qwen4-embedding-8b"
OPUS_PRICE, ASTRA_PRICE, FLASH_PRICE, SEEK_PRICE = (
    (5_000, 500, 25_000), (2_500, 250, 15_000), (300, 30, 2_400), (270, 27, 1_100),
)  # fmt: skip

ASSISTANT_STREAMS = (
    Stream(workspace_id=ASSISTANT, api_key_id=ASSISTANT_PROD, model=OPUS, variant="Anthropic", requests=1_450,
           parts=tokens(2_600, 5_200, 520, OPUS_PRICE)),
    Stream(workspace_id=ASSISTANT, api_key_id=ASSISTANT_PROD, model=OPUS, variant="Amazon Bedrock", requests=210,
           odds=0.6, parts=tokens(2_600, 900, 520, OPUS_PRICE)),
    Stream(workspace_id=ASSISTANT, api_key_id=ASSISTANT_PROD, model=ASTRA, variant="OpenAI", requests=1_900,
           parts=tokens(1_900, 2_100, 410, ASTRA_PRICE)),
    Stream(workspace_id=ASSISTANT, api_key_id=ASSISTANT_PROD, model=ASTRA, variant="Azure", requests=340, odds=0.8,
           parts=tokens(1_900, 0, 410, ASTRA_PRICE)),
    Stream(workspace_id=ASSISTANT, api_key_id=ASSISTANT_PROD, model=FLASH, variant="Google", requests=14_000,
           weekend=0.6, since=160, ramp=30, parts=tokens(1_300, 400, 190, FLASH_PRICE)),
    Stream(workspace_id=ASSISTANT, api_key_id=ASSISTANT_OWN, model=OPUS, variant="byok Anthropic", requests=420,
           since=155, parts=(*tokens(3_100, 3_900, 700, OPUS_PRICE), Part("fee", 1, 2_400_000))),
    Stream(workspace_id=ASSISTANT, api_key_id=ASSISTANT_OWN, model=ASTRA, variant="byok Azure", requests=310,
           since=155, odds=0.7, parts=tokens(2_000, 0, 380, ASTRA_PRICE)),
    Stream(workspace_id=ASSISTANT, api_key_id=ASSISTANT_OWN, model=ASTRA, variant="Azure", requests=40, since=155,
           odds=0.3, parts=tokens(2_000, 0, 380, ASTRA_PRICE)),
)  # fmt: skip

LABS_STREAMS = (
    Stream(workspace_id=LABS, api_key_id=LABS_PROD, model=SEEK, variant="DeepSeek", requests=21_000, weekend=0.7,
           parts=tokens(2_200, 1_600, 640, SEEK_PRICE), surges=(Surge(17, 14, 3.2),)),
    Stream(workspace_id=LABS, api_key_id=LABS_PROD, model=SEEK, variant="Fireworks", requests=2_600, odds=0.5,
           parts=tokens(2_200, 0, 640, (560, 560, 1_680))),
    Stream(workspace_id=LABS, api_key_id=LABS_PROD, model=EMBED, variant="DeepInfra", requests=52_000, weekend=0.9,
           parts=(Part("input", 160, 10),)),
    Stream(workspace_id=LABS, api_key_id=EVALS, model=OPUS, variant="Anthropic", requests=160, odds=0.35, weekend=0.1,
           parts=tokens(4_800, 0, 1_900, OPUS_PRICE)),
    Stream(workspace_id=LABS, api_key_id=EVALS, model=LLAMA, variant="free Together", requests=900, since=20, odds=0.8,
           parts=(Part("input", 2_400_000, None), Part("output", 35, None))),
    Stream(workspace_id=LABS, model=ASTRA, variant="OpenAI", requests=130, since=118, until=21,
           parts=tokens(2_700, 0, 900, ASTRA_PRICE)),
)  # fmt: skip

DEFAULT_STREAMS = (
    Stream(workspace_id=DEFAULT, api_key_id=STUDIO, model=FLUX, variant="Black Forest Labs", requests=260, weekend=0.2,
           parts=(Part("image", 1, 50_000_000),)),
    Stream(workspace_id=DEFAULT, model=OPUS, variant="Anthropic", requests=26, odds=0.8, weekend=0.2,
           parts=tokens(1_900, 0, 800, OPUS_PRICE)),
    Stream(workspace_id=DEFAULT, api_key_id=IDLE, model=EMBED, variant="DeepInfra", requests=1, until=90, odds=0.2,
           parts=(Part("input", 11, 10),)),
)  # fmt: skip

OPENROUTER = Story(
    provider="openrouter",
    workspaces=WORKSPACES,
    keys=KEYS,
    streams=(*ASSISTANT_STREAMS, *LABS_STREAMS, *DEFAULT_STREAMS),
)
