"""Tables from a handful of rows whose sums can be checked in the head; money in nano-dollars, `D` is one dollar."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from store import metrics
from store.frames import NANOS
from store.metrics import CostFilter, billed_elsewhere, chosen, left_out, reconciled, spending
from store.packed import COST_SCHEMA
from store.records import Window
from store.series import CostSeries, Spend
from tests.store.cast import day, march

D = NANOS
ASKED = CostFilter(window=march(11, 20))
"""March 11 to 20; the window before it is March 1 to 10."""
TEXT = ("provider", "account", "workspace", "workspace_names", "api_key_hint", "api_key_name", "api_key_status")
SCHEMA: dict[str, Any] = {**COST_SCHEMA, **dict.fromkeys(TEXT, pl.Categorical), "net_cost": pl.Int64}


def row(on: int, dollars: float, **more: Any) -> dict[str, Any]:
    """A cost of a day of March; the workspace is shown under its id, in capitals."""
    values = {"account_id": 1, "provider": "openai", "account": "Team", "workspace_id": "w1", "api_key_id": "k1"}
    values |= {"model": "gpt-5", "variant": "", "upstream": "", "cost_basis": "reported", "credits_applied": 0, **more}
    values["billed_cost"] = int(dollars * D)
    values["net_cost"] = values["billed_cost"] - values["credits_applied"]
    values.setdefault("workspace", values["workspace_id"].upper() or "Unattributed")
    values.setdefault("workspace_names", values["workspace_id"])
    return {**dict.fromkeys(SCHEMA), "day": day(on), **values}


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=SCHEMA)


def spend(rows: pl.DataFrame, window: Window = ASKED.window) -> Spend:
    """All the costs of a window and the one before it."""
    return CostSeries(rows).within(window)


def kept(rows: pl.DataFrame, asked: CostFilter) -> Spend:
    """The costs that a filter leaves over."""
    return chosen(spend(rows, asked.window), asked)


FIVE = frame(
    row(5, 2, requests=4),
    row(12, 3, credits_applied=D, requests=0, input_tokens=100),
    row(12, 1, model="o9", workspace_id="w2", api_key_id="k2", cost_basis="priced"),
    row(
        20, 6, provider="anthropic", account_id=2, model="claude", workspace_id="w1", api_key_id="k9", workspace="Ours"
    ),
    row(21, 100),
)


def lines(table: pl.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    return table.select(columns).rows()


def test_providers_sum_the_window_and_compare_with_the_one_before() -> None:
    table = metrics.providers(kept(FIVE, ASKED), ASKED)
    assert lines(table, "provider", "billed_cost", "credits_applied", "net_cost", "previous_net_cost", "change") == [
        ("anthropic", 6 * D, 0, 6 * D, None, None),
        ("openai", 4 * D, D, 3 * D, 2 * D, 0.5),
    ]
    assert lines(table, "share") == [(6 / 9,), (3 / 9,)]
    assert lines(table, "cost_basis") == [("reported",), ("mixed",)]


def test_not_reported_is_null_and_measured_none_is_zero() -> None:
    table = metrics.providers(kept(FIVE, ASKED), ASKED)
    assert lines(table, "requests", "input_tokens", "output_tokens") == [(None, None, None), (0, 100, None)]
    totals = metrics.totals(kept(FIVE, ASKED).sums)
    assert (totals["requests"], totals["previous_requests"], totals["output_tokens"]) == (0, 4, None)
    assert (totals["net_cost"], totals["previous_net_cost"]) == (9 * D, 2 * D)


def test_new_differs_from_a_previous_cost_that_allows_no_ratio() -> None:
    rows = frame(
        row(12, 1, model="new"),
        row(12, 1, model="was zero"),
        row(2, 0, model="was zero"),
        row(12, 1, model="was credited"),
        row(2, -1, model="was credited"),
        row(12, 0, model="fell"),
        row(2, 4, model="fell"),
        row(2, 4, model="gone"),
    )
    asked = replace(ASKED, sort="model", descending=False)
    table = metrics.models(kept(rows, asked), asked)
    assert lines(table, "model", "previous_net_cost", "change") == [
        ("fell", 4 * D, -1.0),
        ("new", None, None),
        ("was credited", -D, None),
        ("was zero", 0, None),
    ]


def test_an_empty_window_gives_empty_tables_of_the_same_columns() -> None:
    empty = kept(frame(), ASKED)
    for table, columns in (
        (metrics.providers(empty, ASKED), metrics.PROVIDER_COLUMNS),
        (metrics.workspaces(empty, ASKED), metrics.WORKSPACE_COLUMNS),
        (metrics.costs(empty, ASKED), metrics.COST_COLUMNS),
    ):
        assert (tuple(table.columns), table.height) == (columns, 0)
    assert set(metrics.totals(empty.sums).values()) == {None}


def test_shares_need_a_positive_total() -> None:
    rows = kept(frame(row(12, 1), row(12, -1, provider="fal")), ASKED)
    assert lines(metrics.providers(rows, ASKED), "share") == [(None,), (None,)]


def test_tokens_per_request_divide_only_rows_that_report_both() -> None:
    rows = frame(
        row(12, 1, requests=2, input_tokens=90, output_tokens=10),
        row(13, 1, input_tokens=1000),
        row(14, 1, requests=50),
        row(2, 1, requests=1, input_tokens=7),
        row(12, 1, model="silent", input_tokens=5),
        row(12, 1, model="idle", requests=0, input_tokens=0),
    )
    asked = replace(ASKED, sort="model", descending=False)
    assert lines(metrics.models(kept(rows, asked), asked), "model", "tokens_per_request") == [
        ("gpt-5", 50.0),
        ("idle", None),
        ("silent", None),
    ]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", {"a.b", "50%_off", "ÄRGER", "plain"}),
        ("a.b", {"a.b"}),
        ("A.B", {"a.b"}),
        ("a?b", set()),
        (".*", set()),
        ("(", set()),
        ("[", set()),
        ("\\", set()),
        ("%", {"50%_off"}),
        ("_", {"50%_off"}),
        ("0%_O", {"50%_off"}),
        ("ärg", {"ÄRGER"}),
        ("  Plain  ", {"plain"}),
        ("old name", {"plain"}),
        ("sk-…AB", {"plain"}),
        ("nightly", {"plain"}),
    ],
)
def test_search_takes_text_literally_and_letter_case_aside_in_every_name(search: str, found: set[str]) -> None:
    names = {"workspace_names": "w1\nOld Name", "api_key_hint": "sk-…ab", "api_key_name": "nightly"}
    rows = frame(
        row(12, 1, model="a.b"),
        row(12, 1, model="50%_off"),
        row(12, 1, model="ÄRGER"),
        row(12, 1, model="plain", **names),
    )
    assert set(kept(rows, replace(ASKED, search=search)).sums["model"]) == found


@pytest.mark.parametrize(
    ("asked", "models"),
    [
        ({"providers": ("anthropic",)}, ["claude"]),
        ({"providers": ("anthropic", "openai")}, ["claude", "gpt-5", "o9"]),
        ({"workspace": "Ours"}, ["claude"]),
        ({"api_key": "k2"}, ["o9"]),
        ({"model": "gpt-5"}, ["gpt-5"]),
        ({"model": "gpt"}, []),
        ({"min_cost": Decimal(3)}, ["claude", "gpt-5"]),
        ({"max_cost": Decimal(3)}, ["gpt-5", "o9"]),
        ({"min_cost": Decimal("3.000000001"), "max_cost": Decimal(6)}, ["claude"]),
        ({"min_cost": Decimal("1E+30")}, []),
        ({"max_cost": Decimal("1E+30"), "min_cost": Decimal("-1E+30")}, ["claude", "gpt-5", "o9"]),
    ],
)
def test_filters_keep_what_they_name(asked: dict[str, Any], models: list[str]) -> None:
    wanted = replace(ASKED, **asked)
    assert metrics.models(kept(FIVE, wanted), wanted)["model"].to_list() == models


def test_lines_sort_with_nulls_last_and_ties_by_name_both_ways() -> None:
    rows = frame(
        *[row(12, 1, model=name, requests=count) for name, count in (("b", 1), ("c", None), ("a", 1), ("d", 2))]
    )
    for descending, order in ((True, "dabc"), (False, "abdc")):
        asked = replace(ASKED, sort="requests", descending=descending)
        assert "".join(metrics.models(kept(rows, asked), asked)["model"]) == order
    asked = replace(ASKED, sort="model", descending=True)
    assert "".join(metrics.models(kept(rows, asked), asked)["model"]) == "dcba"


def test_costs_are_the_rows_of_the_window_newest_day_first() -> None:
    table = metrics.costs(kept(FIVE, ASKED), ASKED)
    assert lines(table, "day", "model") == [(day(20), "claude"), (day(12), "gpt-5"), (day(12), "o9")]


def test_a_gateways_rows_are_spend_only_on_days_without_the_bill_of_the_provider_behind_it() -> None:
    rows = frame(
        row(12, 1),
        row(12, 2, provider="litellm", upstream="openai"),
        row(12, 4, provider="litellm", upstream="groq"),
        row(12, 8, provider="litellm"),
        row(20, 16, provider="litellm", upstream="openai"),
    )
    known = {"openai": [Window(day(1), day(5)), Window(day(11), day(20))], "litellm": [Window(day(1), day(28))]}
    assert spending(rows, known)["billed_cost"].sum() == 29 * D
    assert spending(rows, {"openai": [Window(day(11), day(21))]})["billed_cost"].sum() == 13 * D
    assert spending(rows, {})["billed_cost"].sum() == 31 * D
    assert billed_elsewhere(rows, known)["billed_cost"].to_list() == [2 * D]
    assert billed_elsewhere(rows, {}).is_empty()


def test_what_is_left_out_is_summed_by_gateway_and_the_provider_behind_it() -> None:
    rows = frame(
        row(12, 1, provider="litellm", upstream="openai"),
        row(13, 2, provider="litellm", upstream="openai", model="o9"),
        row(12, 4, provider="litellm", upstream="anthropic"),
        row(12, 3, provider="openrouter", upstream="openai"),
        row(2, 50, provider="litellm", upstream="openai"),
    )
    assert left_out(kept(rows, ASKED)).rows() == [
        ("litellm", "anthropic", 4 * D),
        ("litellm", "openai", 3 * D),
        ("openrouter", "openai", 3 * D),
    ]
    assert left_out(kept(frame(), ASKED)).is_empty()


def test_days_are_compared_with_the_providers_own_totals() -> None:
    controls = pl.DataFrame(
        {
            "account_id": [1, 1, 1, 2, 1],
            "day": [day(12), day(13), day(14), day(12), day(5)],
            "control_total": [3 * D, 5 * D, 0, 2 * D, 99 * D],
        }
    )
    rows = frame(row(12, 1), row(12, 2, workspace_id="", api_key_id=""), row(13, 4), row(12, 2, account_id=2))
    assert reconciled(kept(rows, ASKED), kept(frame(), ASKED), controls) == {
        "days": 4,
        "equal_days": 3,
        "unattributed": 2 * D,
    }


def test_a_gateways_own_total_holds_the_rows_that_another_bill_holds_too() -> None:
    controls = pl.DataFrame({"account_id": [3], "day": [day(12)], "control_total": [7 * D]})
    gateway = {"provider": "litellm", "account_id": 3}
    rows = kept(frame(row(12, 2, **gateway, upstream="groq")), ASKED)
    elsewhere = kept(frame(row(12, 5, **gateway, upstream="openai", workspace_id="", api_key_id="")), ASKED)
    assert reconciled(rows, elsewhere, controls) == {"days": 1, "equal_days": 1, "unattributed": 0}


def test_daily_sums_are_net_and_ordered() -> None:
    table = metrics.daily(kept(FIVE, ASKED), "provider")
    assert lines(table, "day", "provider", "net_cost", "is_current") == [
        (day(5), "openai", 2 * D, False),
        (day(12), "openai", 3 * D, True),
        (day(20), "anthropic", 6 * D, True),
    ]
