"""Public prices of models, for events whose client names no cost: the data of the package genai-prices, offline.

A price is that of the event's own time. None stays None where model, provider or one of the units used has no public
price, where nobody says how much was used, and where counts contradict each other: an unknown price is never zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import version

from genai_prices import Usage
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ConditionalPrice, ModelInfo, ModelPrice, Provider, StartDateConstraint

from metering.providers import slug_of
from metering.rates import token_cost
from store.events import MeteredEvent
from store.records import LARGEST_AMOUNT

_PRICED_AS = {"bedrock": "aws", "vertex": "google", "xai": "x-ai", "foundry": "anthropic"}
"""The table's names of providers that it calls otherwise than we do."""
_PRICE_OF = {
    "input_tokens": "input_mtok",
    "output_tokens": "output_mtok",
    "input_characters": "input_mchars",
    "audio_seconds": "audio_hours",
}
"""What each kind of use must have a price as; all other kinds are parts of these and fall back on their price."""
_MODELS_REMEMBERED = 4096


@dataclass(frozen=True)
class PriceTable:
    """The price data in use; `newest` is the last day on which a price in it begins."""

    name: str
    version: str
    newest: date


@lru_cache(1)
def price_table(until: date) -> PriceTable:
    """The table in use; prices that begin only after `until` are announced and do not make it newer."""
    prices = [model.prices for provider in get_snapshot().providers for model in provider.models]
    starts = [
        start for listed in prices if not isinstance(listed, ModelPrice) for start in map(_start, listed) if start
    ]
    return PriceTable("genai-prices", version("genai-prices"), max(start for start in starts if start <= until))


def _start(price: ConditionalPrice) -> date | None:
    return price.constraint.start_date if isinstance(price.constraint, StartDateConstraint) else None


def priced(
    event: MeteredEvent, parts: Mapping[str, int] | None = None, terms: Mapping[str, str] | None = None
) -> MeteredEvent:
    """The event with its use at public prices, unless it has a cost or failed.

    `parts` are kinds of tokens priced apart that the event does not keep, by the table's names
    (`cache_write_1h_tokens`, `input_audio_tokens`), `terms` are what else decides the price (`service_tier`).
    """
    if event.cost is not None or event.is_failed:
        return event
    use = _use(event) | {kind: number for kind, number in (parts or {}).items() if number}
    found = _model(event.provider, event.model) if use else None
    cost = found and _price(event, use, found, dict(terms or {}))
    return event if cost is None else event.model_copy(update={"cost": cost, "is_priced": True})


def _use(event: MeteredEvent) -> dict[str, int | Decimal]:
    """What was used, by the table's names of its kinds; only kinds that were used at all."""
    kinds: dict[str, int | Decimal | None] = {
        "input_tokens": event.input_tokens,
        "cache_read_tokens": event.cached_input_tokens,
        "cache_write_tokens": event.cache_write_tokens,
        "output_tokens": event.output_tokens,
    }
    if event.operation == "audio" and event.usage_unit == "characters":
        kinds["input_characters"] = event.usage_quantity
    if event.operation == "audio" and event.usage_unit == "seconds":
        kinds["audio_seconds"] = kinds["input_audio_seconds"] = event.usage_quantity
    return {kind: number for kind, number in kinds.items() if number}


def _price(
    event: MeteredEvent, use: Mapping[str, int | Decimal], found: tuple[Provider, ModelInfo], terms: dict[str, str]
) -> Decimal | None:
    """US dollars. Terms change only prices of the seller's own, not those it takes over from another's table."""
    provider, model = found
    sold_here = any(model is own for own in provider.models) if terms else True
    price = model.get_prices(event.occurred_at, terms if terms and sold_here else None)
    listed = vars(price)
    if any(listed.get(name) is None for kind, name in _PRICE_OF.items() if kind in use):
        return None
    try:
        cost = token_cost(price, use)
        if cost is None:
            cost = price.calc_price(Usage(**use))["total_price"]
    except (ValueError, KeyError):
        return None
    return cost if 0 <= cost <= LARGEST_AMOUNT else None


@lru_cache(_MODELS_REMEMBERED)
def _model(provider: str, name: str) -> tuple[Provider, ModelInfo] | None:
    """The table's entry. Its own search is not used: it keeps every name it was ever asked for, found or not."""
    providers = get_snapshot().providers
    name = name.lower()
    if provider == "litellm":
        return _behind_gateway(providers, name)
    wanted = _PRICED_AS.get(provider, provider)
    for seller in providers:
        if seller.id == wanted:
            model = seller.find_model(name, all_providers=providers)
            return (seller, model) if model else None
    return None


def _behind_gateway(providers: list[Provider], name: str) -> tuple[Provider, ModelInfo] | None:
    """A model that a LiteLLM in the application called: sold by whom its prefix names, else by its maker."""
    prefix, slash, rest = name.partition("/")
    if slash and slug_of(prefix) != "litellm" and (found := _model(slug_of(prefix), rest)):
        return found
    for maker in providers:
        if maker.model_match and maker.model_match.is_match(name):
            model = maker.find_model(name, all_providers=providers)
            return (maker, model) if model else None
    return None
