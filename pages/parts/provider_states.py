"""State and freshness of each provider, beside its costs."""

from typing import Any

import polars as pl

from pages.parts.shell import Accounts
from pages.parts.states import worst


def with_states(lines: pl.DataFrame, found: Accounts) -> pl.DataFrame:
    """The lines with `state`, of the account that needs a person most, and `last_sync`, the older of several."""
    rows = [(provider, *_of(provider, found)) for provider in lines["provider"]]
    schema: dict[str, Any] = {"provider": pl.String, "state": pl.String, "last_sync": pl.Datetime("us", "UTC")}
    return lines.join(pl.DataFrame(rows, schema=schema, orient="row"), on="provider", how="left", maintain_order="left")


def _of(provider: str, found: Accounts) -> tuple[str, object]:
    mine = [row for row in found.linked if row["provider"] == provider] or found.chosen((provider,))
    ends = [found.latest[row["id"]]["last_success"] for row in mine if row["id"] in found.latest]
    known = [at for at in ends if at is not None]
    return worst(found.states[row["id"]] for row in mine).word, min(known, default=None)
