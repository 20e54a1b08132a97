"""What is said about API keys, from a handful of cost rows and keys; the window is March 11 to 20."""

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from store.frames import KEY_SCHEMA
from store.metrics import FINDINGS, finding_counts, key_findings, of_finding
from store.metrics.findings import with_findings
from tests.store.test_metrics import D, frame, row, spend

LONG_AGO = datetime(2025, 5, 1, tzinfo=UTC)
EARLY = datetime(2026, 3, 2, tzinfo=UTC)
NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)
NOTHING = frame()


def keys(*rows: dict[str, Any]) -> pl.DataFrame:
    """Known keys of account 1, long known unless told."""
    usual = {"account_id": 1, "api_key_status": "active", "first_seen": LONG_AGO}
    return pl.DataFrame([{**dict.fromkeys(KEY_SCHEMA), **usual, **row} for row in rows], schema=KEY_SCHEMA)


def said(rows: pl.DataFrame, known: pl.DataFrame, elsewhere: pl.DataFrame = NOTHING) -> dict[str, str]:
    found = key_findings(spend(rows), spend(elsewhere), known)
    return dict(found.select("api_key_id", "findings").iter_rows())


BEFORE = row(2, 1, api_key_id="other")
"""A cost of the account before the window: what is new in it can be told from what was only read lately."""


@pytest.mark.parametrize(
    ("rows", "finding"),
    [
        ([], "idle"),
        ([row(2, 5)], "idle"),
        ([row(12, 0)], "idle"),
        ([row(12, 0, requests=0)], "idle"),
        ([row(12, 0, requests=3)], ""),
        ([row(12, 5, requests=0), row(2, 5)], ""),
        ([row(12, -5), row(2, 5)], ""),
    ],
)
def test_a_key_is_idle_without_cost_and_without_requests_where_they_are_reported(
    rows: list[dict[str, Any]], finding: str
) -> None:
    assert said(frame(*rows), keys({"api_key_id": "k1", "created_at": LONG_AGO})) == {"k1": finding}


def test_a_gateways_key_whose_cost_another_bill_holds_is_not_idle() -> None:
    assert said(NOTHING, keys({"api_key_id": "k1"}), frame(row(12, 5), row(2, 5))) == {"k1": ""}


def test_a_deleted_key_is_not_idle() -> None:
    assert said(NOTHING, keys({"api_key_id": "k1", "api_key_status": "deleted"})) == {"k1": ""}


def test_a_deleted_key_with_cost_is_told() -> None:
    known = keys({"api_key_id": "k1", "api_key_status": "deleted"})
    assert said(frame(row(12, 5), row(2, 5)), known) == {"k1": "deleted but spending"}
    assert said(frame(row(2, 5)), known) == {"k1": ""}


@pytest.mark.parametrize(
    ("key", "rows", "is_new"),
    [
        ({"created_at": NOW}, [], True),
        ({"created_at": NOW}, [row(12, 5)], True),
        ({"created_at": EARLY}, [row(12, 5), row(2, 5)], False),
        ({"created_at": EARLY}, [row(12, 5)], True),
        ({"first_seen": NOW}, [], True),
        ({"first_seen": NOW}, [row(2, 5)], False),
        ({"first_seen": NOW, "created_at": EARLY}, [], False),
        ({"first_seen": EARLY}, [], False),
        ({"first_seen": EARLY}, [row(12, 5)], True),
    ],
)
def test_a_key_is_new_by_its_creation_else_by_its_first_sight_or_its_first_cost(
    key: dict[str, Any], rows: list[dict[str, Any]], is_new: bool
) -> None:
    known = keys({"api_key_id": "k1", **key}, {"api_key_id": "other"})
    assert said(frame(BEFORE, *rows), known)["k1"].endswith("new") == is_new


def test_at_the_first_sync_of_an_account_no_key_is_new() -> None:
    known = keys({"api_key_id": "k1", "first_seen": NOW}, {"api_key_id": "k2", "first_seen": NOW})
    assert said(frame(row(12, 5), row(13, 5, api_key_id="k2")), known) == {"k1": "", "k2": ""}


def test_another_accounts_past_makes_no_key_new() -> None:
    known = keys({"api_key_id": "k1", "account_id": 2, "first_seen": NOW})
    assert said(frame(BEFORE, row(12, 5, account_id=2)), known)["k1"] == ""


def test_a_key_that_drifts_from_its_own_past_is_told() -> None:
    past = [row(on, 10, api_key_id=name) for on in range(1, 11) for name in ("k1", "k2", "k3")]
    now = [row(on, cost, api_key_id=name) for on in range(11, 21) for name, cost in (("k1", 10), ("k2", 50), ("k3", 1))]
    known = keys(*[{"api_key_id": name} for name in ("k1", "k2", "k3")])
    assert said(frame(*past, *now), known) == {"k1": "", "k2": "drifting", "k3": "drifting"}


def test_several_findings_stand_in_a_fixed_order() -> None:
    known = keys({"api_key_id": "k1", "created_at": NOW}, {"api_key_id": "other"})
    assert said(frame(BEFORE), known)["k1"] == "idle, new"


def lines() -> pl.DataFrame:
    found = pl.DataFrame(
        {"account_id": [1, 1, 1], "api_key_id": ["k1", "k2", "k3"], "findings": ["idle, new", "new", ""]}
    )
    places = [("k1", 0), ("k2", 1), ("k2", 2), ("k3", 3), ("", 5), ("unknown", 7)]
    cells = [(1, name, dollars * D) for name, dollars in places]
    table = pl.DataFrame(cells, schema=["account_id", "api_key_id", "net_cost"], orient="row")
    return with_findings(table, found)


def test_costs_without_a_key_are_unattributed_and_keys_without_a_finding_say_nothing() -> None:
    assert lines()["findings"].to_list() == ["idle, new", "new", "new", "", "unattributed", ""]


@pytest.mark.parametrize(
    ("finding", "found"),
    [
        ("", ["k1", "k2", "k2", "k3", "", "unknown"]),
        ("idle", ["k1"]),
        ("new", ["k1", "k2", "k2"]),
        ("unattributed", [""]),
        ("drifting", []),
        ("nonsense", []),
    ],
)
def test_a_finding_keeps_the_lines_that_have_it(finding: str, found: list[str]) -> None:
    assert of_finding(lines(), finding)["api_key_id"].to_list() == found


def test_findings_count_keys_and_not_lines_and_unattributed_counts_money() -> None:
    counts = {"idle": 1, "new": 2, "deleted": 0, "drifting": 0, "unmetered": 0, "unattributed": 5 * D}
    assert finding_counts(lines()) == counts
    assert counts.keys() == FINDINGS.keys()


def test_when_a_key_was_made_and_used_stands_beside_its_findings() -> None:
    known = keys({"api_key_id": "k1", "created_at": EARLY, "last_used_at": NOW})
    found = key_findings(spend(frame(row(12, 1), row(2, 1))), spend(NOTHING), known)
    assert found.select("created_at", "last_used_at").row(0) == (EARLY, NOW)
