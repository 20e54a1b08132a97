"""The made-up company's use of OpenAI: a support agent, a coding copilot that runs away for a week, images, voices.

Prices are invented, in nano-dollars each; one US dollar per million tokens is 1,000 of them per token. Ages are in days
before the world's today.
"""

from demo.story import Key, Owner, Story, Workspace
from demo.traffic import Part, Stream, Surge

SUPPORT = "proj_NqVwYS81VP7Hb1DX8pPd"
SEARCH = "proj_5khxE3pyIgKpaUnArl63"
INTAKE = "proj_XykWZeiNNCiia3anXn9k"
MARKETING = "proj_3ksu9mI4ROnl89Sm995y"
COPILOT = "proj_tbxAk7jqevt0MLaMRTve"
RESEARCH = "proj_tw0tESulEETldq8b8Vw2"
CRYPTIC = "proj_8KqJYAxyL1aCcTlN99mh"
CHATBOT = "proj_zbW2mKq7TnRd5VxE3cHs"

WORKSPACES = (
    Workspace(workspace_id=SUPPORT, name="Customer Support Agent", created=480),
    Workspace(workspace_id=SEARCH, name="Product Search", created=455),
    Workspace(workspace_id=INTAKE, name="Document Intake", created=390),
    Workspace(workspace_id=MARKETING, name="Marketing Studio", created=350),
    Workspace(workspace_id=COPILOT, name="Engineering Copilot", created=320),
    Workspace(workspace_id=RESEARCH, name="Research Lab", created=210),
    Workspace(workspace_id=CRYPTIC, name=None, created=700),
    Workspace(workspace_id=CHATBOT, name="Website Chatbot (old)", created=650, archived=96),
)

ADMIN = Owner(owner_id="user-LHQ7AtNJX3OrUbmk", name="Robin Example", email="robin@example.com", role="owner")
SEARCH_LEAD = Owner(owner_id="user-LCNPloWRlOTcEokd", name="Kim Example", email="kim@example.com")
DESIGNER = Owner(owner_id="user-5ihu9lEmJcADwyQN", name="Ira Example", email="ira@example.com")
RESEARCHER = Owner(owner_id="user-eLnpT5xawz8r2A3h", name="Noor Example", email="noor@example.com")
CONTRACTOR = Owner(owner_id="user-S1Jx9cJNtgsIGv8L", name="Sasha Example", email="sasha@example.com")
INTAKE_BOT = Owner(owner_id="svc_acct_s9w0iAA0KPIxDjkM", name="intake-pipeline")
CI_BOT = Owner(owner_id="svc_acct_yKE9m9iMfw05Qayg", name="copilot-ci")

AGENT_KEY = "key_p708DwGw5HqXDgLV"
VOICE_KEY = "key_XZx3scB8fnvGNx6j"
STAGING_KEY = "key_vr7SIftRutlZfOjU"
EMBED_KEY = "key_StEkUdfMI7zcpVMw"
RANK_KEY = "key_0qDPAjd6OcZFv1ni"
INTAKE_KEY = "key_UK8iO5YAgkBxjd2A"
NIGHTLY_KEY = "key_sjD7N2kHD9FSUuEr"
STUDIO_KEY = "key_sEz5jhy0I9lO7F3v"
IDE_KEY = "key_lfFrGYJ3GxeYYXwS"
CI_KEY = "key_LQcWtxJTQr1FqXST"
NOTEBOOK_KEY = "key_s98vPlL2aEJXquQr"
TRIAL_KEY = "key_Ds0GPRZwwrPwV81A"
CHATBOT_KEY = "key_w71l33SCx9vHjHkm"
SANDBOX_KEY = "key_1x72EsSfUQUAkNX7"

KEYS = (
    Key(api_key_id=AGENT_KEY, workspace_id=SUPPORT, name="support-agent-prod", hint="sk-proj-...x9Qa", owner=ADMIN),
    Key(api_key_id=VOICE_KEY, workspace_id=SUPPORT, name="support-voice", hint="sk-proj-...T4uw", owner=ADMIN,
        created=260),
    Key(api_key_id=STAGING_KEY, workspace_id=SUPPORT, name="support-staging", hint="sk-proj-...0mKd", owner=ADMIN),
    Key(api_key_id=EMBED_KEY, workspace_id=SEARCH, name="search-embeddings", hint="sk-proj-...Lb7e", owner=SEARCH_LEAD),
    Key(api_key_id=RANK_KEY, workspace_id=SEARCH, name="search-ranker", hint="sk-proj-...9Zcv", owner=SEARCH_LEAD),
    Key(api_key_id=INTAKE_KEY, workspace_id=INTAKE, name="intake-pipeline", hint="sk-svc...77Zz", owner=INTAKE_BOT),
    Key(api_key_id=NIGHTLY_KEY, workspace_id=INTAKE, name="intake-nightly-batch", hint="sk-svc...h3Rf",
        owner=INTAKE_BOT),
    Key(api_key_id=STUDIO_KEY, workspace_id=MARKETING, name="studio", hint="sk-proj-...Wq2s", owner=DESIGNER,
        created=345),
    Key(api_key_id=IDE_KEY, workspace_id=COPILOT, name="copilot-ide", hint="sk-proj-...Pk6n", owner=ADMIN, created=318),
    Key(api_key_id=CI_KEY, workspace_id=COPILOT, name="copilot-ci", hint="sk-svc...e8Ym", owner=CI_BOT, created=140),
    Key(api_key_id=NOTEBOOK_KEY, workspace_id=RESEARCH, name="notebook", hint="sk-proj-...5gHx", owner=RESEARCHER,
        created=205, is_owner_present=False),
    Key(api_key_id=TRIAL_KEY, workspace_id=RESEARCH, name="contractor-trial", hint="sk-proj-...Dd1j", owner=CONTRACTOR,
        created=80, deleted=5),
    Key(api_key_id=CHATBOT_KEY, workspace_id=CHATBOT, name="chatbot", hint="sk-...u2Bt", owner=ADMIN, created=640,
        deleted=90),
    Key(api_key_id=SANDBOX_KEY, workspace_id=CRYPTIC, name="test", hint="sk-...c4Mp", owner=SEARCH_LEAD, created=690),
)  # fmt: skip


def astra(fresh: float, cached: float, written: float, out: float) -> tuple[Part, ...]:
    """A request to the large model: uncached input, cached input, cache writes and output in tokens."""
    return (
        Part("input", fresh, 2_500),
        Part("cached_input", cached, 250),
        Part("cache_write", written, 3_125),
        Part("output", out, 15_000),
    )


def mini(fresh: float, cached: float, out: float) -> tuple[Part, ...]:
    """A request to the old small model."""
    return (Part("input", fresh, 150), Part("cached_input", cached, 75), Part("output", out, 600))


def luna(fresh: float, cached: float, out: float) -> tuple[Part, ...]:
    """A request to the new small model."""
    return (Part("input", fresh, 600), Part("cached_input", cached, 60), Part("output", out, 4_800))


MINI = "gpt-4o-mini-2024-07-18"
TUNED = "ft-gpt-4o-mini-2024-07-18"
VOICE_PARTS = (
    Part("input", 900, 4_000),
    Part("cached_input", 1_400, 400),
    Part("audio_input", 1_150, 32_000),
    Part("output", 120, 16_000),
    Part("audio_output", 790, 64_000),
)
TUNED_PARTS = (Part("input", 2_050.0, 300), Part("output", 310.0, 1_200))

SUPPORT_STREAMS = (
    Stream(workspace_id=SUPPORT, api_key_id=AGENT_KEY, model="gpt-6-astra", requests=39_000, weekend=0.6,
           parts=astra(3_000, 4_500, 300, 450)),
    Stream(workspace_id=SUPPORT, api_key_id=AGENT_KEY, model="gpt-5.6-luna", requests=31_000, weekend=0.6,
           parts=luna(3_000, 4_200, 430), since=21, ramp=10),
    Stream(workspace_id=SUPPORT, api_key_id=AGENT_KEY, model="omni-moderation-latest", requests=22_000, weekend=0.6,
           parts=(Part("input", 160, None),)),
    Stream(workspace_id=SUPPORT, api_key_id=VOICE_KEY, model="gpt-realtime-2.1", requests=760, weekend=0.7, since=250,
           ramp=40, parts=VOICE_PARTS),
    Stream(workspace_id=SUPPORT, api_key_id=VOICE_KEY, model="whisper-1", requests=1_450, weekend=0.7,
           parts=(Part("seconds", 93, 100_000),), since=250, ramp=40),
    Stream(workspace_id=SUPPORT, api_key_id=STAGING_KEY, model=MINI, requests=420, weekend=0.05,
           parts=mini(900, 300, 180), until=44),
    Stream(workspace_id=SUPPORT, model="openai-web-search", requests=2_900, weekend=0.6,
           parts=(Part("web_search", 1, 10_000_000),)),
    Stream(workspace_id=SUPPORT, model=MINI, variant="evals", requests=350, odds=0.3, parts=mini(1_400, 0, 90)),
)  # fmt: skip

SEARCH_STREAMS = (
    Stream(workspace_id=SEARCH, api_key_id=EMBED_KEY, model="text-embedding-3-small", requests=410_000, weekend=0.8,
           parts=(Part("input", 178, 20),)),
    Stream(workspace_id=SEARCH, api_key_id=RANK_KEY, model=MINI, requests=64_000, weekend=0.8,
           parts=mini(1_350, 700, 65)),
    Stream(workspace_id=SEARCH, api_key_id=RANK_KEY, model="gpt-5.6-luna", requests=9_000, weekend=0.8, since=12,
           ramp=5, parts=luna(1_350, 700, 65)),
)  # fmt: skip

INTAKE_STREAMS = (
    Stream(workspace_id=INTAKE, api_key_id=INTAKE_KEY, model="gpt-6-astra", requests=4_300, weekend=0.1,
           parts=astra(5_100, 600, 0, 820)),
    Stream(workspace_id=INTAKE, api_key_id=INTAKE_KEY, model="gpt-6-astra", variant="flex", requests=900, weekend=0.1,
           parts=(Part("input", 5_100, 1_250), Part("output", 820, 7_500))),
    Stream(workspace_id=INTAKE, api_key_id=NIGHTLY_KEY, model=TUNED, requests=7_000, weekend=0.9, parts=TUNED_PARTS),
    Stream(workspace_id=INTAKE, api_key_id=NIGHTLY_KEY, model=TUNED, variant="batch", requests=16_000, weekend=0.9,
           parts=(Part("input", 2_050, 150), Part("output", 310, 600))),
    Stream(workspace_id=INTAKE, model="openai-file-search", requests=3_900, weekend=0.1,
           parts=(Part("file_search", 1, 2_500_000),)),
    Stream(workspace_id=INTAKE, model="openai-storage", requests=1, weekend=1, is_counted=False,
           parts=(Part("storage", 2_880, 4_166_667),)),
    Stream(workspace_id=INTAKE, model="openai-code-interpreter", requests=110, weekend=0.1, is_counted=False,
           parts=(Part("code_interpreter", 1, 30_000_000),)),
)  # fmt: skip

MARKETING_STREAMS = (
    *(
        Stream(workspace_id=MARKETING, api_key_id=STUDIO_KEY, model="dall-e-3", variant=f"{quality} {size}",
               requests=requests, weekend=0.1, growth=0.5, odds=0.9, parts=(Part("image", 1.4, price),))
        for quality, size, requests, price in (
            ("standard", "1024x1024", 44, 40_000_000),
            ("standard", "1024x1792", 12, 80_000_000),
            ("standard", "1792x1024", 9, 80_000_000),
            ("hd", "1024x1024", 14, 80_000_000),
            ("hd", "1024x1792", 7, 120_000_000),
        )
    ),
    Stream(workspace_id=MARKETING, api_key_id=STUDIO_KEY, model="gpt-image-2", requests=330, weekend=0.1, since=190,
           ramp=60, is_counted=False, parts=(Part("input", 95, 5_000), Part("image_output", 2_150, 30_000))),
    *(
        Stream(workspace_id=MARKETING, api_key_id=STUDIO_KEY, model="gpt-image-2", variant=size, requests=requests,
               weekend=0.1, since=190, ramp=60, parts=(Part("image", 1.3, None),))
        for size, requests in (("1024x1024", 210), ("1024x1536", 84), ("1536x1024", 36))
    ),
    Stream(workspace_id=MARKETING, api_key_id=STUDIO_KEY, model="tts-1", requests=190, weekend=0.1,
           parts=(Part("characters", 1_480, 15_000),)),
)  # fmt: skip

COPILOT_STREAMS = (
    Stream(workspace_id=COPILOT, api_key_id=IDE_KEY, model="gpt-6-astra", requests=8_600, weekend=0.12, growth=2.6,
           since=318, ramp=60, parts=astra(11_500, 30_000, 1_900, 1_150)),
    Stream(workspace_id=COPILOT, api_key_id=CI_KEY, model="gpt-6-astra", requests=1_700, weekend=0.5, since=140,
           ramp=20, surges=(Surge(12, 8, 9.5), Surge(7, 7, 4.0)), parts=astra(12_800, 19_000, 1_100, 1_300)),
    Stream(workspace_id=COPILOT, api_key_id=CI_KEY, model=MINI, requests=5_200, weekend=0.5, since=140,
           parts=mini(2_300, 0, 240)),
)  # fmt: skip

OTHER_STREAMS = (
    Stream(workspace_id=RESEARCH, api_key_id=NOTEBOOK_KEY, model="gpt-6-astra", requests=560, weekend=0.3, since=200,
           odds=0.7, parts=astra(7_900, 1_000, 0, 2_900)),
    Stream(workspace_id=RESEARCH, api_key_id=TRIAL_KEY, model="gpt-6-astra", requests=310, since=78, until=6,
           parts=astra(4_300, 0, 0, 1_400)),
    Stream(workspace_id=RESEARCH, model="gpt-6-astra", requests=25, odds=0.6, weekend=0.2, since=200,
           parts=astra(1_800, 0, 0, 700)),
    Stream(workspace_id=CRYPTIC, model=MINI, requests=40, odds=0.8, weekend=0.5, parts=mini(700, 0, 150)),
    Stream(workspace_id=CRYPTIC, api_key_id=SANDBOX_KEY, model="text-embedding-3-small", requests=1, odds=0.4,
           parts=(Part("input", 37, 20),)),
    Stream(workspace_id=CHATBOT, api_key_id=CHATBOT_KEY, model=MINI, requests=38_000, weekend=0.9, growth=0.6, until=97,
           parts=mini(1_900, 500, 220)),
    Stream(workspace_id=CHATBOT, api_key_id=CHATBOT_KEY, model="text-embedding-ada-002", requests=52_000, weekend=0.9,
           until=97, parts=(Part("input", 64, 100),)),
    Stream(model="openai-adjustments", requests=1, weekend=1, growth=1, month_day=1, is_counted=False,
           parts=(Part("adjustment", 1, -250_000_000_000),)),
)  # fmt: skip

OPENAI = Story(
    provider="openai",
    workspaces=WORKSPACES,
    keys=KEYS,
    streams=(
        *SUPPORT_STREAMS, *SEARCH_STREAMS, *INTAKE_STREAMS, *MARKETING_STREAMS, *COPILOT_STREAMS, *OTHER_STREAMS,
    ),
)  # fmt: skip
