"""Who spends: the workspaces and API keys of an account, as listed or as found on the bill."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert, select, update

from store.models import ApiKey, Workspace
from store.names import note_provider_names
from store.records import UNATTRIBUTED, Statement
from store.tables import rows_of, table

Rows = dict[str, dict[str, Any]]


def merge_workspaces(
    connection: Connection, account_id: int, statement: Statement, now: datetime, *, renames: bool = True
) -> None:
    """Remember every workspace listed or billed; one no longer listed stays as it was.

    `renames` False: the statement is of older days than are saved, and its names may be those of that time, as on
    Google's bill; they stand only where none is known.
    """
    billed = {cost.workspace_id for cost in statement.costs} | {key.workspace_id for key in statement.api_keys}
    told: Rows = {workspace_id: {} for workspace_id in sorted(billed - {UNATTRIBUTED})}
    told |= {record.workspace_id: {**_said(record), "last_seen": now} for record in statement.workspaces}
    spaces = table(Workspace)
    known = _known(connection, spaces, "workspace_id", account_id)
    names = {record.workspace_id: record.name for record in statement.workspaces if record.name}
    if not renames:
        for workspace_id in [name for name in names if known.get(name, {}).get("name")]:
            del names[workspace_id], told[workspace_id]["name"]
    _merge(connection, spaces, "workspace_id", account_id, known, told, now)
    note_provider_names(connection, account_id, names, now)


def merge_api_keys(connection: Connection, account_id: int, statement: Statement, now: datetime) -> None:
    """Remember every key listed or billed; a known key missing from a complete list is `deleted`."""
    keys = table(ApiKey)
    known = _known(connection, keys, "api_key_id", account_id)
    listed = {record.api_key_id: {**_said(record), "last_seen": now} for record in statement.api_keys}
    homes = {cost.api_key_id: cost.workspace_id for cost in statement.costs if cost.api_key_id}
    complete = statement.listed_workspaces or frozenset()
    told: Rows = {}
    for key_id in sorted((known.keys() | homes.keys()) - listed.keys()):
        home = known.get(key_id, {}).get("workspace_id") or homes.get(key_id, UNATTRIBUTED)
        told[key_id] = {"workspace_id": home, **({"status": "deleted"} if home in complete else {})}
    _merge(connection, keys, "api_key_id", account_id, known, told | listed, now)


def _said(record: Any) -> dict[str, Any]:
    """What the provider says of it; a value left unsaid must not erase one said before."""
    return {name: value for name, value in record.model_dump().items() if value is not None}


def _known(connection: Connection, chosen: Table, key: str, account_id: int) -> Rows:
    return {row[key]: row for row in rows_of(connection, select(chosen).where(chosen.c.account_id == account_id))}


def _merge(
    connection: Connection, chosen: Table, key: str, account_id: int, known: Rows, told: Rows, now: datetime
) -> None:
    """Insert the new, change the known where something new is told of them."""
    blank: dict[str, Any] = {column.name: None for column in chosen.c if column.name != "id"}
    blank |= {"account_id": account_id, "workspace_id": UNATTRIBUTED, "status": "unknown"}
    fresh = [
        {**blank, "first_seen": now, "last_seen": now, key: name, **values}
        for name, values in told.items()
        if name not in known
    ]
    if fresh:
        connection.execute(insert(chosen), fresh)
    different = [
        {**known[name], **values, "this": name}
        for name, values in told.items()
        if name in known and values.items() - known[name].items()
    ]
    if different:
        mine = (chosen.c.account_id == account_id) & (chosen.c[key] == bindparam("this"))
        connection.execute(update(chosen).where(mine), different)
