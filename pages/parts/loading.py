"""What pages read, shared by all sessions of the process: one store, and one frame per window and data version."""

import polars as pl
import streamlit as st

from store.db import Store, open_store
from store.frames import data_version, read_controls, read_names
from store.queries import parted_rows
from store.records import Window


@st.cache_resource(show_spinner=False)
def opened_store() -> Store:
    """The store of this process; raises `StoreError`."""
    return open_store()


def costs(store: Store, window: Window) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`queries.parted_rows` of the window and the one before it."""
    return _costs(store, window, data_version(store))


@st.cache_resource(show_spinner=False, max_entries=8)
def _costs(_store: Store, window: Window, version: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    del version
    return parted_rows(_store, window)


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
