"""Addresses of views: a page and what its filters show, as the controls themselves write it."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from pages.parts import period
from pages.parts.columns import COLUMNS, sort_word
from pages.parts.palette import name_of

PAGES = {
    "providers": ("Providers", ""),
    "models": ("Models", "models"),
    "api_keys": ("API Keys", "api_keys"),
    "workspaces": ("Workspaces", "workspaces"),
    "coverage": ("Coverage", "coverage"),
    "sync_logs": ("Sync Logs", "sync_logs"),
}
"""Title and address of each page, by the table it shows."""
CHIPS = {"workspace": "Workspace", "api_key": "API key", "model": "Model"}
"""The filters that rows set, by their names in the address."""


def whole(url: str, table: str, filters: Mapping[str, Any], chips: Mapping[str, str]) -> str:
    """The address that shows the view to anyone who can reach the server; `url` is that of any of its pages."""
    base = url.partition("?")[0].rstrip("/")
    for _, path in PAGES.values():
        base = base.removesuffix(f"/{path}") if path else base
    return base + relative(table, filters, chips).removeprefix(".").removesuffix("/")


def relative(table: str, filters: Mapping[str, Any], chips: Mapping[str, str]) -> str:
    """The same as a link from any page to another."""
    query = urlencode({**_written(filters), **chips}, doseq=True)
    return f"./{PAGES[table][1]}" + (f"?{query}" if query else "")


def _written(filters: Mapping[str, Any]) -> dict[str, Any]:
    """The values as the bar's controls write them into the address."""
    write: dict[str, Callable[[Any], Any]] = {
        "provider": lambda slugs: [name_of(slug) for slug in slugs],
        "period": period.PERIODS.get,
        "days": lambda days: [str(chosen) for chosen in days],
        "sort": lambda name: sort_word(name) if name in COLUMNS else name,
    }
    return {name: write[name](value) if name in write else value for name, value in filters.items()}
