"""The frame of the pages that show costs: filters, load, stop if empty, figures, chart, table."""

from dataclasses import dataclass, replace
from datetime import date

import polars as pl
import streamlit as st

from pages.parts import numbers
from pages.parts.charts import daily_costs, inked, legend, ranked
from pages.parts.clock import utc_now
from pages.parts.covered import covered_days, gaps, is_comparable
from pages.parts.filter_bar import Bar, filter_bar, link, order, reset
from pages.parts.gateways import gateway_notes
from pages.parts.headline import headline
from pages.parts.loading import controls, costs, opened_store
from pages.parts.palette import name_of, series_colours
from pages.parts.shell import Accounts, frame
from pages.parts.tables import Order, theme
from pages.parts.text import escaped
from store.db import Store
from store.metrics import CostFilter, chosen, daily, reconciled
from store.records import Window
from store.series import Spend


@dataclass(frozen=True, slots=True)
class CostView:
    """What a cost page has to show: `spend` and `elsewhere` are what the filters leave over, `everything` all spend.

    `elsewhere` is a gateway's traffic that another linked bill holds; `compared`: the previous window is fully known.
    """

    store: Store
    bar: Bar
    asked: CostFilter
    spend: Spend
    elsewhere: Spend
    everything: Spend
    accounts: Accounts
    compared: bool
    today: date

    @property
    def order(self) -> Order:
        return order(self.bar, self.asked)

    @property
    def has_today(self) -> bool:
        return self.today in self.asked.window

    def link(self, table: str, **more: str) -> str:
        """The address of another page with more filters set: `provider`, `workspace`, `api_key`, `model`."""
        return link(self.bar, table, **more)

    def file_name(self, table: str) -> str:
        window = self.asked.window
        return f"spendglass-{table}-{window.start:%Y%m%d}-{window.last_day:%Y%m%d}.csv"


def open_page(title: str, bar: Bar, *, has_logs_button: bool = False) -> CostView:
    """Draw title and filters, load what they ask for; stops the page before the first data."""
    now = utc_now()
    store = opened_store()
    found = frame(store, title, now, has_logs_button=has_logs_button)
    asked = filter_bar(store, bar, now.date(), found.providers)
    among = found.chosen(asked.providers)
    compared = is_comparable(among, asked.window)
    st.caption(period_text(asked.window, now.date(), compared=compared))
    if covered_days(among) is None:
        _first_sync()
        st.stop()
    for row, lack in gaps(among, asked.window, now.date()):
        st.caption(f":material/info: {escaped(name_of(row['provider']))} · {escaped(row['name'])}: {lack}.")
    everything, elsewhere = costs(store, asked.window)
    if not compared:
        everything = everything.alone()
    spend, apart = chosen(everything, asked), chosen(elsewhere, asked)
    return CostView(store, bar, asked, spend, apart, everything, found, compared, now.date())


def period_text(window: Window, today: date, *, compared: bool) -> str:
    said = f"{numbers.days(window)} (UTC)"
    if compared:
        said += f", compared with {numbers.days(window.previous)}"
    return f"{said}. Today is partial." if today in window else f"{said}."


def _first_sync() -> None:
    st.write("The first sync is on its way. The newest days come first.")
    for place in st.columns(4, gap="small"):
        place.skeleton(height=128)
    st.skeleton(height=320)
    st.skeleton(height=240)


def stop_if_empty(view: CostView, table: pl.DataFrame) -> None:
    """Say why there is no row, with one way out; returns when there is one."""
    if not table.is_empty():
        return
    known = covered_days(view.accounts.chosen(view.asked.providers))
    window = view.asked.window
    in_window = whole_bill(view).sums.filter("is_current")
    gateway_notes(view.elsewhere)
    with st.container(key="empty", gap="small"):
        if not in_window.is_empty():
            st.subheader("No cost matches these filters", anchor=False)
            st.write("There are costs in this period, but none that all filters leave over.")
        else:
            st.subheader("No cost in this period", anchor=False)
            read = f"Read so far: {numbers.days(known)}." if known else ""
            nothing = "nothing that is not counted already" if view.elsewhere.sums.height else "nothing"
            st.write(f"The providers billed {nothing} for {numbers.days(window)}. {read}")
        st.button("Reset filters", on_click=reset, args=(view.bar,), key="empty-reset")
    st.stop()


def spend_chart(view: CostView, by: str) -> None:
    """Net cost per day, stacked by a column, under the sentence that says what happened."""
    days = daily(view.spend, by)
    said, driver = headline(days, by, view.asked.window, compared=view.compared)
    write = name_of if by == "provider" else str
    mostly = f", mostly {escaped(write(driver))}" if driver is not None else ""
    before = " Dotted: the period before." if view.compared else ""
    partial = " Hatched: today, partial." if view.today in view.asked.window else ""
    with st.container(gap=None, key="chart-words"):
        st.subheader(escaped(said) + mostly, anchor=False)
        st.caption(f"Net cost per day by {by}, US\\$, days in UTC.{before}{partial}")
    drawn = daily_costs(
        days, by, view.asked.window, today=view.today, colours=series_colours(ranked(days, by), by), name_of=write,
        compared=view.compared,
    )  # fmt: skip
    with st.container(gap="xsmall", key="chart-and-legend"):
        st.plotly_chart(inked(drawn, theme()), config={"displayModeBar": False}, key=f"chart-{by}", alt=said)
        st.html(legend(drawn))


def whole_bill(view: CostView) -> Spend:
    """The spend of the chosen providers whatever else is filtered."""
    return chosen(view.everything, _by_provider_alone(view.asked))


def reconciled_days(view: CostView) -> dict[str, int]:
    """`metrics.reconciled` of the chosen providers whatever else is filtered."""
    window = view.asked.window
    _, elsewhere = costs(view.store, window)
    apart = chosen(elsewhere, _by_provider_alone(view.asked))
    return reconciled(whole_bill(view), apart, controls(view.store, window))


def _by_provider_alone(asked: CostFilter) -> CostFilter:
    return replace(asked, search="", workspace="", api_key="", model="")
