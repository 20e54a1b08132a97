"""BigQuery's jobs: queries that ran, kept for those who come for the rows, and its way of refusing."""

import base64
import binascii
import json
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from demo.vertex_key import PROJECT
from demo.vertex_sql import Result
from demo.wire import Answer

LOCATION = "EU"
LEAST_BYTES = 10 * 1024 * 1024
JOBS_KEPT = 200
JSON = dict[str, Any]


class Refused(Exception):
    """An error answer of BigQuery: HTTP status, reason, words."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status, self.reason, self.message = status, reason, message

    def answer(self) -> Answer:
        detail = {"message": self.message, "domain": "global", "reason": self.reason}
        return Answer.of_json(
            self.status, {"error": {"code": self.status, "message": self.message, "errors": [detail]}}
        )


@dataclass(frozen=True, slots=True)
class Job:
    """A query that ran."""

    sent: JSON
    result: Result


class Jobs:
    """The newest jobs by id."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, job_id: str, job: Job) -> None:
        with self._lock:
            if job_id in self._jobs:
                raise Refused(409, "duplicate", f"Already Exists: Job {PROJECT}:{LOCATION}.{job_id}")
            self._jobs[job_id] = job
            while len(self._jobs) > JOBS_KEPT:
                self._jobs.popitem(last=False)

    def find(self, job_id: str) -> Job:
        with self._lock:
            if job_id not in self._jobs:
                raise Refused(404, "notFound", f"Not found: Job {PROJECT}:{LOCATION}.{job_id}")
            return self._jobs[job_id]


def bytes_billed(result: Result) -> int:
    """Bytes: BigQuery rounds up to ten MiB."""
    return max(LEAST_BYTES, result.bytes_read)


def job_resource(job: Job) -> JSON:
    """A job as its own page shows it."""
    is_dry = bool(job.sent["configuration"].get("dryRun"))
    read = str(job.result.bytes_read)
    billed = "0" if is_dry else str(bytes_billed(job.result))
    return {
        "kind": "bigquery#job",
        "id": f"{PROJECT}:{LOCATION}.{job.sent['jobReference']['jobId']}",
        "jobReference": {**job.sent["jobReference"], "location": LOCATION},
        "configuration": {"jobType": "QUERY", **job.sent["configuration"]},
        "status": {"state": "DONE"},
        "statistics": {
            "totalBytesProcessed": read,
            "query": {"totalBytesProcessed": read, "totalBytesBilled": billed, "statementType": "SELECT"},
        },
    }


def page_token(job_id: str, offset: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([job_id, offset]).encode()).decode()


def offset(token: str, job_id: str) -> int:
    """Where a page starts; a token belongs to one job."""
    try:
        job, start = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, TypeError, binascii.Error) as error:
        raise Refused(400, "invalid", "Invalid page token.") from error
    if job != job_id:
        raise Refused(400, "invalid", "Invalid page token.")
    return int(start)
