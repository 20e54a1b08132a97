"""Runway: the credits an organization used, by model and UTC day.

Endpoints: `POST /v1/organization/usage` for credits, `GET /v1/organization` for the balance that proves a key;
https://docs.dev.runwayml.com/api
Key: the organization's API key (`key_…`). There is one kind: the key that reads usage can also spend credits.
Delay: undocumented; the running day keeps growing. Restated: refunds are booked on their own day, so a day's net may be
negative and old days should stand; as one request reaches so far, 90 days are read again at every sync.
Not reported: workspaces, API keys, users, requests, tokens, seconds, images, granted credits, the organization's name.

A credit is $0.01, the official price of the API. Credits of the web application are other money and are not read.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pydantic import Field, SecretStr, ValidationError, field_validator

from connectors.base import AccountIdentity, Connector, Credential, Methodology, Remembered, masked
from connectors.errors import ConnectorError, CredentialLacksBilling, CredentialRejected, UnexpectedResponse
from connectors.fields import Fields
from connectors.http import ProviderHttp, RequestRefused
from settings import endpoint
from store.records import CostRecord, LineItem, Statement, Window

VERSION = "2024-11-06"
PRICE = Decimal("0.01")
"""US dollars of one credit. https://docs.dev.runwayml.com/guides/pricing"""
USAGE = "/v1/organization/usage"
LONGEST_QUESTION = 90
"""Days of one request."""
HISTORY_DAYS = 730
SHORT_MEMORY = 90
"""Days that are read where Runway refuses to look back two years."""
BAD_REQUEST, UNAUTHORIZED, FORBIDDEN = 400, 401, 403

STEPS = """\
1. Open dev.runwayml.com → **API Keys** of the organization that makes the API calls.
2. Create a key for Spendglass alone and copy it here (`key_…`); it is shown once.

Runway has one kind of key and no read-only one: this key could also generate and so spend credits. Used for nothing
else, it can be disabled there at any time without breaking anything. Runway does not name the organization, so give
the account a name here, and do not link two keys of one organization: their spend would count twice."""

_NEEDED = "Create an API key at dev.runwayml.com → API Keys; it begins with key_."
_WRONG_KINDS = (
    ("sk-ant-", "This is an Anthropic key (sk-ant-…), not one of Runway."),
    ("sk-or-", "This is an OpenRouter key (sk-or-…), not one of Runway."),
    ("sk-", "This looks like an OpenAI or LiteLLM key (sk-…), not one of Runway."),
    ("AKIA", "This is an AWS access key id (AKIA…), not a key of Runway."),
    ("ASIA", "This is a temporary AWS access key id (ASIA…), not a key of Runway."),
    ("ABSK", "This is an Amazon Bedrock API key (ABSK…), not a key of Runway."),
    ("AIza", "This is a Google API key (AIza…), not a key of Runway."),
    ("{", "This is a JSON document, such as a Google service account, not a key of Runway."),
    ("eyJ", "This is a browser token of the Runway web application, which must not leave the browser."),
)
_KEY = re.compile(r"key_[A-Za-z0-9_-]{12,}", re.ASCII)


class RunwayCredential(Credential):
    """An organization's API key."""

    api_key: SecretStr = Field(
        alias="apiKey", title="API key", description="API key of the developer organization (key_…)."
    )

    @field_validator("api_key")
    @classmethod
    def _is_of_the_right_kind(cls, value: SecretStr) -> SecretStr:
        key = value.get_secret_value().strip()
        for prefix, verdict in _WRONG_KINDS:
            if key.startswith(prefix):
                raise ValueError(f"{verdict} {_NEEDED}")
        if not _KEY.fullmatch(key):
            raise ValueError(f"This is not a Runway API key, or not the whole of it. {_NEEDED}")
        return SecretStr(key)

    @property
    def hint(self) -> str:
        return masked(self.api_key.get_secret_value())


def connect(credential: RunwayCredential) -> ProviderHttp:
    return ProviderHttp(
        provider="Runway",
        base_url=endpoint("runway", "https://api.dev.runwayml.com"),
        headers={"Authorization": f"Bearer {credential.api_key.get_secret_value()}", "X-Runway-Version": VERSION},
        min_interval=0.25,
        refuse=_refuse,
    )


def _refuse(status: int, _body: Mapping[str, Any] | None, text: str) -> ConnectorError | None:
    if status == FORBIDDEN:
        return CredentialLacksBilling("Runway does not let this key read the organization's usage.")
    if status != UNAUTHORIZED:
        return None
    if "hostname" in text.lower():
        return CredentialRejected(
            "Runway does not take API keys at this address.",
            likely_cause="SPENDGLASS_ENDPOINT_RUNWAY points to the web application's address.",
            resolution="Unset it, or point it to https://api.dev.runwayml.com.",
        )
    return CredentialRejected("Runway does not know this key: it is mistyped or disabled.")


def check(session: ProviderHttp) -> AccountIdentity:
    """Proves the key by the credit balance. Runway tells neither an organization's id nor its name."""
    organization = Fields("Runway /v1/organization", session.get_json("/v1/organization"))
    if organization.count("creditBalance") is None:
        raise organization.refuse("creditBalance", "is missing")
    return AccountIdentity(notes=("Runway does not say which organization a key belongs to.",))


def resume(session: ProviderHttp, _remembered: Remembered) -> date | None:
    """The first day Runway serves: it may refuse days older than 90, which no document tells."""
    session.get_json("/v1/organization")
    if session.answered_at is None:
        return None
    today = session.answered_at.date()
    oldest = today - timedelta(days=HISTORY_DAYS - 1)
    try:
        _ask(session, Window(oldest, oldest + timedelta(days=1)))
    except RequestRefused as refused:
        if refused.status != BAD_REQUEST:
            raise
        return today - timedelta(days=SHORT_MEMORY - 1)
    return None


def fetch(session: ProviderHttp, window: Window) -> Statement:
    """The credits of a window, in dollars. Days Runway does not list had no use.

    Amounts that no bill can hold, alone or added up, are an `UnexpectedResponse`.
    """
    try:
        return _statement(session, window)
    except ValidationError as error:
        flaws = ", ".join(sorted({".".join(map(str, flaw["loc"])) or "costs" for flaw in error.errors()}))
    raise UnexpectedResponse(f"Runway answered with values that make no bill ({flaws}).")


def _statement(session: ProviderHttp, window: Window) -> Statement:
    credits_used: defaultdict[tuple[date, str], list[int]] = defaultdict(list)
    notes: dict[str, None] = {}
    for part in window.parts(LONGEST_QUESTION):
        answer = _part(session, part, notes)
        for day, model, amount in _used(answer, part):
            credits_used[day, model].append(amount)
        if answer.members.get("resultsByApiKey"):
            notes["Runway has begun to report credits by API key; this version does not read them yet."] = None
    costs = tuple(_cost(day, model, amounts) for (day, model), amounts in sorted(credits_used.items()))
    return Statement(window=window, costs=costs, notes=tuple(notes))


def _part(session: ProviderHttp, part: Window, notes: dict[str, None]) -> Fields:
    """The answer for a part; without its last day where Runway refuses a range that ends tomorrow."""
    try:
        return _ask(session, part)
    except RequestRefused as refused:
        if refused.status != BAD_REQUEST or part.length == 1:
            raise
    shorter = _ask(session, Window(part.start, part.last_day))
    notes[f"Runway does not report {part.last_day} yet."] = None
    return shorter


def _ask(session: ProviderHttp, window: Window) -> Fields:
    content = {"startDate": window.start.isoformat(), "beforeDate": window.end.isoformat()}
    return Fields(f"Runway {USAGE}", session.post_json(USAGE, content))


def _used(answer: Fields, part: Window) -> Iterator[tuple[date, str, int]]:
    """Day, model and net credits of every entry; negative where refunds exceed charges."""
    for result in answer.objects("results"):
        day = _day(result)
        if day not in part:
            raise result.refuse("date", "lies outside the days asked for")
        for used in result.objects("usedCredits"):
            model, amount = used.text("model"), used.number("amount")
            if not model:
                raise used.refuse("model", "is missing")
            if amount is None or amount % 1:
                raise used.refuse("amount", "is not a whole number")
            yield day, model, int(amount)


def _day(result: Fields) -> date:
    try:
        return date.fromisoformat(result.text("date") or "")
    except ValueError:
        raise result.refuse("date", "is not a day") from None


def _cost(day: date, model: str, amounts: list[int]) -> CostRecord:
    total = sum(amounts)
    return CostRecord(
        day=day,
        model=model,
        billed_cost=total * PRICE,
        usage_quantity=Decimal(total),
        usage_unit="credits",
        line_items=tuple(
            LineItem(label=model, amount=amount * PRICE, quantity=Decimal(amount), unit="credits")
            for amount in sorted(amounts)
        ),
    )


RUNWAY: Connector[RunwayCredential, ProviderHttp] = Connector(
    slug="runway",
    name="Runway",
    credential=RunwayCredential,
    connect=connect,
    check=check,
    fetch=fetch,
    resume=resume,
    history_days=HISTORY_DAYS,
    restated_days=89,
    window_days=LONGEST_QUESTION,
    sync_minutes=180,
    gaps=frozenset(
        {
            "workspace_id", "api_key_id", "list_cost", "credits_applied", "requests", "input_tokens",
            "cached_input_tokens", "cache_write_tokens", "output_tokens",
        }
    ),
    methodology=Methodology(
        exact="Credits by day and model, at the API's official price of $0.01 a credit.",
        missing="Workspaces, API keys, requests and tokens; granted credits; credits of the web application.",
    ),
    key_type="API key of the developer organization (key_…)",
    data_delay="undocumented; today is partial",
    steps=STEPS,
)  # fmt: skip
