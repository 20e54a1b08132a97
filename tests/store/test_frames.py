"""From SQL to Polars: the same typed frame whatever the rows are, from either database."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from settings import Settings
from store.db import Store, open_store
from store.frames import (
    covered_days,
    data_version,
    read_controls,
    read_costs,
    read_keys,
    read_names,
    read_runs,
)
from store.models import DailyCost
from store.names import rename
from store.packed import COST_SCHEMA
from store.records import ApiKeyRecord, CostRecord, WorkspaceRecord
from store.runs import begin_run
from tests.store.cast import Syncing, begin, bill, cost, day, march, rows

NAMED: dict[str, Any] = {
    **COST_SCHEMA,
    "provider": pl.Categorical,
    "account": pl.Categorical,
    "workspace": pl.Categorical,
    "workspace_names": pl.Categorical,
    "api_key_hint": pl.Categorical,
    "api_key_name": pl.Categorical,
    "api_key_status": pl.Categorical,
    "net_cost": pl.Int64,
}
FULL: dict[str, Any] = {
    "list_cost": Decimal(1),
    "input_tokens": 1,
    "cached_input_tokens": 2,
    "cache_write_tokens": 3,
    "output_tokens": 4,
    "usage_quantity": Decimal("0.5"),
    "usage_unit": "images",
    "requests": 5,
}
NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
LATE = [cost(1, "1", model=f"a{n:05}") for n in range(3000)] + [cost(2, "1", **FULL)]


@pytest.mark.parametrize(
    "costs",
    [[], [cost(1, "1")], [cost(1, "1", **FULL)], LATE, [cost(1, "1", workspace_id="7", api_key_id="0", model="12")]],
    ids=["empty", "wholly null", "full", "null for thousands of rows", "text of digits"],
)
def test_the_schema_is_fixed_whatever_the_rows_are(sync: Syncing, costs: list[CostRecord]) -> None:
    sync.save(bill(march(1, 2), *costs))
    frame = read_costs(sync.store, march(1, 2))
    assert dict(frame.schema) == NAMED
    assert frame.height == len(costs)
    assert [(row["day"], row["model"], row["usage_unit"], row["requests"]) for row in frame.iter_rows(named=True)] == [
        (record.day, record.model, record.usage_unit, record.requests) for record in costs
    ]


def test_without_any_account_the_frames_are_empty_and_typed(store: Store) -> None:
    assert dict(read_costs(store, march(1, 31)).schema) == NAMED
    assert read_costs(store, march(1, 31)).height == 0
    assert [frame.height for frame in read_names(store).values()] == [0, 0, 0]
    assert read_keys(read_names(store)).height == read_controls(store, march(1, 31)).height == 0
    assert covered_days(store) == {}
    assert read_runs(store) == []
    assert data_version(store) == 0


def cast(sync: Syncing) -> None:
    """Two accounts, a renamed workspace, a deleted key, an unattributed row."""
    other = begin(sync.store, sync.now, provider="litellm", name="proxy")
    other.save(bill(march(2, 2), cost(2, "4", upstream="anthropic", model="claude")))
    sync.save(
        bill(
            march(1, 3),
            cost(1, "1.5", credits_applied=Decimal("0.5")),
            cost(3, "2", workspace_id="", api_key_id="", model="fee"),
            cost(3, "-1", workspace_id="w2", api_key_id="k2"),
            workspaces=(WorkspaceRecord(workspace_id="w1", name="Search"),),
            api_keys=(
                ApiKeyRecord(api_key_id="k1", workspace_id="w1", name="ci", hint="sk-…ab", last_used_at=sync.now),
            ),
            listed_workspaces=frozenset({"w2"}),
            control_totals={day(1): Decimal("1.5"), day(3): Decimal(1)},
        )
    )
    rename(sync.store, sync.account_id, "w1", "Ours", sync.now)


def test_names_are_joined_and_the_net_cost_is_beside_the_billed(sync: Syncing) -> None:
    cast(sync)
    wanted = (
        "day", "provider", "account", "workspace", "workspace_names", "api_key_hint", "api_key_name", "api_key_status",
        "net_cost",
    )  # fmt: skip
    assert read_costs(sync.store, march(1, 3)).select(wanted).rows() == [
        (day(1), "openai", "openai team", "Ours", "w1\nSearch\nOurs", "sk-…ab", "ci", "active", 10**9),
        (day(3), "openai", "openai team", "Unattributed", "", None, None, None, 2 * 10**9),
        (day(3), "openai", "openai team", "w2", "w2", None, None, "deleted", -(10**9)),
        (day(2), "litellm", "proxy", "w1", "w1", None, None, "unknown", 4 * 10**9),
    ]


def test_only_days_of_the_window_are_read(sync: Syncing) -> None:
    cast(sync)
    assert read_costs(sync.store, march(2, 2))["day"].to_list() == [day(2)]
    assert read_controls(sync.store, march(2, 3)).rows() == [(sync.account_id, day(3), 10**9)]


def test_known_keys_but_the_deleted_are_listed_with_their_names(sync: Syncing) -> None:
    cast(sync)
    keys = read_keys(read_names(sync.store)).select("api_key_id", "provider", "workspace", "last_used_at")
    assert sorted(keys.rows()) == [("k1", "litellm", "w1", None), ("k1", "openai", "Ours", sync.now)]


def test_both_databases_give_equal_frames(
    sqlite_settings: Settings, postgresql_settings: Settings, now: datetime
) -> None:
    def frames(chosen: Settings) -> list[pl.DataFrame]:
        store = open_store(chosen)
        sync = begin(store, now)
        cast(sync)
        sync.save(bill(march(4, 5), *[record.model_copy(update={"day": day(4)}) for record in LATE]))
        found = [read_costs(store, march(1, 31)), read_controls(store, march(1, 31)), *read_names(store).values()]
        store.close()
        return found

    for ours, theirs in zip(frames(sqlite_settings), frames(postgresql_settings), strict=True):
        assert ours.equals(theirs)
        assert ours.schema == theirs.schema
        assert ours.height


def test_runs_come_newest_first_with_their_account(sync: Syncing) -> None:
    second = begin_run(sync.store, sync.account_id, "schedule", sync.now)
    assert [(run["id"], run["provider"], run["status"]) for run in read_runs(sync.store)] == [
        (second, "openai", "running"),
        (sync.run_id, "openai", "interrupted"),
    ]
    assert len(read_runs(sync.store, limit=1)) == 1


def test_what_is_saved_is_noticed_by_the_data_version(sync: Syncing) -> None:
    seen = data_version(sync.store)
    sync.save(bill(march(1, 1)))
    assert data_version(sync.store) > seen


@pytest.mark.parametrize("word", ["'; DROP TABLE daily_cost; --", "%s", "?", "{0}", "$1", '"', "\\", "<b>", "日本"])
def test_hostile_text_is_data(sync: Syncing, word: str) -> None:
    sync.save(
        bill(
            march(1, 1),
            cost(1, "1", workspace_id=word, api_key_id=word, model=word, variant=word, usage_unit=word),
            workspaces=(WorkspaceRecord(workspace_id=word, name=word),),
        )
    )
    frame = read_costs(sync.store, march(1, 1))
    columns = ("workspace_id", "api_key_id", "model", "variant", "usage_unit", "workspace")
    assert frame.select(columns).rows() == [(word,) * 6]
    assert rows(sync.store, DailyCost, "model") == [word]


def test_the_days_of_a_providers_own_bill_are_those_it_has_covered(sync: Syncing) -> None:
    sync.save(bill(march(1, 3), cost(1, "5")))
    assert covered_days(sync.store) == {"openai": (march(1, 3),)}
