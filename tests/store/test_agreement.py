"""Random statements over random windows, against a plain dictionary: totals equal to the nano-dollar."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.accounts import unlink
from store.frames import read_costs
from store.records import CostRecord, Statement, Window
from store.write import save_statement
from tests.store.cast import Syncing, begin

FIRST = date(2026, 3, 1)
DAYS = 12
Grain = tuple[date, str, str, str, str, str]

amounts = st.decimals(min_value=-(10**6), max_value=10**6, places=12, allow_nan=False)


@st.composite
def statements(draw: st.DrawFn) -> Statement:
    start = draw(st.integers(0, DAYS - 1))
    window = Window(FIRST + timedelta(days=start), FIRST + timedelta(days=draw(st.integers(start + 1, DAYS))))
    name = st.sampled_from(["", "a", "ä", "A"])
    record = st.builds(
        CostRecord,
        day=st.sampled_from(list(window.days())),
        workspace_id=name,
        api_key_id=name,
        model=st.sampled_from(["m", "M", "n"]),
        variant=st.sampled_from(["", "batch"]),
        billed_cost=amounts,
        credits_applied=amounts,
    )
    costs = draw(st.lists(record, max_size=12, unique_by=lambda cost: cost.grain))
    return Statement(window=window, costs=tuple(costs))


@dataclass
class Model:
    """What the store should hold, as a dictionary."""

    saved: dict[Grain, tuple[int, int]] = field(default_factory=dict)
    covered: Window | None = None

    def accepts(self, window: Window) -> bool:
        return self.covered is None or window.end >= self.covered.start

    def save(self, statement: Statement) -> None:
        window = statement.window
        kept = {grain: money for grain, money in self.saved.items() if grain[0] not in window}
        added = {cost.grain: (nanos(cost.billed_cost), nanos(cost.credits_applied)) for cost in statement.costs}
        self.saved = kept | added
        if self.covered is None or window.start > self.covered.end:
            self.covered = window
        else:
            self.covered = Window(min(self.covered.start, window.start), max(self.covered.end, window.end))

    def totals(self) -> dict[tuple[date, str, str, str], int]:
        found: defaultdict[tuple[date, str, str, str], int] = defaultdict(int)
        for grain, (billed, _credits) in self.saved.items():
            found[grain[:4]] += billed
        return dict(found)


def nanos(amount: Decimal) -> int:
    return int((amount * 10**9).to_integral_value(rounding=ROUND_HALF_EVEN))


@contextmanager
def fresh_sync(sync: Syncing, number: int) -> Iterator[Syncing]:
    """A sync of an account of its own in the same store, gone afterwards."""
    own = begin(sync.store, sync.now, organization=f"own-{number}")
    yield own
    unlink(own.store, own.account_id, keep_data=False, now=own.now)


def test_any_sequence_of_statements_leaves_what_a_dictionary_would_hold(sync: Syncing) -> None:
    number, today = 0, FIRST + timedelta(days=DAYS + 5)

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(statements(), min_size=1, max_size=6))
    def agree(sequence: list[Statement]) -> None:
        nonlocal number
        number += 1
        model = Model()
        with fresh_sync(sync, number) as own:
            for statement in sequence:
                values = {"run_id": own.run_id, "holder": own.holder, "now": own.now, "today": today}
                if not model.accepts(statement.window):
                    with pytest.raises(ValueError, match="does not touch"):
                        save_statement(own.store, own.account_id, statement, **values)
                    continue
                before = daily(model)
                restated = save_statement(own.store, own.account_id, statement, **values).restated_days
                covered = set() if model.covered is None else set(model.covered.days())
                model.save(statement)
                after = daily(model)
                again = covered & set(statement.window.days())
                assert restated == sum(before.get(one, 0) != after.get(one, 0) for one in again)
            check(own, model)

    agree()


def daily(model: Model) -> dict[date, int]:
    found: defaultdict[date, int] = defaultdict(int)
    for grain, (billed, _credits) in model.saved.items():
        found[grain[0]] += billed
    return dict(found)


def check(own: Syncing, model: Model) -> None:
    frame = read_costs(own.store, Window(FIRST, FIRST + timedelta(days=DAYS)))
    mine = frame.filter(frame["account_id"] == own.account_id)
    grain = ("day", "workspace_id", "api_key_id", "model", "variant", "upstream")
    assert {row[:6]: row[6:] for row in mine.select(*grain, "billed_cost", "credits_applied").rows()} == model.saved
    totals = mine.group_by("day", "workspace_id", "api_key_id", "model").agg(pl.col("billed_cost").sum())
    assert {row[:4]: row[4] for row in totals.rows()} == model.totals()
    account = own.account()
    assert model.covered is not None
    assert Window(account["covered_from"], account["covered_to"]) == model.covered
