"""fal: the bill of one account or team, by model, API key, unit and day, and its own serverless apps.

Endpoints: `/models/usage` and `/serverless/usage` for money and quantities, `/account/billing` for whose bill it is,
`/keys` and `/models` for names; https://docs.fal.ai/platform-apis/v1/models/usage
Key: one of scope ADMIN; keys of scope API run models and cannot read costs.
Delay: seconds to minutes; the running day keeps growing. Restated: fal names no limit; long jobs end late, discounts
and prices are corrected, so 3 days are read again at every sync, older ones wherever their total has changed.
Not reported: credits and coupons, requests, tokens, the machines rented as fal Compute, and which member used a shared
key. Use through a member's login belongs to no key. Keys of scope ADMIN are billed and never listed, so that a key that
is not listed may be deleted or not.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, localcontext
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import ValidationError

from connectors.answers import NOT_FOUND
from connectors.base import AccountIdentity, Connector, Methodology, Remembered, reconcile
from connectors.errors import CredentialLacksBilling, CredentialRejected, ProviderUnavailable, UnexpectedResponse
from connectors.fal_directory import FalSession, account_of, balance, keys_of, username
from connectors.fal_key import STEPS, FalCredential, refuse
from connectors.fal_units import read_media, unit_words
from connectors.fal_usage import Line, billed_by_day, model_lines, model_totals, repeats, serverless_lines
from connectors.http import RequestRefused
from settings import endpoint
from store.records import CostRecord, Statement, Window, WorkspaceRecord, to_nanos

EXACT_DIGITS = 60
UNASSIGNED = "fal-unattributed"
"""What the rows miss of fal's own total."""
NO_COMPUTE = "Machines rented as fal Compute are in no report that this key can read: they are not included."
NO_SERVERLESS = "fal refuses the report of serverless apps to this account: their cost, if any, is not included."

Read = TypeVar("Read")


def connect(credential: FalCredential) -> FalSession:
    return FalSession(
        provider="fal",
        base_url=_base_url(),
        headers={"Authorization": f"Key {credential.api_key.get_secret_value()}"},
        min_interval=0.25,
        refuse=refuse,
    )


def _base_url() -> str:
    """The base URL: fal's own, or `SPENDGLASS_ENDPOINT_FAL`, which may be given with or without the trailing `/v1`."""
    url = endpoint("fal", "https://api.fal.ai/v1")
    return url if urlsplit(url).path else f"{url}/v1"


def check(session: FalSession) -> AccountIdentity:
    """Whose bill the key reads."""
    account = account_of(session)
    name = username(account)
    return AccountIdentity(organization_id=name, name=name, notes=(NO_COMPUTE, *balance(account)))


def resume(session: FalSession, remembered: Remembered) -> date | None:
    """Tells the session all keys ever seen, as deleted ones leave fal's list without a trace."""
    session.known_keys = frozenset(remembered.api_keys)
    return None


def fetch(session: FalSession, window: Window) -> Statement:
    """The whole bill of a window. Values that no bill can hold, alone or added up, are an `UnexpectedResponse`."""
    try:
        with localcontext(prec=EXACT_DIGITS):
            return _statement(session, window)
    except ValidationError as error:
        flaws = ", ".join(sorted({".".join(map(str, flaw["loc"])) or "costs" for flaw in error.errors()}))
    except ValueError:
        flaws = "a sum of amounts"
    raise UnexpectedResponse(f"fal answered with values that make no bill ({flaws}).")


def control(session: FalSession, window: Window) -> Mapping[date, Decimal]:
    """What fal's shorter report, without callers, and that of own apps tell per day."""
    account_of(session)
    with localcontext(prec=EXACT_DIGITS):
        apps, _ = _of_a_good_key(_apps, session, window)
        return _added(_of_a_good_key(model_totals, session, window), billed_by_day(apps))


def _statement(session: FalSession, window: Window) -> Statement:
    account = account_of(session)
    name = username(account)
    lines, totals = _of_a_good_key(_models, session, window)
    apps, missing = _of_a_good_key(_apps, session, window)
    keys, nameless = keys_of(session, name, lines)
    models = {line.model for line in lines}
    session.media |= read_media(session, models - session.media.keys())
    totals = _added(totals, billed_by_day(apps))
    costs, remainders = reconcile(bill([*lines, *apps], name, session.media), totals, window, model=UNASSIGNED)
    return Statement(
        window=window,
        costs=costs,
        workspaces=(WorkspaceRecord(workspace_id=name, name=name),),
        api_keys=keys,
        notes=(NO_COMPUTE, *missing, *nameless, *balance(account), *remainders, *_oddities([*lines, *apps])),
        control_totals=totals,
    )


def _of_a_good_key(read: Callable[[FalSession, Window], Read], session: FalSession, window: Window) -> Read:
    """What is read with a key that fal has just acknowledged: should it be called invalid now, that passes.

    Seen in https://github.com/luminarylane/fal-mcp-server/issues/113
    """
    try:
        return read(session, window)
    except CredentialRejected:
        pass
    raise ProviderUnavailable(
        "fal knows the key and yet called it invalid when asked for a usage report.",
        likely_cause="A passing fault at fal, or the key was revoked a moment ago.",
    )


def _models(session: FalSession, window: Window) -> tuple[list[Line], dict[date, Decimal]]:
    """The rows of models and the control totals.

    The bill of the running day grows between two requests. Where totals and rows differ, both are read again: a day on
    which the rows have moved since, past the total, has no total to be held against and takes that of its rows.
    """
    lines = model_lines(session, window)
    totals = model_totals(session, window)
    before = billed_by_day(lines)
    if not any(to_nanos(totals.get(day, Decimal(0)) - before.get(day, Decimal(0))) for day in window.days()):
        return lines, totals
    totals = model_totals(session, window)
    lines = model_lines(session, window)
    after = billed_by_day(lines)
    for day in window.days():
        first, total, last = (sums.get(day, Decimal(0)) for sums in (before, totals, after))
        if first != last and min(first, last) <= total <= max(first, last):
            totals[day] = last
    return lines, totals


def _apps(session: FalSession, window: Window) -> tuple[list[Line], tuple[str, ...]]:
    """The rows of own apps, or a note that fal does not show them to this account."""
    try:
        return serverless_lines(session, window), ()
    except CredentialLacksBilling:
        return [], (NO_SERVERLESS,)
    except RequestRefused as refused:
        if refused.status != NOT_FOUND:
            raise
        return [], (NO_SERVERLESS,)


def _added(first: Mapping[date, Decimal], second: Mapping[date, Decimal]) -> dict[date, Decimal]:
    return {day: first.get(day, Decimal(0)) + second.get(day, Decimal(0)) for day in first.keys() | second.keys()}


def bill(lines: Iterable[Line], workspace_id: str, media: Mapping[str, str | None]) -> tuple[CostRecord, ...]:
    """One record per (day, key, model, unit), sorted; amounts add up to those of `lines`."""
    grains: defaultdict[tuple[date, str, str, str], list[Line]] = defaultdict(list)
    for line in lines:
        grains[line.day, line.api_key_id, line.model, line.variant].append(line)
    return tuple(
        CostRecord(
            day=day,
            workspace_id=workspace_id,
            api_key_id=api_key_id,
            model=model,
            variant=variant,
            billed_cost=sum((line.amount for line in group), Decimal(0)),
            list_cost=_sum(line.list_amount for line in group),
            usage_quantity=_sum(line.quantity for line in group),
            usage_unit=unit_words(group[0].unit, media.get(model), model),
        )
        for (day, api_key_id, model, variant), group in sorted(grains.items())
    )


def _sum(values: Iterable[Decimal | None]) -> Decimal | None:
    """The sum, None where one is not told."""
    total = Decimal(0)
    for value in values:
        if value is None:
            return None
        total += value
    return total


def _oddities(lines: Sequence[Line]) -> list[str]:
    """Notes on rows that came twice, that contradict themselves, or that tell no caller."""
    counted = (
        ("Rows of the bill that came more than once and were added up", repeats(lines)),
        (
            "Rows whose own parts do not make the total they tell, booked as told",
            sum(line.is_doubtful for line in lines),
        ),
        ("Rows that name no caller, attributed to no key", sum(line.caller is None for line in lines)),
    )
    return [f"{what}: {count}." for what, count in counted if count]


FAL: Connector[FalCredential, FalSession] = Connector(
    slug="fal",
    name="fal",
    credential=FalCredential,
    connect=connect,
    check=check,
    fetch=fetch,
    resume=resume,
    control=control,
    history_days=395,
    restated_days=3,
    window_days=31,
    gaps=frozenset(
        {
            "credits_applied",
            "input_tokens",
            "cached_input_tokens",
            "cache_write_tokens",
            "output_tokens",
            "requests",
        }
    ),
    methodology=Methodology(
        exact="Cost by day, endpoint, API key and unit, and the daily cost of own serverless apps.",
        missing="Credits and coupons, requests, tokens, and machines rented as fal Compute.",
    ),
    key_type="key of scope ADMIN (key_id:key_secret)",
    data_delay="minutes; today is partial",
    steps=STEPS,
)
