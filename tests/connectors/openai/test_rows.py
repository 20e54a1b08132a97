from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from connectors.openai import fetch
from store.records import CostRecord
from tests.connectors.openai.fake import recorded
from tests.connectors.openai.wire import ONE_DAY, Query, Rows, account, line, refused, session, used


def costs_of(lines: Rows, usage: Mapping[str, Rows] | None = None, *, total: Any) -> tuple[CostRecord, ...]:
    return fetch(session(account(lines, usage, total)), ONE_DAY).costs


def tokens(cost: CostRecord) -> tuple[int | None, ...]:
    return cost.input_tokens, cost.cached_input_tokens, cost.cache_write_tokens, cost.output_tokens


def shown(costs: Sequence[CostRecord]) -> list[tuple[Any, ...]]:
    """Model, variant, cost, quantity, unit and requests of each row."""
    return [
        (cost.model, cost.variant, cost.billed_cost, cost.usage_quantity, cost.usage_unit, cost.requests)
        for cost in costs
    ]


CHAT = {"input_tokens": 100, "input_cached_tokens": 20, "input_cache_write_tokens": 5, "output_tokens": 9}


def test_billed_input_is_the_uncached_part_and_the_record_shows_all_input() -> None:
    lines = [
        line("gpt-6-astra, input_tokens", 1, 700, "tokens"),
        line("gpt-6-astra, input_audio_tokens", 1, 50, "tokens"),
        line("gpt-6-astra, cached input", 1, 2, "1000_tokens"),
        line("gpt-6-astra, input_cache_write_tokens", 1, 30, None),
        line("gpt-6-astra, output", 1, 11, "tokens"),
    ]
    (cost,) = costs_of(lines, {"completions": [used("gpt-6-astra", 4, **CHAT)]}, total=5)
    assert tokens(cost) == (2_780, 2_000, 30, 11)
    assert cost.requests == 4
    assert len(cost.line_items) == 5


def test_tokens_come_from_usage_where_the_bill_does_not_print_them_all() -> None:
    lines = [line("gpt-6-astra, input", 1, 700, "tokens"), line("gpt-6-astra, output", 1)]
    (cost,) = costs_of(lines, {"completions": [used("gpt-6-astra", 4, **CHAT)]}, total=2)
    assert tokens(cost) == (100, 20, 5, 9)


def test_tokens_the_bill_prints_in_part_stay_unknown_without_usage() -> None:
    (cost,) = costs_of([line("gpt-6-astra, input", 1, 700, "tokens"), line("gpt-6-astra, output", 1)], total=2)
    assert (cost.input_tokens, cost.output_tokens, cost.requests) == (700, None, None)


def test_a_fraction_without_a_unit_is_no_token_count() -> None:
    (cost,) = costs_of([line("gpt-6-astra, input", 1, 0.7)], total=1)
    assert tokens(cost)[0] is None


def test_a_correction_of_tokens_below_zero_is_money_without_tokens() -> None:
    (cost,) = costs_of([line("gpt-6-astra, input", "-2", -700, "tokens")], total=-2)
    assert cost.billed_cost == -2
    assert cost.input_tokens is None


def test_requests_of_several_families_are_added_once() -> None:
    usage = {"completions": [used("gpt-6-astra", 4, **CHAT)], "decisions": [used("gpt-6-astra", 3, **CHAT)]}
    (cost,) = costs_of([line("gpt-6-astra, input", 1)], usage, total=1)
    assert cost.requests == 7
    assert cost.input_tokens == 200


def test_usage_joins_a_fine_tuned_model_and_an_alias() -> None:
    lines = [
        line("ft-gpt-4o-2024-08-06, input", 1),
        line("gpt-4.1, input", 1),
        line("text-embedding-ada-002, input", 1),
    ]
    usage = {
        "completions": [used("ft:gpt-4o-2024-08-06:acme::x", 2), used("gpt-4.1-2025-04-14", 3)],
        "embeddings": [used("text-embedding-ada-002-v2", 5, input_tokens=8)],
    }
    assert {cost.model: cost.requests for cost in costs_of(lines, usage, total=3)} == {
        "ft-gpt-4o-2024-08-06": 2,
        "gpt-4.1": 3,
        "text-embedding-ada-002": 5,
    }


def test_usage_of_another_key_stays_with_that_key() -> None:
    usage = {"completions": [used("gpt-6-astra", 4), used("gpt-6-astra", 6, api_key_id="key_2")]}
    costs = costs_of([line("gpt-6-astra, input", 1)], usage, total=1)
    assert [(cost.api_key_id, cost.requests, cost.billed_cost) for cost in costs] == [("key_1", 4, 1), ("key_2", 6, 0)]


def test_requests_of_a_model_billed_in_several_tiers_are_shown_once() -> None:
    lines = [line("gpt-6-astra, batch, input", 1, 10, "tokens"), line("gpt-6-astra, flex, input", 2, 20, "tokens")]
    costs = costs_of(lines, {"completions": [used("gpt-6-astra", 4, **CHAT)]}, total=3)
    assert [(cost.variant, cost.billed_cost, cost.requests, cost.input_tokens) for cost in costs] == [
        ("", 0, 4, None),
        ("batch", 1, None, 10),
        ("flex", 2, None, 20),
    ]


def test_training_takes_no_requests_of_the_model() -> None:
    lines = [line("ft-gpt-4o, training", 5, 1_000, "tokens"), line("ft-gpt-4o, output", 1, 10, "tokens")]
    costs = costs_of(lines, {"completions": [used("ft:gpt-4o:acme::x", 4)]}, total=6)
    assert shown(costs) == [("ft-gpt-4o", "", 1, None, None, 4), ("ft-gpt-4o", "training", 5, 1_000, "tokens", None)]
    alone = costs_of(lines[:1], {"completions": [used("ft:gpt-4o:acme::x", 4)]}, total=5)
    assert shown(alone) == [("ft-gpt-4o", "", 0, None, None, 4), ("ft-gpt-4o", "training", 5, 1_000, "tokens", None)]


def test_images_billed_by_token_keep_money_apart_from_sizes() -> None:
    lines = [
        line("gpt-image-2, input_text_tokens", 1, 100, "tokens"),
        line("gpt-image-2, output_image_tokens", 2, 4_000, "tokens"),
    ]
    images = [used("gpt-image-2", 4, images=6, size="1024x1024"), used("gpt-image-2", 1, images=2, size="1024x1536")]
    costs = costs_of(lines, {"images": images}, total=3)
    assert shown(costs) == [
        ("gpt-image-2", "", 3, None, None, None),
        ("gpt-image-2", "1024x1024", 0, 6, "images", 4),
        ("gpt-image-2", "1024x1536", 0, 2, "images", 1),
    ]
    assert [tokens(cost) for cost in costs] == [(100, 0, 0, 4_000), (None,) * 4, (None,) * 4]


def test_dall_e_shows_quality_and_size_and_counts_each_image_once() -> None:
    lines = [
        line("dall-e 3, hd, 1024x1792", 4, 50, "images"),
        line("dall-e 3, standard, 1024x1024", 2, 50, None),
    ]
    images = [used("dall-e-3", 30, images=50, size="1024x1792"), used("dall-e-3", 40, images=50, size="1024x1024")]
    assert shown(costs_of(lines, {"images": images}, total=6)) == [
        ("dall-e-3", "hd 1024x1792", 4, 50, "images", 30),
        ("dall-e-3", "standard 1024x1024", 2, 50, "images", 40),
    ]


def test_dall_e_requests_that_fit_two_lines_are_shown_once_beside_them() -> None:
    lines = [line("dall-e 3, hd, 1024x1792", 4, 50, "images"), line("dall-e 3, standard, 1024x1792", 2, 50, "images")]
    costs = costs_of(lines, {"images": [used("dall-e-3", 70, images=100, size="1024x1792")]}, total=6)
    assert shown(costs) == [
        ("dall-e-3", "", 0, None, None, 70),
        ("dall-e-3", "hd 1024x1792", 4, 50, "images", None),
        ("dall-e-3", "standard 1024x1792", 2, 50, "images", None),
    ]


def test_dall_e_without_a_billed_count_takes_it_from_usage() -> None:
    lines = [line("dall-e 2, 512x512", 1)]
    assert shown(costs_of(lines, {"images": [used("dall-e-2", 2, images=3, size=None)]}, total=1)) == [
        ("dall-e-2", "512x512", 1, 3, "images", 2)
    ]


def test_durations_are_seconds_and_speech_is_characters() -> None:
    lines = [
        line("whisper-1, duration", 1, 1.5, "duration_minutes"),
        line("tts-1, characters", 1, 900, "characters"),
        line("vector store storage", 1, 0.25, "gibibyte_hours", api_key_id=None),
    ]
    usage = {
        "audio_transcriptions": [used("whisper-1", 2, seconds=91)],
        "audio_speeches": [used("tts-1", 1, characters=1)],
    }
    assert shown(costs_of(lines, usage, total=3)) == [
        ("openai-storage", "", 1, Decimal("0.25"), "gibibyte_hours", None),
        ("tts-1", "", 1, 900, "characters", 1),
        ("whisper-1", "", 1, 90, "seconds", 2),
    ]


def test_a_quantity_of_mixed_units_is_not_added_up() -> None:
    lines = [line("whisper-1, a", 1, 1, "duration_minutes"), line("whisper-1, b", 1, 5, "characters")]
    assert shown(costs_of(lines, total=2)) == [("whisper-1", "", 2, None, None, None)]


def test_tool_calls_join_their_service_line() -> None:
    lines = [line("web search tool calls", 1, 3), line("assistants api | file search", 1)]
    usage = {
        "web_search_calls": [
            {"project_id": "proj_a", "api_key_id": "key_1", "num_requests": 3, "num_model_requests": 2}
        ],
        "file_search_calls": [{"project_id": "proj_a", "api_key_id": "key_1", "num_requests": 8}],
    }
    assert shown(costs_of(lines, usage, total=2)) == [
        ("openai-file-search", "", 1, 8, "requests", 8),
        ("openai-web-search", "", 1, 3, "requests", 3),
    ]


def test_sessions_join_the_one_key_that_is_billed_for_them() -> None:
    sessions = {"code_interpreter_sessions": [{"project_id": "proj_a", "num_sessions": 4}]}
    one = costs_of([line("code interpreter sessions", 1)], sessions, total=1)
    assert [(cost.api_key_id, cost.usage_quantity, cost.usage_unit) for cost in one] == [("key_1", 4, "sessions")]
    two = [line("code interpreter sessions", 1, 1), line("code interpreter sessions", 1, 3, api_key_id="key_2")]
    assert [cost.usage_quantity for cost in costs_of(two, sessions, total=2)] == [1, 3]
    bare = [line("code interpreter sessions", 1), line("code interpreter sessions", 1, api_key_id="key_2")]
    assert [cost.usage_quantity for cost in costs_of(bare, sessions, total=2)] == [None, None]
    none = costs_of([], sessions, total=0)
    assert shown(none) == [("openai-code-interpreter", "", 0, 4, "sessions", None)]


def test_usage_that_counts_nothing_makes_no_row() -> None:
    assert costs_of([], {"completions": [used("gpt-6-astra", 0, input_tokens=0, output_tokens=0)]}, total=0) == ()


def without_keys(lines: Rows, usage: Mapping[str, Rows], total: Any) -> tuple[tuple[CostRecord, ...], tuple[str, ...]]:
    """Costs and notes of an account that refuses costs by key."""

    def answer(path: str, query: Query) -> Any:
        if path == "/organization/costs" and ("group_by[]", "api_key_id") in query:
            return refused(400, recorded("errors")["no_grouping"])
        return account([{**row, "api_key_id": None} for row in lines], usage, total)(path, query)

    statement = fetch(session(answer), ONE_DAY)
    return statement.costs, statement.notes


def test_refused_keys_share_each_line_by_their_own_measure() -> None:
    lines = [
        line("gpt-6-astra, input", "1.00", 90, "tokens"),
        line("gpt-6-astra, cached input", "0.10", 40, "tokens"),
        line("gpt-6-astra, output", "3.00", 30, "tokens"),
        line("web search tool calls", "0.04", 4),
        line("dall-e 3, hd, 1024x1024", "0.80", 8, "images"),
        line("Promotional credit", "-1"),
    ]
    usage = {
        "completions": [
            used("gpt-6-astra", 1, input_tokens=100, input_cached_tokens=40, output_tokens=10),
            used("gpt-6-astra", 2, input_tokens=30, output_tokens=20, api_key_id="key_2"),
        ],
        "web_search_calls": [
            {"project_id": "proj_a", "api_key_id": "key_1", "num_requests": 1},
            {"project_id": "proj_a", "api_key_id": "key_2", "num_requests": 3},
        ],
        "images": [used("dall-e-3", 8, images=8, size="1024x1024", api_key_id="key_2")],
    }
    costs, notes = without_keys(lines, usage, "3.94")
    found = {(cost.api_key_id, cost.model): cost for cost in costs}
    assert found["key_1", "gpt-6-astra"].billed_cost == Decimal("0.666666666667") + Decimal("0.10") + 1
    assert found["key_2", "gpt-6-astra"].billed_cost == Decimal("0.333333333333") + 2
    assert tokens(found["key_1", "gpt-6-astra"]) == (100, 40, 0, 10)
    assert tokens(found["key_2", "gpt-6-astra"]) == (30, 0, 0, 20)
    assert found["key_2", "openai-web-search"].billed_cost == Decimal("0.03")
    assert found["key_2", "dall-e-3"].usage_quantity == 8
    assert found["", "openai-adjustments"].cost_basis == "reported"
    assert {cost.cost_basis for key, cost in found.items() if key[0]} == {"allocated"}
    assert sum(cost.billed_cost for cost in costs) == Decimal("3.94")
    assert "allocated" in notes[0]


def test_a_line_that_does_not_divide_leaves_the_rest_to_the_largest_key() -> None:
    usage = {"completions": [used("gpt-6-astra", 1, input_tokens=1, api_key_id=f"key_{key}") for key in "bca"]}
    costs, _ = without_keys(
        [line("gpt-6-astra, input", "1.0000000000000000001", 10, "tokens")], usage, "1.0000000000000000001"
    )
    assert {cost.api_key_id: cost.billed_cost for cost in costs} == {
        "key_a": Decimal("0.3333333333340000001"),
        "key_b": Decimal("0.333333333333"),
        "key_c": Decimal("0.333333333333"),
    }
    assert [cost.input_tokens for cost in costs] == [4, 3, 3]


def test_a_line_without_matching_usage_keeps_no_key() -> None:
    costs, _ = without_keys([line("gpt-6-astra, input", 1)], {"completions": [used("gpt-4o", 1, input_tokens=5)]}, 1)
    assert [(cost.api_key_id, cost.model, cost.cost_basis) for cost in costs] == [
        ("", "gpt-6-astra", "reported"),
        ("key_1", "gpt-4o", "reported"),
    ]
