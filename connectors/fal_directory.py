"""Whose bill a key reads, and the names of the account's keys.

https://docs.fal.ai/platform-apis/v1/account/billing, https://docs.fal.ai/platform-apis/v1/keys - costs do not depend on
the names. Keys of scope ADMIN are never listed, and deleted ones leave the list without a trace.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.answers import NOT_FOUND
from connectors.errors import CredentialLacksBilling, CredentialRejected
from connectors.fal_key import lacks_scope, shortened
from connectors.fal_units import PAGE, pages
from connectors.fal_usage import Line
from connectors.fields import Fields
from connectors.http import ProviderHttp, RequestRefused
from store.records import ApiKeyRecord

ACCOUNT = "/account/billing"
PRICES = "/models/pricing"
KNOWN_MODEL = "fal-ai/flux/dev"
"""A model whose price any key may read."""
NO_NAMES = "Names of API keys are unavailable: this key may not list them, so their ids are shown."
LARGEST_BALANCE = 10**12
"""Dollars."""


class FalSession(ProviderHttp):
    """A connection that remembers whose it is and all names, so that a backfill of many windows reads them once."""

    account: Fields | None = None
    listed: tuple[ApiKeyRecord, ...] | None = None
    known_keys: Collection[str] = ()

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.media: dict[str, str | None] = {}
        self.callers: dict[str, str] = {}


def account_of(session: FalSession) -> Fields:
    """The account behind the key. A key called invalid is asked for a price, which a key of any scope may read."""
    if session.account is None:
        try:
            session.account = Fields(f"fal {ACCOUNT}", session.get_json(ACCOUNT, [("expand", "credits")]))
        except CredentialRejected as error:
            rejected = error
        else:
            return session.account
        raise lacks_scope() if _reads_prices(session) else rejected
    return session.account


def _reads_prices(session: FalSession) -> bool:
    try:
        session.get_json(PRICES, [("endpoint_id", KNOWN_MODEL)])
    except RequestRefused as refused:
        return refused.status == NOT_FOUND
    except (CredentialRejected, CredentialLacksBilling):
        return False
    return True


def username(account: Fields) -> str:
    if not (name := (account.text("username") or "").strip()):
        raise account.refuse("username", "is missing")
    return name


def balance(account: Fields) -> tuple[str, ...]:
    """A note on the prepaid balance, where fal tells one; it does not say what a credit was spent on."""
    credit = account.members.get("credits")
    left: object = None
    if isinstance(credit, dict) and credit.get("currency") == "USD":
        left = credit.get("current_balance")
    if isinstance(left, bool) or not isinstance(left, int | Decimal):
        return ()
    dollars = Decimal(left)
    return (f"Prepaid balance at fal: ${dollars:,.2f}.",) if abs(dollars) < LARGEST_BALANCE else ()


def keys_of(
    session: FalSession, workspace_id: str, lines: Sequence[Line]
) -> tuple[tuple[ApiKeyRecord, ...], Sequence[str]]:
    """The keys listed, and those only known or billed, which are of scope ADMIN or deleted: fal does not say which."""
    try:
        if session.listed is None:
            session.listed = _listed_keys(session, workspace_id)
    except (CredentialRejected, CredentialLacksBilling):
        return (), (NO_NAMES,)
    for line in lines:
        if line.api_key_id and line.caller:
            session.callers.setdefault(line.api_key_id, line.caller)
    billed = {line.api_key_id for line in lines if line.api_key_id}
    others = (billed | set(session.known_keys)) - {key.api_key_id for key in session.listed}
    unlisted = [
        ApiKeyRecord(
            api_key_id=key_id,
            workspace_id=workspace_id,
            # A key known before keeps the name it had in the list.
            name=None if key_id in session.known_keys else session.callers.get(key_id),
            hint=shortened(key_id),
            status="unknown",
        )
        for key_id in sorted(others)
    ]
    return (*session.listed, *unlisted), ()


def _listed_keys(session: FalSession, workspace_id: str) -> tuple[ApiKeyRecord, ...]:
    found = {}
    for page in pages(session, "/keys", [("expand", "creator_info"), ("limit", PAGE)]):
        for item in page.objects("keys"):
            if not (key_id := item.text("key_id")):
                raise item.refuse("key_id", "is missing")
            found[key_id] = ApiKeyRecord(
                api_key_id=key_id,
                workspace_id=workspace_id,
                name=item.name("alias"),
                hint=shortened(key_id),
                owner=item.name("creator_nickname") or item.name("creator_email"),
                created_at=_moment(item.name("created_at")),
            )
    return tuple(found.values())


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else None
