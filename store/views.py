"""Saved views: a page with its filters, under a name that the whole team sees."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select

from store.engine import Store
from store.errors import UnknownName
from store.models import SavedView
from store.tables import rows_of, table

LONGEST_NAME = 60
MOST_VIEWS = 100


def save_view(store: Store, name: str, page: str, filters: Mapping[str, Any], now: datetime) -> None:
    """Keep a page's filters, any JSON, under a name; one of the same name is replaced.

    Raises `UnknownName` for a name that is empty or too long, or when there are too many views.
    """
    named = " ".join(name.split())
    if not named or len(named) > LONGEST_NAME:
        raise UnknownName(
            "A view needs a name." if not named else f"The name has {len(named)} characters.",
            likely_cause="The field was left empty." if not named else f"A name has {LONGEST_NAME} at most.",
            resolution="Give it a short name that the team will recognise.",
        )
    views = table(SavedView)
    with store.write() as connection:
        connection.execute(delete(views).where(views.c.name == named))
        if len(connection.execute(select(views.c.name)).all()) >= MOST_VIEWS:
            raise UnknownName(
                f"There are {MOST_VIEWS} saved views already.",
                likely_cause="Old views were never deleted.",
                resolution="Delete one that nobody uses, then save this one again.",
            )
        connection.execute(insert(views).values(name=named, page=page, filters=json.dumps(filters), saved_at=now))


def views(store: Store) -> list[dict[str, Any]]:
    """All saved views by name: name, page, filters as they were given, saved_at."""
    chosen = table(SavedView)
    with store.read() as connection:
        rows = rows_of(connection, select(chosen).order_by(chosen.c.name))
    return [{**row, "filters": json.loads(row["filters"])} for row in sorted(rows, key=lambda row: row["name"].lower())]


def forget_view(store: Store, name: str) -> None:
    """Delete a view; no harm where another did so already."""
    chosen = table(SavedView)
    with store.write() as connection:
        connection.execute(delete(chosen).where(chosen.c.name == name))
