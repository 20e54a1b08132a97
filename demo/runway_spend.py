"""The made-up company's use of Runway: credits of one cent, which no workspace and no key is told of.

The kind `refund` gives credits back on the day a generation failed, so that a day's net may be negative.
"""

from dataclasses import dataclass

from demo.story import Story
from demo.traffic import Part, Stream, Surge

CREDIT = 10_000_000
"""Nano-dollars."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunwayStory(Story):
    """What Runway sells to the company, and how it tells.

    `tells_keys`: also by key, as its specification announces. `splits_days`: a day in two entries. `longest_memory`:
    days before today that it answers for, None without a limit.
    """

    tells_keys: bool = False
    splits_days: bool = False
    longest_memory: int | None = None


def used(per_request: float) -> tuple[Part, ...]:
    """The credits of a generation."""
    return (Part("credit", per_request, CREDIT, step=CREDIT),)


def refunded(per_request: float) -> tuple[Part, ...]:
    """The credits given back for a generation that failed."""
    return (Part("refund", per_request, -CREDIT, step=CREDIT),)


STREAMS = (
    Stream(model="gen4.5", parts=used(72), requests=160, surges=(Surge(9, 6, 2.4),), is_counted=False),
    Stream(model="gen4.5", parts=refunded(60), requests=6, variant="refund", odds=0.3, is_counted=False),
    Stream(model="gen4_image", parts=used(6.5), requests=420, is_counted=False),
    Stream(model="gen4_turbo", parts=used(40), requests=35, until=40, is_counted=False),
    Stream(model="act_two", parts=used(55), requests=14, odds=0.5, weekend=0.0, is_counted=False),
    Stream(model="act_two", parts=refunded(400), requests=2, variant="refund", odds=0.04, is_counted=False),
    Stream(model="eleven_multilingual_v2", parts=used(3.1), requests=90, is_counted=False),
    Stream(model="zz_unreleased_model", parts=used(15), requests=8, since=18, ramp=6, odds=0.6, is_counted=False),
)

RUNWAY = RunwayStory(provider="runway", workspaces=(), keys=(), streams=STREAMS)
