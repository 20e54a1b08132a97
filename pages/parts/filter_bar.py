"""The filters that all data pages share: drawn once, bound to the URL, kept while people move between pages."""

import math
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import streamlit as st

from pages.parts import period
from pages.parts.addresses import CHIPS, relative
from pages.parts.columns import COLUMNS, sort_word
from pages.parts.loading import names
from pages.parts.palette import name_of
from pages.parts.saved_views import views_button
from pages.parts.tables import Order
from pages.parts.text import escaped
from store.db import Store
from store.metrics import FINDINGS, CostFilter
from store.queries import SORTABLE
from store.records import Window

DESCENDING, ASCENDING = "Descending", "Ascending"
DEFAULTS: dict[str, Any] = {
    "provider": [],
    "period": period.DEFAULT,
    "days": (),
    "min_cost": None,
    "max_cost": None,
    "search": "",
    "sort": None,
    "order": DESCENDING,
    "finding": None,
}


@dataclass(frozen=True, slots=True)
class Bar:
    """Which controls a page's table has use for, and its order before anyone chose one."""

    table: str
    sort: str = "net_cost"
    has_cost_range: bool = True
    searched: str = "workspace, key or model"


def filter_bar(store: Store, bar: Bar, today: date, providers: list[str]) -> CostFilter:
    """Draw the bar; returns what it asks for. `today` is the UTC day, `providers` the slugs to choose from."""
    if st.session_state.get("sort") not in {None, *_sortable(bar.table)}:
        del st.session_state["sort"]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="filter-bar"):
        st.multiselect(
            "Providers", providers, format_func=name_of, key="provider", bind="query-params",
            placeholder="All providers", width=165,
        )  # fmt: skip
        window = _period(today)
        if bar.has_cost_range:
            _cost_range()
        st.text_input(
            "Search", key="search", type="search", live=True, bind="query-params", placeholder=bar.searched,
            max_chars=200, width="stretch",
        )  # fmt: skip
        _sort(bar)
        st.button(
            "Reset",
            type="tertiary",
            on_click=reset,
            args=(bar,),
            disabled=not _is_changed(bar),
            help="Back to all costs of the last 30 days",
        )
        views_button(store, bar.table, _changes(bar), chips())
    _finding()
    chosen = chips()
    _draw_chips(store, chosen)
    state = st.session_state
    return CostFilter(
        window=window,
        providers=tuple(state["provider"]),
        search=state["search"] or "",
        workspace=chosen.get("workspace", ""),
        api_key=chosen.get("api_key", ""),
        model=chosen.get("model", ""),
        finding=(state["finding"] or "") if bar.table == "api_keys" else "",
        min_cost=_dollars(state.get("min_cost")) if bar.has_cost_range else None,
        max_cost=_dollars(state.get("max_cost")) if bar.has_cost_range else None,
        sort=state["sort"] or bar.sort,
        descending=state["order"] != ASCENDING,
    )


def chips() -> dict[str, str]:
    """The filters that row clicks set. They live in the URL alone: another page of the menu begins without."""
    return {name: st.query_params[name] for name in CHIPS if st.query_params.get(name)}


def link(bar: Bar, table: str, *, provider: str | None = None, **more: str) -> str:
    """The address of a page with more filters set than those set here, which stay; the order only where it has it."""
    filters = _changes(bar)
    if filters.get("sort") not in {None, *_sortable(table)}:
        filters = {name: value for name, value in filters.items() if name not in {"sort", "order"}}
    if provider is not None:
        filters["provider"] = [provider]
    return relative(table, filters, {**chips(), **more})


def order(bar: Bar, asked: CostFilter) -> Order:
    """How the page's table is sorted, and the addresses that show it sorted otherwise."""
    filters = {name: value for name, value in _changes(bar).items() if name not in {"sort", "order"}}

    def address(column: str, descending: bool) -> str:
        said = {} if column == bar.sort else {"sort": column}
        return relative(bar.table, {**filters, **said, **({} if descending else {"order": ASCENDING})}, chips())

    return Order(asked.sort or bar.sort, asked.descending, _sortable(bar.table), address)


def _dollars(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(str(number))


def _period(today: date) -> Window:
    chosen = st.selectbox(
        "Period", list(period.PERIODS), index=list(period.PERIODS).index(period.DEFAULT), key="period",
        format_func=period.PERIODS.__getitem__, bind="query-params", width=138,
    )  # fmt: skip
    if chosen != period.CUSTOM:
        return period.window_of(chosen, today)
    last = period.window_of(period.DEFAULT, today)
    days = st.date_input(
        "First and last day (UTC)", (last.start, last.last_day), key="days", max_value=today, format="YYYY-MM-DD",
        bind="query-params", width=230,
    )  # fmt: skip
    return period.window_of(chosen, today, days if isinstance(days, tuple) else ())


def _cost_range() -> None:
    given = (("≥", _cost_end("min_cost")), ("≤", _cost_end("max_cost")))
    ends = [f"{sign} ${end:,.2f}" for sign, end in given if end is not None]
    said = escaped(" and ".join(ends) or "Any cost")
    with st.popover(said, key="cost-range", width=112, help="Keep rows whose billed cost lies between two amounts"):
        for label, name in (("At least, US$", "min_cost"), ("At most, US$", "max_cost")):
            st.number_input(
                label, value=None, key=name, step=1.0, format="%.2f", bind="query-params", placeholder="any"
            )


def _cost_end(name: str) -> float | None:
    """One end of the range; on the first run only the address knows it, until its control is drawn."""
    if name in st.session_state:
        end: float | None = st.session_state[name]
        return end
    try:
        found = float(st.query_params.get(name, ""))
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _finding() -> None:
    """The control behind the chips of API Keys; their own words hold counts, which an address can not."""
    with st.container(key="unseen"):
        st.selectbox("Finding", list(FINDINGS), index=None, key="finding", bind="query-params")


def _sortable(table: str) -> list[str]:
    return [name for name in SORTABLE[table] if name in COLUMNS]


def _sort(bar: Bar) -> None:
    options = _sortable(bar.table)
    st.selectbox(
        "Sort by",
        options,
        index=options.index(bar.sort),
        key="sort",
        format_func=sort_word,
        bind="query-params",
        width=145,
    )
    st.selectbox("Order", (DESCENDING, ASCENDING), key="order", bind="query-params", width=125)


def _changes(bar: Bar) -> dict[str, Any]:
    """The bar's values that differ from those of a fresh page, by the names of their controls."""
    usual = {**DEFAULTS, "sort": bar.sort}
    given = {name: st.session_state.get(name) for name in usual}
    if given["period"] != period.CUSTOM:
        del given["days"]
    if bar.table != "api_keys":
        del given["finding"]
    return {name: value for name, value in given.items() if value and value != usual[name]}


def _is_changed(bar: Bar) -> bool:
    return bool(chips() or _changes(bar))


def reset(bar: Bar) -> None:
    """Back to all costs of the last 30 days, in the page's own order."""
    st.session_state.pop("days", None)
    for name, value in {**DEFAULTS, "sort": bar.sort}.items():
        if name != "days":
            st.session_state[name] = value
    for name in chips():
        st.query_params.pop(name, None)


def _draw_chips(store: Store, chosen: dict[str, str]) -> None:
    if not chosen:
        return
    with st.container(horizontal=True, gap="small", key="chips"):
        for name, value in chosen.items():
            st.button(
                f"{CHIPS[name]}: {escaped(_chip_text(store, name, value), 60)}  ✕", key=f"drop-{name}", on_click=_drop,
                args=(name,), help="Remove this filter",
            )  # fmt: skip


def _chip_text(store: Store, name: str, value: str) -> str:
    if name != "api_key":
        return value
    keys = names(store)["api_key"]
    known = keys.filter(keys["api_key_id"] == value)
    if known.is_empty():
        return value
    row = known.row(0, named=True)
    return str(row["api_key_name"] or row["api_key_hint"] or value)


def _drop(name: str) -> None:
    del st.query_params[name]
