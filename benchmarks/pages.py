"""How long the pages take to answer a change of a filter over many cost rows, and the same question asked of others.

    python3 run.py bench pages [--rows ROWS] [--changes CHANGES]

Measured is the way from the filter to the table with its cells as people read them, and to the whole page with figures
and chart: without the browser. Targets: 95 of 100 tables within 0.1 s, 60 days read within 1 s, 100,000 rows of CSV
within 0.5 s.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))

from _filled_store import SPAN, fill, meter
from _questions import MONTH, filters
from _rivals import Answer, of_duckdb, of_pandas, of_sqlite

from pages.parts import cards, charts
from pages.parts.cells import drawn
from pages.parts.columns import COLUMNS
from pages.parts.headline import headline
from pages.parts.palette import series_colours
from pages.parts.tables import PAGE_ROWS
from store import metrics, queries
from store.db import Store
from store.export import to_csv
from store.frames import read_controls, read_costs, read_names
from store.kept_costs import KeptCosts
from store.kept_metered import KeptMetered
from store.metrics import CostFilter
from store.metrics.coverage import model_coverage, seen
from store.metrics.model_totals import model_totals
from store.metrics.sums import finished, summed
from store.records import Window
from store.series import Spend

ROOT = Path(__file__).parents[1]
CHANGE_SECONDS, COLD_SECONDS, CSV_SECONDS, CSV_ROWS = 0.1, 1.0, 0.5, 100_000
KEPT_WINDOWS = 4
RIVAL_QUESTIONS = 24


class Pages:
    """What each page computes, from frames shared by all."""

    def __init__(self, store: Store) -> None:
        self._store, self._kept = store, KeptCosts()
        self._names, self._controls = read_names(store), read_controls(store, SPAN)
        self._coverage: dict[Window, pl.DataFrame] = {}
        self._findings: dict[Window, pl.DataFrame] = {}
        self._windows: dict[Window, tuple[Spend, Spend]] = {}
        self._kept_metered = KeptMetered()
        self.finished = 0.0

    def metered(self, window: Window, version: int = 1) -> pl.DataFrame:
        return self._kept_metered.within(self._store, Window(window.previous.start, window.end), version)

    def spend(self, asked: CostFilter) -> tuple[Spend, Spend]:
        """As the pages keep it: the last few windows asked for."""
        if asked.window not in self._windows:
            if len(self._windows) == KEPT_WINDOWS:
                del self._windows[next(iter(self._windows))]
            self._windows[asked.window] = self._kept.parted(self._store, asked.window, 0)
        return self._windows[asked.window]

    def providers(self, asked: CostFilter) -> pl.DataFrame:
        everything, elsewhere = self.spend(asked)
        spend, apart = metrics.chosen(everything, asked), metrics.chosen(elsewhere, asked)
        table = metrics.providers(spend, asked)
        if asked.window not in self._coverage:
            told = seen(self.metered(asked.window), elsewhere)
            self._coverage[asked.window] = model_coverage(everything.sums, told, CostFilter(window=asked.window))
        self._finish(table)
        cards.cost_cards(spend, compared=True)
        metrics.reconciled(spend, apart, self._controls)
        metrics.left_out(apart)
        _chart(spend, asked, "provider")
        return table

    def models(self, asked: CostFilter) -> pl.DataFrame:
        spend = metrics.chosen(self.spend(asked)[0], asked)
        table = metrics.models(spend, asked)
        self._finish(table)
        cards.cost_cards(spend, compared=True)
        model_totals(spend.sums, table)
        _chart(spend, asked, "model")
        return table

    def api_keys(self, asked: CostFilter) -> pl.DataFrame:
        parted = self.spend(asked)
        spend = metrics.chosen(parted[0], asked)
        if asked.window not in self._findings:
            told = self.metered(asked.window)
            self._findings[asked.window] = queries.key_findings(self._store, asked.window, parted, self._names, told)
        table = queries.api_key_lines(self._names, asked, spend, self._findings[asked.window])
        self._finish(table)
        cards.cost_cards(spend, compared=True)
        metrics.finding_counts(table)
        return table

    def workspaces(self, asked: CostFilter) -> pl.DataFrame:
        spend = metrics.chosen(self.spend(asked)[0], asked)
        table = metrics.workspaces(spend, asked)
        self._finish(table)
        cards.cost_cards(spend, compared=True)
        _chart(spend, asked, "workspace")
        return table

    def costs(self, asked: CostFilter) -> pl.DataFrame:
        table = metrics.costs(metrics.chosen(self.spend(asked)[0], asked), asked)
        self.finished = time.perf_counter()
        return table

    def _finish(self, table: pl.DataFrame) -> None:
        """Write what a page draws of its table, and note when that is done."""
        drawn(table.head(PAGE_ROWS), [name for name in table.columns if name in COLUMNS])
        self.finished = time.perf_counter()


def _chart(spend: Spend, asked: CostFilter, by: str) -> None:
    days = metrics.daily(spend, by)
    headline(days, by, asked.window, compared=True)
    colours = series_colours(charts.ranked(days, by), by)
    charts.daily_costs(days, by, asked.window, today=asked.window.last_day, colours=colours)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _ours(store: Store, asked: Sequence[CostFilter]) -> list[Answer]:
    answers, pages = [], Pages(store)
    pages.spend(CostFilter(window=MONTH))
    for wanted in asked:
        started = time.perf_counter()
        both = [metrics.chosen(part, wanted).sums for part in pages.spend(wanted)]
        lines = summed(pl.concat(both), ["provider", "model"])
        found = finished(lines, wanted, default_sort="billed_cost", names=["model", "provider"])
        answers.append((time.perf_counter() - started, int(found["billed_cost"].sum())))
    return answers


def _late(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=20)[18]


def _held(name: str, seconds: float, target: float) -> bool:
    print(f"{name:<44}{seconds * 1000:>9,.0f} ms   (target: {target * 1000:,.0f} ms)")
    return seconds <= target


def main(rows: int, changes: int) -> int:
    with tempfile.TemporaryDirectory(prefix="spendglass-bench-") as name:
        store = fill(Path(name), rows)
        cold = [_seconds(lambda: KeptCosts().parted(store, MONTH, 0)) for _ in range(3)]
        held = [_held("60 days read, named and added up (median of 3)", statistics.median(cold), COLD_SECONDS)]
        pages = Pages(store)
        held.append(_csv(pages))
        held += _changes(pages, changes)
        _print_parts(pages)
        held.append(_named(store, changes))
        agree = _beside(store, Path(name))
        store.close()
    print(f"{'load of the machine':<44}{os.getloadavg()[0]:>9.1f}")
    return 0 if all(held) and agree else 1


def _csv(pages: Pages) -> bool:
    table = pages.costs(CostFilter(window=MONTH)).head(CSV_ROWS)
    return _held(f"CSV of {table.height:,} cost rows", _seconds(lambda: to_csv(table)), CSV_SECONDS)


def _changes(pages: Pages, changes: int) -> list[bool]:
    asked = filters(changes)
    pages.spend(CostFilter(window=MONTH))
    every = (pages.providers, pages.models, pages.api_keys, pages.workspaces, pages.costs)
    return [_change(pages, page, asked, page.__name__) for page in every]


def _change(pages: Pages, page: Callable[[CostFilter], object], asked: Sequence[CostFilter], name: str) -> bool:
    """Print how long the filters take; whether their tables are finished in time."""
    tables, wholes = [], []
    for wanted in asked:
        started = time.perf_counter()
        wholes.append(_seconds(partial(page, wanted)))
        tables.append(pages.finished - started)
    print(f"{name + ', whole page: median':<44}{statistics.median(wholes) * 1000:>9,.0f} ms")
    print(f"{name + ', whole page: 95 of 100 within':<44}{_late(wholes) * 1000:>9,.0f} ms")
    return _held(f"{name}, table: 95 of 100 within", _late(tables), CHANGE_SECONDS)


def _named(store: Store, changes: int) -> bool:
    """API Keys once more where metering clients name keys."""
    named, pages, asked = meter(store), Pages(store), filters(changes)
    pages.spend(CostFilter(window=MONTH))
    for version, name in enumerate(("metered costs read", "metered costs read again, no day changed")):
        print(f"{name:<44}{_seconds(partial(pages.metered, MONTH, version)) * 1000:>9,.0f} ms")
    return _change(pages, pages.api_keys, asked, f"api_keys, {named:,} metered")


def _print_parts(pages: Pages) -> None:
    """Where the time of an unfiltered month goes, the best of five."""
    asked = CostFilter(window=MONTH)
    spend = pages.spend(asked)[0]
    lines = metrics.models(spend, asked)
    parts: dict[str, Callable[[], object]] = {
        "a search": lambda: metrics.chosen(spend, replace(asked, search="large")),
        "one pass of sums per model": lambda: summed(spend.sums, ["provider", "model"]),
        "Providers page": lambda: pages.providers(asked),
        "Models table": lambda: metrics.models(spend, asked),
        "Workspaces table": lambda: metrics.workspaces(spend, asked),
        "API Keys page": lambda: pages.api_keys(asked),
        "cards": lambda: cards.cost_cards(spend, compared=True),
        "figures of models": lambda: model_totals(spend.sums, lines),
        "days by model, and their chart": lambda: _chart(spend, asked, "model"),
    }
    for name, work in parts.items():
        print(f"{'  ' + name:<44}{min(_seconds(work) for _ in range(5)) * 1000:>9,.1f} ms")


def _beside(store: Store, folder: Path) -> bool:
    """The sums per model of the same filters; whether all found the same bill."""
    asked = filters(RIVAL_QUESTIONS)
    ours, costs = _ours(store, asked), read_costs(store, SPAN)
    assert store.sqlite_path is not None
    rivals = {
        "SQLite": of_sqlite(store.sqlite_path, asked),
        "DuckDB": of_duckdb(ROOT / ".venv-bench/bin/python", costs, folder, asked),
        "pandas": of_pandas(costs, asked),
    }
    mine = statistics.median(seconds for seconds, _ in ours)
    print(f"{'sums per model: here':<44}{mine * 1000:>9,.1f} ms   1.0")
    agree = True
    for rival, answers in rivals.items():
        if not answers:
            print(f"{'sums per model: ' + rival:<44}{'not installed':>12}")
            continue
        theirs = statistics.median(seconds for seconds, _ in answers)
        same = [billed for _, billed in answers] == [billed for _, billed in ours]
        agree &= same
        said = "" if same else "   finds another bill"
        print(f"{'sums per model: ' + rival:<44}{theirs * 1000:>9,.1f} ms   {theirs / mine:.1f}{said}")
    return agree


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--changes", type=int, default=200)
    given = parser.parse_args()
    sys.exit(main(given.rows, given.changes))
