"""How much of each key and workspace is metered, where clients name them; `D` is one dollar."""

from dataclasses import replace
from typing import Any

import polars as pl

from store.metrics import chosen, workspaces
from store.metrics.named_coverage import (
    KEY_COVERAGE_COLUMNS,
    WORKSPACE_COVERAGE_COLUMNS,
    key_coverage,
    workspace_coverage,
)
from tests.store.test_coverage_of_bills import told, told_of
from tests.store.test_metrics import ASKED, D, frame, lines, row, spend

BILL = (
    row(12, 10, workspace_id="w1", workspace="Shop", workspace_names="w1\nSearch\nShop"),
    row(12, 8, workspace_id="w2", workspace="Rogue", workspace_names="w2\nRogue"),
    row(12, 5, workspace_id="w3", provider="anthropic", account_id=2),
    row(12, 3, workspace_id=""),
)


def by_key(rows: tuple[dict[str, Any], ...], *events: dict[str, Any]) -> pl.DataFrame:
    return key_coverage(spend(frame(*rows)).sums, told_of(*events), ASKED)


def by_workspace(rows: tuple[dict[str, Any], ...], *events: dict[str, Any]) -> pl.DataFrame:
    return workspace_coverage(spend(frame(*rows)).sums, told_of(*events), ASKED)


def test_keys_that_bypass_metering_stand_first_and_keys_nobody_names_are_unknown() -> None:
    rows = spend(
        frame(
            row(12, 10, api_key_id="k1", api_key_name="Search", api_key_hint="sk-…0001"),
            row(12, 8, api_key_id="k2", api_key_name="Rogue"),
            row(12, 5, api_key_id="k3", provider="anthropic"),
            row(12, 3, api_key_id=""),
        )
    ).sums
    metered = told_of(told(12, 6, api_key="search"), told(12, 3, api_key="SK-…0001"), told(12, 99, api_key="nobody"))
    table = key_coverage(rows, metered, ASKED)
    assert tuple(table.columns) == (*KEY_COVERAGE_COLUMNS, "account_id")
    assert lines(table, "api_key_id", "billed_cost", "metered_cost", "unmetered", "coverage") == [
        ("k2", 8 * D, 0, 8 * D, 0.0),
        ("k3", 5 * D, 0, 5 * D, None),
        ("k1", 10 * D, 9 * D, D, 0.9),
    ]


def test_keys_tell_their_coverage_of_the_window_before() -> None:
    rows = (row(12, 10), row(2, 10), row(12, 4, api_key_id="k2"), row(2, 4, api_key_id="k2"))
    table = by_key(rows, told(12, 5, api_key="k1"), told(2, 9, api_key="k1"), told(3, 4, api_key="k2"))
    assert lines(table, "api_key_id", "coverage", "previous_coverage") == [("k1", 0.5, 0.9), ("k2", 0.0, 1.0)]
    unnamed = by_key(rows, told(12, 5, api_key="k1"))
    assert lines(unnamed, "api_key_id", "coverage", "previous_coverage") == [("k1", 0.5, None), ("k2", 0.0, None)]


def test_a_name_that_is_no_keys_says_nothing_about_the_keys() -> None:
    table = by_key((row(12, 10), row(12, 2, api_key_id="k2")), told(12, 10, api_key="my-service"))
    assert lines(table, "api_key_id", "coverage") == [("k1", None), ("k2", None)]


def test_workspaces_that_bypass_metering_stand_first_and_those_nobody_names_are_unknown() -> None:
    table = by_workspace(BILL, told(12, 6, workspace="shop"), told(13, 3, workspace="W1"), told(12, 99))
    assert tuple(table.columns) == WORKSPACE_COVERAGE_COLUMNS
    assert lines(table, "provider", "workspace", "workspace_ids", "metered_cost", "unmetered", "coverage") == [
        ("openai", "Rogue", "w2", 0, 8 * D, 0.0),
        ("anthropic", "W3", "w3", 0, 5 * D, None),
        ("openai", "Shop", "w1", 9 * D, D, 0.9),
    ]


def test_a_workspace_is_known_by_every_name_it_ever_had() -> None:
    table = by_workspace(BILL, told(12, 10, workspace="SEARCH"), told(12, 1, workspace="nobody's"))
    assert lines(table, "workspace", "covered", "over_metered", "coverage")[-1] == ("Shop", 10 * D, 0, 1.0)


def test_a_name_that_one_workspace_has_and_another_had_is_that_of_its_holder_now() -> None:
    heir = row(12, 2, workspace_id="w9", workspace="Search", workspace_names="w9\nSearch")
    table = by_workspace((*BILL, heir), told(12, 2, workspace="Search"))
    covered = dict(lines(table, "workspace", "coverage"))
    assert (covered["Search"], covered["Shop"]) == (1.0, 0.0)


def test_workspaces_of_one_provider_under_one_name_are_one_line_and_those_of_two_providers_are_two() -> None:
    rows = (
        row(12, 6, workspace="Shop"),
        row(12, 4, workspace="Shop", workspace_id="w7", account_id=3),
        row(12, 5, workspace="Shop", provider="anthropic", account_id=2),
    )
    table = by_workspace(rows, told(12, 3, workspace="Shop"), told(12, 2, workspace="w7"))
    assert lines(table, "provider", "workspace_ids", "billed_cost", "covered", "coverage") == [
        ("openai", "w1, w7", 10 * D, 5 * D, 0.5),
        ("anthropic", "w1", 5 * D, 0, None),
    ]


def test_workspaces_tell_their_coverage_of_the_window_before_and_what_is_beyond_the_bill() -> None:
    table = by_workspace((row(12, 10), row(2, 10)), told(12, 12, workspace="w1"), told(2, 5, workspace="w1"))
    found = lines(table, "coverage", "over_metered", "previous_coverage", "events")
    assert found == [(1.0, 2 * D, 0.5, 1)]


def test_a_gateways_traffic_names_no_workspace_of_the_provider_behind_it() -> None:
    rows = (row(12, 10), row(12, 5, provider="litellm", upstream="groq", workspace_id="team"))
    table = by_workspace(rows, told(12, 10))
    assert lines(table, "provider", "coverage") == [("openai", None)]


def test_the_workspaces_table_weighs_the_providers_of_a_name_by_their_bills() -> None:
    costs = spend(
        frame(
            row(12, 6, workspace="Shop"),
            row(12, 2, workspace="Shop", provider="anthropic", account_id=2),
            row(12, 9, workspace="Shop", provider="fal", account_id=3),
            row(12, 1, workspace_id=""),
        )
    )
    metered = told_of(told(12, 2, workspace="shop"), told(12, 2, workspace="shop", provider="anthropic"))
    covered = workspace_coverage(costs.sums, metered, ASKED)
    assert lines(workspaces(costs, ASKED, covered), "workspace", "coverage") == [("Shop", 0.5), ("Unattributed", None)]
    only_one = replace(ASKED, providers=("openai",))
    assert lines(workspaces(chosen(costs, only_one), only_one, covered), "coverage")[0] == (1 / 3,)
    assert lines(workspaces(costs, ASKED), "coverage") == [(None,), (None,)]


def test_nothing_named_and_nothing_billed_is_nothing() -> None:
    assert by_key(()).height == by_workspace(()).height == 0
    assert lines(by_key((row(12, 1),)), "coverage", "previous_coverage") == [(None, None)]
    assert by_workspace((row(12, -1),), told(12, 1, workspace="w1")).height == 0


def test_what_was_metered_before_is_held_against_the_bill_before() -> None:
    rows = spend(frame(*BILL, row(2, 4))).sums
    metered = told_of(told(12, 6, workspace="shop", api_key="k1"), told(2, 1, workspace="w1", api_key="k1"))
    assert workspace_coverage(rows, metered, ASKED).height == 3
    assert lines(key_coverage(rows, metered, ASKED), "api_key_id", "previous_coverage")[0] == ("k1", 0.25)
