"""Clients' words for providers → those who send the bill."""

import pytest

from connectors import CONNECTORS
from metering.providers import slug_at, slug_of


@pytest.mark.parametrize(
    ("word", "slug"),
    [
        ("OPENAI", "openai"),
        ("ANTHROPIC", "anthropic"),
        ("AWS", "bedrock"),
        ("BEDROCK", "bedrock"),
        ("aws.bedrock", "bedrock"),
        ("Google", "vertex"),
        ("gcp.vertex_ai", "vertex"),
        ("gcp.gemini", "vertex"),
        ("gcp.gen_ai", "vertex"),
        ("fal_ai", "fal"),
        ("RUNWAYML", "runway"),
        ("OpenRouter", "openrouter"),
        ("LITELLM", "litellm"),
        ("Azure", "azure"),
        ("azure.ai.openai", "azure"),
        ("az.ai.openai", "azure"),
        ("x_ai", "xai"),
        (" Foundry ", "foundry"),
        ("mycorp-openai-proxy", "mycorp-openai-proxy"),
    ],
)
def test_a_client_s_word_becomes_our_slug_or_stays_its_own(word: str, slug: str) -> None:
    assert slug_of(word) == slug


def test_every_provider_that_can_be_linked_is_named_by_its_slug() -> None:
    assert [slug_of(slug.upper()) for slug in CONNECTORS] == list(CONNECTORS)


@pytest.mark.parametrize(
    ("word", "address", "slug"),
    [
        ("openai", "api.openai.com", "openai"),
        ("openai", "https://api.openai.com/v1/", "openai"),
        ("openai", "https://openrouter.ai/api/v1", "openrouter"),
        ("openai", "https://quillmark.openai.azure.com/openai/", "azure"),
        ("anthropic", "bedrock-runtime.us-east-1.amazonaws.com", "bedrock"),
        ("anthropic", "us-east5-aiplatform.googleapis.com", "vertex"),
        ("openai", "notopenrouter.ai", "openai"),
        ("openai", "https://[broken", "openai"),
        ("openai", "", "openai"),
        ("vertex_ai", "api.openai.com", "vertex"),
    ],
)
def test_the_address_called_wins_over_the_api_spoken(word: str, address: str, slug: str) -> None:
    assert slug_at(word, address) == slug
