"""The made-up company's own LiteLLM proxy: four teams, virtual keys, and six providers behind it.

A stream's `variant` is the provider that LiteLLM sends the calls to; `model` is the model's id without that prefix.
Prices are invented, in nano-dollars each. Ages are in days before the world's today.
"""

import hashlib

from demo.story import Key, Owner, Story, Workspace
from demo.traffic import Part, Stream, Surge

MASTER = "litellm_proxy_master_key"
HEALTH_CHECKS = "litellm-internal-health-check"

ASSISTANT = "6f1d2c1e-0b54-4c7e-9d3a-8f2b6a5d7c10"
PLATFORM = "b2a7e0f4-63c9-4e1b-a8d2-51c0f9e34b77"
INSIGHTS = "d94c3b58-7e21-4fa6-b0c5-2e8f71a6d039"
UNNAMED = "0c8e5a92-f13d-47b8-96e4-a7d05b1c2f68"
DISBANDED = "e7b1f306-4a8c-4d95-8f07-c3926d5e1ab4"

WORKSPACES = (
    Workspace(workspace_id=ASSISTANT, name="team-assistant", created=300),
    Workspace(workspace_id=PLATFORM, name="team-platform", created=295),
    Workspace(workspace_id=INSIGHTS, name="=team|insights*", created=240),
    Workspace(workspace_id=UNNAMED, name=None, created=120),
    Workspace(workspace_id=DISBANDED, name="team-hackathon", created=110, archived=30),
)

OPERATOR = Owner(owner_id="default_user_id", name="default_user_id")
ALEX = Owner(owner_id="alex", name="alex", email="alex@example.com")


def key_hash(name: str) -> str:
    """A virtual key's id: the SHA-256 of the key itself."""
    return hashlib.sha256(f"sk-demo-{name}".encode()).hexdigest()


ASSISTANT_PROD = key_hash("assistant-prod")
ASSISTANT_DEV = key_hash("assistant-dev")
PLATFORM_CI = key_hash("platform-ci")
MOVED = key_hash("shared-agent")
NIGHTLY = key_hash("insights-nightly")
NAMELESS = key_hash("without-alias")
HACKATHON = key_hash("hackathon")
PERSONAL = key_hash("alex-laptop")
IDLE = key_hash("never-used")

KEYS = (
    Key(api_key_id=ASSISTANT_PROD, workspace_id=ASSISTANT, name="assistant-prod", hint="sk-...Zq3w", owner=OPERATOR),
    Key(api_key_id=ASSISTANT_DEV, workspace_id=ASSISTANT, name="assistant-dev", hint="sk-...L0uD", owner=ALEX),
    Key(api_key_id=PLATFORM_CI, workspace_id=PLATFORM, name="platform-ci", hint="sk-...7Bns", owner=OPERATOR),
    Key(api_key_id=MOVED, workspace_id=PLATFORM, name="shared-agent", hint="sk-...m2Xe", owner=OPERATOR),
    Key(api_key_id=NIGHTLY, workspace_id=INSIGHTS, name="insights-nightly", hint="sk-...Ww1p", owner=OPERATOR),
    Key(api_key_id=NAMELESS, workspace_id=UNNAMED, name="", hint="sk-...", owner=OPERATOR, created=119),
    Key(api_key_id=HACKATHON, workspace_id=DISBANDED, name="hackathon", hint="sk-...9Kfe", owner=ALEX, created=110,
        deleted=30),
    Key(api_key_id=PERSONAL, workspace_id="", name="alex-laptop", hint="sk-...a4Gt", owner=ALEX, created=200),
    Key(api_key_id=IDLE, workspace_id=PLATFORM, name="never-used", hint="sk-...Pv8c", owner=OPERATOR, created=45),
)  # fmt: skip


def tokens(fresh: float, cached: float, written: float, out: float, price: int) -> tuple[Part, ...]:
    """A chat request, priced as models usually are: by what an uncached token of input costs."""
    return (
        Part("input", fresh, price),
        Part("cached_input", cached, price // 10),
        Part("cache_write", written, price + price // 4),
        Part("output", out, price * 6),
    )


STREAMS = (
    Stream(workspace_id=ASSISTANT, api_key_id=ASSISTANT_PROD, model="gpt-6-astra", variant="openai", requests=5_200,
           weekend=0.6, since=290, ramp=50, parts=tokens(2_900, 4_100, 0, 420, 2_500)),
    Stream(workspace_id=ASSISTANT, api_key_id=ASSISTANT_PROD, model="claude-sonnet-4-5-20250929", variant="anthropic",
           requests=2_400, weekend=0.6, since=210, parts=tokens(1_800, 6_000, 500, 610, 3_000)),
    Stream(workspace_id=ASSISTANT, api_key_id=ASSISTANT_PROD, model="text-embedding-3-small", variant="openai",
           requests=21_000, weekend=0.6, since=290, parts=(Part("input", 180, 20),)),
    Stream(workspace_id=ASSISTANT, api_key_id=ASSISTANT_DEV, model="gpt-4o-mini", variant="openai", requests=350,
           weekend=0.05, parts=tokens(900, 300, 0, 170, 150)),
    Stream(workspace_id=ASSISTANT, api_key_id=ASSISTANT_DEV, model="gpt-4o-mini", variant="azure", requests=240,
           weekend=0.05, parts=tokens(880, 0, 0, 160, 165)),
    Stream(workspace_id=PLATFORM, api_key_id=PLATFORM_CI, model="anthropic.claude-3-5-sonnet-20240620-v1:0",
           variant="bedrock", requests=1_100, weekend=0.4, since=280, surges=(Surge(15, 13, 6.0),),
           parts=tokens(5_200, 2_000, 300, 900, 3_000)),
    Stream(workspace_id=PLATFORM, api_key_id=PLATFORM_CI, model="llama-4-scout", variant="groq", requests=2_600,
           weekend=0.4, since=150, parts=tokens(2_200, 0, 0, 260, 110)),
    Stream(workspace_id=ASSISTANT, api_key_id=MOVED, model="gemini-2.5-flash", variant="vertex_ai", requests=900,
           until=24, parts=tokens(3_000, 0, 0, 700, 300)),
    Stream(workspace_id=PLATFORM, api_key_id=MOVED, model="gemini-2.5-flash", variant="vertex_ai", requests=1_300,
           since=26, parts=tokens(3_000, 0, 0, 700, 300)),
    Stream(workspace_id=PLATFORM, api_key_id=MOVED, model="gpt-6-astra", variant="openai", requests=140, since=25,
           parts=tokens(3_600, 900, 0, 800, 2_500)),
    Stream(workspace_id=INSIGHTS, api_key_id=NIGHTLY, model="batch-small", variant="openai", requests=6_000, odds=0.85,
           weekend=1, parts=tokens(1_500, 0, 0, 120, 75)),
    Stream(workspace_id=INSIGHTS, api_key_id=NIGHTLY, model="batch-small", variant="azure", requests=4_000, odds=0.85,
           weekend=1, parts=tokens(1_400, 0, 0, 130, 80)),
    Stream(workspace_id=INSIGHTS, api_key_id=NIGHTLY, model="batch-large", variant="azure", requests=700, odds=0.6,
           weekend=1, parts=tokens(4_400, 500, 0, 300, 2_200)),
    Stream(workspace_id=UNNAMED, api_key_id=NAMELESS, model="my-private-model", variant="openai", requests=3_100,
           since=118, parts=(Part("input", 700, 0), Part("output", 210, 0))),
    Stream(workspace_id=DISBANDED, api_key_id=HACKATHON, model="gpt-6-astra", variant="openai", requests=90, since=109,
           until=31, odds=0.5, parts=tokens(4_000, 0, 0, 1_500, 2_500)),
    Stream(api_key_id=PERSONAL, model="anthropic/claude-opus-4.8", variant="openrouter", requests=45, odds=0.7,
           weekend=0.5, since=200, parts=tokens(6_000, 9_000, 800, 1_900, 5_000)),
    Stream(api_key_id=MASTER, model="gpt-4o-mini", variant="openai", requests=12, odds=0.3,
           parts=tokens(400, 0, 0, 90, 150)),
    Stream(api_key_id=HEALTH_CHECKS, model="gpt-4o-mini", variant="openai", requests=6, weekend=1, odds=0.9,
           parts=tokens(12, 0, 0, 8, 150)),
    Stream(workspace_id=PLATFORM, api_key_id=PLATFORM_CI, model="litellm-no-model", variant="openai", requests=30,
           odds=0.4, since=60, parts=(Part("call", 1, 1_000_000),)),
)  # fmt: skip

LITELLM = Story(provider="litellm", workspaces=WORKSPACES, keys=KEYS, streams=STREAMS)
