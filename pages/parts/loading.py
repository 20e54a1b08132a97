"""What pages read, shared by all sessions of the process: one store, and one frame per window and data version."""

import polars as pl
import streamlit as st

from store.db import Store, open_store
from store.frames import data_version, read_controls, read_names
from store.kept_costs import KeptCosts
from store.kept_metered import KeptMetered
from store.metering import metering_version
from store.records import Window
from store.series import Spend

METERED_SECONDS = 5
"""Metered data changes many times a second under load; pages look no more often than this whether it did."""


@st.cache_resource(show_spinner=False)
def opened_store() -> Store:
    """The store of this process; raises `StoreError`."""
    return open_store()


def costs(store: Store, window: Window) -> tuple[Spend, Spend]:
    """`queries.parted_spend` of the window and the one before it."""
    return _costs(store, window, data_version(store))


@st.cache_resource(show_spinner=False, max_entries=4)
def _costs(_store: Store, window: Window, version: int) -> tuple[Spend, Spend]:
    return _kept_costs().parted(_store, window, version)


@st.cache_resource(show_spinner=False)
def _kept_costs() -> KeptCosts:
    return KeptCosts()


def metered(store: Store, window: Window) -> pl.DataFrame:
    """`metered.read_metered` of the window and the one before it, a few seconds old at most."""
    return _metered(store, window, metered_version(store))


def metered_version(store: Store) -> tuple[int, int]:
    """Differs whenever costs, names or metered data may, the latter looked at every few seconds."""
    return data_version(store), _batches(store)


@st.cache_resource(show_spinner=False, ttl=METERED_SECONDS)
def _batches(_store: Store) -> int:
    return metering_version(_store)


@st.cache_resource(show_spinner=False, max_entries=8)
def _metered(_store: Store, window: Window, version: tuple[int, int]) -> pl.DataFrame:
    return _kept_metered().within(_store, Window(window.previous.start, window.end), version[1])


@st.cache_resource(show_spinner=False)
def _kept_metered() -> KeptMetered:
    return KeptMetered()


def controls(store: Store, window: Window) -> pl.DataFrame:
    """`frames.read_controls` of the window."""
    return _controls(store, window, data_version(store))


@st.cache_resource(show_spinner=False, max_entries=8)
def _controls(_store: Store, window: Window, version: int) -> pl.DataFrame:
    del version
    return read_controls(_store, window)


def names(store: Store) -> dict[str, pl.DataFrame]:
    """`frames.read_names`."""
    return _names(store, data_version(store))


@st.cache_resource(show_spinner=False, max_entries=2)
def _names(_store: Store, version: int) -> dict[str, pl.DataFrame]:
    del version
    return read_names(_store)
