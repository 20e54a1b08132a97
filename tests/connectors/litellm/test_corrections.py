"""Calls without a model, and negative amounts: what a proxy books where somebody put its books right by hand."""

from typing import Any

from connectors.litellm import fetch
from connectors.litellm_shares import NO_MODEL
from store.records import Statement
from tests.connectors.litellm.wire import KEY, ONE_DAY, OTHER_KEY, Query, Row, proxy, session


def told(*rows: Row, seen: list[tuple[str, Query]] | None = None) -> list[tuple[Any, ...]]:
    """Team, model, upstream, dollars and requests of each row of a statement without notes."""
    statement: Statement = fetch(session(proxy(rows), seen=seen), ONE_DAY)
    assert statement.notes == ()
    return [(cost.workspace_id, cost.model, cost.upstream, cost.billed_cost, cost.requests) for cost in statement.costs]


def test_a_correction_without_a_model_stands_with_its_key_and_leaves_no_remainder() -> None:
    assert told(Row(spend=5), Row(model="", spend=-3)) == [
        ("team-1", "gpt-4o-mini", "openai", 5, 1),
        ("team-1", NO_MODEL, "openai", -3, 1),
    ]


def test_a_correction_of_a_models_only_use_is_told_by_model() -> None:
    assert told(Row(spend=-5), Row(key=OTHER_KEY, spend=2)) == [
        ("team-1", "gpt-4o-mini", "openai", -5, 1),
        ("team-1", "gpt-4o-mini", "openai", 2, 1),
    ]


def test_teams_that_cancel_each_other_out_keep_each_its_own() -> None:
    rows = (Row(spend=5, team="team-1"), Row(spend=-5, team="team-2"), Row(spend=-3, team="", succeeded=4))
    assert told(*rows) == [
        ("", "gpt-4o-mini", "openai", -3, 4),
        ("team-1", "gpt-4o-mini", "openai", 5, 1),
        ("team-2", "gpt-4o-mini", "openai", -5, 1),
    ]


def test_tokens_of_failed_calls_are_not_those_of_calls_without_a_model() -> None:
    broken = Row(model="openai/gpt-4o", spend=0, prompt=64, completion=0, succeeded=0, failed=4)
    statement = fetch(session(proxy([broken, Row(model="", spend=3, prompt=0, completion=7)])), ONE_DAY)
    assert [(cost.model, cost.input_tokens, cost.output_tokens) for cost in statement.costs] == [(NO_MODEL, 0, 7)]


def test_a_prefix_that_lies_is_found_beside_calls_without_a_model_at_both_providers() -> None:
    seen: list[tuple[str, Query]] = []
    rows = (
        Row(model="anthropic/claude", provider="openrouter", spend=2),
        Row(model="", provider="anthropic", spend=3),
        Row(model="", provider="openrouter", spend=7),
    )
    assert told(*rows, seen=seen) == [
        ("team-1", "anthropic/claude", "openrouter", 2, 1),
        ("team-1", NO_MODEL, "anthropic", 3, 1),
        ("team-1", NO_MODEL, "openrouter", 7, 1),
    ]
    assert [query["model"] for _, query in seen if "model" in query] == ["anthropic/claude"]


def test_calls_without_a_model_at_one_provider_cost_no_further_request() -> None:
    seen: list[tuple[str, Query]] = []
    told(Row(), Row(model="azure/gpt-4o", provider="azure"), Row(model="", provider="azure", spend=9), seen=seen)
    assert not [query for _, query in seen if "model" in query]


def test_all_calls_of_a_key_without_any_model_are_told_by_provider() -> None:
    rows = (Row(model="", provider="", spend=4), Row(model="", provider="azure", spend=-1, key=KEY))
    assert told(*rows) == [("team-1", NO_MODEL, "azure", -1, 1), ("team-1", NO_MODEL, "unknown", 4, 1)]
