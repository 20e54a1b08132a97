"""Spendglass without a browser: the same verbs, for terminals, timers and other programs.

Exit codes: 0 done, 1 something partial, failed or found wrong, 2 wrong use, 3 credential refused,
4 provider unavailable.
Results go to standard output, everything else to standard error; `--json` where a program reads.
"""

import argparse
import json
import logging
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from connectors import CONNECTORS
from connectors.errors import ConnectorError, CredentialLacksBilling, CredentialRejected
from linking import link_account, relink_account
from settings import endpoints, settings
from store import accounts, names
from store.backup import backup, restore
from store.db import Store, open_store
from store.doctor import diagnose
from store.errors import StoreError, UnknownName
from store.overview import overview
from store.records import Window
from syncing import sync_account, utc_now
from verbs import metering
from verbs.printing import as_json, print_json, print_rows

WRONG_USE, REFUSED, UNAVAILABLE, INTERRUPTED = 2, 3, 4, 130
CODES = (
    (UnknownName, WRONG_USE),
    (CredentialRejected, REFUSED),
    (CredentialLacksBilling, REFUSED),
    (ConnectorError, UNAVAILABLE),
    (StoreError, 1),
)
LONGEST_WAIT_SECONDS = 600
PARALLEL_SYNCS = 8


class WrongUseError(Exception):
    """The command line asks for something that cannot be."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    given = sys.argv[1:] if arguments is None else arguments
    asked = parser(exports="export" in given).parse_args(given)
    try:
        code: int = asked.verb(asked)
    except WrongUseError as fault:
        code = _say(WRONG_USE, str(fault))
    except ValidationError as fault:
        said = "; ".join(
            f"SPENDGLASS_{str(error['loc'][0]).upper()}: {str(error['msg']).removeprefix('Value error, ')}"
            for error in fault.errors()
        )
        code = _say(WRONG_USE, f"A setting is wrong. {said}")
    except (ConnectorError, StoreError) as fault:
        code = _explain(fault)
    except BrokenPipeError:
        sys.stderr.close()
        code = 0
    except KeyboardInterrupt:
        code = _say(INTERRUPTED, "Stopped. All windows saved so far are whole.")
    return code


def _say(code: int, text: str) -> int:
    print(text, file=sys.stderr)
    return code


def _explain(fault: ConnectorError | StoreError) -> int:
    text = f"{fault.message}\nLikely cause: {fault.likely_cause}\nNext step: {fault.resolution}"
    return _say(next(code for kind, code in CODES if isinstance(fault, kind)), text)


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
            codes.append(_explain(fault))
    if asked.json:
        print_json(linked)
    else:
        for account in linked:
            print(f"{account['account']} {account['provider']}")
    return next(iter(codes), 0)


def relink(asked: argparse.Namespace) -> int:
    relink_account(open_store(), asked.id, _read_credential(), now=utc_now())
    return 0


ACCOUNT_COLUMNS = ("id", "provider", "name", "hint", "state", "covered_from", "covered_to", "last_success")


def list_accounts(asked: argparse.Namespace) -> int:
    rows = overview(open_store(), utc_now())
    if asked.json:
        print_json(rows)
    else:
        print_rows(rows, ACCOUNT_COLUMNS)
    return 0


def unlink(asked: argparse.Namespace) -> int:
    accounts.unlink(open_store(), asked.id, keep_data=asked.keep_data, now=utc_now())
    return 0


def pause(asked: argparse.Namespace) -> int:
    accounts.set_paused(open_store(), asked.id, paused=asked.paused)
    return 0


def sync(asked: argparse.Namespace) -> int:
    store = open_store()
    linked = [row for row in accounts.accounts(store) if row["linked"]]
    chosen = [_chosen(store, linked, account_id) for account_id in dict.fromkeys(asked.ids)]
    if not asked.ids:
        chosen = [row for row in linked if not row["paused"]]
        if not chosen:
            print("No account is linked and running. `python cli.py link PROVIDER` links one.", file=sys.stderr)
    if asked.since is not None and asked.since > utc_now().date():
        raise WrongUseError(f"--since {asked.since} lies in the future (days are UTC).")
    with ThreadPoolExecutor(PARALLEL_SYNCS) as pool:
        ended = list(pool.map(lambda row: _sync_one(store, row, asked.since), chosen))
    if asked.json:
        print_json(ended)
    else:
        for row, run in zip(chosen, ended, strict=True):
            print(_told(row, run))
    return 0 if all(run["status"] == "succeeded" for run in ended) else 1


def _chosen(store: Store, linked: list[dict[str, Any]], account_id: int) -> dict[str, Any]:
    for row in linked:
        if row["id"] == account_id:
            return row
    known = accounts.account(store, account_id)
    raise WrongUseError(f"Account {account_id} ({known['name']}) is not linked any more; link it again first.")


def _sync_one(store: Store, account: dict[str, Any], since: date | None) -> dict[str, Any]:
    def report(values: dict[str, Any]) -> None:
        if sys.stderr.isatty():
            text = f"{account['name']}: {values['windows_saved']} of {values['windows_planned']} windows"
            print(f"{text}, {values['cost_rows']} cost rows", file=sys.stderr)

    for attempt in range(LONGEST_WAIT_SECONDS * 2):
        run = sync_account(store, account["id"], trigger="cli", since=since, report=report)
        if run is not None:
            return run
        if attempt == 0:
            print(f"{account['name']}: another process is syncing this account; waiting for it.", file=sys.stderr)
        time.sleep(0.5)
    raise StoreError(
        f"Account {account['id']} was being synced by another process for ten minutes.",
        likely_cause="A long first sync, or a process that hangs.",
        resolution="See Sync Logs for its progress, or stop that process and sync again.",
    )


def _told(account: dict[str, Any], run: dict[str, Any]) -> str:
    days = f"{run['from_day']} to {run['to_day']}" if run["from_day"] else "no days"
    text = f"{account['id']} {account['name']}: {run['status']}, {days}, {run['cost_rows']} cost rows"
    if run["restated_days"]:
        text += f", {run['restated_days']} restated days"
    if run["message"]:
        text += f"\n  {run['message']}\n  Likely cause: {run['likely_cause']}\n  Next step: {run['resolution']}"
    return text


def export(asked: argparse.Namespace) -> int:
    from store.export import printed, to_csv  # noqa: PLC0415  like all that brings Polars: other verbs start at once
    from store.metrics import CostFilter  # noqa: PLC0415
    from store.queries import QUERIES  # noqa: PLC0415

    today = utc_now().date()
    last = asked.to or today
    first = asked.from_ or last - timedelta(days=29)
    if first > last:
        raise WrongUseError(f"--from {first} is later than --to {last}.")
    if asked.finding and asked.table != "api_keys":
        raise WrongUseError(f"--finding is for api_keys; {asked.table} has no findings.")
    wanted = CostFilter(
        window=Window(first, last + timedelta(days=1)),
        providers=tuple(asked.provider),
        search=asked.search,
        workspace=asked.workspace,
        api_key=asked.api_key,
        model=asked.model,
        finding=asked.finding,
        min_cost=asked.min_cost,
        max_cost=asked.max_cost,
        sort=_sort_column(asked),
        descending=not asked.ascending,
    )
    table = QUERIES[asked.table](open_store(), wanted)
    if asked.json:
        content = json.dumps(printed(table).to_dicts(), default=as_json, ensure_ascii=False, indent=2).encode() + b"\n"
    else:
        content = to_csv(table)
    _write(asked.output, content)
    return 0


def _sort_column(asked: argparse.Namespace) -> str:
    from store.queries import SORTABLE  # noqa: PLC0415

    wanted: str = asked.sort
    if wanted and wanted not in SORTABLE[asked.table]:
        raise WrongUseError(f"{asked.table} has no column {wanted!r}. It has: {', '.join(SORTABLE[asked.table])}.")
    return wanted


def _write(path: Path | None, content: bytes) -> None:
    if path is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    unfinished = path.with_name(path.name + ".part")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except OSError as fault:
        unfinished.unlink(missing_ok=True)
        raise WrongUseError(f"{path} cannot be written: {fault.strerror}.") from fault


def rename(asked: argparse.Namespace) -> int:
    store = open_store()
    names.rename(store, *names.find_workspace(store, asked.workspace), asked.name, utc_now())
    return 0


def name_history(asked: argparse.Namespace) -> int:
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


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day like 2026-11-23") from None


def _dollars(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise argparse.ArgumentTypeError(f"{text!r} is not an amount in US dollars")
    return amount


def _provider(text: str) -> str:
    if text not in CONNECTORS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a provider; there are: {', '.join(CONNECTORS)}")
    return text


def parser(*, exports: bool = True) -> argparse.ArgumentParser:
    """The whole command line; without `exports`, the tables that can be exported are not looked up."""
    top = argparse.ArgumentParser(prog="cli.py", description=__doc__.splitlines()[0])
    verbs = top.add_subparsers(required=True, metavar="VERB")

    def verb(name: str, run: Callable[[argparse.Namespace], int], about: str) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=about, description=about)
        added.add_argument("--json", action="store_true", help="answer in JSON")
        added.set_defaults(verb=run)
        return added

    linking = verb("link", link, "check a credential (JSON on standard input) and link its account; prints the id")
    linking.add_argument("provider", type=_provider, metavar="PROVIDER", help=", ".join(CONNECTORS))
    linking.add_argument("--name", help="how the account is called here")
    linking.add_argument("--separate", action="store_true", help="link it though its bill equals another account's")
    verb("link-all", link_all, "link several accounts: a JSON list of provider, name and credential on standard input")
    verb("relink", relink, "replace an account's credential (JSON on standard input)").add_argument("id", type=int)
    verb("accounts", list_accounts, "list the accounts")
    unlinking = verb("unlink", unlink, "forget an account's credential and all its data")
    unlinking.add_argument("id", type=int, metavar="ID")
    unlinking.add_argument("--keep-data", action="store_true", help="forget the credential only")
    for name, paused in (("pause", True), ("resume", False)):
        pausing = verb(name, pause, f"{name} an account's schedule")
        pausing.add_argument("id", type=int, metavar="ID")
        pausing.set_defaults(paused=paused)
    syncing = verb("sync", sync, "sync accounts now, all by default")
    syncing.add_argument("ids", type=int, nargs="*", metavar="ID")
    syncing.add_argument("--since", type=_day, metavar="DATE", help="read this day and all later ones again")
    exporting = verb("export", export, "write a table as CSV")
    if exports:
        _add_export(exporting)
    renaming = verb("rename", rename, "give a workspace a name")
    renaming.add_argument("workspace", metavar="WORKSPACE-ID")
    renaming.add_argument("name")
    verb("names", name_history, "list all names a workspace had").add_argument("workspace", metavar="WORKSPACE-ID")
    reverting = verb("revert", revert, "go back to an earlier name of a workspace")
    reverting.add_argument("workspace", metavar="WORKSPACE-ID")
    reverting.add_argument("number", type=int, metavar="N", help="as `names` lists it")
    verb("backup", make_backup, "copy the database to a file").add_argument("file", type=Path)
    verb("restore", restore_backup, "replace the database by a backup").add_argument("file", type=Path)
    verb("metering-keys", metering.list_keys, "list the keys of metering clients")
    verb("metering-key", metering.make_key, "make a key for a metering client; prints it once").add_argument("name")
    revoking = verb("revoke-metering-key", metering.revoke_key, "refuse a metering key from now on")
    revoking.add_argument("id", type=int, metavar="ID", help="as `metering-keys` lists it")
    verb("rotate-key", rotate_key, "seal all credentials with a new key")
    verb("doctor", doctor, "look for trouble and say what to do about it")
    verb("config", config, "print all settings, secrets masked")
    return top


def _add_export(added: argparse.ArgumentParser) -> None:
    from store.metrics import FINDINGS  # noqa: PLC0415
    from store.queries import QUERIES  # noqa: PLC0415

    added.add_argument("table", choices=tuple(QUERIES), metavar="TABLE", help=", ".join(QUERIES))
    added.add_argument("--from", dest="from_", type=_day, metavar="DATE", help="first day (UTC); default: 30 days")
    added.add_argument("--to", type=_day, metavar="DATE", help="last day, included; default: today")
    added.add_argument("--provider", type=_provider, action="append", default=[], help="may be given several times")
    added.add_argument("--search", default="", metavar="TEXT", help="in workspace, key or model")
    added.add_argument("--workspace", default="", help="only this workspace, by its present name")
    added.add_argument("--api-key", default="", help="only this key, by its id")
    added.add_argument("--model", default="", help="only this model")
    findings = tuple(FINDINGS)
    added.add_argument("--finding", choices=findings, default="", metavar="F", help=f"api_keys: {', '.join(findings)}")
    added.add_argument("--min-cost", type=_dollars, metavar="DOLLARS", help="rows billed at least this much")
    added.add_argument("--max-cost", type=_dollars, metavar="DOLLARS", help="rows billed at most this much")
    added.add_argument("--sort", default="", metavar="COLUMN")
    added.add_argument("--ascending", action="store_true")
    added.add_argument("-o", "--output", type=Path, metavar="FILE")


if __name__ == "__main__":
    sys.exit(main())
