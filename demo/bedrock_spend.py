"""What AWS Bedrock sells to the company: three linked accounts of one organisation, and no keys.

Prices are nano-dollars per token or piece. Claude is sold through the Marketplace, the other models by AWS itself.
"""

from demo.story import Story, Workspace
from demo.traffic import Part, Stream, Surge

PRODUCTION = "111122223333"
DATA = "444455556666"
SANDBOX = "777788889999"
GENERAL = "bedrock-general"

WORKSPACES = (
    Workspace(workspace_id=PRODUCTION, name="Production"),
    Workspace(workspace_id=DATA, name="Data science"),
    Workspace(workspace_id=SANDBOX, name=None),
)


def sonnet(fresh: float, cached: float, written: float, out: float, *, credit_percent: int = 0) -> tuple[Part, ...]:
    """A request to the large Claude, of whose price a credit pays so much."""
    return tuple(
        Part(kind, count, price, price * credit_percent // 100)
        for kind, count, price in (
            ("input", fresh, 3_000),
            ("cached_input", cached, 300),
            ("cache_write", written, 3_750),
            ("output", out, 15_000),
        )
    )


def text(fresh: float, out: float, prices: tuple[int, int], *, credit_percent: int = 0) -> tuple[Part, ...]:
    """A request without any cache; prices of input and output."""
    return tuple(
        Part(kind, count, price, price * credit_percent // 100)
        for kind, count, price in (("input", fresh, prices[0]), ("output", out, prices[1]))
    )


PRODUCTION_STREAMS = (
    Stream(workspace_id=PRODUCTION, model="claude-sonnet-4.6", requests=7_200, weekend=0.5, is_counted=False,
           parts=sonnet(2_900, 5_200, 350, 420, credit_percent=40)),
    Stream(workspace_id=PRODUCTION, model="claude-sonnet-4.6", variant="global", requests=1_900, weekend=0.5, since=160,
           ramp=30, is_counted=False, parts=sonnet(2_600, 4_000, 200, 390)),
    Stream(workspace_id=PRODUCTION, model="claude-haiku-4.5", variant="batch", requests=9_000, weekend=0.9,
           is_counted=False, parts=text(1_700, 210, (500, 2_500))),
    Stream(workspace_id=PRODUCTION, model="claude-3.5-haiku", requests=3_000, weekend=0.6, until=60, is_counted=False,
           parts=text(1_500, 260, (800, 4_000))),
    Stream(workspace_id=PRODUCTION, model="nova-lite", requests=52_000, weekend=0.7, is_counted=False,
           parts=(Part("input", 900, 60, 60), Part("cached_input", 700, 15), Part("output", 120, 240, 240))),
    Stream(workspace_id=PRODUCTION, model="bedrock-guardrails", requests=31_000, weekend=0.6, is_counted=False,
           parts=(Part("text_unit", 2.4, 150_000),)),
    Stream(workspace_id=PRODUCTION, model="bedrock-knowledge-bases", requests=240, weekend=0.6, is_counted=False,
           parts=(Part("retrieval", 1, 2_000_000),)),
    Stream(workspace_id=PRODUCTION, model="cohere-rerank-v3.5", requests=4_100, weekend=0.6, is_counted=False,
           parts=(Part("search", 1.2, 2_000_000),)),
)  # fmt: skip

DATA_STREAMS = (
    Stream(workspace_id=DATA, model="claude-sonnet-4.6", requests=1_500, weekend=0.1, growth=2.4, is_counted=False,
           surges=(Surge(16, 14, 5.0),), parts=sonnet(6_100, 9_000, 700, 900)),
    Stream(workspace_id=DATA, model="claude-3.5-haiku", requests=2_200, weekend=0.2, is_counted=False,
           parts=text(2_100, 310, (880, 4_400))),
    Stream(workspace_id=DATA, model="llama-4-maverick-17b", variant="batch", requests=26_000, weekend=0.8, since=210,
           is_counted=False, parts=text(1_900, 340, (120, 485))),
    Stream(workspace_id=DATA, model="glm-4.7", variant="flex", requests=1_900, weekend=0.4, since=45, ramp=12,
           is_counted=False, parts=text(3_000, 600, (300, 1_100))),
    Stream(workspace_id=DATA, model="titan-embedding-v2", requests=88_000, weekend=0.8, is_counted=False,
           parts=(Part("input", 210, 20),)),
    Stream(workspace_id=DATA, model="nova-pro", variant="provisioned", requests=24, weekend=1, growth=1, since=75,
           until=31, is_counted=False, parts=(Part("model_unit_hour", 1, 108_150_000),)),
)  # fmt: skip

SANDBOX_STREAMS = (
    Stream(workspace_id=SANDBOX, model="nova-canvas", requests=70, weekend=0.2, odds=0.7, is_counted=False,
           parts=(Part("image", 1.5, 40_000_000),)),
    Stream(workspace_id=SANDBOX, model="nova-reel", requests=4, weekend=0.2, odds=0.3, is_counted=False,
           parts=(Part("seconds", 12, 80_000_000),)),
    Stream(workspace_id=SANDBOX, model="claude-haiku-4.5", requests=160, weekend=0.4, odds=0.6, is_counted=False,
           parts=text(1_200, 300, (1_100, 5_500), credit_percent=100)),
    Stream(workspace_id=SANDBOX, model="nova-lite", requests=90, odds=0.4, is_counted=False,
           parts=(Part("input", 300, 0), Part("output", 90, 0))),
    Stream(workspace_id=SANDBOX, model=GENERAL, requests=3, odds=0.2, is_counted=False,
           parts=(Part("other", 7, 1_200_000),)),
    Stream(workspace_id=PRODUCTION, model=GENERAL, requests=1, weekend=1, growth=1, month_day=3, is_counted=False,
           parts=(Part("credit", 1, 0, 75_000_000_000),)),
)  # fmt: skip

BEDROCK = Story(
    provider="bedrock",
    workspaces=WORKSPACES,
    keys=(),
    streams=(*PRODUCTION_STREAMS, *DATA_STREAMS, *SANDBOX_STREAMS),
)
