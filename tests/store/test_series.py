"""Costs by series: the same sums as of the rows, for any rows."""

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store import series
from store.metrics.trends import day_sums
from store.records import Window
from store.series import MEASURES, CostSeries, Spend
from tests.store.test_metrics import frame, row

WINDOW = Window(date(2026, 3, 11), date(2026, 3, 16))
KEYS = ["provider", "model", "workspace_id"]

few = st.integers(-3, 3)
rows = st.lists(
    st.builds(
        lambda on, dollars, provider, **more: row(on, dollars, provider=provider, account_id=len(provider), **more),
        on=st.integers(1, 24),
        dollars=few,
        provider=st.sampled_from(["openai", "fal"]),
        model=st.sampled_from(["m", "n"]),
        workspace_id=st.sampled_from(["", "w"]),
        input_tokens=st.none() | few,
        requests=st.none() | few,
        usage_quantity=st.none() | few,
        usage_unit=st.sampled_from([None, "images"]),
        credits_applied=few,
    ),
    max_size=30,
)


def plainly(costs: pl.DataFrame, window: Window) -> dict[Any, tuple[int | None, ...]]:
    """Sums per key, null where no row reports a measure."""
    inside = costs.filter(pl.col("day").is_between(window.start, window.end, closed="left"))
    sums = [pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).alias(name) for name in MEASURES]
    return {line[:3]: line[3:] for line in inside.group_by(KEYS).agg(sums).iter_rows()}


def of_series(spend: Spend, *, is_current: bool) -> dict[Any, tuple[int | None, ...]]:
    mine = spend.sums.filter(pl.col("is_current") == is_current)
    sums = [pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).alias(name) for name in MEASURES]
    return {line[:3]: line[3:] for line in mine.group_by(KEYS).agg(sums).iter_rows()}


@settings(max_examples=150, deadline=None)
@given(rows)
def test_sums_of_the_series_are_those_of_the_rows_and_unknown_where_theirs_are(found: list[dict[str, Any]]) -> None:
    costs = frame(*found)
    spend = CostSeries(costs).within(WINDOW)
    assert of_series(spend, is_current=True) == plainly(costs, WINDOW)
    assert of_series(spend, is_current=False) == plainly(costs, WINDOW.previous)
    assert spend.sums["billed_cost"].abs().sum() == _of_both(costs)["billed_cost"].abs().sum()


@pytest.mark.parametrize("places", [12, 0], ids=["dense", "sparse"])
def test_days_of_the_series_are_those_of_the_rows(places: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "MOST_PLACES", places)
    settings(max_examples=100, deadline=None)(given(rows)(days_are_those_of_the_rows))()


def days_are_those_of_the_rows(found: list[dict[str, Any]]) -> None:
    costs = frame(*found)
    spend = CostSeries(costs).within(WINDOW)
    sums = day_sums(spend, ["model"])
    net = _of_both(costs)["net_cost"].sum()
    assert sum(sum(line) for line in day_sums(spend, ()).iter_rows()) == net
    narrow = spend.narrowed(pl.col("provider") == "fal").alone()
    now = costs.filter((pl.col("provider") == "fal") & (pl.col("day") >= WINDOW.start) & (pl.col("day") < WINDOW.end))
    assert sum(sum(line[1:]) for line in day_sums(narrow, ["model"]).iter_rows()) == now["net_cost"].sum()
    both = _of_both(costs).group_by("model", "day").agg(pl.col("net_cost").sum())
    wanted = {(model, on): net for model, on, net in both.iter_rows() if net}
    told = {
        (line["model"], date.fromisoformat(name)): net
        for line in sums.iter_rows(named=True)
        for name, net in line.items()
        if name != "model" and net
    }
    assert told == wanted
    assert sums.columns[1:] == [on.isoformat() for window in (WINDOW.previous, WINDOW) for on in window.days()]


@settings(max_examples=100, deadline=None)
@given(rows)
def test_the_rows_come_back_as_they_were(found: list[dict[str, Any]]) -> None:
    costs = frame(*found)
    spend = CostSeries(costs).within(WINDOW).narrowed(pl.col("model") == "m")
    wanted = costs.filter((pl.col("model") == "m") & pl.col("day").is_between(WINDOW.start, WINDOW.end, closed="left"))
    columns = [name for name in costs.columns if name not in {"upstream", "list_cost"}]
    assert sorted(spend.rows().select(columns).rows(), key=repr) == sorted(wanted.select(columns).rows(), key=repr)
    told = spend.bills.select("account_id", "day", "billed_cost")
    assert sorted(told.rows()) == sorted(bills(costs).rows())


def bills(costs: pl.DataFrame) -> pl.DataFrame:
    inside = costs.filter(pl.col("day").is_between(WINDOW.start, WINDOW.end, closed="left"))
    return inside.group_by("account_id", "day").agg(pl.col("billed_cost").sum())


def _of_both(costs: pl.DataFrame) -> pl.DataFrame:
    return costs.filter(pl.col("day").is_between(WINDOW.previous.start, WINDOW.end, closed="left"))
