"""The accounts as a table, for the export."""

from typing import Any

import polars as pl

from pages.parts.shell import Accounts

SCHEMA: dict[str, Any] = {
    "provider": pl.String, "account": pl.String, "state": pl.String, "hint": pl.String, "organization": pl.String,
    "covered_from": pl.Date, "covered_to": pl.Date, "last_sync": pl.Datetime("us", "UTC"),
    "linked_at": pl.Datetime("us", "UTC"), "id": pl.Int64,
}  # fmt: skip


def account_table(found: Accounts) -> pl.DataFrame:
    """One line per account, linked or not, oldest first. Nothing of a credential but its hint."""
    lines = [
        (
            row["provider"], row["name"], found.states[row["id"]].word, row["hint"],
            row["organization_name"] or row["organization_id"], row["covered_from"], row["covered_to"],
            found.latest.get(row["id"], {}).get("last_success"), row["created_at"], row["id"],
        )
        for row in found.rows
    ]  # fmt: skip
    return pl.DataFrame(lines, schema=SCHEMA, orient="row")
