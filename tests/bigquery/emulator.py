"""A BigQuery that runs SQL: bqemulator in an environment of its own, behind a token endpoint."""

import json
import os
import subprocess
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.connectors.local_server import Reply, Request, provider

FOLDER = Path(__file__).parents[2] / ".venv-bigquery"
PROJECT = "acme-finops"
REST_LISTENS = "rest.listen"
ROWS_A_REQUEST = 500
EXTENSION = "from duckdb_extensions import import_extension; import_extension('spatial')"
API = f"/bigquery/v2/projects/{PROJECT}"
JSON = dict[str, Any]


@contextmanager
def emulator() -> Iterator[str]:
    """The base URL of a fresh emulator."""
    environment = {**os.environ, "HOME": str(FOLDER)}  # DuckDB keeps its extensions below
    subprocess.run([FOLDER / "bin" / "python", "-c", EXTENSION], env=environment, check=True, capture_output=True)
    command = [FOLDER / "bin" / "bqemulator", "start", "--rest-port", "0", "--grpc-port", "0", "--project", PROJECT]
    with subprocess.Popen(
        [*command, "--log-level", "info"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        reader = threading.Thread(target=deque, args=(process.stdout, 0))  # a full pipe would halt the emulator
        try:
            url = f"http://127.0.0.1:{_port(process)}"
            reader.start()
            yield url
        finally:
            process.terminate()
            if reader.ident is not None:
                reader.join()


def _port(process: subprocess.Popen[str]) -> int:
    seen = []
    for line in process.stdout or ():
        seen.append(line)
        if REST_LISTENS in line and line.startswith("{"):
            return int(json.loads(line)["port"])
    raise AssertionError("the emulator ended before it listened:\n" + "".join(seen[-20:]))


@contextmanager
def with_tokens(url: str) -> Iterator[str]:
    """The emulator at `url` as a key of the demo reaches it: a token endpoint beside it."""
    with httpx.Client(base_url=url, timeout=60) as http:

        def answer(request: Request) -> Reply:
            if request.path == "/token":
                return Reply(body=b'{"access_token": "any", "expires_in": 3599, "token_type": "Bearer"}')
            found = http.request(request.method, request.path, params=list(request.query), content=request.body,
                                 headers={"Content-Type": "application/json"})  # fmt: skip
            return Reply(found.status_code, found.content)

        with provider(answer) as front:
            yield front


def create_table(url: str, dataset: str, table: str, fields: Sequence[JSON]) -> None:
    _post(url, "/datasets", {"datasetReference": {"projectId": PROJECT, "datasetId": dataset}})
    reference = {"projectId": PROJECT, "datasetId": dataset, "tableId": table}
    _post(url, f"/datasets/{dataset}/tables", {
        "tableReference": reference, "schema": {"fields": list(fields)}, "timePartitioning": {"type": "DAY"},
    })  # fmt: skip


def insert(url: str, dataset: str, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    for start in range(0, len(rows), ROWS_A_REQUEST):
        content = {"rows": [{"json": row} for row in rows[start : start + ROWS_A_REQUEST]]}
        answer = _post(url, f"/datasets/{dataset}/tables/{table}/insertAll", content)
        assert not answer.get("insertErrors"), answer["insertErrors"][:2]


def _post(url: str, path: str, content: JSON) -> JSON:
    answer = httpx.post(url + API + path, json=content, timeout=60)
    assert answer.status_code < 300, answer.text
    found: JSON = answer.json()
    return found
