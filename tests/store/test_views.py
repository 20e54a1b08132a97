"""Saved views: kept by name for the whole team."""

from datetime import datetime

import pytest

from store.db import Store
from store.errors import UnknownName
from store.views import LONGEST_NAME, MOST_VIEWS, forget_view, save_view, views


def test_a_view_comes_back_as_it_was_saved(store: Store, now: datetime) -> None:
    filters = {"filters": {"provider": ["openai"], "min_cost": 7.5}, "chips": {"workspace": "Søk 检索"}}
    save_view(store, "  Monthly\n report ", "models", filters, now)
    save_view(store, "a first one", "providers", {}, now)
    assert [(row["name"], row["page"], row["filters"]) for row in views(store)] == [
        ("a first one", "providers", {}),
        ("Monthly report", "models", filters),
    ]


def test_a_name_used_again_replaces_the_view(store: Store, now: datetime) -> None:
    save_view(store, "Report", "models", {}, now)
    save_view(store, "Report", "workspaces", {}, now)
    assert [row["page"] for row in views(store)] == ["workspaces"]


def test_a_deleted_view_is_gone_and_may_be_deleted_twice(store: Store, now: datetime) -> None:
    save_view(store, "Report", "models", {}, now)
    forget_view(store, "Report")
    forget_view(store, "Report")
    assert views(store) == []


@pytest.mark.parametrize("name", ["", "  \n", "x" * (LONGEST_NAME + 1)])
def test_a_name_that_says_nothing_or_too_much_is_refused(store: Store, now: datetime, name: str) -> None:
    with pytest.raises(UnknownName):
        save_view(store, name, "models", {}, now)


def test_there_is_an_end_to_views(store: Store, now: datetime) -> None:
    for number in range(MOST_VIEWS):
        save_view(store, f"View {number}", "models", {}, now)
    with pytest.raises(UnknownName, match="already"):
        save_view(store, "One more", "models", {}, now)
    save_view(store, "View 7", "workspaces", {}, now)
    assert len(views(store)) == MOST_VIEWS
