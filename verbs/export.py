"""The command line's verb that writes a table. What brings Polars is imported late: the other verbs start at once."""

import argparse
import json
import sys
from datetime import timedelta
from pathlib import Path

from store.db import open_store
from store.records import Window
from syncing import utc_now
from verbs.arguments import day, dollars, provider
from verbs.endings import WrongUseError
from verbs.printing import as_json


def add_arguments(added: argparse.ArgumentParser) -> None:
    from store.metrics import FINDINGS  # noqa: PLC0415
    from store.queries import QUERIES  # noqa: PLC0415

    added.add_argument("table", choices=tuple(QUERIES), metavar="TABLE", help=", ".join(QUERIES))
    added.add_argument("--from", dest="from_", type=day, metavar="DATE", help="first day (UTC); default: 30 days")
    added.add_argument("--to", type=day, metavar="DATE", help="last day, included; default: today")
    added.add_argument("--provider", type=provider, action="append", default=[], help="may be given several times")
    added.add_argument("--search", default="", metavar="TEXT", help="in workspace, key or model")
    added.add_argument("--workspace", default="", help="only this workspace, by its present name")
    added.add_argument("--api-key", default="", help="only this key, by its id")
    added.add_argument("--model", default="", help="only this model")
    findings = tuple(FINDINGS)
    added.add_argument("--finding", choices=findings, default="", metavar="F", help=f"api_keys: {', '.join(findings)}")
    added.add_argument("--min-cost", type=dollars, metavar="DOLLARS", help="rows billed at least this much")
    added.add_argument("--max-cost", type=dollars, metavar="DOLLARS", help="rows billed at most this much")
    added.add_argument("--sort", default="", metavar="COLUMN")
    added.add_argument("--ascending", action="store_true")
    added.add_argument("-o", "--output", type=Path, metavar="FILE")


def export(asked: argparse.Namespace) -> int:
    from store.export import printed, to_csv  # noqa: PLC0415
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
