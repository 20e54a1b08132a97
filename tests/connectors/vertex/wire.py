"""BigQuery and its token endpoint as a plain function from request to reply, over the composed bill of this folder."""

import copy
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from demo.vertex_key import key_file
from store.records import Window
from tests.connectors.contract import MARKER
from tests.connectors.local_server import Reply, Request

FOLDER = Path(__file__).parent
TABLE = "gcp_billing_export_v1_01ABCD_2EF345_6789AB"
PROJECTS = "/bigquery/v2/projects/acme-finops"
TWO_DAYS = Window(date(2026, 11, 9), date(2026, 11, 11))
ROWS_A_PAGE = 5
LIST_DEPTH = 3
Json = dict[str, Any]


def marked_key() -> dict[str, str]:
    """A working key file with the marker before its private key, where PEM allows any text."""
    key = key_file()
    return {**key, "private_key": f"{MARKER}\n{key['private_key']}"}


def composed_bill() -> Json:
    found: Json = json.loads((FOLDER / "bill.json").read_text())
    return found


def json_reply(content: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps(content).encode())


def refused(status: int, reason: str, message: str = "No.") -> Reply:
    error = {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}
    return json_reply({"error": error}, status)


def token_refused(description: str) -> Reply:
    return json_reply({"error": "invalid_grant", "error_description": description}, 400)


class Bigquery:
    """One export table; `rows` in place of the composed ones, `tables` and `table` as the project lists them."""

    def __init__(self, rows: Sequence[Sequence[Any]] | None = None) -> None:
        bill = composed_bill()
        self.schema, self.rows = bill["schema"], list(bill["rows"] if rows is None else rows)
        self.tables: list[str] = [TABLE]
        self.table: Json = {
            "tableReference": {"projectId": "acme-finops", "datasetId": "billing", "tableId": TABLE},
            "type": "TABLE", "timePartitioning": {"type": "DAY"}, "location": "EU", "numRows": "9",
            "creationTime": "1757000000000", "schema": {"fields": []},
        }  # fmt: skip
        self.repeats_cursor = False
        self.sent: list[Json] = []
        """Bodies of the jobs asked for."""

    def answer(self, request: Request) -> Reply:
        path = request.path.removeprefix(PROJECTS)
        if request.path == "/token":
            return json_reply({"access_token": f"ya29.{MARKER}", "expires_in": 3599, "token_type": "Bearer"})
        if path == "/datasets":
            reference = {"projectId": "acme-finops", "datasetId": "billing"}
            return json_reply({"datasets": [{"datasetReference": reference}]})
        if path.startswith("/datasets/billing/tables"):
            return json_reply(self.table if path.count("/") > LIST_DEPTH else self._tables())
        if path == "/jobs":
            return json_reply(self._job(json.loads(request.body)))
        if path.startswith("/queries/"):
            return json_reply(self._page(dict(request.query)))
        return refused(404, "notFound")

    def _tables(self) -> Json:
        references = [{"projectId": "acme-finops", "datasetId": "billing", "tableId": name} for name in self.tables]
        return {"tables": [{"tableReference": reference} for reference in references]}

    def _job(self, sent: Json) -> Json:
        self.sent.append(sent)
        return {
            "jobReference": {**sent["jobReference"], "location": "EU"},
            "configuration": {"jobType": "QUERY", **sent["configuration"]},
            "status": {"state": "DONE"},
            "statistics": {"query": {"totalBytesProcessed": "5000", "totalBytesBilled": "10485760"}},
        }

    def _page(self, query: dict[str, str]) -> Json:
        start = int(query.get("pageToken", "page-0").removeprefix("page-"))
        stop = min(start + ROWS_A_PAGE, len(self.rows))
        page: Json = {
            "jobReference": {"projectId": "acme-finops", "jobId": "j", "location": "EU"},
            "schema": {"fields": [{"name": name, "type": kind, "mode": "NULLABLE"} for name, kind in self.schema]},
            "jobComplete": True, "totalRows": str(len(self.rows)),
            "rows": [{"f": [{"v": cell} for cell in row]} for row in copy.deepcopy(self.rows[start:stop])],
        }  # fmt: skip
        if self.repeats_cursor and start:
            page["pageToken"] = f"page-{start}"
        elif stop < len(self.rows):
            page["pageToken"] = f"page-{stop}"
        return page
