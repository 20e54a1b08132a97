"""The same question asked of others: seconds each took, and the billed nano-dollars it found."""

import json
import sqlite3
import subprocess
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pandas as pd
import polars as pl
from _questions import SUMS, sql

from store.metrics import CostFilter

Answer = tuple[float, int]
TEXTS = ("provider", "workspace", "workspace_id", "api_key_id", "api_key_hint", "api_key_name", "model")
FLAT = (*TEXTS, "day", *SUMS)
VIEW = """CREATE TEMP VIEW flat AS SELECT d.*, a.provider AS provider, coalesce(n.name, d.workspace_id) AS workspace,
k.hint AS api_key_hint, k.name AS api_key_name FROM daily_cost d JOIN account a ON a.id = d.account_id
LEFT JOIN workspace_name n ON n.account_id = d.account_id AND n.workspace_id = d.workspace_id AND n.number = 1
LEFT JOIN api_key k ON k.account_id = d.account_id AND k.api_key_id = d.api_key_id"""


def of_sqlite(path: Path, asked: Sequence[CostFilter]) -> list[Answer]:
    """The store's own file, joined as the question needs it."""
    answers = []
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(VIEW)
        for question in map(sql, asked):
            started = time.perf_counter()
            rows = connection.execute(question).fetchall()
            answers.append((time.perf_counter() - started, sum(row[2] or 0 for row in rows)))
    return answers


def of_duckdb(python: Path, costs: pl.DataFrame, folder: Path, asked: Sequence[CostFilter]) -> list[Answer]:
    """A table in memory, names joined beforehand; none where its environment is not there."""
    if not python.exists():
        return []
    file = folder / "flat.parquet"
    costs.select(FLAT).with_columns(pl.col(TEXTS).cast(pl.String)).write_parquet(file)
    told = json.dumps({"file": str(file), "questions": [sql(wanted) for wanted in asked]})
    command = [str(python), str(Path(__file__).with_name("_duck.py"))]
    done = subprocess.run(command, input=told, capture_output=True, text=True, check=True)
    return [(answer["seconds"], answer["billed"]) for answer in json.loads(done.stdout)]


def of_pandas(costs: pl.DataFrame, asked: Sequence[CostFilter]) -> list[Answer]:
    """A frame in memory, names joined beforehand, texts as categories."""
    flat = costs.select(FLAT).to_pandas()
    answers = []
    for wanted in asked:
        started = time.perf_counter()
        billed = _answer(flat, wanted)
        answers.append((time.perf_counter() - started, billed))
    return answers


def _answer(flat: pd.DataFrame, asked: CostFilter) -> int:
    start = pd.Timestamp(asked.window.start)
    keep = (flat["day"] >= pd.Timestamp(asked.window.previous.start)) & (flat["day"] < pd.Timestamp(asked.window.end))
    if asked.providers:
        keep &= flat["provider"].isin(asked.providers)
    for column, value in (("workspace", asked.workspace), ("model", asked.model)):
        if value:
            keep &= flat[column] == value
    if asked.search:
        found = pd.Series(data=False, index=flat.index)
        for column in TEXTS[1:]:
            names = flat[column].cat.categories
            hits = names[names.str.lower().str.contains(asked.search, regex=False)]
            found |= flat[column].isin(hits)
        keep &= found
    rows = flat[keep]
    current = rows[rows["day"] >= start]
    by = ["provider", "model"]
    lines = current.groupby(by, observed=True)[list(SUMS)].sum(min_count=1)
    before = rows[rows["day"] < start].groupby(by, observed=True)[["billed_cost", "credits_applied"]].sum()
    lines["before"] = before["billed_cost"] - before["credits_applied"]
    if asked.min_cost is not None:
        lines = lines[lines["billed_cost"] >= int(asked.min_cost * 10**9)]
    if asked.max_cost is not None:
        lines = lines[lines["billed_cost"] <= int(asked.max_cost * 10**9)]
    return int(lines.sort_values("billed_cost", ascending=False)["billed_cost"].sum())
