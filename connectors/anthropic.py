"""Anthropic: the bill of one organization, by workspace, API key and model.

Endpoints: `/v1/organizations/analytics/cost` and `…/usage` (a beta of October 2026: exact by key, with requests), else
the legacy `/v1/organizations/cost_report` and `…/usage_report/messages`; `…/workspaces` and `…/api_keys` for names;
https://platform.claude.com/docs/en/manage-claude/usage-cost-analytics-api and …/usage-cost-api
Key: an Admin API key (`sk-ant-admin01-…`); a Claude Enterprise key with `read:analytics` shows models only.
Delay: usually 4 hours, up to 24. Restated: up to 30 days, so 31 days are read again at every sync.
Not reported: credits, prepaid balance, invoices, taxes; by the legacy reports neither keys of costs nor requests, list
prices and Priority Tier commitments.

The analytics reach back 365 days and not before 2026. Days they do not serve come from the legacy reports, whose costs
`anthropic_rows` allocates to keys by token share. No day comes from both.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, localcontext

from pydantic import ValidationError

from connectors import anthropic_reports as reports
from connectors.answers import NOT_FOUND
from connectors.anthropic_directory import AnthropicSession, named
from connectors.anthropic_key import STEPS, AnthropicCredential, refuse, wrong_kind
from connectors.anthropic_reach import BAD_QUESTION, by_analytics, without
from connectors.anthropic_rows import OTHER, SERVICES, UNASSIGNED, UNBILLED_TIERS, bill, share_out
from connectors.base import AccountIdentity, Connector, Methodology, Remembered, reconcile
from connectors.errors import ConnectorError, CredentialLacksBilling, UnexpectedResponse
from connectors.fields import Fields
from connectors.http import ProviderHttp, RequestRefused
from settings import endpoint
from store.records import Statement, Window, to_nanos

ANALYTICS_BETA = "analytics-usage-cost-2026-08-24"
FIRST_DAY = date(2026, 1, 1)
"""Where the analytics begin."""
DAY = timedelta(days=1)
EXACT_DIGITS = 60
KNOWN_COSTS = {"tokens", *SERVICES}


@dataclass(slots=True)
class _Bill:
    """What was read of a window, from either source."""

    lines: list[reports.CostLine] = field(default_factory=list)
    usage: list[reports.Usage] = field(default_factory=list)
    totals: dict[date, Decimal] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def connect(credential: AnthropicCredential) -> AnthropicSession:
    headers = {"x-api-key": credential.api_key.get_secret_value(), "anthropic-version": "2023-06-01"}
    return AnthropicSession(
        plain=_http(headers),
        analytics=_http({**headers, "anthropic-beta": ANALYTICS_BETA}),
        is_enterprise=credential.is_enterprise,
        analytics_from=FIRST_DAY,
    )


def _http(headers: Mapping[str, str]) -> ProviderHttp:
    base_url = endpoint("anthropic", "https://api.anthropic.com").removesuffix("/v1")
    return ProviderHttp(provider="Anthropic", base_url=base_url, headers=headers, min_interval=0.7, refuse=refuse)


def check(session: AnthropicSession) -> AccountIdentity:
    """Whose costs the key reads: it must be let into at least one report of costs."""
    identity = _organization(session)
    now = session.plain.answered_at
    yesterday = max(now.date() - DAY, FIRST_DAY) if now else FIRST_DAY
    problem = _refusal(session.analytics, reports.ANALYTICS_COST, yesterday)
    if problem and not session.is_enterprise:
        problem = _refusal(session.plain, reports.LEGACY_COST, yesterday)
    if problem:
        raise problem
    return identity


def _organization(session: AnthropicSession) -> AccountIdentity:
    """The organization; unknown to Claude Enterprise keys."""
    try:
        answer = Fields("Anthropic /v1/organizations/me", session.plain.get_json("/v1/organizations/me"))
    except (CredentialLacksBilling, RequestRefused):
        return AccountIdentity()
    return AccountIdentity(organization_id=answer.name("id"), name=answer.name("name"))


def _refusal(http: ProviderHttp, path: str, day: date) -> ConnectorError | None:
    """Why a report is closed to the key; None if it is open, even where it does not serve that day."""
    try:
        reports.probe(http, path, day)
    except CredentialLacksBilling as refused:
        return refused
    except RequestRefused as refused:
        return wrong_kind() if refused.status == NOT_FOUND else None if refused.status == BAD_QUESTION else refused
    return None


def resume(session: AnthropicSession, _remembered: Remembered) -> date | None:
    """Claude Enterprise keys read analytics only, which begin in 2026."""
    return FIRST_DAY if session.is_enterprise else None


def fetch(session: AnthropicSession, window: Window) -> Statement:
    """The whole bill of a window. Values that no bill can hold, alone or added up, are an `UnexpectedResponse`."""
    try:
        with localcontext(prec=EXACT_DIGITS):
            return _statement(session, window)
    except ValidationError as error:
        flaws = ", ".join(sorted({".".join(map(str, flaw["loc"])) or "costs" for flaw in error.errors()}))
    except ValueError:
        flaws = "a sum of amounts"
    raise UnexpectedResponse(f"Anthropic answered with values that make no bill ({flaws}).")


def control(session: AnthropicSession, window: Window) -> Mapping[date, Decimal]:
    """Anthropic's own total per day, from the reports without any breakdown, each day from where `fetch` has it."""
    totals: dict[date, Decimal] = {}
    end = window.end
    with localcontext(prec=EXACT_DIGITS):
        while end > window.start:  # newest first: where the analytics refuse a day, they refuse all older ones
            part = Window(max(window.start, end - timedelta(days=reports.LONGEST_RANGE)), end)
            served, found = by_analytics(session, part, lambda span: reports.analytics_totals(session.analytics, span))
            totals |= found or {}
            for rest in without(part, served):
                totals |= reports.legacy_totals(session.plain, rest)
            end = part.start
    return totals


def _statement(session: AnthropicSession, window: Window) -> Statement:
    served, found = by_analytics(session, window, lambda span: _analytics_bill(session, span))
    parts = [found] if found else []
    parts += [_legacy_bill(session, rest) for rest in without(window, served)]
    lines = [line for part in parts for line in part.lines]
    totals = {day: total for part in parts for day, total in part.totals.items()}
    costs = bill(lines, (used for part in parts for used in part.usage))
    costs, remainders = reconcile(costs, totals, window, model=UNASSIGNED)
    directory = named(session.directory, {cost.workspace_id for cost in costs})
    return Statement(
        window=window,
        costs=costs,
        workspaces=directory.workspaces,
        api_keys=directory.keys,
        listed_workspaces=directory.listed,
        notes=(*(note for part in parts for note in part.notes), *remainders, *_oddities(lines), *directory.notes),
        control_totals=totals,
    )


def _analytics_bill(session: AnthropicSession, window: Window) -> _Bill | None:
    groups = reports.BY_MODEL if session.is_enterprise else reports.BY_KEY
    lines, totals = _settled(
        window,
        lambda: reports.analytics_costs(session.analytics, window, groups),
        lambda: reports.analytics_totals(session.analytics, window),
    )
    found = _Bill(lines, reports.analytics_usage(session.analytics, window, groups), totals)
    return found if found.lines or found.usage or found.totals else None


def _legacy_bill(session: AnthropicSession, window: Window) -> _Bill:
    default = session.directory.default_workspace
    usage = reports.legacy_usage(session.plain, window, default)
    printed, totals = _settled(
        window,
        lambda: reports.legacy_costs(session.plain, window, default),
        lambda: reports.legacy_totals(session.plain, window),
    )
    lines, lost = share_out(printed, usage)
    days = f"{window.start} to {window.last_day}"
    notes = []
    if lines:
        notes = [
            f"{days}: from Anthropic's legacy reports, costs allocated to API keys by share of tokens, no requests."
        ]
    if lost:
        amount = sum((line.amount for line in lost), Decimal(0))
        notes.append(f"${amount:f} of costs match no usage and stay without an API key (lines: {len(lost)}).")
    if unbilled := sorted({used.tier for used in usage} & UNBILLED_TIERS):
        notes.append(f"Not billed in the legacy reports: tokens of the service tier {', '.join(unbilled)}.")
    return _Bill(lines, usage, totals, notes)


def _settled(
    window: Window, read_lines: Callable[[], list[reports.CostLine]], read_totals: Callable[[], dict[date, Decimal]]
) -> tuple[list[reports.CostLine], dict[date, Decimal]]:
    """The lines of a bill and its totals, of the same bill wherever possible.

    The bill of the running day grows between two requests. Where lines and totals differ, the lines are read again: a
    day on which they have moved since, past the total, has no total to be held against and takes that of its lines.
    """
    lines, totals = read_lines(), read_totals()
    before = _sums(lines)
    if not any(to_nanos(totals.get(day, Decimal(0)) - before.get(day, Decimal(0))) for day in window.days()):
        return lines, totals
    lines = read_lines()
    after = _sums(lines)
    for day in window.days():
        first, total, last = (sums.get(day, Decimal(0)) for sums in (before, totals, after))
        if first != last and min(first, last) <= total <= max(first, last):
            totals[day] = last
    return lines, totals


def _sums(lines: Iterable[reports.CostLine]) -> dict[date, Decimal]:
    """US dollars of the lines per day."""
    sums: defaultdict[date, Decimal] = defaultdict(Decimal)
    for line in lines:
        sums[line.day] += line.amount
    return sums


def _oddities(lines: list[reports.CostLine]) -> list[str]:
    """A note on kinds of cost that we do not know."""
    unknown = sorted({line.cost_type for line in lines if line.cost_type not in KNOWN_COSTS and not line.model})
    return [f"Unknown kind of cost, booked as {OTHER}: {kind[:80] or 'unnamed'}" for kind in unknown[:20]]


ANTHROPIC: Connector[AnthropicCredential, AnthropicSession] = Connector(
    slug="anthropic",
    name="Anthropic",
    credential=AnthropicCredential,
    connect=connect,
    check=check,
    fetch=fetch,
    control=control,
    resume=resume,
    history_days=365,
    restated_days=31,
    window_days=reports.LONGEST_RANGE,
    gaps=frozenset({"credits_applied"}),
    methodology=Methodology(
        exact="Cost by day, workspace, API key and model from the analytics reports, since 2026.",
        allocated="On days of the older reports: a workspace's cost, split over its keys by tokens of each kind.",
        missing="Credits, prepaid balance, invoices, taxes, Priority Tier; requests on days of the older reports.",
    ),
    key_type="Admin API key (sk-ant-admin01-…)",
    data_delay="about 4 hours, up to 24; today is partial",
    steps=STEPS,
)
