"""The command line's verbs for the names of workspaces."""

import argparse

from store import names
from store.db import open_store
from syncing import utc_now
from verbs.printing import print_json, print_rows


def rename(asked: argparse.Namespace) -> int:
    store = open_store()
    names.rename(store, *names.find_workspace(store, asked.workspace), asked.name, utc_now())
    return 0


def history(asked: argparse.Namespace) -> int:
    store = open_store()
    rows = names.history(store, *names.find_workspace(store, asked.workspace))
    if asked.json:
        print_json(rows)
    else:
        print_rows(rows, ("number", "name", "source", "at"))
    return 0


def revert(asked: argparse.Namespace) -> int:
    store = open_store()
    print(names.revert(store, *names.find_workspace(store, asked.workspace), asked.number, utc_now()))
    return 0
