"""How much of the bill is metered, as pages show it."""

from dataclasses import dataclass

import polars as pl
import streamlit as st

from pages.parts import numbers
from pages.parts.cards import Card, Tone
from pages.parts.cost_page import CostView
from pages.parts.loading import costs, metered, metered_version
from pages.parts.travel import go_on
from store.db import Store
from store.metrics import CostFilter
from store.metrics.coverage import given_up, model_coverage, overall, seen, summed_coverage, unpriced
from store.metrics.named_coverage import key_coverage, workspace_coverage
from store.records import Window
from store.series import Spend

GOAL = 0.9
"""What is covered less than this is amber."""
HELP = (
    "The part of the billed cost that clients and gateways metered, model by model and each up to its bill. "
    "The search and the cost range do not narrow it."
)


@dataclass(frozen=True, slots=True)
class Coverage:
    """The frames of `metrics.coverage` for the chosen providers and period, whatever else is filtered.

    `is_metered`: whether anything was ever metered in the period or the one before it.
    """

    models: pl.DataFrame
    providers: pl.DataFrame
    is_metered: bool

    @property
    def ratio(self) -> float | None:
        """Covered ÷ billed of all chosen providers."""
        return overall(self.models, "coverage")

    @property
    def ratio_before(self) -> float | None:
        """The same of the period before, by the bills of this one."""
        return overall(self.models, "previous_coverage")

    @property
    def unmetered(self) -> int:
        return int(self.models["unmetered"].sum())

    @property
    def over_metered(self) -> int:
        return int(self.models["over_metered"].sum())


def coverage(view: CostView) -> Coverage:
    models = _of_providers(_table(view, "models"), view.asked)
    return Coverage(models, summed_coverage(models, ["provider"]), is_metered=not _seen(view).is_empty())


def _seen(view: CostView) -> pl.DataFrame:
    return _seen_in(view.store, view.asked.window)


def _seen_in(store: Store, window: Window) -> pl.DataFrame:
    return seen(metered(store, window), costs(store, window)[1])


def bypassing_keys(view: CostView) -> pl.DataFrame:
    """`metrics.key_coverage` of the chosen providers, keys with an unmetered remainder alone."""
    return _of_providers(_table(view, "keys"), view.asked).filter(pl.col("unmetered") > 0)


def bypassing_workspaces(view: CostView) -> pl.DataFrame:
    """`metrics.workspace_coverage` of the chosen providers, workspaces with an unmetered remainder alone."""
    return _of_providers(covered_workspaces(view), view.asked).filter(pl.col("unmetered") > 0)


def covered_workspaces(view: CostView) -> pl.DataFrame:
    """`metrics.workspace_coverage` of all workspaces, whatever is filtered."""
    return _table(view, "workspaces")


def _of_providers(lines: pl.DataFrame, asked: CostFilter) -> pl.DataFrame:
    return lines.filter(pl.col("provider").is_in(list(asked.providers))) if asked.providers else lines


TABLES = {"models": model_coverage, "keys": key_coverage, "workspaces": workspace_coverage}


def _table(view: CostView, table: str) -> pl.DataFrame:
    """One of the tables of coverage, of all providers, whatever is filtered."""
    return _table_of(view.store, view.asked.window, metered_version(view.store), view.compared, table, view.everything)


@st.cache_resource(show_spinner=False, max_entries=16)
def _table_of(
    _store: Store, window: Window, version: tuple[int, int], compared: bool, table: str, _everything: Spend
) -> pl.DataFrame:
    del version, compared
    return TABLES[table](_everything.sums, _seen_in(_store, window), CostFilter(window=window))


def unpriced_models(view: CostView) -> pl.DataFrame:
    """`metrics.unpriced` of the chosen providers."""
    return unpriced(_seen(view), view.asked)


def calls_without_names(view: CostView) -> int:
    """`metrics.given_up`, of all providers."""
    return given_up(metered(view.store, view.asked.window), view.asked)


def coverage_card(found: Coverage) -> Card:
    """The share, and what bypasses metering."""
    if not found.is_metered:
        return Card("Metered coverage", numbers.UNKNOWN, "nothing metered yet", "off", "see Coverage", help=HELP)
    ratio = found.ratio
    tone: Tone = "off" if ratio is None else "green" if ratio >= GOAL else "orange"
    said = numbers.UNKNOWN if ratio is None else numbers.percent(ratio)
    return Card("Metered coverage", said, numbers.figure(found.unmetered), tone, "of the bill is unmetered", help=HELP)


def with_coverage(lines: pl.DataFrame, found: Coverage) -> pl.DataFrame:
    """The Providers table with `coverage`, null while nothing at all is metered."""
    mine = found.providers.select("provider", "coverage")
    joined = lines.join(mine, on="provider", how="left", maintain_order="left")
    return joined if found.is_metered else joined.with_columns(pl.lit(None, pl.Float64).alias("coverage"))


def teach_metering() -> None:
    """What to do so that something is metered."""
    with st.container(key="teach-metering", gap="small"):
        st.subheader("Nothing is metered in this period", anchor=False)
        st.write(
            "Coverage tells which part of a bill your own applications know of. Make a metering key and point an SDK "
            "here, or link your LiteLLM proxy."
        )
        if st.button("Set up metering", type="primary", key="teach-metering-button"):
            go_on("metering")
