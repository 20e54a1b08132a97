"""What Google sells to the company: Gemini, Claude and images in five projects, and a part paid by credits.

Prices are invented, in nano-dollars each; one US dollar per million tokens is 1,000 of them per token. Google reports
neither requests nor keys.
"""

from dataclasses import dataclass
from datetime import date, datetime

from demo.story import Story, Workspace
from demo.traffic import Part, Stream, Surge

ASSISTANT = "shop-assistant-prod"
DEVELOPMENT = "shop-assistant-dev"
PLATFORM = "data-platform-7741"
STUDIO = "media-studio-223"
GONE = "prototype-0118"
GENERAL = "vertex-general"

EUROS = (("EUR", "0.86"), ("EUR", "0.875"), ("EUR", "0.91"), ("EUR", "0.8625"))
"""Currency, and its units per US dollar: others each month."""
CREDIT_TYPES = (
    "PROMOTION", None, "COMMITTED_USAGE_DISCOUNT", "COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE", "SUSTAINED_USAGE_DISCOUNT",
    "FREE_TIER", "DISCOUNT", "SUBSCRIPTION_BENEFIT", "FEE_UTILIZATION_OFFSET", "CREDIT_TYPE_UNSPECIFIED", "UNHEARD_OF",
)  # fmt: skip
"""All that reduce what the company pays: every type but a reseller's margin."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VertexStory(Story):
    """What Google sells to the company, and how it bills.

    `rates` are currencies with their units per US dollar, None where none is told. `has_mixed_rates`: several on one
    day. `is_binary`: amounts are binary fractions, else decimals. `has_all_credits`: of every type, and taken back.
    `former_names` are names of projects, each with the instant until which lines bore it, oldest first.
    """

    rates: tuple[tuple[str, str | None], ...] = EUROS
    has_mixed_rates: bool = False
    is_binary: bool = False
    has_all_credits: bool = False
    former_names: tuple[tuple[str, datetime, str | None], ...] = ()

    def rate(self, day: date, hour: int) -> tuple[str, str | None]:
        """Currency and rate of a line that begins at an hour of a day."""
        return self.rates[(day.month + (hour if self.has_mixed_rates else 0)) % len(self.rates)]

    def name_at(self, workspace_id: str, written: datetime) -> str | None:
        """What a project was called when a line was written; None for none."""
        for project, until, name in self.former_names:
            if project == workspace_id and written < until:
                return name
        return next((known.name for known in self.workspaces if known.workspace_id == workspace_id), None)


WORKSPACES = (
    Workspace(workspace_id=ASSISTANT, name="Shop assistant"),
    Workspace(workspace_id=DEVELOPMENT, name="Shop assistant (dev)"),
    Workspace(workspace_id=PLATFORM, name="Data platform"),
    Workspace(workspace_id=STUDIO, name="Media studio"),
    Workspace(workspace_id=GONE, name=None),
)


def text(fresh: float, cached: float, out: float, prices: tuple[int, int, int], *, credit: int = 0) -> tuple[Part, ...]:
    """A request to a language model: tokens of input, of cached input and of output; credits pay a percentage."""
    return tuple(
        Part(kind, count, price, price * credit // 100)
        for kind, count, price in zip(("input", "cached_input", "output"), (fresh, cached, out), prices, strict=True)
        if count
    )


FLASH = (300, 75, 2_500)
PRO = (2_000, 200, 12_000)
SONNET = (
    Part("input", 3_100, 3_000), Part("cached_input", 6_400, 300), Part("cache_write", 420, 3_750),
    Part("output", 510, 15_000),
)  # fmt: skip

STREAMS = (
    Stream(workspace_id=ASSISTANT, model="gemini-2.5-flash", requests=31_000, weekend=0.8, is_counted=False,
           surges=(Surge(20, 18, 3.0),), parts=text(2_400, 3_000, 340, FLASH, credit=40)),
    Stream(workspace_id=ASSISTANT, model="gemini-2.5-flash", variant="batch", requests=44_000, weekend=1,
           is_counted=False, parts=text(900, 0, 60, (150, 0, 1_250))),
    Stream(workspace_id=ASSISTANT, model="grounding", requests=1_150, weekend=0.8, is_counted=False,
           parts=(Part("search", 1, 14_000_000),)),
    Stream(workspace_id=ASSISTANT, model="claude-sonnet-4.6", requests=1_300, weekend=0.5, since=130, ramp=30,
           is_counted=False, parts=SONNET),
    Stream(workspace_id=DEVELOPMENT, model="gemini-2.5-flash", requests=700, weekend=0.1, odds=0.9, is_counted=False,
           parts=text(1_900, 0, 280, FLASH, credit=100)),
    Stream(workspace_id=DEVELOPMENT, model="gemini-3-pro-image", requests=24, weekend=0.1, odds=0.6, is_counted=False,
           parts=(Part("image_output", 1_120, 120_000),)),
    Stream(workspace_id=PLATFORM, model="gemini-3.0-pro", requests=1_900, weekend=0.2, growth=2.4, since=240, ramp=40,
           is_counted=False, parts=text(6_200, 2_000, 880, PRO, credit=10)),
    Stream(workspace_id=PLATFORM, model="gemini-3.0-pro", variant="long", requests=60, weekend=0.2, since=240,
           is_counted=False, parts=text(260_000, 0, 1_400, (4_000, 0, 18_000))),
    Stream(workspace_id=PLATFORM, model="llama-4-scout", requests=15_000, weekend=0.9, is_counted=False,
           parts=text(1_300, 0, 190, (250, 0, 700))),
    Stream(workspace_id=PLATFORM, model="large-text-embedding-model", requests=90_000, weekend=0.9, is_counted=False,
           parts=(Part("embedding", 210, 25),)),
    Stream(workspace_id=PLATFORM, model="provisioned-throughput", requests=86_400, weekend=1, growth=1, since=61,
           until=32, is_counted=False, parts=(Part("reserved", 1, 460_000),)),
    Stream(workspace_id=STUDIO, model="imagen-4", requests=210, weekend=0.1, is_counted=False,
           parts=(Part("image", 1.6, 40_000_000),)),
    Stream(workspace_id=STUDIO, model="veo-fast", variant="720p audio", requests=14, weekend=0.1, odds=0.7,
           is_counted=False, parts=(Part("video", 6, 150_000_000, 75_000_000),)),
    Stream(workspace_id=STUDIO, model="agent-platform", requests=24, weekend=1, is_counted=False,
           parts=(Part("runtime", 3_600, 24_000),)),
    Stream(workspace_id=STUDIO, model=GENERAL, requests=3, odds=0.2, is_counted=False,
           parts=(Part("unknown", 2, 1_700_000),)),
    Stream(workspace_id=GONE, model="gemini-1.5-flash", requests=5_200, until=75, is_counted=False,
           parts=text(1_100, 0, 210, (75, 0, 300))),
    Stream(model=GENERAL, requests=1, weekend=1, growth=1, month_day=9, is_counted=False,
           parts=(Part("goodwill", 1, -120_000_000_000),)),
)  # fmt: skip

VERTEX = VertexStory(provider="vertex", workspaces=WORKSPACES, keys=(), streams=STREAMS)
