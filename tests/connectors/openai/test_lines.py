from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.openai_lines import Label, partner, read_label

ONE = Decimal(1)


@pytest.mark.parametrize(
    ("text", "model", "kind", "variant"),
    [
        ("ft-gpt-4o-2024-08-06, input", "ft-gpt-4o-2024-08-06", "input", ""),
        ("ft-gpt-4o-2024-08-06, output", "ft-gpt-4o-2024-08-06", "output", ""),
        ("evals | gpt-4o-mini-2024-07-18, input", "gpt-4o-mini-2024-07-18", "input", ""),
        ("assistants api | file search", "openai-file-search", "other", ""),
        ("gpt-6-astra, input_tokens", "gpt-6-astra", "input", ""),
        ("gpt-6-astra, cached_input_tokens", "gpt-6-astra", "cached_input", ""),
        ("gpt-6-astra, input_cached_tokens", "gpt-6-astra", "cached_input", ""),
        ("gpt-6-astra, input_cache_write_tokens", "gpt-6-astra", "cache_write", ""),
        ("gpt-6-astra, input_cache_write_30m_tokens", "gpt-6-astra", "cache_write", ""),
        ("gpt-6-astra, output_tokens", "gpt-6-astra", "output", ""),
        ("GPT-4o-2024-08-06, Cached Input", "gpt-4o-2024-08-06", "cached_input", ""),
        ("gpt-6-astra, batch, input_tokens", "gpt-6-astra", "input", "batch"),
        ("gpt-6-astra, output tokens (flex)", "gpt-6-astra", "output", "flex"),
        ("gpt-image-2, output_image_tokens", "gpt-image-2", "output", ""),
        ("gpt-realtime-2.1, audio input", "gpt-realtime-2.1", "input", ""),
        ("gpt-realtime-2.1, cached audio input", "gpt-realtime-2.1", "cached_input", ""),
        ("dall-e 3, standard, 1024x1792, 1792x1024", "dall-e-3", "image", "standard 1024x1792 1792x1024"),
        ("dall-e 3, hd, 1024x1792", "dall-e-3", "image", "hd 1024x1792"),
        ("dall-e 2, 512x512", "dall-e-2", "image", "512x512"),
        ("gpt-4o-mini-2024-07-18, training", "gpt-4o-mini-2024-07-18", "training", "training"),
        ("whisper-1, duration", "whisper-1", "other", ""),
        ("sora-2", "sora-2", "other", ""),
        ("nova-9, input_tokens", "nova-9", "input", ""),
        ("web search tool calls", "openai-web-search", "other", ""),
        ("Web search tool calls", "openai-web-search", "other", ""),
        ("code interpreter sessions", "openai-code-interpreter", "other", ""),
        ("container, 4GB", "openai-code-interpreter", "other", ""),
        ("vector store storage", "openai-storage", "other", ""),
        ("Image models", "openai-images", "other", ""),
        ("Audio models", "openai-audio", "other", ""),
        ("Fine-tuning training", "openai-fine-tuning", "other", ""),
        ("Promotional credit", "openai-adjustments", "other", ""),
        ("Text tokens", "openai-other", "other", ""),
        ("input_tokens", "openai-other", "other", ""),
        ("", "openai-unassigned", "other", ""),
        ("   ", "openai-unassigned", "other", ""),
        (None, "openai-unassigned", "other", ""),
        (" | ", "openai-other", "other", ""),
        (",,,", "openai-other", "other", ""),
    ],
)
def test_a_label_names_model_kind_and_variant(text: str | None, model: str, kind: str, variant: str) -> None:
    assert read_label(text, ONE) == Label(model, kind, variant)  # type: ignore[arg-type]


def test_an_unknown_negative_line_is_an_adjustment() -> None:
    assert read_label("Something odd", -ONE).model == "openai-adjustments"


def test_storage_is_recognised_by_its_unit() -> None:
    assert read_label("Something odd", ONE, unit="gibibyte_hours").model == "openai-storage"


def test_a_model_seen_in_usage_is_recognised_without_details() -> None:
    assert read_label("Nova Nine", ONE).model == "openai-other"
    assert read_label("Nova Nine", ONE, known_models={"nova-nine"}).model == "nova-nine"


@given(
    text=st.none()
    | st.text()
    | st.lists(st.sampled_from(["gpt-4o", ",", " | ", "_", "input", "1x1", "hd", "ft:"])).map("".join),
    amount=st.decimals(allow_nan=False, allow_infinity=False),
    unit=st.none() | st.text(),
)
def test_every_label_can_be_booked(text: str | None, amount: Decimal, unit: str | None) -> None:
    label = read_label(text, amount, unit=unit)
    assert label.model
    assert label.model == label.model.strip()


@pytest.mark.parametrize(
    ("model", "billed", "found"),
    [
        ("gpt-4o-2024-08-06", {"gpt-4o-2024-08-06", "gpt-4o"}, "gpt-4o-2024-08-06"),
        ("GPT-4o", {"gpt-4o"}, "gpt-4o"),
        ("ft:gpt-4o-mini-2024-07-18:org::id", {"ft-gpt-4o-mini-2024-07-18"}, "ft-gpt-4o-mini-2024-07-18"),
        ("text-embedding-ada-002-v2", {"text-embedding-ada-002"}, "text-embedding-ada-002"),
        ("gpt-4o-2024-08-06", {"gpt-4o", "gpt-4o-mini"}, "gpt-4o"),
        ("gpt-4o", {"gpt-4o-2024-08-06"}, "gpt-4o-2024-08-06"),
        ("gpt-4o", {"gpt-4o-2024-08-06", "gpt-4o-2024-05-13"}, None),
        ("gpt-4o-2024-05-13", {"gpt-4o-2024-08-06"}, None),
        ("gpt-4o-mini", {"gpt-4o"}, None),
        ("", {"gpt-4o"}, None),
    ],
)
def test_usage_finds_the_one_billed_name_of_its_model(model: str, billed: set[str], found: str | None) -> None:
    assert partner(model, billed) == found
