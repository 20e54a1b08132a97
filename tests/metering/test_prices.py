"""Public prices: right to the last digit where known, absent where not, never zero for want of one."""

import random
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from genai_prices import Usage, calc_price
from genai_prices.data import providers
from genai_prices.types import ModelPrice

from metering import prices
from metering.prices import price_table, priced
from metering.rates import token_cost
from store.events import MeteredEvent

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def call(model: str, provider: str = "openai", **more: Any) -> MeteredEvent:
    told = {"source": "revenium", "event_id": "1", "occurred_at": NOON, "operation": "completion"}
    return MeteredEvent(**(told | more), provider=provider, model=model)


def cost(model: str, provider: str = "openai", **more: Any) -> Decimal | None:
    return priced(call(model, provider, **more)).cost


def test_the_price_is_that_of_the_library_itself() -> None:
    use = {"input_tokens": 250_000, "output_tokens": 4_000}
    event = priced(call("claude-sonnet-4-5", "anthropic", **use, cached_input_tokens=90_000, cache_write_tokens=10_000))
    usage = Usage(**use, cache_read_tokens=90_000, cache_write_tokens=10_000)
    theirs = calc_price(usage, "claude-sonnet-4-5", provider_id="anthropic", genai_request_timestamp=NOON).total_price
    # 150,000 × $6 + 90,000 × $0.60 + 10,000 × $7.50 + 4,000 × $22.50 per million: the tier of long prompts
    assert event.cost == theirs == Decimal("1.119")
    assert event.is_priced


def test_the_short_way_to_a_price_agrees_with_the_library_on_all_its_models() -> None:
    chance = random.Random(20_261_124)
    compared = 0
    for provider in providers:
        for model in provider.models:
            for price in (
                [model.prices] if isinstance(model.prices, ModelPrice) else [one.prices for one in model.prices]
            ):
                read, written = chance.randrange(90_000), chance.randrange(90_000)
                for_an_hour = chance.randrange(written + 1)
                use = {
                    "input_tokens": read + written + chance.randrange(200_000),
                    "cache_read_tokens": read,
                    "cache_write_tokens": written,
                    "cache_write_5m_tokens": chance.choice([0, written - for_an_hour]),
                    "cache_write_1h_tokens": for_an_hour,
                    "output_tokens": chance.randrange(9_000) if price.output_mtok is not None else 0,
                }
                use = {kind: number for kind, number in use.items() if number}
                if price.input_mtok is not None and (mine := token_cost(price, use)) is not None:
                    assert mine == price.calc_price(Usage(**use))["total_price"], (provider.id, model.id)
                    compared += 1
    assert compared > 1_500


def test_a_price_is_that_of_the_day_of_the_call() -> None:
    use = {"input_tokens": 1_000_000, "output_tokens": 0}
    assert cost("gpt-5.6-sol", **use) == Decimal(8)
    assert cost("gpt-5.6-sol", **use | {"input_tokens": 1_000}) == Decimal("0.004")
    before = datetime(2026, 8, 20, 23, 59, tzinfo=UTC)
    assert cost("gpt-5.6-sol", **use | {"input_tokens": 1_000}, occurred_at=before) == Decimal("0.005")


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("gpt-4o-of-our-own", "openai"),
        ("claude-opus-99", "anthropic"),
        ("gpt-4o", "mycorp-openai-proxy"),
        ("gpt-4o", "runway"),
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", "openai"),
        ("", "openai"),
    ],
)
def test_an_unknown_model_or_provider_has_no_price(model: str, provider: str) -> None:
    event = call(model, provider, input_tokens=1_000, output_tokens=10)
    assert priced(event) == event


@pytest.mark.parametrize(
    "use",
    [
        {},
        {"input_tokens": 0, "output_tokens": 0},
        {"operation": "image", "usage_quantity": Decimal(3), "usage_unit": "images"},
        {"operation": "audio", "usage_quantity": Decimal(3), "usage_unit": "characters"},
        {"input_tokens": 10, "cached_input_tokens": 20},
    ],
)
def test_use_that_is_not_told_or_not_priced_costs_nobody_knows_what(use: dict[str, Any]) -> None:
    assert cost("gpt-4o", **use) is None


def test_one_kind_of_use_without_a_price_leaves_the_whole_call_without() -> None:
    assert cost("text-embedding-3-small", input_tokens=1_000_000) == Decimal("0.02")
    assert cost("text-embedding-3-small", input_tokens=1_000_000, output_tokens=1) is None


def test_a_cost_named_and_a_failed_call_stay_as_they_are() -> None:
    own = call("gpt-4o", input_tokens=1_000, cost=Decimal("0.5"))
    failed = call("gpt-4o", input_tokens=1_000, is_failed=True)
    assert priced(own) is own
    assert priced(failed) is failed


def test_the_seller_decides_the_price_not_the_maker() -> None:
    use = {"input_tokens": 1_000_000, "output_tokens": 0}
    assert cost("anthropic.claude-3-5-haiku-20241022-v1:0", "bedrock", **use) == Decimal("0.8")
    assert cost("us.anthropic.claude-haiku-4-5-20251001-v1:0", "bedrock", **use) == Decimal("1.1")
    assert cost("claude-haiku-4-5", "anthropic", **use) == Decimal(1)
    assert cost("claude-haiku-4-5", "litellm", **use) == Decimal(1)
    assert cost("bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0", "litellm", **use) == Decimal("1.1")
    assert cost("nobody-knows-this", "litellm", **use) is None


def test_terms_and_parts_change_the_price() -> None:
    event = call("gpt-4o-transcribe", input_tokens=1_000, output_tokens=0)
    assert priced(event).cost == Decimal("0.0025")
    assert priced(event, {"input_audio_tokens": 1_000}).cost == Decimal("0.006")
    million = call("claude-haiku-4-5", "anthropic", input_tokens=100_000)
    assert priced(million, None, {"processing": "batch"}).cost == Decimal("0.05")
    assert priced(million, None, {"service_tier": "of tomorrow"}).cost == Decimal("0.1")


def test_ten_thousand_invented_models_are_not_remembered() -> None:
    for number in range(10_000):
        prices._model("bedrock", f"model-{number}")
    assert prices._model.cache_info().currsize <= prices._MODELS_REMEMBERED


def test_the_price_table_tells_its_version_and_how_new_it_is() -> None:
    table = price_table(date(2026, 11, 24))
    assert (table.name, table.version, table.newest) == ("genai-prices", "0.2.3", date(2026, 11, 9))
    assert price_table(date(2026, 11, 2)).newest == date(2026, 11, 2)
