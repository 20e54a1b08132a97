"""The command line's verbs for accounts: link, relink, list, pause and unlink them."""

import argparse
import json
import sys
from typing import Any

from connectors import CONNECTORS
from connectors.errors import ConnectorError
from linking import link_account, relink_account
from store import accounts
from store.db import open_store
from store.errors import StoreError
from store.overview import overview
from syncing import utc_now
from verbs.endings import WrongUseError, explain
from verbs.printing import print_json, print_rows

COLUMNS = ("id", "provider", "name", "hint", "state", "covered_from", "covered_to", "last_success")


def link(asked: argparse.Namespace) -> int:
    raw = _read_credential()
    account_id = link_account(
        open_store(), asked.provider, raw, name=asked.name, now=utc_now(), tell=_note, is_separate=asked.separate
    )
    if asked.json:
        print_json({"account": account_id, "provider": asked.provider})
    else:
        print(account_id)
    return 0


def link_all(asked: argparse.Namespace) -> int:
    """Link every account of a list; those that fail are told, the others linked."""
    store = open_store()
    listed = _read_json()
    if not isinstance(listed, list):
        raise WrongUseError('Expected a JSON list: [{"provider": "openai", "name": "…", "credential": {…}}]')
    linked, codes = [], []
    for entry in listed:
        if not isinstance(entry, dict) or entry.get("provider") not in CONNECTORS:
            raise WrongUseError(f"Every entry needs a provider, one of: {', '.join(CONNECTORS)}.")
        credential = entry.get("credential")
        if not isinstance(credential, dict):
            raise WrongUseError(f"The entry of {entry['provider']} has no credential object.")
        try:
            account_id = link_account(store, entry["provider"], credential, name=entry.get("name"), now=utc_now())
            linked.append({"account": account_id, "provider": entry["provider"]})
        except (ConnectorError, StoreError) as fault:
            codes.append(explain(fault))
    if asked.json:
        print_json(linked)
    else:
        for account in linked:
            print(f"{account['account']} {account['provider']}")
    return next(iter(codes), 0)


def relink(asked: argparse.Namespace) -> int:
    relink_account(open_store(), asked.id, _read_credential(), now=utc_now())
    return 0


def list_accounts(asked: argparse.Namespace) -> int:
    rows = overview(open_store(), utc_now())
    if asked.json:
        print_json(rows)
    else:
        print_rows(rows, COLUMNS)
    return 0


def unlink(asked: argparse.Namespace) -> int:
    accounts.unlink(open_store(), asked.id, keep_data=asked.keep_data, now=utc_now())
    return 0


def pause(asked: argparse.Namespace) -> int:
    accounts.set_paused(open_store(), asked.id, paused=asked.paused)
    return 0


def _read_json() -> Any:
    if sys.stdin.isatty():
        print("Paste the credential as JSON, then press Ctrl-D:", file=sys.stderr)
    try:
        return json.loads(sys.stdin.buffer.read())
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise WrongUseError(
            'The credential on standard input is not JSON. Expected, for example: {"apiKey": "…"}'
        ) from None


def _read_credential() -> dict[str, Any]:
    raw = _read_json()
    if not isinstance(raw, dict):
        raise WrongUseError('The credential must be a JSON object, for example: {"apiKey": "…"}')
    return raw


def _note(text: str) -> None:
    print(f"Note: {text}", file=sys.stderr)
