"""Names of workspaces: the provider's, those people give, and every one there ever was.

The name shown is the last one people gave; before any, the provider's last; else the id.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from store.engine import Store
from store.errors import UnknownName
from store.models import Workspace, WorkspaceName
from store.tables import changed, rows_of, table

LONGEST_NAME = 200
LONGEST_ID = 10


def note_provider_names(connection: Connection, account_id: int, names: dict[str, str], now: datetime) -> None:
    """Add the provider's names that differ from its last ones, within the caller's transaction."""
    history = table(WorkspaceName)
    last: dict[str, str] = {}
    numbers: dict[str, int] = {}
    query = select(history).where(history.c.account_id == account_id).order_by(history.c.number)
    for row in rows_of(connection, query):
        numbers[row["workspace_id"]] = row["number"]
        if row["source"] == "provider":
            last[row["workspace_id"]] = row["name"]
    for workspace_id, name in names.items():
        if last.get(workspace_id) != name:
            _add(connection, account_id, workspace_id, numbers.get(workspace_id, 0) + 1, name, "provider", now)


def _add(
    connection: Connection, account_id: int, workspace_id: str, number: int, name: str, source: str, now: datetime
) -> None:
    connection.execute(
        insert(table(WorkspaceName)).values(
            account_id=account_id, workspace_id=workspace_id, number=number, name=name, source=source, at=now
        )
    )


def find_workspace(store: Store, reference: str) -> tuple[int, str]:
    """(account id, workspace id) of the provider's workspace id, or `ACCOUNT:WORKSPACE-ID` where two accounts share it.

    Raises `UnknownName` when there is none, or more than one.
    """
    spaces = table(Workspace)
    account, _, rest = reference.partition(":")
    exact = spaces.c.workspace_id == reference
    if account.isdecimal() and len(account) < LONGEST_ID and rest:
        exact = exact | ((spaces.c.account_id == int(account)) & (spaces.c.workspace_id == rest))
    with store.read() as connection:
        found = connection.execute(select(spaces.c.account_id, spaces.c.workspace_id).where(exact)).all()
    if len(found) == 1:
        return found[0][0], found[0][1]
    if not found:
        raise _no_workspace(reference)
    choices = ", ".join(f"{account_id}:{workspace_id}" for account_id, workspace_id in found)
    raise UnknownName(
        f"Several accounts have a workspace with the id {reference!r}.",
        likely_cause="Different providers use the same id.",
        resolution=f"Name the account too: {choices}.",
    )


def _no_workspace(reference: str) -> UnknownName:
    return UnknownName(
        f"There is no workspace with the id {reference!r}.",
        likely_cause="The id is mistyped, or its account has not been synced yet.",
        resolution="`python cli.py export workspaces` lists all ids.",
    )


def rename(store: Store, account_id: int, workspace_id: str, name: str, now: datetime) -> int:
    """Give a workspace a name of ours; returns its number in the history. The same name again changes nothing.

    Raises `UnknownName` for an empty or very long name, and for a workspace there is not.
    """
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise UnknownName(
            "A workspace name needs 1 to 200 characters.",
            likely_cause="The name is empty or very long.",
            resolution="Choose a shorter name, or revert to an earlier one.",
        )
    spaces = table(Workspace)
    mine = (spaces.c.account_id == account_id) & (spaces.c.workspace_id == workspace_id)
    with store.write() as connection:
        if connection.execute(select(spaces.c.id).where(mine).with_for_update()).first() is None:
            raise _no_workspace(workspace_id)
        earlier = _history(connection, account_id, workspace_id)
        ours = [row for row in earlier if row["source"] == "user"]
        if ours and ours[-1]["name"] == name:
            return int(ours[-1]["number"])
        number = (earlier[-1]["number"] if earlier else 0) + 1
        _add(connection, account_id, workspace_id, number, name, "user", now)
        changed(connection)
        return int(number)


def revert(store: Store, account_id: int, workspace_id: str, number: int, now: datetime) -> str:
    """Go back to an earlier name by its number; returns the name. Raises `UnknownName` for a number there never was."""
    for row in history(store, account_id, workspace_id):
        if row["number"] == number:
            rename(store, account_id, workspace_id, row["name"], now)
            return str(row["name"])
    raise UnknownName(
        f"Workspace {workspace_id} has no name number {number}.",
        likely_cause="The number is not in its history.",
        resolution=f"`python cli.py names {workspace_id}` lists the history.",
    )


def history(store: Store, account_id: int, workspace_id: str) -> list[dict[str, Any]]:
    """Every name with number, source (`provider` or `user`) and time, oldest first."""
    with store.read() as connection:
        return _history(connection, account_id, workspace_id)


def _history(connection: Connection, account_id: int, workspace_id: str) -> list[dict[str, Any]]:
    names = table(WorkspaceName)
    mine = (names.c.account_id == account_id) & (names.c.workspace_id == workspace_id)
    return rows_of(connection, select(names).where(mine).order_by(names.c.number))


def all_names(connection: Connection) -> list[dict[str, Any]]:
    """One row per workspace: account_id, workspace_id, display_name, status, and in `names` all names it ever had."""
    spaces, names = table(Workspace), table(WorkspaceName)
    rows = rows_of(connection, select(spaces).order_by(spaces.c.account_id, spaces.c.workspace_id))
    shown: dict[tuple[int, str], str] = {}
    every: dict[tuple[int, str], list[str]] = {}
    for row in rows_of(connection, select(names).order_by(names.c.source, names.c.number)):
        key = (row["account_id"], row["workspace_id"])
        shown[key] = row["name"]
        every.setdefault(key, []).append(row["name"])
    return [
        {
            "account_id": row["account_id"],
            "workspace_id": row["workspace_id"],
            "display_name": shown.get((row["account_id"], row["workspace_id"]), row["workspace_id"]),
            "names": "\n".join([row["workspace_id"], *every.get((row["account_id"], row["workspace_id"]), [])]),
            "status": row["status"],
        }
        for row in rows
    ]
