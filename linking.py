"""Credentials on their way in: recognised by shape, checked live, sealed; and opened again for a sync.

With `syncing`, one of the two places where connectors and store meet.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import SecretStr, ValidationError

from connectors import CONNECTORS
from connectors.base import AccountIdentity, Credential
from connectors.errors import CredentialRejected
from connectors.patience import patience
from store import accounts, runs
from store.db import Store
from store.errors import UnknownName

CHECK_ATTEMPTS = 2
CHECK_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Checked:
    """A credential that reads billing, and whose bill it reads."""

    credential: Credential
    identity: AccountIdentity


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
) -> int:
    """Check and store a credential and ask a running server for the first sync; returns the account's id.

    `tell` is given what the check noticed about the credential, a sentence at a time.

    Raises `ConnectorError` when the provider refuses, `StoreError` when this bill is linked already.
    """
    checked = check_credential(provider, raw)
    account_id = accounts.add_account(
        store,
        provider,
        _plain(checked.credential),
        name=(name or "").strip() or checked.identity.name or CONNECTORS[provider].name,
        hint=checked.credential.hint,
        organization_id=checked.identity.organization_id,
        organization_name=checked.identity.name,
        now=now,
    )
    runs.request_sync(store, account_id, "link", now)
    for note in checked.identity.notes:
        tell(note)
    return account_id


def relink_account(store: Store, account_id: int, raw: Mapping[str, Any], *, now: datetime) -> None:
    """Check a new credential and put it in the place of the old one; data and name stay."""
    checked = check_credential(accounts.account(store, account_id)["provider"], raw)
    accounts.replace_credential(
        store,
        account_id,
        _plain(checked.credential),
        hint=checked.credential.hint,
        organization_id=checked.identity.organization_id,
        organization_name=checked.identity.name,
    )
    runs.request_sync(store, account_id, "link", now)


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
