"""Spendglass without a browser: the same verbs, for terminals, timers and other programs.

Exit codes: 0 done, 1 something partial, failed or found wrong, 2 wrong use, 3 credential refused,
4 provider unavailable.
Results go to standard output, everything else to standard error; `--json` where a program reads.
"""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import ValidationError

from connectors import CONNECTORS
from connectors.errors import ConnectorError
from store.errors import StoreError
from verbs import accounts, export, metering, names, syncs, upkeep
from verbs.arguments import day, provider
from verbs.endings import INTERRUPTED, WRONG_USE, WrongUseError, explain, say


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    given = sys.argv[1:] if arguments is None else arguments
    asked = parser(exports="export" in given).parse_args(given)
    try:
        code: int = asked.verb(asked)
    except WrongUseError as fault:
        code = say(WRONG_USE, str(fault))
    except ValidationError as fault:
        said = "; ".join(
            f"SPENDGLASS_{str(error['loc'][0]).upper()}: {str(error['msg']).removeprefix('Value error, ')}"
            for error in fault.errors()
        )
        code = say(WRONG_USE, f"A setting is wrong. {said}")
    except (ConnectorError, StoreError) as fault:
        code = explain(fault)
    except BrokenPipeError:
        sys.stderr.close()
        code = 0
    except KeyboardInterrupt:
        code = say(INTERRUPTED, "Stopped. All windows saved so far are whole.")
    return code


def parser(*, exports: bool = True) -> argparse.ArgumentParser:
    """The whole command line; without `exports`, the tables that can be exported are not looked up."""
    top = argparse.ArgumentParser(prog="cli.py", description=__doc__.splitlines()[0])
    verbs = top.add_subparsers(required=True, metavar="VERB")

    def verb(name: str, run: Callable[[argparse.Namespace], int], about: str) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=about, description=about)
        added.add_argument("--json", action="store_true", help="answer in JSON")
        added.set_defaults(verb=run)
        return added

    linking = verb(
        "link", accounts.link, "check a credential (JSON on standard input) and link its account; prints the id"
    )
    linking.add_argument("provider", type=provider, metavar="PROVIDER", help=", ".join(CONNECTORS))
    linking.add_argument("--name", help="how the account is called here")
    linking.add_argument("--separate", action="store_true", help="link it though its bill equals another account's")
    verb(
        "link-all",
        accounts.link_all,
        "link several accounts: a JSON list of provider, name and credential on standard input",
    )
    verb("relink", accounts.relink, "replace an account's credential (JSON on standard input)").add_argument(
        "id", type=int
    )
    verb("accounts", accounts.list_accounts, "list the accounts")
    unlinking = verb("unlink", accounts.unlink, "forget an account's credential and all its data")
    unlinking.add_argument("id", type=int, metavar="ID")
    unlinking.add_argument("--keep-data", action="store_true", help="forget the credential only")
    for name, paused in (("pause", True), ("resume", False)):
        pausing = verb(name, accounts.pause, f"{name} an account's schedule")
        pausing.add_argument("id", type=int, metavar="ID")
        pausing.set_defaults(paused=paused)
    syncing = verb("sync", syncs.sync, "sync accounts now, all by default")
    syncing.add_argument("ids", type=int, nargs="*", metavar="ID")
    syncing.add_argument("--since", type=day, metavar="DATE", help="read this day and all later ones again")
    exporting = verb("export", export.export, "write a table as CSV")
    if exports:
        export.add_arguments(exporting)
    renaming = verb("rename", names.rename, "give a workspace a name")
    renaming.add_argument("workspace", metavar="WORKSPACE-ID")
    renaming.add_argument("name")
    verb("names", names.history, "list all names a workspace had").add_argument("workspace", metavar="WORKSPACE-ID")
    reverting = verb("revert", names.revert, "go back to an earlier name of a workspace")
    reverting.add_argument("workspace", metavar="WORKSPACE-ID")
    reverting.add_argument("number", type=int, metavar="N", help="as `names` lists it")
    verb("backup", upkeep.make_backup, "copy the database to a file").add_argument("file", type=Path)
    verb("restore", upkeep.restore_backup, "replace the database by a backup").add_argument("file", type=Path)
    verb("metering-keys", metering.list_keys, "list the keys of metering clients")
    verb("metering-key", metering.make_key, "make a key for a metering client; prints it once").add_argument("name")
    revoking = verb("revoke-metering-key", metering.revoke_key, "refuse a metering key from now on")
    revoking.add_argument("id", type=int, metavar="ID", help="as `metering-keys` lists it")
    verb("rotate-key", upkeep.rotate_key, "seal all credentials with a new key")
    verb("doctor", upkeep.doctor, "look for trouble and say what to do about it")
    verb("config", upkeep.config, "print all settings, secrets masked")
    return top


if __name__ == "__main__":
    sys.exit(main())
