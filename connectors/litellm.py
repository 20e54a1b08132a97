"""LiteLLM: what a team's own proxy metered, by team, virtual key, model and upstream provider.

Endpoints: `/user/daily/activity` for money and usage, `/team/daily/activity` for the team at the time of the call,
`/user/daily/activity/aggregated` for day totals, `/team/list` and `/key/list` for names;
https://docs.litellm.ai/docs/proxy/cost_tracking#daily-spend-breakdown-api
Key: a virtual key of a view-only admin (role `proxy_admin_viewer`), best restricted by `allowed_routes`.
Delay: seconds. Restated: nothing but the days at hand, as queues of the proxy empty; 3 days are read again.
Not reported: credits, list prices, images and seconds; costs of reserved capacity, which LiteLLM keeps apart.

Amounts are usage times the proxy's price list (`cost_basis` priced), not a bill. Each row names in `upstream` who sends
the bill, so that a dollar counts once where that provider is linked too. Failed calls cost nothing and are left out.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal, localcontext
from urllib.parse import urlsplit

from pydantic import ValidationError

from connectors.base import AccountIdentity, Connector, Methodology, reconcile
from connectors.errors import CredentialLacksBilling, CredentialRejected, UnexpectedResponse
from connectors.http import RequestRefused
from connectors.litellm_activity import TEAMS, USERS, Activity, Figures, read_day, read_totals
from connectors.litellm_directory import read_directory
from connectors.litellm_key import STEPS, LiteLLMCredential, no_database
from connectors.litellm_session import LiteLLMSession, connect
from connectors.litellm_shares import UNKNOWN, Use, by_provider, by_team, records
from store.records import CostRecord, Statement, Window, to_nanos

UNATTRIBUTED_MODEL = "litellm-unattributed"
EXACT_DIGITS = 60
MOST_DAYS_TOTALLED = 31
FIRST_ASKED = date(2026, 1, 1)
"""The day `check` asks for: a constant, as a connector has no clock."""
_DENIED = (CredentialLacksBilling, CredentialRejected, RequestRefused)

TEAMS_OF_NOW = (
    "Costs stand with the team that each key belongs to now, not at the time of the call: this key may not read "
    f"{TEAMS}. Add it to the key's allowed_routes."
)
NO_TOTALS = (
    "Day totals could not be checked against a second reading: this key may not read the proxy's aggregated activity, "
    "or the proxy is too old for it."
)
PLAIN_HTTP = "The proxy is asked over plain http: who listens on the network between can read the key."
ANOTHER_PROXY = (
    "Some calls went on to another LiteLLM proxy. Do not link that one as well, or their dollars count twice."
)


def check(session: LiteLLMSession) -> AccountIdentity:
    """Which proxy the key reads. A key that sees one person's spend only fails here, not later in silence."""
    try:
        ready = session.get_json("/health/readiness")
    except RequestRefused:
        ready = {}  # a gateway may hide the proxy's health; what follows tells whether it is one
    if ready.get("db") == "Not connected":
        raise no_database()
    _require_everybody(session)
    read_day(session, USERS, FIRST_ASKED)
    name = urlsplit(session.known_as).netloc
    return AccountIdentity(organization_id=session.known_as, name=name, notes=tuple(_warnings(session)))


def _require_everybody(session: LiteLLMSession) -> None:
    """Only admins may list users. Old proxies answer other keys with a part of the spend, or all of it by mistake."""
    if not session.sees_everybody:
        session.get_json("/user/list", [("page", 1), ("page_size", 1)])
        session.sees_everybody = True


def _warnings(session: LiteLLMSession) -> Iterator[str]:
    if session.is_overheard:
        yield PLAIN_HTTP
    try:
        info = session.get_json("/key/info").get("info")
    except RequestRefused:
        yield "This seems to be the proxy's master key, which can do everything. A view-only key is enough."
    except (CredentialLacksBilling, CredentialRejected):
        return
    else:
        if isinstance(info, dict) and not info.get("allowed_routes") and not info.get("models"):
            yield "This key can also call models, that is, spend money. Restrict it with allowed_routes."


def fetch(session: LiteLLMSession, window: Window) -> Statement:
    """The whole window. Values that no bill can hold, alone or added up, are an `UnexpectedResponse`."""
    try:
        with localcontext(prec=EXACT_DIGITS):
            return _statement(session, window)
    except ValidationError as error:
        flaws = ", ".join(sorted({".".join(map(str, flaw["loc"])) or "costs" for flaw in error.errors()}))
    except ValueError:
        flaws = "a sum of amounts"
    raise UnexpectedResponse(f"LiteLLM answered with values that make no bill ({flaws}).")


def control(session: LiteLLMSession, window: Window) -> Mapping[date, Decimal] | None:
    """The proxy's own total per day; None where it does not let the key read totals alone."""
    _require_everybody(session)
    with localcontext(prec=EXACT_DIGITS):
        return _totals(session, window)


def _statement(session: LiteLLMSession, window: Window) -> Statement:
    _require_everybody(session)
    before = _totals(session, window)
    days = {day: read_day(session, USERS, day) for day in window.days()}
    costs: list[CostRecord] = []
    aliases: dict[str, str] = {}
    for day, activity in days.items():
        shares, names = _shares(session, day, activity)
        costs += records(day, shares)
        aliases |= names
    after = None if before is None else _totals(session, window)
    if before is None or after is None:
        totals = {day: activity.total.spend for day, activity in days.items() if activity.total.spend}
    else:
        totals = _settled(costs, before, after, window)
    known, remainders = reconcile(costs, totals, window, model=UNATTRIBUTED_MODEL)
    marked = (
        cost.model_copy(update={"upstream": UNKNOWN, "cost_basis": "priced"}) if not cost.upstream else cost
        for cost in known
    )
    if session.directory is None:
        session.directory = read_directory(session)
    facts = {key: fact for activity in days.values() for key, fact in activity.keys.items()}
    spending = {cost.api_key_id: cost.workspace_id for cost in costs if cost.api_key_id}
    complete = session.directory.joined(spending, facts, aliases)
    return Statement(
        window=window,
        costs=tuple(sorted(marked, key=lambda cost: cost.grain)),
        workspaces=complete.teams,
        api_keys=complete.keys,
        listed_workspaces=complete.listed,
        notes=(*remainders, *_notes(session, days, costs), *complete.notes),
        control_totals=totals,
    )


def _notes(session: LiteLLMSession, days: Mapping[date, Activity], costs: list[CostRecord]) -> Iterator[str]:
    if not session.has_teams:
        yield TEAMS_OF_NOW
    if not session.has_totals:
        yield NO_TOTALS
    if session.is_overheard:
        yield PLAIN_HTTP
    if any(cost.upstream == "litellm_proxy" for cost in costs):
        yield ANOTHER_PROXY
    for day, activity in days.items():
        if activity.reserved:
            yield f"{day}: LiteLLM keeps ${activity.reserved:f} of reserved capacity apart; it is not in these totals."


def _totals(session: LiteLLMSession, window: Window) -> dict[date, Decimal] | None:
    """The proxy's day totals, None where this key or this proxy has none. Months apart: its database adds up rows."""
    totals: dict[date, Decimal] = {}
    start = window.start
    while session.has_totals and start < window.end:
        end = min(start + timedelta(days=MOST_DAYS_TOTALLED), window.end)
        try:
            totals |= read_totals(session, start, end - timedelta(days=1))
        except _DENIED:
            session.has_totals = False
        start = end
    return totals if session.has_totals else None


def _settled(
    costs: list[CostRecord], before: Mapping[date, Decimal], after: Mapping[date, Decimal], window: Window
) -> dict[date, Decimal]:
    """The control totals: those read last, save for a day that grew while it was read.

    Such a day has the total of its rows if that lies between the two readings: it was the proxy's at some moment.
    """
    billed: defaultdict[date, Decimal] = defaultdict(Decimal)
    for cost in costs:
        billed[cost.day] += cost.billed_cost
    totals: dict[date, Decimal] = {}
    for day in window.days():
        first, last, rows = (to_nanos(found.get(day, Decimal(0))) for found in (before, after, billed))
        total = billed[day] if first <= rows < last else after.get(day, Decimal(0))
        totals |= {day: total} if total else {}
    return totals


def _shares(
    session: LiteLLMSession, day: date, activity: Activity
) -> tuple[dict[tuple[str, Use], Figures], dict[str, str]]:
    """The day's figures by team and use, and the aliases of the teams."""
    shares = by_provider(activity, lambda model: read_day(session, USERS, day, [("model", model)]))
    if session.has_teams and shares:
        try:
            teams = read_day(session, TEAMS, day)
        except _DENIED:
            session.has_teams = False
        else:
            return by_team(shares, teams.entities, lambda team: _shares_of(session, day, team)), teams.names
    return {(activity.keys[use.key].team if use.key in activity.keys else "", use): f for use, f in shares.items()}, {}


def _shares_of(session: LiteLLMSession, day: date, team: str) -> dict[Use, Figures]:
    own = ("team_ids", team)
    activity = read_day(session, TEAMS, day, [own])
    return by_provider(activity, lambda model: read_day(session, TEAMS, day, [own, ("model", model)]))


LITELLM: Connector[LiteLLMCredential, LiteLLMSession] = Connector(
    slug="litellm",
    name="LiteLLM",
    credential=LiteLLMCredential,
    connect=connect,
    check=check,
    fetch=fetch,
    control=control,
    history_days=365,
    restated_days=3,
    window_days=7,
    gaps=frozenset({"list_cost", "credits_applied", "usage_quantity", "usage_unit"}),
    methodology=Methodology(
        exact="Requests and tokens by day, team, virtual key, model and the provider behind it.",
        priced="All cost: usage at the proxy's own price list. It counts once where that provider is linked as well.",
        missing="Credits, list prices, images and seconds, and reserved capacity.",
    ),
    key_type="virtual key (sk-…) of a view-only admin, and the proxy's base URL",
    data_delay="seconds; today is partial",
    steps=STEPS,
)
