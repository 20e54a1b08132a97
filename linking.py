"""Credentials on their way in: recognised by shape, checked live, sealed; and opened again for a sync.

With `account_sync`, one of the two places where connectors and store meet.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import SecretStr, ValidationError

from connectors import CONNECTORS
from connectors.base import AccountIdentity, AnyConnector, Credential, Remembered
from connectors.errors import ConnectorError, CredentialRejected
from connectors.patience import patience
from store import accounts, runs
from store.bills import Bill, Likeness, compared_window, likeness
from store.db import Store
from store.errors import StoreError, UnknownName
from store.records import Window, to_nanos

CHECK_ATTEMPTS = 2
CHECK_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Checked:
    """A credential that reads billing, and whose bill it reads."""

    credential: Credential
    identity: AccountIdentity


class SameBill(StoreError):
    """A linked account has this bill already, as far as the bills can tell."""

    kind = "same_bill"


def parse_credential(provider: str, raw: Mapping[str, Any]) -> Credential:
    """The credential in its provider's shape.

    Raises `CredentialRejected` in words for people when a field is missing, unknown, or plainly of the wrong kind.
    """
    connector = CONNECTORS[provider]
    try:
        credential: Credential = connector.credential.model_validate(dict(raw))
    except ValidationError as fault:
        fields = connector.credential.model_fields
        known = ", ".join(field.alias or name for name, field in fields.items())
        said = "; ".join(_said(error, known) for error in fault.errors(include_input=False, include_url=False))
    else:
        return credential
    raise CredentialRejected(
        f"{connector.name}: {said}",
        likely_cause="The credential is of another kind, or was cut when it was copied.",
        resolution=f"Needed is: {connector.key_type}." if connector.key_type else None,
    )


def _said(error: Any, known: str) -> str:
    if error["type"] == "extra_forbidden":  # its name is input, and may be a secret in the wrong place
        return f"there is a field it does not know; it knows: {known}"
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "missing":
        return f"the field {where} is missing"
    text = str(error["msg"]).removeprefix("Value error, ")
    return text if error["type"] == "value_error" else f"{where}: {text}"


def check_credential(provider: str, raw: Mapping[str, Any]) -> Checked:
    """Read a little of the bill with the credential; raises `ConnectorError` when that is refused."""
    credential = parse_credential(provider, raw)
    connector = CONNECTORS[provider]
    with patience(attempts=CHECK_ATTEMPTS, total_seconds=CHECK_SECONDS):
        session = connector.connect(credential)
        try:
            return Checked(credential, connector.check(session))
        finally:
            session.close()


def link_account(
    store: Store,
    provider: str,
    raw: Mapping[str, Any],
    *,
    name: str | None,
    now: datetime,
    tell: Callable[[str], None] = lambda _: None,
    is_separate: bool = False,
) -> int:
    """Check and store a credential and ask a running server for the first sync; returns the account's id.

    `tell` is given what the check noticed about the credential, a sentence at a time. `is_separate`: its bill is no
    other account's, however alike they look.

    Raises `ConnectorError` when the provider refuses, `StoreError` when this bill is linked already: `SameBill` where
    the bills alone say so.
    """
    checked = check_credential(provider, raw)
    same_as, doubts = (None, ()) if is_separate else _held_against_others(store, provider, checked, now)
    account_id = accounts.add_account(
        store,
        provider,
        _plain(checked.credential),
        name=(name or "").strip() or checked.identity.name or CONNECTORS[provider].name,
        hint=checked.credential.hint,
        organization_id=checked.identity.organization_id,
        organization_name=checked.identity.name,
        now=now,
        same_as=same_as,
    )
    runs.request_sync(store, account_id, "link", now)
    for note in (*checked.identity.notes, *doubts):
        tell(note)
    return account_id


def relink_account(store: Store, account_id: int, raw: Mapping[str, Any], *, now: datetime) -> None:
    """Check a new credential and put it in the place of the old one; data and name stay."""
    provider = accounts.account(store, account_id)["provider"]
    checked = check_credential(provider, raw)
    _held_against_others(store, provider, checked, now, own=account_id)
    accounts.replace_credential(
        store,
        account_id,
        _plain(checked.credential),
        hint=checked.credential.hint,
        organization_id=checked.identity.organization_id,
        organization_name=checked.identity.name,
    )
    runs.request_sync(store, account_id, "link", now)


def _held_against_others(
    store: Store, provider: str, checked: Checked, now: datetime, *, own: int | None = None
) -> tuple[int | None, tuple[str, ...]]:
    """Where no organization is told: an unlinked account with this very bill, and doubts about others.

    Raises `SameBill` where a linked account has it (see `store.bills`).
    """
    others = [
        row
        for row in accounts.accounts(store)
        if row["provider"] == provider
        and row["id"] != own
        and row["finished_to"] is not None
        and None in (row["organization_id"], checked.identity.organization_id)
    ]
    if not others or _is_known(store, others, checked.credential):
        return None, ()
    try:
        window, bill = _read_bill(CONNECTORS[provider], checked.credential, compared_window(now.date()))
    except ConnectorError:
        return None, ("Its bill could not be compared with those of the accounts linked before.",)
    alike = [(row, likeness(store, row, bill, window)) for row in others]
    telling = [(row, found) for row, found in alike if found.is_telling]
    for row, found in telling:
        if row["unlinked_at"] is None:
            raise _same_bill(row, found)
    doubts = tuple(_doubt(row, found) for row, found in alike if found.totals and not found.is_telling)
    return next((int(row["id"]) for row, _ in telling), None), doubts


def _is_known(store: Store, others: Sequence[Mapping[str, Any]], credential: Credential) -> bool:
    """Whether another account has this very credential: the store refuses it in its own words."""
    for row in others:
        try:
            if accounts.credential_of(store, row["id"]) == _plain(credential):
                return True
        except StoreError:
            continue
    return False


def _read_bill(connector: AnyConnector, credential: Credential, window: Window) -> tuple[Window, Bill]:
    """What the credential reads of the window, and as much of the window as it can read."""
    bill: Bill = Counter()
    with patience(attempts=CHECK_ATTEMPTS, total_seconds=CHECK_SECONDS):
        session = connector.connect(credential)
        try:
            first = connector.resume(session, Remembered()) if connector.resume else None
            window = Window(min(max(window.start, first or window.start), window.last_day), window.end)
            for part in window.parts(connector.window_days):
                for cost in connector.fetch(session, part).costs:
                    bill[cost.day, cost.model] += to_nanos(cost.billed_cost)
        finally:
            session.close()
    return window, bill


def _same_bill(row: Mapping[str, Any], found: Likeness) -> SameBill:
    first, last = found.days[0], found.days[-1]
    return SameBill(
        f"This bill is linked already, as account {row['id']} ({row['name']}).",
        likely_cause=f"This is another key of the same organization: on all {len(found.days)} days from {first} to "
        f"{last} every model cost the same as in that account, to the last digit.",
        resolution="To replace its key, re-link that account; two links would count every dollar twice. If these "
        "really are two organizations, say so in the form, or link it with `python cli.py link … --separate`.",
    )


def _doubt(row: Mapping[str, Any], found: Likeness) -> str:
    return (
        f"This may be the bill of account {row['id']} ({row['name']}): all {len(found.days)} days that both have cost "
        "the same, though too few differ from each other to be sure. If both are one organization, every dollar counts "
        "twice: then unlink one of them."
    )


def opened_credential(store: Store, account: Mapping[str, Any]) -> Credential:
    """The account's credential, unsealed; raises `CredentialUnreadable` when the secret key is not the one it had."""
    if account["provider"] not in CONNECTORS:
        raise UnknownName(
            f"This version of Spendglass has no provider {account['provider']}.",
            likely_cause="The account was linked by a newer version.",
            resolution="Update Spendglass.",
        )
    return parse_credential(account["provider"], accounts.credential_of(store, account["id"]))


def _plain(credential: Credential) -> dict[str, Any]:
    """The credential as it is sealed: the JSON its owner gave."""
    fields = type(credential).model_fields
    given = {name: getattr(credential, name) for name in credential.model_fields_set}
    return {
        fields[name].alias or name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in given.items()
    }
