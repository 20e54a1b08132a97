"""The columns that tables can have: their heading with its unit, how a cell reads, and what the heading explains."""

from dataclasses import dataclass
from typing import Literal

from pages.parts.numbers import INCOMPARABLE, UNKNOWN
from store.metrics.efficiency import RULE
from store.metrics.outliers import FARTHEST, LEAST_DAYS, LEAST_DOLLARS, LEAST_SPREAD

Kind = Literal[
    "text",
    "provider",
    "providers",
    "state",
    "money",
    "unit_price",
    "change",
    "share",
    "count",
    "quantity",
    "time",
    "day",
    "basis",
    "trend",
    "mix",
    "outlier",
    "findings",
]


@dataclass(frozen=True, slots=True)
class Column:
    label: str
    kind: Kind = "text"
    help: str | None = None
    missing: str = UNKNOWN
    """How a cell without a value reads."""


TOKENS = "Tokens as the provider counts them. N/A: the provider does not say."
OUTLIERS = (
    f"above or below: the daily average lies more than {FARTHEST} spreads beyond both the median and the average day "
    "of the period before. A spread is the median absolute deviation of those days as a standard deviation, at least "
    f"{LEAST_SPREAD:.0%} of the median day. Differences below ${LEAST_DOLLARS} in all are usual. "
    f"{INCOMPARABLE}: fewer than {LEAST_DAYS} days of past."
)
FINDING_RULES = (
    "idle: no cost in this period, and no requests where they are reported. "
    "new: created or first seen in this period, or without cost before it. "
    "deleted but spending: no longer listed by the provider, with cost in this period. "
    "drifting: cost far from its own past, by the rule of the column Outlier. "
    "unmetered: with cost, and clients name other keys of its provider but not this one. "
    "unattributed: cost that the provider gives to no key."
)
COLUMNS: dict[str, Column] = {
    "provider": Column("Provider", "provider"),
    "providers": Column("Providers", "providers"),
    "account": Column("Account"),
    "state": Column("State", "state"),
    "billed_cost": Column("Billed, US$", "money", "What the provider charges, before credits."),
    "credits_applied": Column("Credits, US$", "money", "Credits and discounts the provider took off."),
    "net_cost": Column("Net cost, US$", "money", "Billed minus credits."),
    "previous_net_cost": Column("Net before, US$", "money", "Net cost of the period of equal length just before."),
    "change": Column(
        "Change", "change",
        "Net cost against the period of equal length just before. new: no cost then. —: that period is not known.",
    ),
    "outlier": Column("Outlier", "outlier", OUTLIERS, missing=INCOMPARABLE),
    "trend": Column("Net per day", "trend", "Net cost of each day of the period, UTC, first day left."),
    "share": Column("Share", "share", "Share of the net cost of all rows shown."),
    "input_tokens": Column("Tokens in", "count", f"All input, cached included. {TOKENS}"),
    "cached_input_tokens": Column("Cached in", "count", f"The part of the input read from a cache. {TOKENS}"),
    "cache_write_tokens": Column("Cache writes", "count", TOKENS),
    "output_tokens": Column("Tokens out", "count", TOKENS),
    "token_mix": Column(
        "Token mix", "mix",
        "All tokens by kind: input read afresh, from cache, written to cache, output. Their numbers stand beside it.",
    ),
    "requests": Column("Requests", "count", "N/A: the provider does not say. 0: measured, none."),
    "last_sync": Column("Synced, UTC", "time", "When the newest complete sync ended."),
    "model": Column("Model"),
    "unit_cost": Column(
        "Net per unit, US$", "unit_price",
        "Net cost per unit beside it, over the rows counted in that unit. N/A: no quantity reported, or paid back.",
    ),
    "pricing_unit": Column("Unit", help="The unit that most of the cost is counted in."),
    "unit_change": Column(
        "Price change", "change", "Net per unit against the period of equal length just before: dearer, not more of it."
    ),
    "efficiency": Column("Efficiency", "state", RULE, missing=""),
    "cache_hit_share": Column("Cache hits", "share", "Cached of all input tokens. N/A: the provider does not say."),
    "cost_per_image": Column("Net per image, US$", "unit_price", "Net cost of images divided by images."),
    "standard_images": Column("Standard", "count", "Images of standard quality. N/A: the provider names no quality."),
    "hd_images": Column("HD", "count", "Images of HD quality. N/A: the provider names no quality."),
    "sizes": Column("Sizes, width × height", help="Share of each size in the images made."),
    "tokens_per_request": Column("Tokens / request", "count", "Over the rows that report both."),
    "usage_quantity": Column("Quantity", "quantity", "The headline quantity where it is not tokens."),
    "usage_unit": Column("Quantity unit", help="mixed: several units, whose quantities do not add up."),
    "images": Column("Images", "count", "Images the provider counted. N/A: it counted none."),
    "image_cost": Column("Image cost, US$", "money", "The part of the net cost that images make. N/A: none."),
    "cost_basis": Column(
        "Basis", "basis",
        "reported: by the provider, for this row. allocated: a reported amount that was split. "
        "priced: usage at public prices. mixed: several of these.",
    ),
    "api_key_hint": Column("Key"),
    "api_key_name": Column("Key name"),
    "api_key_id": Column("Key id"),
    "api_key_status": Column("Key status"),
    "findings": Column("Findings", "findings", FINDING_RULES, missing=""),
    "created_at": Column("Created, UTC", "time"),
    "workspace": Column("Workspace"),
    "workspace_id": Column("Workspace id"),
    "workspace_ids": Column("Workspace ids"),
    "naming": Column("Name", "state", "unnamed: shown by the provider's own id.", missing=""),
    "parts": Column("Parts", "count", "Workspaces of any provider under this name. Open the row to see them."),
    "last_used_at": Column("Last used, UTC", "time"),
    "api_keys": Column("Keys", "count"),
    "models": Column("Models", "count"),
    "metered_cost": Column(
        "Metered, US$", "money", "What clients and gateways counted; at public prices where they do not say."
    ),
    "covered": Column("Covered, US$", "money", "The part of the bill that was metered, each model up to its bill."),
    "unmetered": Column("Unmetered, US$", "money", "The part of the bill that nobody metered."),
    "over_metered": Column("Over-metered, US$", "money", "What was metered beyond the bill of the model."),
    "coverage": Column("Coverage", "share", "Covered of what was billed. Empty: nothing is known.", missing=""),
    "previous_coverage": Column(
        "Coverage before", "share", "In the period of equal length just before.", missing=""
    ),
    "events": Column("Metered calls", "count", "Calls that clients and gateways told of."),
    "unpriced_events": Column("Unpriced", "count", "Metered calls whose cost is not known. They cover nothing."),
    "key_name": Column("Application"),
    "key_state": Column("State", "state"),
    "revoked_at": Column("Revoked, UTC", "time"),
    "id": Column("Number", "count"),
    "trigger": Column("Started by"),
    "status": Column("Status", "state"),
    "hint": Column("Key"),
    "organization": Column("Organization"),
    "covered_from": Column("Covered from", "day"),
    "covered_to": Column("Covered before", "day"),
    "linked_at": Column("Linked, UTC", "time"),
    "queued_at": Column("Asked for, UTC", "time"),
    "started_at": Column("Began, UTC", "time"),
    "ended_at": Column("Ended, UTC", "time"),
    "from_day": Column("First day read", "day"),
    "to_day": Column("Last day read", "day"),
    "windows_planned": Column("Windows planned", "count"),
    "windows_saved": Column("Windows saved", "count"),
    "workspaces": Column("Workspaces", "count"),
    "cost_rows": Column("Cost rows", "count"),
    "restated_days": Column("Restated days", "count", "Finished days whose total the provider changed afterwards."),
    "http_requests": Column("Provider requests", "count"),
    "sync_cost": Column("Cost of sync, US$", "money", "What the provider charges for being asked."),
    "bytes_billed": Column("Bytes billed", "count"),
    "error_kind": Column("Error", missing=""),
    "message": Column("What happened", missing=""),
    "likely_cause": Column("Likely cause", missing=""),
    "resolution": Column("Next step", missing=""),
    "day": Column("Day", "day"),
    "before": Column("Before, US$", "money"),
    "after": Column("After, US$", "money"),
    "difference": Column("Difference, US$", "money"),
    "notes": Column("Notes", missing=""),
}  # fmt: skip


def sort_word(name: str) -> str:
    """The heading without its unit, as the sort control and the URL say it."""
    return COLUMNS[name].label.removesuffix(", US$").removesuffix(", UTC")
