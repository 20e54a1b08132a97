"""What saved data remember for a sync: keys a provider may have deleted, and the counters it showed last."""

import json
from datetime import date
from decimal import Decimal

from sqlalchemy import select

from store.engine import Store
from store.models import ApiKey, DailyCost
from store.tables import table

READING_DAYS = 3


def known_api_keys(store: Store, account_id: int) -> dict[str, str]:
    """All keys of an account ever listed or billed, with the workspace each belongs to."""
    keys = table(ApiKey)
    query = select(keys.c.api_key_id, keys.c.workspace_id).where(keys.c.account_id == account_id)
    with store.read() as connection:
        return {row.api_key_id: row.workspace_id for row in connection.execute(query)}


def printed_lines(store: Store, account_id: int) -> list[tuple[date, str, dict[str, Decimal]]]:
    """Day, key and printed amounts by label of the newest days that have any, oldest first."""
    costs = table(DailyCost)
    printed = (costs.c.account_id == account_id) & costs.c.line_items.is_not(None)
    newest = select(costs.c.day).where(printed).distinct().order_by(costs.c.day.desc()).limit(READING_DAYS)
    query = select(costs.c.day, costs.c.api_key_id, costs.c.line_items).where(printed)
    with store.read() as connection:
        days = list(connection.execute(newest).scalars())
        rows = connection.execute(query.where(costs.c.day.in_(days)).order_by(costs.c.day)).all()
    return [
        (row.day, row.api_key_id, {line["label"]: Decimal(line["amount"]) for line in json.loads(row.line_items)})
        for row in rows
    ]
