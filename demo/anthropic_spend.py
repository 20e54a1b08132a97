"""The made-up company's use of Anthropic: coding agents, a contract reader, a nightly batch, people in the Console.

Prices are invented, in nano-dollars each; one US dollar per million tokens is 1,000 of them per token. Ages are in days
before the world's today. The words of a variant say how a request was served (see `demo.anthropic_places`).
"""

from demo.story import Key, Owner, Story, Workspace
from demo.traffic import Part, Stream, Surge

DEFAULT = "wrkspc_01Df4uLtQ8nVb2Xc7Ym5Kd9H"
CODING = "wrkspc_01Cd8kPz3RtWq6Ls1Vx4Nj7F"
CONTRACTS = "wrkspc_01Ct5mHy9BgEr2Tz8Wp3Qa6S"
HELPDESK = "wrkspc_01Hd2nJx7FvCk4Ru9Yb6Md1G"
PILOT = "wrkspc_01Pl9tGw5DsXe8Zq2Kh7Bn3V"

WORKSPACES = (
    Workspace(workspace_id=DEFAULT, name="Default", created=610),
    Workspace(workspace_id=CODING, name="Coding Agents", created=430),
    Workspace(workspace_id=CONTRACTS, name="Contract Review", created=380),
    Workspace(workspace_id=HELPDESK, name="Helpdesk", created=300),
    Workspace(workspace_id=PILOT, name="Sales Pilot (ended)", created=520, archived=41),
)

ADMIN = Owner(owner_id="user_01Rb7Xm4Kq9Tz2Wv6Yn3Lp8", name="Robin Example", email="robin@example.com", role="owner")
LEAD = Owner(owner_id="user_01Km3Vc8Hs5Jd1Gf7Bq4Xw2", name="Kim Example", email="kim@example.com")
NIGHT_BOT = Owner(owner_id="svac_01Nt6Zr2Pd9Lk5Fh8Ws3Cv7", name="nightly")

DEFAULT_KEY = "apikey_01Dq7Vn2Xc5Bm8Lk4Jh9Gf1"
IDE_KEY = "apikey_01Id4Wz9Rt6Yp3Su8Ka5Ne2"
CI_KEY = "apikey_01Ci8Mb3Fv7Gx2Hq6Tw9Zr4"
REVIEW_KEY = "apikey_01Rv5Ls8Kd2Jp7Ha3Qw6Ec9"
NIGHTLY_KEY = "apikey_01Ng2Ty6Ub9Io4Px7Vm1Cs8"
HELPDESK_KEY = "apikey_01Hp9Xe3Zd7Rf5Tg2Yh8Uj6"
RESTING_KEY = "apikey_01Rs6Kw1Ql8Mz4Nx9Bc3Vd7"
PILOT_KEY = "apikey_01Pi3Jf8Hg5Ds2Ap7Lk9Zm4"
UNLISTED_KEY = "apikey_01Un7Bv4Nc1Mx6Lz9Kj2Hg5"

KEYS = (
    Key(api_key_id=DEFAULT_KEY, workspace_id=DEFAULT, name="first-key", hint="sk-ant-api03-Q8d...wQAA", owner=ADMIN,
        created=600),
    Key(api_key_id=IDE_KEY, workspace_id=CODING, name="ide", hint="sk-ant-api03-Z4C...EQAA", owner=LEAD),
    Key(api_key_id=CI_KEY, workspace_id=CODING, name="ci-agents", hint="sk-ant-api03-R2D...igAA", owner=LEAD,
        created=200),
    Key(api_key_id=REVIEW_KEY, workspace_id=CONTRACTS, name="contract-review", hint="sk-ant-api03-K9x...7wAA",
        owner=LEAD, created=370),
    Key(api_key_id=NIGHTLY_KEY, workspace_id=CONTRACTS, name="nightly-batch", hint="sk-ant-api03-m3B...PgAA",
        owner=NIGHT_BOT, created=340),
    Key(api_key_id=HELPDESK_KEY, workspace_id=HELPDESK, name="helpdesk", hint="sk-ant-api03-T7y...0QAA", owner=ADMIN,
        created=290),
    Key(api_key_id=RESTING_KEY, workspace_id=HELPDESK, name="helpdesk-old", hint="sk-ant-api03-b1W...LAAA",
        owner=ADMIN, created=295, is_owner_present=False),
    Key(api_key_id=PILOT_KEY, workspace_id=PILOT, name="pilot", hint="sk-ant-api03-H5s...dwAA", owner=LEAD,
        created=500, deleted=41),
)  # fmt: skip

OPUS = "claude-opus-5-5"
SONNET = "claude-sonnet-5"
HAIKU = "claude-haiku-4-5-20251001"
OLD_SONNET = "claude-sonnet-4-20250514"
CODE_EXECUTION = "anthropic-code-execution"
SESSIONS = "anthropic-session-runtime"
OTHER = "anthropic-other"


def tokens(price: int, fresh: float, read: float, written: float, kept: float, out: float) -> tuple[Part, ...]:
    """One request: uncached input, cache reads, writes for five minutes and for an hour, output; all in tokens.

    `price` is that of an uncached input token; the others stand in the ratios that Anthropic publishes.
    """
    return (
        Part("input", fresh, price),
        Part("cached_input", read, price // 10),
        Part("cache_write", written, price * 5 // 4),
        Part("cache_write_1h", kept, price * 2),
        Part("output", out, price * 5),
    )


STREAMS = (
    Stream(workspace_id=DEFAULT, api_key_id=DEFAULT_KEY, model=HAIKU, requests=9_000, weekend=0.7,
           parts=tokens(1_000, 1_300, 400, 0, 0, 260)),
    Stream(workspace_id=DEFAULT, model=OPUS, requests=45, weekend=0.1, odds=0.8,
           parts=tokens(5_000, 2_600, 0, 0, 0, 1_100)),
    Stream(workspace_id=CODING, api_key_id=IDE_KEY, model=SONNET, requests=2_900, weekend=0.12, growth=2.2,
           parts=tokens(3_000, 1_200, 31_000, 2_100, 300, 720)),
    Stream(workspace_id=CODING, api_key_id=IDE_KEY, model=SONNET, variant="long", requests=60, weekend=0.1,
           parts=tokens(6_000, 40_000, 210_000, 9_000, 0, 1_500)),
    Stream(workspace_id=CODING, api_key_id=CI_KEY, model=SONNET, requests=900, weekend=0.6, since=195, ramp=30,
           surges=(Surge(15, 11, 5.0),), parts=tokens(3_000, 2_400, 22_000, 1_700, 0, 980)),
    Stream(workspace_id=CODING, api_key_id=CI_KEY, model=OPUS, variant="fast", requests=35, weekend=0.4, since=60,
           parts=tokens(30_000, 1_900, 9_000, 0, 0, 800)),
    Stream(workspace_id=CODING, model=SONNET, requests=380, weekend=0.2,
           parts=tokens(3_000, 900, 26_000, 1_900, 0, 640)),
    Stream(workspace_id=CODING, api_key_id=UNLISTED_KEY, model=OLD_SONNET, requests=240, until=20, weekend=0.2,
           parts=tokens(3_000, 1_500, 8_000, 700, 0, 500)),
    Stream(workspace_id=CODING, api_key_id=CI_KEY, model=CODE_EXECUTION, requests=300, weekend=0.5, is_counted=False,
           parts=(Part("code_execution", 70, 13_888),)),
    Stream(workspace_id=CODING, model=SESSIONS, requests=90, weekend=0.3, since=150, is_counted=False,
           parts=(Part("session", 640, 22_222),)),
    Stream(workspace_id=CONTRACTS, api_key_id=REVIEW_KEY, model=OPUS, variant="us", requests=520, weekend=0.05,
           parts=tokens(5_500, 7_800, 12_000, 1_200, 200, 1_250)),
    Stream(workspace_id=CONTRACTS, api_key_id=REVIEW_KEY, model=OPUS, requests=260, weekend=0.05, is_counted=False,
           parts=(Part("web_search", 1, 10_000_000),)),
    Stream(workspace_id=CONTRACTS, api_key_id=NIGHTLY_KEY, model=HAIKU, variant="batch", requests=14_000, weekend=0.9,
           parts=tokens(500, 2_050, 0, 0, 0, 310)),
    Stream(workspace_id=CONTRACTS, api_key_id=NIGHTLY_KEY, model=HAIKU, requests=700, weekend=0.9,
           parts=tokens(1_000, 1_100, 0, 0, 0, 240)),
    Stream(workspace_id=HELPDESK, api_key_id=HELPDESK_KEY, model=HAIKU, requests=16_000, weekend=0.8, since=290,
           ramp=40, parts=tokens(1_000, 900, 2_600, 120, 0, 230)),
    Stream(workspace_id=HELPDESK, api_key_id=HELPDESK_KEY, model=HAIKU, requests=900, weekend=0.8, since=120,
           is_counted=False, parts=(Part("web_search", 1, 10_000_000),)),
    Stream(workspace_id=HELPDESK, api_key_id=HELPDESK_KEY, model=OPUS, variant="priority", requests=110, weekend=0.8,
           since=200, parts=(Part("input", 2_000, None), Part("output", 350, None))),
    Stream(workspace_id=HELPDESK, api_key_id=RESTING_KEY, model=HAIKU, requests=400, until=47,
           parts=tokens(1_000, 800, 0, 0, 0, 210)),
    Stream(workspace_id=PILOT, api_key_id=PILOT_KEY, model=OLD_SONNET, requests=1_500, until=43, growth=0.7,
           parts=tokens(3_000, 1_700, 3_000, 200, 0, 420)),
    Stream(workspace_id=DEFAULT, model=OTHER, requests=1, weekend=1, growth=1, month_day=1, is_counted=False,
           parts=(Part("adjustment", 1, -18_750_000_000),)),
)  # fmt: skip

ANTHROPIC = Story(provider="anthropic", workspaces=WORKSPACES, keys=KEYS, streams=STREAMS)
