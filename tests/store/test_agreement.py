"""Random statements over random windows, against a plain dictionary: totals equal to the nano-dollar."""

from collections import defaultdict
from collections.abc import Callable, Iterator
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
from store.metrics import CostFilter, chosen, models, workspaces
from store.queries import parted_spend
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


@dataclass(frozen=True, slots=True)
class Sums:
    """What a line says, in nano-dollars; `before` None where the window before has no row."""

    billed: int = 0
    credits: int = 0
    before: int | None = None


def plainly(statement: Statement, asked: CostFilter, by: Callable[[CostRecord], str]) -> dict[str, Sums]:
    """The lines of a table, computed row by row."""
    found: dict[str, Sums] = {}
    now = {by(record) for record in statement.costs if record.day in asked.window and is_asked(record, asked)}
    for record in statement.costs:
        line = by(record)
        if line not in now or not is_asked(record, asked):
            continue
        billed, credit, sums = nanos(record.billed_cost), nanos(record.credits_applied), found.get(line, Sums())
        if record.day in asked.window:
            found[line] = Sums(sums.billed + billed, sums.credits + credit, sums.before)
        elif record.day in asked.window.previous:
            found[line] = Sums(sums.billed, sums.credits, (sums.before or 0) + billed - credit)
    return found


def shown(record: CostRecord) -> str:
    return record.workspace_id or "Unattributed"


def is_asked(record: CostRecord, asked: CostFilter) -> bool:
    searched = (shown(record), record.workspace_id, record.api_key_id, record.model)
    return (
        asked.model in {"", record.model}
        and asked.workspace in {"", shown(record)}
        and asked.api_key in {"", record.api_key_id}
        and any(asked.search.lower() in text.lower() for text in searched)
    )


def windows() -> st.SearchStrategy[Window]:
    starts = st.integers(0, DAYS - 1).flatmap(lambda start: st.tuples(st.just(start), st.integers(start + 1, DAYS)))
    return starts.map(lambda ends: Window(*[FIRST + timedelta(days=end) for end in ends]))


filters = st.builds(
    CostFilter,
    window=windows(),
    search=st.sampled_from(["", "a", "Ä", "N", "unattr", "zz", ".*"]),
    workspace=st.sampled_from(["", "", "a", "A", "Unattributed", "gone"]),
    api_key=st.sampled_from(["", "", "ä", "gone"]),
    model=st.sampled_from(["", "", "m", "M", "gone"]),
)


def test_tables_from_categories_equal_a_plain_row_by_row_computation(sync: Syncing) -> None:
    number, today = 1000, FIRST + timedelta(days=DAYS + 5)

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(statements(), st.lists(filters, min_size=1, max_size=8))
    def agree(statement: Statement, asked: list[CostFilter]) -> None:
        nonlocal number
        number += 1
        with fresh_sync(sync, number) as own:
            values = {"run_id": own.run_id, "holder": own.holder, "now": own.now, "today": today}
            save_statement(own.store, own.account_id, statement, **values)
            for wanted in asked:
                costs = parted_spend(own.store, wanted.window)[0]
                spend = chosen(costs.narrowed(pl.col("account_id") == own.account_id), wanted)
                assert lines(models(spend, wanted), "model") == plainly(statement, wanted, lambda record: record.model)
                assert lines(workspaces(spend, wanted), "workspace") == plainly(statement, wanted, shown)

    agree()


def lines(table: pl.DataFrame, by: str) -> dict[str, Sums]:
    assert (table["billed_cost"] - table["credits_applied"]).equals(table["net_cost"])
    found = table.select(by, "billed_cost", "credits_applied", "previous_net_cost").rows()
    assert len(found) == len({row[0] for row in found})
    return {row[0]: Sums(*row[1:]) for row in found}
