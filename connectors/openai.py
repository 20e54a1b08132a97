"""OpenAI: the bill of one organization, by project, API key and model.

Endpoints: `/organization/costs` for money, `/organization/usage/*` for requests, images and the like,
`/organization/projects` and `…/api_keys` for names; https://platform.openai.com/docs/api-reference/usage
Key: an organization admin key (`sk-admin-…`); the keys that call models cannot read costs.
Delay: hours; the running day keeps growing. Restated: OpenAI names no limit, so 30 days are read again at every sync,
older days wherever their total has changed.
Not reported: list prices, credit grants and balances, ChatGPT and Codex seats, the user behind a cost.

Costs by API key come from OpenAI itself; where it refuses them, `openai_shares` splits project costs by usage.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal, localcontext
from itertools import islice
from urllib.parse import urlsplit

from pydantic import ValidationError

from connectors.answers import NOT_FOUND
from connectors.base import AccountIdentity, Connector, Methodology, reconcile
from connectors.errors import CredentialLacksBilling, CredentialRejected, UnexpectedResponse
from connectors.http import RequestRefused
from connectors.openai_directory import NAMES_UNAVAILABLE, PROJECTS, OpenAISession, read_directory
from connectors.openai_key import STEPS, KeyGroupingRefused, OpenAICredential, is_transient, refuse
from connectors.openai_lines import OTHER, UNASSIGNED
from connectors.openai_reports import (
    COST_BUCKETS,
    COSTS,
    USAGE_REPORTS,
    CostLine,
    Usage,
    billed_by_day,
    cost_lines,
    pages,
    usage_of,
)
from connectors.openai_rows import bill, read_labels
from connectors.openai_shares import share_out
from settings import endpoint
from store.records import Statement, Window, to_nanos

FIRST_ASKED = 1_767_225_600
"""2026-01-01 00:00 UTC, where `check` starts to look: a constant, as a connector has no clock."""
MOST_PAGES_CHECKED = 6
"""Pages of 180 days that `check` reads in search of the organization's name; the first with any cost ends it."""
EXACT_DIGITS = 60
"""Digits of sums. OpenAI prints amounts of up to 28 digits, as many as Python keeps by default."""
MOST_LABELS_NOTED = 20


def connect(credential: OpenAICredential) -> OpenAISession:
    return OpenAISession(
        provider="OpenAI",
        base_url=_base_url(),
        headers={"Authorization": f"Bearer {credential.api_key.get_secret_value()}"},
        min_interval=0.25,
        refuse=refuse,
        is_transient=is_transient,
    )


def _base_url() -> str:
    """OpenAI's own, or `SPENDGLASS_ENDPOINT_OPENAI`, which may be given with or without the trailing `/v1`."""
    url = endpoint("openai", "https://api.openai.com/v1")
    return url if urlsplit(url).path else f"{url}/v1"


def check(session: OpenAISession) -> AccountIdentity:
    """Whose costs the key reads. Rows of costs name the organization, though no document promises it."""
    identity = _organization(session)
    try:
        session.get_json(PROJECTS, [("limit", 1)])
    except (CredentialRejected, CredentialLacksBilling):
        return replace(identity, notes=(NAMES_UNAVAILABLE,))
    return identity


def _organization(session: OpenAISession) -> AccountIdentity:
    params = [("start_time", FIRST_ASKED), ("limit", COST_BUCKETS)]
    chain = pages(session, COSTS, params, cursor_param="page", cursor_member="next_page")
    for page in islice(chain, MOST_PAGES_CHECKED):
        for bucket in page.objects("data"):
            for row in bucket.objects("results"):
                if organization := row.name("organization_id"):
                    return AccountIdentity(organization_id=organization, name=row.name("organization_name"))
    return AccountIdentity()


def fetch(session: OpenAISession, window: Window) -> Statement:
    """The whole bill of a window. Values that no bill can hold, alone or added up, are an `UnexpectedResponse`."""
    try:
        with localcontext(prec=EXACT_DIGITS):
            return _statement(session, window)
    except ValidationError as error:
        flaws = ", ".join(sorted({".".join(map(str, flaw["loc"])) or "costs" for flaw in error.errors()}))
    except ValueError:
        flaws = "a sum of amounts"
    raise UnexpectedResponse(f"OpenAI answered with values that make no bill ({flaws}).")


def control(session: OpenAISession, window: Window) -> Mapping[date, Decimal]:
    """OpenAI's own total per day, from the report without any breakdown."""
    with localcontext(prec=EXACT_DIGITS):
        return billed_by_day(session, window)


def _statement(session: OpenAISession, window: Window) -> Statement:
    lines, totals, cost_notes = _settled(session, window)
    usage, usage_notes = _usage(session, window)
    if cost_notes:
        lines = share_out(lines, usage)
    costs, remainders = reconcile(bill(lines, usage), totals, window, model=UNASSIGNED)
    directory = read_directory(session, {cost.workspace_id for cost in costs if cost.workspace_id})
    return Statement(
        window=window,
        costs=costs,
        workspaces=directory.projects,
        api_keys=directory.keys,
        listed_workspaces=directory.listed,
        notes=(*cost_notes, *usage_notes, *remainders, *_oddities(lines, usage), *directory.notes),
        control_totals=totals,
    )


def _settled(session: OpenAISession, window: Window) -> tuple[list[CostLine], dict[date, Decimal], tuple[str, ...]]:
    """The lines, the control totals, and notes on how they were read.

    The bill of the running day grows between two requests. Where lines and totals differ, the lines are read again: a
    day on which they have moved since, past the total, has no total to be held against and takes that of its lines.
    """
    lines, notes = _lines(session, window)
    totals = dict(billed_by_day(session, window))
    before = _sums(lines)
    if not any(to_nanos(totals.get(day, Decimal(0)) - before.get(day, Decimal(0))) for day in window.days()):
        return lines, totals, notes
    lines, notes = _lines(session, window)
    after = _sums(lines)
    for day in window.days():
        first, total, last = (sums.get(day, Decimal(0)) for sums in (before, totals, after))
        if first != last and min(first, last) <= total <= max(first, last):
            totals[day] = last
    return lines, totals, notes


def _sums(lines: Sequence[CostLine]) -> dict[date, Decimal]:
    """US dollars of the lines per day."""
    sums: defaultdict[date, Decimal] = defaultdict(Decimal)
    for line in lines:
        sums[line.place[0]] += line.amount
    return sums


def _lines(session: OpenAISession, window: Window) -> tuple[list[CostLine], tuple[str, ...]]:
    """The lines of the bill by key; without keys, and a note saying so, where OpenAI refuses that."""
    try:
        return cost_lines(session, window, ("project_id", "api_key_id", "line_item")), ()
    except KeyGroupingRefused:
        note = (
            "OpenAI refuses costs by API key: each line is allocated to the keys by their share of the project's usage."
        )
        return cost_lines(session, window, ("project_id", "line_item")), (note,)


def _usage(session: OpenAISession, window: Window) -> tuple[list[Usage], tuple[str, ...]]:
    """Usage of all families. One that is not offered, or not to this key, is left out: no dollar depends on it."""
    usage: list[Usage] = []
    notes = []
    for report in USAGE_REPORTS:
        try:
            usage += usage_of(session, window, report)
        except RequestRefused as refused:
            if refused.status != NOT_FOUND:
                raise
        except (CredentialRejected, CredentialLacksBilling):
            notes.append(f"Usage of {report.family} is unavailable: this key may not read it. Costs are complete.")
    return usage, tuple(notes)


def _oddities(lines: Sequence[CostLine], usage: Sequence[Usage]) -> list[str]:
    """Notes on lines that we cannot read, once per label, and on rows that came twice."""
    unread = sorted({line.text or "" for line, label in read_labels(lines, usage) if label.model == OTHER})
    notes = [f"Unknown line on the bill, booked as {OTHER}: {text[:80]}" for text in unread[:MOST_LABELS_NOTED]]
    if len(unread) > MOST_LABELS_NOTED:
        notes.append(f"{len(unread) - MOST_LABELS_NOTED} more unknown lines are booked as {OTHER}.")
    repeated = sum(count > 1 for count in Counter((line.place, line.text) for line in lines).values())
    if repeated:
        notes.append(
            f"{repeated} lines of the bill came more than once and were added up; the day totals agree or say so."
        )
    return notes


OPENAI: Connector[OpenAICredential, OpenAISession] = Connector(
    slug="openai",
    name="OpenAI",
    credential=OpenAICredential,
    connect=connect,
    check=check,
    fetch=fetch,
    control=control,
    history_days=365,
    restated_days=30,
    window_days=31,
    gaps=frozenset({"list_cost", "credits_applied"}),
    methodology=Methodology(
        exact="Cost by day, project, API key and line of the bill; requests and tokens from the usage reports.",
        allocated="Only where OpenAI refuses costs by API key: the project's cost, split over its keys by their usage.",
        missing="Credit grants and balances, list prices, ChatGPT and Codex seats.",
    ),
    key_type="organization admin key (sk-admin-…)",
    data_delay="hours; today is partial",
    steps=STEPS,
)
