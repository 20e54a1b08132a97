"""An opened connection to one billing export: questions in, rows out, and what they cost.

https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs - with Google's own client.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from google.api_core.client_options import ClientOptions
from google.auth.transport.requests import AuthorizedSession
from google.cloud import bigquery
from google.oauth2.service_account import Credentials

from connectors.base import Meter
from connectors.errors import UnexpectedResponse
from connectors.fields import Fields
from connectors.patience import current_patience
from connectors.vertex_key import BIGQUERY, GIB, VertexCredential, token_uri
from connectors.vertex_refusals import PROVIDER
from connectors.vertex_table import ExportTable, find_table
from connectors.vertex_wire import TokenRequest, Wire, asked
from settings import endpoint

SCOPE = "https://www.googleapis.com/auth/bigquery"
PAGE_ROWS = 5_000
MOST_PAGES = 2_000
QUERY_SECONDS = 120.0
LONGEST_RETRY = 60.0
"""Seconds. Google's client would go on for ten minutes and hold a sync all that time."""
FEWEST_ATTEMPTS = 3
"""Below that many attempts a person waits, and Google's client makes only one."""
LABELS = {"app": "spendglass"}

Parameter = datetime | str | Sequence[str]


class BigQuerySession:
    """Reads one export; `meter` counts requests and the bytes that BigQuery bills."""

    def __init__(self, credential: VertexCredential) -> None:
        self.meter = Meter()
        key = json.loads(credential.service_account.get_secret_value())
        self._home = str(key["project_id"])
        self._job_project = credential.job_project or self._home
        self._wanted = credential.export_table
        self._limit = credential.limit_gib * GIB
        self._wire = Wire(self.meter)
        key["token_uri"] = token_uri(key)
        signer = Credentials.from_service_account_info(key, scopes=[SCOPE])  # type: ignore[no-untyped-call]
        http = AuthorizedSession(  # type: ignore[no-untyped-call]
            signer, max_refresh_attempts=1, auth_request=TokenRequest(self._wire)
        )
        http.mount("https://", self._wire)
        http.mount("http://", self._wire)
        self._client = bigquery.Client(
            project=self._job_project,
            credentials=signer,
            _http=http,
            client_options=ClientOptions(api_endpoint=endpoint("vertex", BIGQUERY)),
        )
        self._table: ExportTable | None = None

    def __repr__(self) -> str:
        return f"BigQuerySession({self._job_project})"

    def close(self) -> None:
        self._client.close()  # type: ignore[no-untyped-call]

    @property
    def answered_at(self) -> datetime | None:
        """Google's own clock at its latest answer, UTC."""
        return self._wire.answered_at

    @property
    def table(self) -> ExportTable:
        """The billing export, looked for once."""
        if self._table is None:
            self._table = asked(
                "the list of tables",
                self._job_project,
                lambda: find_table(self._client, self._wanted, self._home, _retry()),
            )
        return self._table

    def rows(self, sql: str, parameters: Mapping[str, Parameter]) -> list[Fields]:
        """All rows of the answer, each a set of typed cells. Raises `ConnectorError`, also where one is missing."""
        return asked("the billing export", self._job_project, lambda: self._rows(sql, self._config(parameters)))

    def estimated_bytes(self, sql: str, parameters: Mapping[str, Parameter]) -> int | None:
        """What a query would read. Free, and refused like the query itself where the key lacks a permission."""
        config = self._config(parameters)
        config.dry_run = True
        job = asked("the billing export", self._job_project, lambda: self._begun(sql, config))
        told: int | None = job.total_bytes_processed
        return told

    def _begun(self, sql: str, config: bigquery.QueryJobConfig) -> bigquery.QueryJob:
        location = self.table.location
        return self._client.query(sql, job_config=config, location=location, retry=_retry(), job_retry=None)

    def _rows(self, sql: str, config: bigquery.QueryJobConfig) -> list[Fields]:
        job = self._begun(sql, config)
        found = job.result(page_size=PAGE_ROWS, retry=_retry(), timeout=QUERY_SECONDS, job_retry=None)
        self.meter.bytes_billed += job.total_bytes_billed or 0
        rows: list[Fields] = []
        cursors: set[str] = set()
        for page in found.pages:
            rows.extend(Fields(PROVIDER, dict(row.items())) for row in page)
            cursor = found.next_page_token
            if cursor is None:
                break
            if not cursor or cursor in cursors or len(cursors) == MOST_PAGES:
                raise UnexpectedResponse(f"{PROVIDER} says there are more rows, but gives no way to them.")
            cursors.add(cursor)
        if len(rows) != found.total_rows:
            raise UnexpectedResponse(f"{PROVIDER} promised {found.total_rows} rows and gave {len(rows)}.")
        return rows

    def _config(self, parameters: Mapping[str, Parameter]) -> bigquery.QueryJobConfig:
        return bigquery.QueryJobConfig(
            query_parameters=[_parameter(name, value) for name, value in parameters.items()],
            maximum_bytes_billed=self._limit,
            labels=LABELS,
        )


def _parameter(name: str, value: Parameter) -> bigquery.ScalarQueryParameter | bigquery.ArrayQueryParameter:
    if isinstance(value, datetime):
        return bigquery.ScalarQueryParameter(name, "TIMESTAMP", value)
    if isinstance(value, str):
        return bigquery.ScalarQueryParameter(name, "STRING", value)
    return bigquery.ArrayQueryParameter(name, "STRING", list(value))


def _retry() -> Any:
    """Google's own back-off, cut to our patience."""
    allowed = current_patience()
    if allowed.attempts < FEWEST_ATTEMPTS:
        return None
    return bigquery.DEFAULT_RETRY.with_timeout(min(allowed.total_seconds, LONGEST_RETRY))
