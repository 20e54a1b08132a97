"""The command line's verbs for the keys of metering clients."""

import argparse
import sys

from settings import settings
from store import metering_keys
from store.db import open_store
from syncing import utc_now
from verbs.printing import print_json, print_rows


def list_keys(asked: argparse.Namespace) -> int:
    rows = metering_keys.list_keys(open_store(), settings())
    if asked.json:
        print_json(rows)
    else:
        print_rows(rows, metering_keys.SHOWN)
    return 0


def make_key(asked: argparse.Namespace) -> int:
    key_id, key = metering_keys.create_key(open_store(), asked.name, utc_now())
    if asked.json:
        print_json({"id": key_id, "key": key})
    else:
        print(key)
        print(f"This is key {key_id}. It is not kept and cannot be shown again.", file=sys.stderr)
    return 0


def revoke_key(asked: argparse.Namespace) -> int:
    metering_keys.revoke_key(open_store(), asked.id, utc_now())
    return 0
