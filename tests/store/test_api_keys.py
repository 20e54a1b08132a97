"""The API Keys table from rows whose sums can be checked in the head; the window is March 11 to 20."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from store.frames import KEY_SCHEMA, MICROS
from store.metrics import API_KEY_COLUMNS, CostFilter, api_keys, costs, key_costs, key_findings
from store.queries import QUERIES
from store.records import ApiKeyRecord
from tests.store.cast import Syncing, bill, cost, day, march
from tests.store.test_metrics import ASKED, FIVE, D, frame, kept, lines, row, spend

NOON = datetime(2026, 3, 19, 12, tzinfo=UTC)
PLACE = {"account_id": 1, "provider": "openai", "account": "Team", "workspace_id": "w1", "workspace": "W1"}
KNOWN_SCHEMA = {**KEY_SCHEMA, **dict.fromkeys(("provider", "account", "workspace_id", "workspace"), pl.String)}


def known(*keys: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([{**dict.fromkeys(KNOWN_SCHEMA), **PLACE, **key} for key in keys], schema=KNOWN_SCHEMA)


def table(rows: pl.DataFrame, keys: pl.DataFrame, asked: CostFilter = ASKED) -> pl.DataFrame:
    found = key_findings(spend(rows, asked.window), spend(frame(), asked.window), keys.select(KEY_SCHEMA.keys()))
    return api_keys(kept(rows, asked), asked, keys, found)


def test_keys_that_spent_nothing_stand_with_zero_cost_and_unknown_usage() -> None:
    keys = known({"api_key_id": "k1", "last_used_at": NOON}, {"api_key_id": "k5", "api_key_name": "spare"})
    assert lines(table(FIVE, keys), "api_key_id", "api_key_name", "net_cost", "requests", "last_used_at") == [
        ("k9", None, 6 * D, None, None),
        ("k1", None, 2 * D, 0, NOON),
        ("k2", None, D, None, None),
        ("k5", "spare", 0, None, None),
    ]


def test_a_key_that_spends_no_more_shows_what_it_spent_before() -> None:
    rows = frame(row(2, 5), row(3, 1), row(2, 0, api_key_id="k2"))
    found = table(rows, known({"api_key_id": "k1"}, {"api_key_id": "k2"}, {"api_key_id": "k3"}))
    assert sorted(lines(found, "api_key_id", "previous_net_cost", "change", "findings")) == [
        ("k1", 6 * D, -1.0, "idle"),
        ("k2", 0, None, "idle"),
        ("k3", 0, None, "idle"),
    ]


def test_a_key_is_a_line_per_workspace_with_its_own_trend_and_word() -> None:
    rows = frame(
        *[row(on, 10) for on in range(1, 11)],
        *[row(on, 50) for on in range(11, 21)],
        row(20, 4, workspace_id="w2"),
    )
    found = table(rows, known())
    assert lines(found, "workspace", "outlier", "findings") == [("W1", "above", "drifting"), ("W2", None, "drifting")]
    assert [trend.to_list() for trend in found["trend"]] == [[50.0] * 10, [0.0] * 9 + [4.0]]


def test_quantities_in_several_units_are_not_added_up() -> None:
    rows = frame(
        row(12, 1, usage_quantity=2 * MICROS, usage_unit="images"),
        row(13, 1, usage_quantity=3 * MICROS, usage_unit="images"),
        row(12, 1, usage_quantity=2 * MICROS, usage_unit="images", api_key_id="k2"),
        row(12, 3, usage_quantity=9 * MICROS, usage_unit="seconds", api_key_id="k2"),
        row(12, 0.5, api_key_id="k3"),
    )
    assert lines(table(rows, known()), "api_key_id", "usage_quantity", "usage_unit", "images", "image_cost") == [
        ("k2", None, "mixed", 2, D),
        ("k1", 5 * MICROS, "images", 5, 2 * D),
        ("k3", None, None, None, None),
    ]


def test_no_finding_depends_on_what_is_filtered() -> None:
    rows = frame(row(12, 1, model="a"), row(2, 1, model="b"), row(2, 1, api_key_id="other"))
    for asked in (ASKED, replace(ASKED, model="a")):
        found = table(rows, known({"api_key_id": "k1"}), asked)
        assert lines(found.filter(pl.col("api_key_id") == "k1"), "findings") == [("",)]


def test_lines_that_tie_stand_in_a_fixed_order() -> None:
    rows = frame(*[row(12, 1, api_key_id=key, account_id=account) for key in "cab" for account in (2, 1)])
    assert lines(table(rows, known()), "api_key_id", "account_id") == [(key, one) for key in "abc" for one in (1, 2)]


def test_the_cost_rows_of_keys_add_up_to_their_lines() -> None:
    asked = replace(ASKED, min_cost=Decimal(3), sort="requests", descending=False)
    rows = frame(*FIVE.to_dicts(), row(14, 2, api_key_id="k9", account_id=1), row(14, 0.5))
    found = table(rows, known(), asked)
    behind = key_costs(kept(rows, asked), asked, found)
    assert behind.columns == costs(kept(rows, asked), asked).columns
    assert lines(behind, "day", "api_key_id", "net_cost") == [
        (day(20), "k9", 6 * D),
        (day(14), "k1", D // 2),
        (day(12), "k1", 2 * D),
    ]
    assert behind["net_cost"].sum() == found["net_cost"].sum()


def test_the_export_keeps_the_lines_of_a_finding(sync: Syncing) -> None:
    keys = (ApiKeyRecord(api_key_id="k1", workspace_id="w1"), ApiKeyRecord(api_key_id="k5", workspace_id="w1"))
    sync.save(bill(march(11, 12), cost(11, "1"), cost(12, "2", api_key_id=""), api_keys=keys))
    for finding, found in (("", ["", "k1", "k5"]), ("idle", ["k5"]), ("unattributed", [""]), ("deleted", [])):
        exported = QUERIES["api_keys"](sync.store, CostFilter(window=march(11, 20), finding=finding))
        assert exported["api_key_id"].to_list() == found
        assert tuple(exported.columns) == API_KEY_COLUMNS


def test_keys_of_no_workspace_stand_under_unattributed(sync: Syncing) -> None:
    sync.save(bill(march(11, 12), api_keys=(ApiKeyRecord(api_key_id="k1"),)))
    exported = QUERIES["api_keys"](sync.store, CostFilter(window=march(11, 20), workspace="Unattributed"))
    assert exported.select("api_key_id", "workspace").rows() == [("k1", "Unattributed")]
