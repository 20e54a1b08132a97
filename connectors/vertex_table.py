"""Which table is the billing export: by the name given, or the one that the key can see.

Names: https://cloud.google.com/billing/docs/how-to/export-data-bigquery-tables - the standard export is preferred to
the detailed one, which holds the same costs in more lines; reading both would count everything twice.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from connectors.errors import CredentialLacksBilling
from connectors.vertex_key import table_parts

MOST_DATASETS = 200
_EXPORT = re.compile(r"gcp_billing_export_(?P<detailed>resource_)?v1_(?P<account>\w+)", re.ASCII | re.IGNORECASE)
_SAFE = re.compile(r"[\w.:-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class ExportTable:
    """Where the rows are. `partition` is the column that bounds what a query reads, None in a view.

    `created` is the day since when Google has filled it, None where nobody knows.
    """

    path: str
    location: str | None
    partition: str | None
    created: date | None
    is_empty: bool

    @property
    def billing_account(self) -> str | None:
        """The id of the billing account, as the console shows it; a view may be named otherwise."""
        found = _EXPORT.fullmatch(self.path.rpartition(".")[2])
        return found["account"].replace("_", "-").upper() if found else None


def find_table(client: Any, wanted: str | None, home: str, retry: Any) -> ExportTable:
    """The export of one billing account; `home` is the key's project. Raises where there is none, or more than one."""
    project, dataset, table = table_parts(wanted)
    project = project or home
    if table is None:
        chosen = [(dataset, None)] if dataset else _datasets(client, project, retry)
        names = [
            (found_in, item.table_id)
            for found_in, _ in chosen
            for item in client.list_tables(f"{project}.{found_in}", retry=retry)
        ]
        dataset, table = _one_export(names, project)
    return _described(client.get_table(f"{project}.{dataset}.{table}", retry=retry))


def _datasets(client: Any, project: str, retry: Any) -> list[tuple[str, None]]:
    listed = client.list_datasets(project, max_results=MOST_DATASETS, retry=retry)
    return [(item.dataset_id, None) for item in listed]


def _one_export(names: Iterable[tuple[str, str]], project: str) -> tuple[str, str]:
    """The standard export where there is one, else the detailed one; of one billing account, in one dataset."""
    exports: dict[str, dict[bool, list[tuple[str, str]]]] = {}
    for dataset, table in names:
        if found := _EXPORT.fullmatch(table):
            kinds = exports.setdefault(found["account"].upper(), {})
            kinds.setdefault(bool(found["detailed"]), []).append((dataset, table))
    if not exports:
        raise CredentialLacksBilling(
            f"No billing export is visible to this service account in project {project}.",
            likely_cause="The export is in another project, was enabled only now (the first rows take hours to two "
            "days), or the service account lacks BigQuery Data Viewer on its dataset.",
            resolution="Name the export as project.dataset, grant the role on that dataset, and re-link the account.",
        )
    candidates = [place for kinds in exports.values() for place in kinds.get(False) or kinds[True]]
    if len(candidates) > 1:
        shown = ", ".join(f"{project}.{dataset}.{table}" for dataset, table in candidates[:10])
        raise CredentialLacksBilling(
            f"More than one billing export is visible: {shown}.",
            likely_cause="The service account sees several billing accounts, or one export in several datasets.",
            resolution="Name one of them as the billing export and re-link; link one account for each billing account.",
        )
    return candidates[0]


def _described(table: Any) -> ExportTable:
    path = f"{table.project}.{table.dataset_id}.{table.table_id}"
    if not _SAFE.fullmatch(path):
        raise ValueError("a table's name goes into the query, and this one has no safe name")
    is_table = table.table_type == "TABLE"
    is_googles_own = is_table and _EXPORT.fullmatch(table.table_id) is not None  # a copy may be younger than its rows
    created = table.created.astimezone(UTC).date() if isinstance(table.created, datetime) else None
    rows = table.num_rows
    return ExportTable(
        path=path,
        location=table.location,
        partition=_partition(table.time_partitioning) if is_table else None,
        created=created if is_googles_own else None,
        is_empty=is_table and rows == 0,
    )


def _partition(partitioning: Any) -> str | None:
    if partitioning is None or partitioning.type_ not in {"DAY", "HOUR"}:
        return None
    if partitioning.field is None:
        return "_PARTITIONTIME"
    if not re.fullmatch(r"\w+", str(partitioning.field), re.ASCII):
        raise ValueError("a partition column goes into the query, and this one has no safe name")
    return f"b.{partitioning.field}"
