"""Linked accounts: adding, listing, pausing, unlinking, and opening their sealed credentials."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from store.engine import Store, flush_to_disk, lock_out_others
from store.errors import StoreError, UnknownName
from store.models import Account
from store.secrets import add_key, keep_first_key
from store.tables import changed, rows_of, table


def add_account(
    store: Store,
    provider: str,
    credential: dict[str, Any],
    *,
    name: str,
    hint: str,
    organization_id: str | None,
    organization_name: str | None,
    now: datetime,
    same_as: int | None = None,
) -> int:
    """Store a checked credential, sealed; returns the account's id.

    An account that was unlinked but kept its data, of the same provider and organization, is taken up again; so is
    `same_as`, an account that is known by its saved bill.
    Raises `StoreError` when the same bill is linked already: its dollars would count twice.
    """
    chosen = table(Account)
    values = {"name": name, "hint": hint, "organization_id": organization_id, "organization_name": organization_name}
    with store.write() as connection:
        lock_out_others(connection)
        same = _same_bill(store, connection, provider, credential, organization_id, same_as)
        _refuse_linked(same)
        if same:
            return _seal(store, connection, same[0]["id"], credential, {**values, "unlinked_at": None})
        result = connection.execute(insert(chosen).values(provider=provider, created_at=now, paused=False, **values))
        assert result.inserted_primary_key is not None
        return _seal(store, connection, int(result.inserted_primary_key[0]), credential, values)


def _same_bill(
    store: Store,
    connection: Connection,
    provider: str,
    credential: dict[str, Any],
    organization_id: str | None,
    same_as: int | None = None,
) -> list[dict[str, Any]]:
    """The provider's accounts that read the same bill, the linked ones first."""
    chosen = table(Account)
    query = select(chosen).where(chosen.c.provider == provider)
    known = rows_of(connection, query.order_by(chosen.c.unlinked_at.is_not(None), chosen.c.id))
    return [row for row in known if row["id"] == same_as or _is_same_bill(store, row, credential, organization_id)]


def _refuse_linked(same: list[dict[str, Any]]) -> None:
    if same and same[0]["unlinked_at"] is None:
        raise StoreError(
            f"This bill is linked already, as account {same[0]['id']} ({same[0]['name']}).",
            likely_cause="The key, or another key of the same organization, was linked before.",
            resolution="To replace its key, re-link that account; two links would count every dollar twice.",
        )


def _is_same_bill(store: Store, known: dict[str, Any], credential: dict[str, Any], organization_id: str | None) -> bool:
    if organization_id is not None and known["organization_id"] is not None:
        return bool(organization_id == known["organization_id"])
    if known["sealed_credential"] is None:
        return False
    try:
        return store.sealer.unseal(known["id"], known["sealed_credential"]) == credential
    except StoreError:
        return False


def _seal(
    store: Store, connection: Connection, account_id: int, credential: dict[str, Any], values: dict[str, Any]
) -> int:
    chosen = table(Account)
    sealed = store.sealer.seal(account_id, credential)
    connection.execute(update(chosen).where(chosen.c.id == account_id).values(sealed_credential=sealed, **values))
    changed(connection)
    return account_id


def replace_credential(
    store: Store,
    account_id: int,
    credential: dict[str, Any],
    *,
    hint: str,
    organization_id: str | None,
    organization_name: str | None,
) -> None:
    """Re-link an account with another checked credential of the same organization.

    Raises `StoreError` when the new key reads another organization's bill, or one that another account reads already:
    two bills must not mix in one account, nor one be counted in two.
    """
    known = account(store, account_id)
    if known["organization_id"] and organization_id and known["organization_id"] != organization_id:
        raise StoreError(
            "This key reads another organization's bill than the account was linked to.",
            likely_cause="The key was made while another organization was selected at the provider.",
            resolution="Make the key in the same organization, or link this one as an account of its own.",
        )
    values = {"hint": hint, "unlinked_at": None}
    if organization_id:
        values |= {"organization_id": organization_id, "organization_name": organization_name}
    with store.write() as connection:
        lock_out_others(connection)
        same = _same_bill(store, connection, known["provider"], credential, organization_id)
        _refuse_linked([row for row in same if row["id"] != account_id])
        _seal(store, connection, account_id, credential, values)


def accounts(store: Store, *, linked_only: bool = False) -> list[dict[str, Any]]:
    """All accounts without their credentials, oldest first. `linked` tells those that have a credential."""
    chosen = table(Account)
    columns = [column for column in chosen.c if column.name != "sealed_credential"]
    linked = chosen.c.unlinked_at.is_(None)
    query = select(*columns, linked.label("linked")).order_by(chosen.c.id)
    with store.read() as connection:
        return rows_of(connection, query.where(linked) if linked_only else query)


def account(store: Store, account_id: int) -> dict[str, Any]:
    """One account without its credential; raises `UnknownName` when there is none of that id."""
    for found in accounts(store):
        if found["id"] == account_id:
            return found
    raise UnknownName(
        f"There is no account {account_id}.",
        likely_cause="The id is mistyped, or the account was unlinked with its data.",
        resolution="`python cli.py accounts` lists all ids.",
    )


def credential_of(store: Store, account_id: int) -> dict[str, Any]:
    """The opened credential; raises `CredentialUnreadable`, or `UnknownName` when the account has none."""
    chosen = table(Account)
    with store.read() as connection:
        found = rows_of(connection, select(chosen.c.sealed_credential).where(chosen.c.id == account_id))
    if not found or found[0]["sealed_credential"] is None:
        raise UnknownName(
            f"Account {account_id} is not linked.",
            likely_cause="It was unlinked; its data was kept.",
            resolution="Link it again with a credential.",
        )
    return store.sealer.unseal(account_id, found[0]["sealed_credential"])


def set_paused(store: Store, account_id: int, *, paused: bool) -> None:
    """Stop or resume the schedule of an account; its data stays."""
    account(store, account_id)
    chosen = table(Account)
    with store.write() as connection:
        connection.execute(update(chosen).where(chosen.c.id == account_id).values(paused=paused))
        changed(connection)


def unlink(store: Store, account_id: int, *, keep_data: bool, now: datetime) -> None:
    """Forget the credential; with `keep_data=False` also everything the account ever delivered."""
    account(store, account_id)
    chosen = table(Account)
    with store.write() as connection:
        if keep_data:
            values = {"sealed_credential": None, "unlinked_at": now}
            connection.execute(update(chosen).where(chosen.c.id == account_id).values(**values))
        else:
            connection.execute(delete(chosen).where(chosen.c.id == account_id))
        changed(connection)


def rotate_key(store: Store) -> tuple[int, int]:
    """Reseal every credential under the first key; returns (resealed, unreadable).

    With a key file a fresh key is made first and the old ones are dropped afterwards, unless a credential did not open.
    Keys from the environment are the operator's: put the new one in front, rotate, then remove the old one.
    """
    sealer = store.sealer
    if sealer.key_file:
        add_key(sealer)
    chosen = table(Account)
    resealed = unreadable = 0
    with store.write() as connection:
        lock_out_others(connection)
        query = select(chosen.c.id, chosen.c.sealed_credential).where(chosen.c.sealed_credential.is_not(None))
        for row in rows_of(connection, query):
            try:
                sealer.unseal(row["id"], row["sealed_credential"])
            except StoreError:
                unreadable += 1
                continue
            values = {"sealed_credential": sealer.reseal(row["sealed_credential"])}
            connection.execute(update(chosen).where(chosen.c.id == row["id"]).values(**values))
            resealed += 1
    if sealer.key_file and not unreadable:
        flush_to_disk(store)
        keep_first_key(sealer)
    return resealed, unreadable
