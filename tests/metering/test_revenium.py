"""Bodies of the Revenium SDK → events, exactly."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from metering.errors import MalformedEvent
from metering.revenium import event_of
from store.events import MeteredEvent
from tests.metering.recordings import BODIES, CONTENT, operation_of, said

NONE_CACHED = {"cached_input_tokens": 0, "cache_write_tokens": 0}
EXPECTED: dict[str, dict[str, Any]] = {
    "completion_openai": {
        "event_id": "chatcmpl-C8mZr0Vq2YtLwX5sKdN1hPb7GeJ3a",
        "provider": "openai",
        "model": "gpt-4o-mini-2024-07-18",
        "workspace": "Quillmark",
        "application": "Desk",
        "input_tokens": 1200,
        "cached_input_tokens": 1024,
        "cache_write_tokens": 0,
        "output_tokens": 300,
        # 176 × $0.15 + 1024 × $0.075 + 300 × $0.60 per million
        "cost": Decimal("0.0002832"),
        "is_priced": True,
    },
    "completion_openai_cache_write": {
        "event_id": "resp_68f1c2a7d9b04e35a1c6f7e2094d8b3356a0e1f2",
        "provider": "openai",
        "model": "gpt-5.6-sol",
        "input_tokens": 900,
        "cached_input_tokens": 512,
        "cache_write_tokens": 128,
        "output_tokens": 80,
        # 260 × $4 + 512 × $0.40 + 128 × $5 + 80 × $20 per million
        "cost": Decimal("0.0034848"),
        "is_priced": True,
    },
    "completion_openai_embeddings": NONE_CACHED
    | {
        "provider": "openai",
        "model": "text-embedding-3-small",
        "input_tokens": 18,
        "output_tokens": 0,
        "cost": Decimal("0.00000036"),
        "is_priced": True,
    },
    "completion_openai_refused": NONE_CACHED
    | {"provider": "openai", "model": "gpt-4o-refused", "input_tokens": 0, "output_tokens": 0, "is_failed": True},
    "completion_anthropic": {
        "event_id": "msg_01XkR7vTq2mLwZ9pNcYdHs4B",
        "provider": "anthropic",
        "model": "claude-sonnet-4-5-20250929",
        "input_tokens": 2750,
        "cached_input_tokens": 2000,
        "cache_write_tokens": 700,
        "output_tokens": 200,
        # 50 × $3 + 2000 × $0.30 + 500 × $3.75 + 200 × $6 (kept for an hour) + 200 × $15 per million
        "cost": Decimal("0.006825"),
        "is_priced": True,
    },
    "image_fal": {
        "provider": "fal",
        "model": "fal-ai/flux/dev",
        "usage_quantity": Decimal(2),
        "usage_unit": "images",
    },
    "video_fal": {
        "provider": "fal",
        "model": "fal-ai/minimax/video-01",
        "usage_quantity": Decimal("5.5"),
        "usage_unit": "seconds",
    },
    "audio_fal": {
        "provider": "fal",
        "model": "fal-ai/f5-tts",
        "usage_quantity": Decimal("3.25"),
        "usage_unit": "seconds",
    },
    "audio_openai_speech": {
        "provider": "openai",
        "model": "tts-1",
        "usage_quantity": Decimal(17),
        "usage_unit": "characters",
        "cost": Decimal("0.000255"),
        "is_priced": True,
    },
    "audio_openai_whisper": {
        "provider": "openai",
        "model": "whisper-1",
        "usage_quantity": Decimal(42),
        "usage_unit": "seconds",
        "cost": Decimal("0.0042"),
        "is_priced": True,
    },
    "audio_openai_transcription": {
        "provider": "openai",
        "model": "gpt-4o-transcribe",
        "input_tokens": 214,
        "output_tokens": 45,
        # 4 × $2.50 + 210 of sound × $6 + 45 × $10 per million
        "cost": Decimal("0.00172"),
        "is_priced": True,
    },
}


def read(name: str, **changed: Any) -> MeteredEvent:
    return event_of(operation_of(name), said(name, **changed))


@pytest.mark.parametrize("name", BODIES)
def test_a_recorded_body_becomes_exactly_this_event(name: str) -> None:
    body = json.loads(BODIES[name])
    always = {
        "source": "revenium",
        "event_id": body["transactionId"],
        "occurred_at": datetime.fromisoformat(body["requestTime"]),
        "operation": operation_of(name),
        "api_key": "desk-production",
    }
    assert read(name) == MeteredEvent(**(always | EXPECTED[name]))


def test_nothing_of_a_prompt_or_an_answer_is_in_an_event() -> None:
    with_content = [name for name, body in BODIES.items() if CONTENT in body.decode()]
    assert len(with_content) == 3
    assert not [name for name in with_content if CONTENT in read(name).model_dump_json()]


def test_the_value_of_a_credential_is_not_read() -> None:
    subscriber = {"id": "u-1", "email": "ada@quillmark.example", "credential": {"value": "sk-proj-Zq81"}}
    assert read("completion_openai", subscriber=subscriber).api_key == ""


def test_a_key_sent_as_its_own_name_is_kept_only_at_both_ends() -> None:
    subscriber = {"credential": {"name": "sk-proj-Zq81LmNvTr5XcB7WdKjH2fGpQy9A"}}
    assert read("completion_openai", subscriber=subscriber).api_key == "sk-proj-...Qy9A"
    assert read("completion_openai", subscriber=..., credentialAlias="desk staging").api_key == "desk staging"


@pytest.mark.parametrize(
    ("model", "maker", "provider", "all_input"),
    [
        ("claude-sonnet-4-5", "ANTHROPIC", "ANTHROPIC", 100 + 40 + 20),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "ANTHROPIC", "AWS", 100 + 40 + 20),
        ("claude-sonnet-4-5", "LITELLM", "LITELLM", 100 + 40 + 20),
        ("gpt-5.6-sol", "OPENAI", "OPENAI", 100 + 20),
        ("gemini-2.5-pro", "GOOGLE", "Google", 100 + 20),
        ("amazon.nova-pro-v1:0", "LITELLM", "LITELLM", 100),
    ],
)
def test_input_is_all_input_whichever_middleware_counted_it(
    model: str, maker: str, provider: str, all_input: int
) -> None:
    counts = {"inputTokenCount": 100, "cacheReadTokenCount": 40, "cacheCreationTokenCount": 20}
    event = read("completion_openai", model=model, modelSource=maker, provider=provider, **counts)
    assert (event.input_tokens, event.cached_input_tokens, event.cache_write_tokens) == (all_input, 40, 20)


def test_input_below_what_was_read_from_the_cache_can_not_contain_it() -> None:
    assert read("completion_openai", inputTokenCount=10, cacheReadTokenCount=1024).input_tokens == 1034


def test_a_cost_that_the_client_names_is_taken_to_the_last_digit() -> None:
    body = said("completion_openai").replace(b'"costType"', b'"totalCost": 0.000123456789012345678, "costType"')
    event = event_of("completion", body)
    assert (event.cost, event.is_priced) == (Decimal("0.000123456789012345678"), False)


def test_a_cost_named_in_parts_is_their_sum_when_input_and_output_are_there() -> None:
    parts = {"inputTokenCost": 0.25, "outputTokenCost": 0.5, "cacheReadTokenCost": 0.125}
    assert read("completion_openai", **parts).cost == Decimal("0.875")
    assert read("completion_openai", **parts, totalCost=2).cost == Decimal(2)
    assert read("completion_openai", inputTokenCost=0.25).cost == Decimal("0.0002832")


def test_a_call_that_the_client_says_is_not_billed_costs_nothing() -> None:
    event = read("completion_openai", billingSkipped=True)
    assert (event.cost, event.is_priced) == (Decimal(0), False)


def test_a_batch_costs_half_and_a_flexible_call_what_its_tier_says() -> None:
    model = {"model": "gpt-5-mini", "cacheReadTokenCount": 0, "inputTokenCount": 1_000_000, "outputTokenCount": 0}
    standard = read("completion_openai", **model).cost
    assert standard == Decimal("0.25")
    assert read("completion_openai", **model, pricingTier="BATCH").cost == Decimal("0.125")
    assert read("completion_openai", **model, actualServiceTier="priority").cost == Decimal("0.45")


def test_a_failed_call_counts_without_a_cost() -> None:
    event = read("completion_openai_refused", totalCost=3)
    assert (event.is_failed, event.cost) == (True, None)


def test_a_filtered_answer_says_error_but_its_tokens_are_billed() -> None:
    event = read("completion_openai", stopReason="ERROR")
    assert (event.is_failed, event.cost) == (False, Decimal("0.0002832"))


def test_video_is_counted_in_credits_where_the_provider_counts_credits() -> None:
    event = read("video_fal", provider="RUNWAYML", model="gen4_turbo", creditsConsumed=25)
    assert (event.provider, event.usage_quantity, event.usage_unit) == ("runway", Decimal(25), "credits")


def test_the_infrastructure_that_bills_wins_over_the_api_that_was_spoken() -> None:
    assert read("completion_anthropic", modelHost="bedrock").provider == "bedrock"


def test_an_id_longer_than_ids_are_is_named_by_its_hash() -> None:
    long = "resp_" + "x" * 400
    assert read("completion_openai", transactionId=long).event_id == sha256(long.encode()).hexdigest()
    assert read("completion_openai", transactionId=1234).event_id == "1234"


def test_the_day_of_a_call_is_that_of_its_request_in_utc() -> None:
    event = read("completion_openai", requestTime="2026-11-24T01:30:00.25+02:00")
    assert event.occurred_at == datetime(2026, 11, 23, 23, 30, 0, 250_000, tzinfo=UTC)
    assert event.day.isoformat() == "2026-11-23"


def test_members_of_a_later_version_are_ignored() -> None:
    assert read("completion_openai", quantumTokenCount={"deep": [1]}) == read("completion_openai")


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        *[
            ("completion_openai", field, ...)
            for field in ("transactionId", "requestTime", "model", "provider", "inputTokenCount", "outputTokenCount")
        ],
        ("image_fal", "actualImageCount", ...),
        ("video_fal", "durationSeconds", ...),
        *[
            ("completion_openai", "inputTokenCount", value)
            for value in (-1, 1.5, 1e3, "12", True, None, 2**63, 10**30, [], {})
        ],
        ("completion_openai", "cacheReadTokenCount", 0.5),
        ("completion_openai", "cacheCreationTokenCount", 2**63 - 1),
        *[("completion_openai", "totalCost", value) for value in (-0.01, "1", True, 1e30, [])],
        ("completion_openai", "inputTokenCost", -1),
        ("audio_openai_whisper", "durationSeconds", -42),
        ("audio_openai_speech", "characterCount", 1.5),
        ("video_fal", "creditsConsumed", "25"),
        *[
            ("completion_openai", "requestTime", value)
            for value in ("", "yesterday", 1_795_478_400, "2026-11-24", "2026-11-24T10:00:00", "0001-01-01T00:00+23:59")
        ],
        ("completion_openai", "model", "  "),
        ("completion_openai", "model", "m" * 301),
        ("completion_openai", "model", ["gpt-4o"]),
        ("completion_openai", "productName", {"name": "Desk"}),
        ("completion_openai", "organizationName", True),
    ],
)
def test_what_is_missing_or_can_not_be_is_refused_by_its_name(name: str, field: str, value: Any) -> None:
    with pytest.raises(MalformedEvent) as refusal:
        read(name, **{field: value})
    named = "inputTokenCount" if field == "cacheCreationTokenCount" else field
    assert refusal.value.field == named
    assert str(refusal.value).startswith(f"{named} ")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b'"x"', b"{", b"\xff\xfe{}", b"[" * 100_000, b'{"model": NaN}', b'{"a": Infinity}',
        b'{"totalCost": 1e99999999999999999999}', b'{"inputTokenCount": ' + b"9" * 5000 + b"}",
    ],
)  # fmt: skip
def test_a_body_that_is_not_a_json_object_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(MalformedEvent) as refusal:
        event_of("completion", body)
    assert refusal.value.field == "body"


def test_no_refusal_repeats_what_a_body_says() -> None:
    secret = "sk-ant-api03-very-secret"
    for field in ("model", "requestTime", "inputTokenCount", "totalCost", "provider", "transactionId"):
        with pytest.raises(MalformedEvent) as refusal:
            read("completion_openai", **{field: [secret]})
        assert secret not in repr(refusal.value)
        assert refusal.value.__cause__ is None
