"""What the numbers of a provider are worth, in words that come from its connector."""

from collections.abc import Iterator, Mapping

import polars as pl

from connectors.base import AnyConnector
from pages.parts import numbers

GAPS = {
    "workspace_id": "workspaces",
    "api_key_id": "API keys",
    "list_cost": "list prices",
    "credits_applied": "credits",
    "requests": "requests",
    "input_tokens": "tokens in",
    "cached_input_tokens": "cached tokens",
    "cache_write_tokens": "cache writes",
    "output_tokens": "tokens out",
    "usage_quantity": "quantities",
    "usage_unit": "",
}
WORDS = {
    "Billed": "what the provider charges, before credits. Credits are what it takes off again. Net is the difference.",
    "Day": "a UTC day, as the provider cuts it. Today is still growing, hatched in charts and called partial.",
    "Change": (
        "net cost against the period of equal length just before. `new`: no cost then. `—`: that period is not known."
    ),
    "Reported": "the provider gives the amount for this very row.",
    "Allocated": "the provider gives the amount for something larger; it is split, and the parts add up to it exactly.",
    "Priced": "usage times a price, because the bill itself comes from elsewhere.",
    "Unattributed": (
        "cost that the provider ascribes to no workspace or key, or by which its rows miss its own total of a day."
    ),
    "N/A and 0": "`N/A`: the provider does not say. `0`: measured, and there was none.",
    "Gateways": (
        "calls through LiteLLM or with an own key at OpenRouter are billed by the provider behind them. Where that "
        "provider is linked, they count there and nowhere else."
    ),
    "Precision": "amounts are kept in billionths of a dollar and added up exactly; rounding happens only where shown.",
}


def provider_words(connector: AnyConnector, shares: Mapping[str, float] | None) -> Iterator[tuple[str, str]]:
    """Heading and sentence, in the order people ask. `shares`: basis → part of what was billed lately, if anything."""
    told = connector.methodology
    yield "Exact", told.exact
    if told.allocated:
        yield "Allocated", told.allocated
    if told.priced:
        yield "Priced", told.priced
    yield "Not told", told.missing
    if lacking := [GAPS[name] for name in GAPS if name in connector.gaps and GAPS[name]]:
        yield "Shown as N/A or not at all", f"{', '.join(lacking)}."
    yield "Held against", _held_against(connector)
    yield "Delay", f"{connector.data_delay}."
    yield (
        "Read",
        (
            f"every {_interval(connector.sync_minutes)} unless set otherwise; each time at least the last "
            f"{numbers.counted(connector.restated_days, 'day')} anew; {connector.history_days:,} days back at most."
        ),
    )
    if shares:
        parts = [
            f"{numbers.percent(part)} {basis}" for basis, part in sorted(shares.items(), key=lambda item: -item[1])
        ]
        yield "Last 30 days", f"{', '.join(parts)}."


def _held_against(connector: AnyConnector) -> str:
    if connector.control:
        return "the provider's own total of every day; older days are read again where it changed."
    if connector.changed:
        return "the time every line was written: days with newer lines are read again, however old."
    return "nothing: the provider gives no total beside its rows."


def _interval(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    said = numbers.counted(minutes, "minute") if rest or not hours else numbers.counted(hours, "hour")
    return said.removeprefix("1 ")


def shares_of_basis(rows: pl.DataFrame) -> dict[str, dict[str, float]]:
    """Per provider, the part of its billed cost of each basis; providers without positive cost are absent."""
    sums = rows.group_by("provider", "cost_basis").agg(pl.col("billed_cost").sum()).filter(pl.col("billed_cost") > 0)
    found: dict[str, dict[str, float]] = {}
    for provider, basis, nanos in sums.sort("provider", "cost_basis").iter_rows():
        found.setdefault(provider, {})[basis] = nanos
    return {
        provider: {name: part / sum(parts.values()) for name, part in parts.items()}
        for provider, parts in found.items()
    }
