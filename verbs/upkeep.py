"""The command line's verbs for the installation: backup, keys, doctor and settings."""

import argparse
import sys
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from settings import endpoints, settings
from store import accounts
from store.backup import backup, restore
from store.db import open_store
from store.doctor import diagnose
from syncing import utc_now
from verbs.printing import print_json


def make_backup(asked: argparse.Namespace) -> int:
    backup(open_store(), asked.file)
    print(
        f"Saved to {asked.file}. Credentials in it are sealed: keep the secret key too, but in another place.",
        file=sys.stderr,
    )
    return 0


def restore_backup(asked: argparse.Namespace) -> int:
    before = restore(open_store(), asked.file, utc_now())
    print(f"Restored. The data as it was before stands in {before}.", file=sys.stderr)
    return 0


def rotate_key(asked: argparse.Namespace) -> int:
    resealed, unreadable = accounts.rotate_key(open_store())
    if asked.json:
        print_json({"resealed": resealed, "unreadable": unreadable})
    else:
        print(f"{resealed} credentials sealed with the new key, {unreadable} could not be opened.")
    return 1 if unreadable else 0


def doctor(asked: argparse.Namespace) -> int:
    findings = diagnose(open_store(), settings(), utc_now())
    rows = [{"level": f.level, "what": f.what, "detail": f.detail, "next_step": f.next_step} for f in findings]
    if asked.json:
        print_json(rows)
    else:
        for row in rows:
            print(f"{row['level']:<5} {row['what']}: {row['detail']}")
            if row["next_step"]:
                print(f"      Next step: {row['next_step']}")
    return 1 if any(row["level"] == "error" for row in rows) else 0


def config(asked: argparse.Namespace) -> int:
    chosen = settings()
    rows = {f"SPENDGLASS_{name.upper()}": _masked(getattr(chosen, name)) for name in type(chosen).model_fields}
    rows |= endpoints()
    if asked.json:
        print_json(rows)
    else:
        for name, value in rows.items():
            print(f"{name}={'' if value is None else value}")
    return 0


def _masked(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return "********"
    return str(value) if isinstance(value, Path) else value
