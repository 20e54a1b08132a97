"""BigQuery's REST interface as its discovery document has it, as far as a reader of one export table needs it.

https://cloud.google.com/bigquery/docs/reference/rest - datasets, tables, jobs, and the results of queries in pages.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time
from typing import Any

from demo import vertex_sql
from demo.vertex_export import ACCOUNT
from demo.vertex_jobs import JSON, LOCATION, Job, Jobs, Refused, bytes_billed, job_resource, offset, page_token
from demo.vertex_key import IDLER, PROJECT, READER, granted, holder
from demo.wire import Answer, Provider, Request

DATASET = "billing"
TABLE = f"gcp_billing_export_v1_{ACCOUNT.replace('-', '_')}"
DETAILED_TABLE = f"gcp_billing_export_resource_v1_{ACCOUNT.replace('-', '_')}"
OTHER_TABLES = ("cloud_pricing_export", DETAILED_TABLE)
PAGE_ROWS = 400
QUERY_PARAMS = {"maxResults", "pageToken", "location", "timeoutMs", "startIndex", "fields", "prettyPrint",
                "formatOptions.useInt64Timestamp", "formatOptions.timestampOutputFormat"}  # fmt: skip
LIST_PARAMS = {"maxResults", "pageToken", "prettyPrint", "all", "filter"}
JOB_PARAMS = {"projection", "location", "prettyPrint"}
TABLE_PARAMS = {"prettyPrint", "view", "selectedFields"}


JOBS = Jobs()


def _answer(request: Request) -> Answer:
    if (request.method, request.path) == ("POST", "/token"):
        return granted(request.body)
    try:
        return Answer.of_json(200, _read(request))
    except Refused as refused:
        return refused.answer()


def _read(request: Request) -> JSON:
    account = holder(request.headers.get("authorization"))
    if account is None:
        raise Refused(401, "authError", "Request had invalid authentication credentials.")
    for method, pattern, known, read in ROUTES:
        if (fits := pattern.fullmatch(request.path)) and method == request.method:
            for name, _ in request.query:
                if name not in known:
                    raise Refused(400, "invalidParameter", f'Unknown name "{name}": Cannot bind query parameter.')
            if fits[1] != PROJECT:
                raise Refused(404, "notFound", f"Not found: Project {fits[1]}")
            return read(request, account, *fits.groups()[1:])
    raise Refused(404, "notFound", "Not Found")


def _datasets(_request: Request, account: str) -> JSON:
    found = [_reference(DATASET)] if account == READER else []
    return {"kind": "bigquery#datasetList", "datasets": found}


def _reference(dataset: str) -> JSON:
    return {"kind": "bigquery#dataset", "id": f"{PROJECT}:{dataset}", "location": LOCATION,
            "datasetReference": {"projectId": PROJECT, "datasetId": dataset}}  # fmt: skip


def _tables(_request: Request, account: str, dataset: str) -> JSON:
    _may_read(account, dataset)
    found = [_table_reference(name) for name in sorted((TABLE, *OTHER_TABLES))]
    return {"kind": "bigquery#tableList", "tables": found, "totalItems": len(found)}


def _table_reference(table: str) -> JSON:
    reference = {"projectId": PROJECT, "datasetId": DATASET, "tableId": table}
    return {"kind": "bigquery#table", "id": f"{PROJECT}:{DATASET}.{table}", "tableReference": reference,
            "type": "TABLE", "timePartitioning": {"type": "DAY"}}  # fmt: skip


def _table(request: Request, account: str, dataset: str, table: str) -> JSON:
    _may_read(account, dataset, table)
    created = datetime.combine(request.world.first_day, time(), UTC).timestamp()
    return {**_table_reference(table), "location": LOCATION, "creationTime": str(round(created * 1000)),
            "numRows": "1", "schema": {"fields": []}}  # fmt: skip


def _may_read(account: str, dataset: str, table: str = TABLE) -> None:
    if account != READER:
        raise Refused(
            403, "accessDenied", f"Access Denied: Dataset {PROJECT}:{dataset}: Permission denied (or it may not exist)."
        )
    if dataset != DATASET or table not in {TABLE, *OTHER_TABLES}:
        raise Refused(
            404, "notFound", f"Not found: Table {PROJECT}:{dataset}.{table} was not found in location {LOCATION}"
        )


def _insert(request: Request, account: str) -> JSON:
    if account == IDLER:
        raise Refused(
            403,
            "accessDenied",
            f"Access Denied: Project {PROJECT}: User lacks bigquery.jobs.create permission in project {PROJECT}.",
        )
    try:
        sent = json.loads(request.body)
        asked = sent["configuration"]["query"]
        sql, job_id = str(asked["query"]), str(sent["jobReference"]["jobId"])
        parameters = {told["name"]: _parameter(told) for told in asked.get("queryParameters", [])}
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(400, "invalid", "Invalid JSON payload received.") from error
    if sent["jobReference"].get("location", LOCATION) != LOCATION:
        raise Refused(404, "notFound", f"Not found: Dataset {PROJECT}:{DATASET} was not found in location US")
    result = _run(request, account, sql, parameters)
    if int(asked.get("maximumBytesBilled") or 2**62) < bytes_billed(result):
        raise Refused(
            400, "bytesBilledLimitExceeded", f"Query exceeded limit for bytes billed: {asked['maximumBytesBilled']}."
        )
    job = Job(sent, result)
    if not sent["configuration"].get("dryRun"):
        JOBS.keep(job_id, job)
    return job_resource(job)


def _run(request: Request, account: str, sql: str, parameters: Mapping[str, Any]) -> vertex_sql.Result:
    paths = set(re.findall(r"`([^`]+)`", sql))
    if not paths:
        raise Refused(400, "invalidQuery", "A query without a table.")
    for path in paths:
        project, _, rest = path.partition(".")
        if project != PROJECT:
            raise Refused(404, "notFound", f"Not found: Project {project}")
        dataset, _, table = rest.partition(".")
        _may_read(account, dataset, table)
    try:
        return vertex_sql.asked(request.world, request.manners, request.now, sql, parameters)
    except vertex_sql.InvalidQuery as error:
        raise Refused(400, "invalidQuery", f"Unrecognized query: {error}") from error


def _parameter(told: JSON) -> Any:
    kind, value = told["parameterType"]["type"], told["parameterValue"]
    if kind == "ARRAY":
        return json.dumps([item["value"] for item in value["arrayValues"]])
    return vertex_sql.parameter(kind, value["value"])


def _read_job(_request: Request, _account: str, job_id: str) -> JSON:
    return job_resource(JOBS.find(job_id))


def _results(request: Request, _account: str, job_id: str) -> JSON:
    longest = request.manners.page_rows or PAGE_ROWS
    query, job = dict(request.query), JOBS.find(job_id)
    rows = job.result.rows
    start = offset(query["pageToken"], job_id) if "pageToken" in query else 0
    stop = min(start + min(int(query.get("maxResults", longest)), longest), len(rows))
    answer: JSON = {
        "kind": "bigquery#getQueryResultsResponse",
        "jobReference": {"projectId": PROJECT, "jobId": job_id, "location": LOCATION},
        "schema": {"fields": [{"name": name, "type": kind, "mode": "NULLABLE"} for name, kind in job.result.schema]},
        "totalRows": str(len(rows)),
        "totalBytesProcessed": str(job.result.bytes_read),
        "jobComplete": True,
        "cacheHit": False,
        "rows": [{"f": [{"v": cell} for cell in row]} for row in rows[start:stop]],
    }
    if "repeat_cursor" in request.twists:
        answer["pageToken"] = query.get("pageToken") or page_token(job_id, 0)
    elif stop < len(rows) or "null_cursor" in request.twists:
        answer["pageToken"] = "" if "null_cursor" in request.twists else page_token(job_id, stop)
    return answer


_PROJECT = "/bigquery/v2/projects/([^/]+)"
ROUTES: tuple[tuple[str, re.Pattern[str], set[str], Callable[..., JSON]], ...] = tuple(
    (method, re.compile(_PROJECT + path), known, read)
    for method, path, known, read in (
        ("GET", "/datasets", LIST_PARAMS, _datasets),
        ("GET", "/datasets/([^/]+)/tables", LIST_PARAMS, _tables),
        ("GET", "/datasets/([^/]+)/tables/([^/]+)", TABLE_PARAMS, _table),
        ("POST", "/jobs", JOB_PARAMS, _insert),
        ("GET", "/jobs/([^/]+)", JOB_PARAMS, _read_job),
        ("GET", "/queries/([^/]+)", QUERY_PARAMS, _results),
    )
)
VERTEX_API = Provider("vertex", "/vertex", _answer)
