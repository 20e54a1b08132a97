"""The made-up company's use of fal: pictures and clips for a film studio, voices, a rented language model, own apps.

A part's `kind` names the unit fal bills in; `UNITS` has its spelling and how many quanta make one. A stream's `variant`
holds what fal tells beside the model: `discount N` percent, `login NAME` for use through a member's login, `unsaid`
where fal names no caller at all; for own apps the machine, the environment and `surge`. Prices are invented, in
nano-dollars a quantum. Ages are in days before the world's today.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from demo.story import Key, Owner, Story, Workspace
from demo.traffic import Part, Stream, Surge

STUDIO = "demo-studio"
SERVERLESS = "serverless:"
NO_APP = "unattributed"

UNITS: Mapping[str, tuple[str, int]] = {
    "megapixel": ("megapixels", 1_000),
    "image": ("images", 1),
    "second": ("seconds", 1),
    "video": ("video", 1),
    "characters": ("1000 characters", 1_000),
    "compute_second": ("compute seconds", 10),
    "unit": ("units", 10),
    "machine_second": ("second", 1),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class FalStory(Story):
    """What fal sells to the company, and how it tells.

    `admin_keys` are keys of scope ADMIN: billed like all others, and listed nowhere. `is_exact`: amounts to the last
    digit and a row for each rate, else as binary fractions. `is_terse`: rows leave out what they need not tell.
    `omits_empty_days`: a day without use has no bucket.
    """

    username: str = STUDIO
    admin_keys: frozenset[str] = frozenset()
    is_exact: bool = False
    is_terse: bool = False
    omits_empty_days: bool = False


def unit_of(kind: str) -> tuple[str, int]:
    """The spelling of a unit and how many quanta make one; a kind that is not listed is its own unit."""
    return UNITS.get(kind, (kind, 1))


WORKSPACES = (Workspace(workspace_id=STUDIO, name=STUDIO, created=430),)

LEAD = Owner(owner_id="robin-example", name="robin-example", email="robin@example.com")
EDITOR = Owner(owner_id="ira-example", name="ira-example", email="ira@example.com")

SITE_KEY = "3f0c1f5e-6a11-4c52-9a84-0b5d5f7e0001"
FILM_KEY = "8b61d2aa-90f4-4f0e-8f33-6d1c2a9b0002"
VOICE_KEY = "c92f7e34-1d7b-4a66-b1aa-7f20c4e80003"
TRIAL_KEY = "d40a9b77-52c8-4e19-8c5e-15aa9be70004"
IDLE_KEY = "e58c3d19-e6f3-49ad-a0d1-2cc8d1f60005"
DEPLOY_KEY = "f71e6c02-38ba-41d5-9be7-49b7e0a50006"

KEYS = (
    Key(api_key_id=SITE_KEY, workspace_id=STUDIO, name="prod", hint="", owner=LEAD, created=420),
    Key(api_key_id=FILM_KEY, workspace_id=STUDIO, name="prod", hint="", owner=EDITOR, created=300),
    Key(api_key_id=VOICE_KEY, workspace_id=STUDIO, name="=1+1|voice", hint="", owner=LEAD, created=200),
    Key(api_key_id=TRIAL_KEY, workspace_id=STUDIO, name="trial", hint="", owner=EDITOR, created=90, deleted=9),
    Key(api_key_id=IDLE_KEY, workspace_id=STUDIO, name="old site", hint="", owner=LEAD, created=425),
    Key(api_key_id=DEPLOY_KEY, workspace_id=STUDIO, name="deploy", hint="", owner=LEAD, created=150),
)

FLUX = "fal-ai/flux/dev"
SCHNELL = "fal-ai/flux/schnell"
UPSCALE = "fal-ai/clarity/upscaler"
CLIPS = "fal-ai/kling-video/v2.1/pro/image-to-video"
FILM = "fal-ai/veo3.1"
SPEECH = "fal-ai/elevenlabs/tts/turbo-v2.5"
LISTEN = "fal-ai/whisper"
ROUTER = "openrouter/router"
TRIAL = "fal-ai/some-trial"
OWN_MODEL = "demo-studio/matting"

CATEGORIES: Mapping[str, str] = {
    FLUX: "text-to-image",
    SCHNELL: "text-to-image",
    UPSCALE: "image-to-image",
    CLIPS: "image-to-video",
    FILM: "text-to-video",
    SPEECH: "text-to-speech",
    LISTEN: "speech-to-text",
    ROUTER: "llm",
    TRIAL: "text-to-image",
}
"""The public catalogue; the company's own model is not in it."""

MODEL_STREAMS = (
    Stream(workspace_id=STUDIO, api_key_id=SITE_KEY, model=FLUX, requests=900, weekend=0.8,
           parts=(Part("megapixel", 1_050, 25_000),)),
    Stream(workspace_id=STUDIO, api_key_id=SITE_KEY, model=FLUX, variant="discount 20", requests=620, since=25,
           parts=(Part("megapixel", 1_050, 20_000),)),
    Stream(workspace_id=STUDIO, api_key_id=SITE_KEY, model=SCHNELL, requests=2_400, weekend=0.9,
           parts=(Part("megapixel", 1_050, 3_000),)),
    Stream(workspace_id=STUDIO, api_key_id=FILM_KEY, model=FLUX, requests=140, odds=0.8,
           parts=(Part("megapixel", 2_100, 25_000),)),
    Stream(workspace_id=STUDIO, api_key_id=FILM_KEY, model=UPSCALE, requests=60, odds=0.6,
           parts=(Part("image", 1, 30_000_000), Part("megapixel", 16_000, 2_000))),
    Stream(workspace_id=STUDIO, api_key_id=FILM_KEY, model=CLIPS, requests=85, weekend=0.2,
           parts=(Part("second", 7.5, 90_000_000),), surges=(Surge(15, 11, 3.5),)),
    Stream(workspace_id=STUDIO, api_key_id=FILM_KEY, model=FILM, requests=9, odds=0.7, since=70,
           parts=(Part("video", 1, 3_200_000_000),)),
    Stream(workspace_id=STUDIO, api_key_id=VOICE_KEY, model=SPEECH, requests=1_300,
           parts=(Part("characters", 310, 50_000),)),
    Stream(workspace_id=STUDIO, api_key_id=VOICE_KEY, model=LISTEN, requests=420, since=180,
           parts=(Part("compute_second", 64, 11_100),)),
    Stream(workspace_id=STUDIO, api_key_id=VOICE_KEY, model=ROUTER, requests=3_800,
           parts=(Part("unit", 1_834.2, 100),)),
    Stream(workspace_id=STUDIO, api_key_id=TRIAL_KEY, model=CLIPS, requests=12, since=85, until=10, odds=0.5,
           parts=(Part("second", 5, 90_000_000),)),
    Stream(workspace_id=STUDIO, api_key_id=DEPLOY_KEY, model=OWN_MODEL, requests=500, since=140,
           parts=(Part("compute_second", 21, 57_500),)),
    Stream(workspace_id=STUDIO, model=SCHNELL, variant="login ira-example", requests=30, odds=0.4, weekend=0.1,
           parts=(Part("megapixel", 1_050, 3_000),)),
    Stream(workspace_id=STUDIO, model=ROUTER, variant="unsaid", requests=40, odds=0.3, parts=(Part("unit", 900, 100),)),
    Stream(workspace_id=STUDIO, api_key_id=SITE_KEY, model=TRIAL, requests=20, odds=0.2, parts=(Part("image", 1, 0),)),
    Stream(workspace_id=STUDIO, api_key_id=IDLE_KEY, model=SCHNELL, requests=6, until=60, odds=0.3,
           parts=(Part("megapixel", 1_050, 3_000),)),
)  # fmt: skip

SERVERLESS_STREAMS = (
    Stream(workspace_id=STUDIO, model=f"{SERVERLESS}matting-app", variant="GPU-H100 production", requests=110,
           since=140, parts=(Part("machine_second", 260, 990_000),)),
    Stream(workspace_id=STUDIO, model=f"{SERVERLESS}matting-app", variant="GPU-H100 production surge", requests=14,
           since=140, odds=0.3, parts=(Part("machine_second", 260, 1_485_000),)),
    Stream(workspace_id=STUDIO, model=f"{SERVERLESS}matting-app", variant="GPU-A100 staging", requests=6, since=140,
           odds=0.5, weekend=0.1, parts=(Part("machine_second", 180, 550_000),)),
    Stream(workspace_id=STUDIO, model=f"{SERVERLESS}{NO_APP}", variant="M", requests=2, since=140, odds=0.2,
           parts=(Part("machine_second", 900, 5_000),)),
)  # fmt: skip

FAL = FalStory(
    provider="fal",
    admin_keys=frozenset({DEPLOY_KEY}),
    workspaces=WORKSPACES,
    keys=KEYS,
    streams=(*MODEL_STREAMS, *SERVERLESS_STREAMS),
)
