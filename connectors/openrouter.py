"""OpenRouter: what its credits paid, by workspace, key and model, or the daily total of one key.

Endpoints: `/activity` for the last 30 UTC days that are over, `/analytics/query` for the running day and 365 days back,
`/workspaces` and `/keys` for names, `/key` for the counters of a standard key; https://openrouter.ai/docs/api-reference
Key: a management key (formerly provisioning key); both kinds look alike (`sk-or-v1-…`). With a standard key alone see
`openrouter_counters`.
Delay: minutes; the running day keeps growing. Restated: undocumented, so 30 days are read again at every sync.
Not reported: the fee for buying credits, cached tokens by finished day, images and seconds, list prices; credits are
prepaid money, never a discount.

Own keys at other providers (BYOK): OpenRouter estimates what these providers bill. Such rows name their `upstream` and
are `priced`; OpenRouter's own fee on them is ordinary cost.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal, localcontext
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from connectors.base import AccountIdentity, Connector, Methodology, Remembered, reconcile
from connectors.errors import CredentialRejected, UnexpectedResponse
from connectors.http import ProviderHttp
from connectors.openrouter_counters import ONLY_TOTALS, counted, first_day
from connectors.openrouter_feeds import GENERAL, Activity, Analytics, Feed, KeyCounters, Place, Use
from connectors.openrouter_key import STEPS, OpenRouterCredential, refuse
from connectors.openrouter_rows import Spot, costs_of, shares_of
from connectors.openrouter_session import OpenRouterSession
from settings import endpoint
from store.records import CostRecord, Statement, Window, from_nanos, to_nanos

ACTIVITY_DAYS = 29
"""Finished days taken from `/activity`: one less than it serves, as the oldest may go while it is read."""
EXACT_DIGITS = 60
NO_ANALYTICS = (
    "OpenRouter's analytics is not offered to this key: only the last 29 days and today can be read, and of today only "
    "the spend of keys that are still listed, without models, tokens and requests."
)
PROMOTED = "The API key given is itself a management key, and is used as such."
COUNTS_ALL_KEYS = (
    "This reads every key of the OpenRouter account. Where one of its standard keys is linked on its own as well, its "
    "dollars count twice: unlink that one."
)
MAY_COUNT_TWICE = (
    "OpenRouter does not tell a standard key whose account it belongs to. If that account is linked with a management "
    "key already, this key's dollars count twice: unlink one of them. To see more than this key's total, add a "
    "management key to this link."
)


def connect(credential: OpenRouterCredential) -> OpenRouterSession:
    standard = credential.api_key.get_secret_value()
    management = credential.provisioning_key.get_secret_value() if credential.provisioning_key else None
    session = OpenRouterSession(**_options(management or standard))
    session.has_management_slot = management is not None
    session.key_id = hashlib.sha256(standard.encode()).hexdigest()
    if management and management != standard:
        session.standard = ProviderHttp(**_options(standard))
        session.standard.meter = session.meter
    return session


def _options(key: str) -> dict[str, Any]:
    return {
        "provider": "OpenRouter",
        "base_url": _base_url(),
        "headers": {"Authorization": f"Bearer {key}"},
        "min_interval": 1.0,
        "refuse": refuse,
    }


def _base_url() -> str:
    """OpenRouter's own, or `SPENDGLASS_ENDPOINT_OPENROUTER`, which may be given without the trailing `/api/v1`."""
    url = endpoint("openrouter", "https://openrouter.ai/api/v1")
    return url if urlsplit(url).path else f"{url}/api/v1"


def check(session: OpenRouterSession) -> AccountIdentity:
    """Whose spend the keys read: the account's oldest workspace stands for it, as nothing else names it.

    A standard key tells only the user who made it. That is no account: one user may belong to several, and keys of one
    account are made by several users. So what it reads is named by nothing, and a note says what that may lead to.
    """
    _check_standard(session)
    if not session.reads_account:
        return AccountIdentity(notes=(ONLY_TOTALS, MAY_COUNT_TWICE))
    yesterday = session.counters().day - timedelta(days=1)
    list(session.ask("/activity", [("date", yesterday.isoformat())]).objects("data"))
    spaces = sorted(session.workspaces(), key=lambda space: (str(space.created_at), space.workspace_id))
    notes = (COUNTS_ALL_KEYS,) if session.has_management_slot else (PROMOTED, COUNTS_ALL_KEYS)
    return AccountIdentity(organization_id=spaces[0].workspace_id if spaces else None, notes=notes)


def _check_standard(session: OpenRouterSession) -> None:
    if session.standard is None:
        return
    try:
        session.standard.get_json("/key")
    except CredentialRejected:
        is_known = False
    else:
        is_known = True
    if not is_known:
        raise CredentialRejected("OpenRouter does not know the API key: it is invalid, disabled, expired or deleted.")


def resume(session: OpenRouterSession, remembered: Remembered) -> date | None:
    """The first day that can be read: of analytics' 365, of activity's 30, or of what a key's counters tell."""
    session.known_keys = remembered.api_keys
    session.readings = remembered.readings
    if not session.reads_account:
        return first_day(session)
    return None if session.abilities().metrics else session.counters().day - timedelta(days=ACTIVITY_DAYS)


def fetch(session: OpenRouterSession, window: Window) -> Statement:
    """The whole bill of a window. Values that no bill can hold, alone or added up, are an `UnexpectedResponse`."""
    try:
        with localcontext(prec=EXACT_DIGITS):
            return _statement(session, window) if session.reads_account else counted(session, window)
    except ValidationError as error:
        flaws = ", ".join(sorted({".".join(map(str, flaw["loc"])) or "costs" for flaw in error.errors()}))
    except ValueError:
        flaws = "a sum of amounts"
    raise UnexpectedResponse(f"OpenRouter answered with values that make no bill ({flaws}).")


def control(session: OpenRouterSession, window: Window) -> Mapping[date, Decimal]:
    """OpenRouter's own total per day, what it estimates of other providers' bills included."""
    totals: dict[date, Decimal] = {}
    with localcontext(prec=EXACT_DIGITS):
        for feed in _feeds(session, window):
            totals |= feed.billed()
    return totals


def _feeds(session: OpenRouterSession, window: Window) -> Iterator[Feed]:
    """The feeds that together serve every day of the window once."""
    today = session.counters().day
    served = today - timedelta(days=ACTIVITY_DAYS)
    has_analytics = bool(session.abilities().metrics)
    if window.start < served:
        if not has_analytics:
            raise UnexpectedResponse(
                f"OpenRouter tells this key nothing of days before {served}.",
                likely_cause="Analytics, which reaches further back, is not offered to it.",
            )
        yield Analytics(session, Window(window.start, min(window.end, served)))
    if window.end > served and window.start < today:
        yield Activity(session, Window(max(window.start, served), min(window.end, today)))
    if window.end > today:
        rest = Window(max(window.start, today), window.end)
        yield Analytics(session, rest, by_provider=True) if has_analytics else KeyCounters(session, rest)


def _statement(session: OpenRouterSession, window: Window) -> Statement:
    totals: dict[date, Decimal] = {}
    found: list[tuple[Spot, Place, Use]] = []
    for feed in _feeds(session, window):
        shares = shares_of(session, feed)
        if any(use.is_negative() for _, _, use in shares):
            # Answers of different age: the whole was read before its parts, and there was use in between.
            shares = shares_of(session, feed)
        found += shares
        totals |= feed.billed()
    spaces, keys = session.workspaces(), session.listed_keys()
    costs, remainders = reconcile(costs_of(found), totals, window, model=GENERAL)
    limits = () if session.abilities().metrics else (NO_ANALYTICS,)
    return Statement(
        window=window,
        costs=costs,
        workspaces=spaces,
        api_keys=tuple(key.record for key in keys),
        listed_workspaces=frozenset(space.workspace_id for space in spaces),
        notes=(*_unattributed(costs), *_unnamed(found), *limits, *remainders),
        control_totals=totals,
    )


def _unattributed(costs: Sequence[CostRecord]) -> list[str]:
    loose = sum((cost.billed_cost for cost in costs if not cost.api_key_id), Decimal(0))
    if not to_nanos(loose):
        return []
    days = sorted({cost.day for cost in costs if not cost.api_key_id})
    note = (
        f"{days[0]} to {days[-1]}: ${from_nanos(to_nanos(loose)):f} belongs to no key that OpenRouter still lists, "
        "such as the chat in the browser or keys deleted before they were seen here; it is shown as unattributed."
    )
    return [note]


def _unnamed(shares: Sequence[tuple[Spot, Place, Use]]) -> list[str]:
    if not any(use.byok and not place.provider for _, place, use in shares):
        return []
    note = (
        "Own keys at other providers: of days more than 30 days ago OpenRouter does not tell who billed their use; it "
        "is booked under the maker of the model."
    )
    return [note]


OPENROUTER: Connector[OpenRouterCredential, OpenRouterSession] = Connector(
    slug="openrouter",
    name="OpenRouter",
    credential=OpenRouterCredential,
    connect=connect,
    check=check,
    fetch=fetch,
    control=control,
    resume=resume,
    history_days=365,
    restated_days=30,
    window_days=90,
    gaps=frozenset(
        {
            "list_cost",
            "credits_applied",
            "cached_input_tokens",
            "cache_write_tokens",
            "usage_quantity",
            "usage_unit",
        }
    ),
    sync_minutes=60,
    methodology=Methodology(
        exact="Cost by day, workspace, key and model with a management key; a standard key tells its daily total.",
        allocated="With a standard key alone: growth of its counter over days without a sync, booked on the last.",
        priced="Calls with an own key at another provider: OpenRouter's estimate of what that provider bills.",
        missing="The fee for buying credits, cached tokens, list prices. With a standard key alone, models.",
    ),
    key_type="management key beside a standard key (sk-or-v1-…); a standard key alone gives its daily total",
    data_delay="minutes; today is partial",
    steps=STEPS,
)
