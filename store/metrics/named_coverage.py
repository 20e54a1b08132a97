"""How much of what each key and each workspace cost is metered, where clients name them.

What a client calls a key or a workspace is text that people typed: it is held against every word the provider and
people here have for it, letter case aside.
"""

import polars as pl

from store.metrics.coverage import COVERAGE_COLUMNS, compared, metered_in, metered_sums
from store.metrics.rows import CostFilter, plain

KEY = ["account_id", "api_key_id"]
KEY_COVERAGE_COLUMNS = (
    "provider", "api_key_id", "api_key_hint", "api_key_name", "workspace", *COVERAGE_COLUMNS, "previous_coverage",
)  # fmt: skip
PLACE = ["provider", "workspace"]
WORKSPACE_COVERAGE_COLUMNS = (*PLACE, "workspace_ids", *COVERAGE_COLUMNS, "previous_coverage")


def key_coverage(rows: pl.DataFrame, metered: pl.DataFrame, asked: CostFilter) -> pl.DataFrame:
    """One line per key of the bill, largest unmetered remainder first: `KEY_COVERAGE_COLUMNS` and `account_id`.

    `rows` are the `sums` of a `Spend`, `metered` is `coverage.seen`. A client names a key by its id, hint or name.
    `coverage` is null where no client names any key of that provider: then nothing is known about its keys.
    """
    now, before = (
        _held_against(_billed_keys(rows, is_current), metered_in(metered, asked, is_current=is_current), "api_key", KEY)
        for is_current in (True, False)
    )
    return _with_trend(now, before, KEY).select(*KEY_COVERAGE_COLUMNS, "account_id")


def covered_keys(rows: pl.DataFrame, metered: pl.DataFrame, asked: CostFilter) -> pl.DataFrame:
    """The `coverage` of each key of the bill in the window alone, in any order; as in `key_coverage`."""
    told = metered_in(metered, asked, is_current=True)
    return _held_against(_billed_keys(rows, is_current=True), told, "api_key", KEY).select(*KEY, "coverage")


def workspace_coverage(rows: pl.DataFrame, metered: pl.DataFrame, asked: CostFilter) -> pl.DataFrame:
    """One line per provider and display name, largest unmetered remainder first: `WORKSPACE_COVERAGE_COLUMNS`.

    `rows` are the `sums` of a `Spend`, `metered` is `coverage.seen`. A client says whose model it called and in which
    workspace, not by which account: so workspaces of a provider under one display name are one line. It names one by
    its id, its display name or any name it ever had. `coverage` is null where no client names any workspace of that
    provider: then nothing is known about its workspaces. Cost without a workspace stays out.
    """
    now, before = (
        _held_against(
            _billed_workspaces(rows, is_current),
            metered_in(metered, asked, is_current=is_current),
            "workspace",
            PLACE,
        )
        for is_current in (True, False)
    )
    return _with_trend(now, before, PLACE).select(WORKSPACE_COVERAGE_COLUMNS)


def coverage_by_name(lines: pl.DataFrame) -> pl.DataFrame:
    """`workspace` and its `coverage`: lines of `workspace_coverage` added up, without those nobody knows of."""
    known = lines.filter(pl.col("coverage").is_not_null())
    covered = pl.col("covered").sum() / (pl.col("covered") + pl.col("unmetered")).sum()
    return known.group_by("workspace").agg(covered.alias("coverage"))


def _billed_keys(rows: pl.DataFrame, is_current: bool) -> pl.DataFrame:
    """The keys that the bill names in one of the two windows, with the `words` for each, surest first."""
    places = pl.col("workspace").to_physical()
    several = places.min() != places.max()
    return (
        _billed(rows, "api_key_id", is_current)
        .group_by("provider", *KEY)
        .agg(
            pl.col("billed_cost").sum(),
            pl.col("api_key_hint", "api_key_name").first(),
            pl.when(several)
            .then(pl.lit("several"))
            .otherwise(pl.col("workspace").first().cast(pl.String))
            .alias("workspace"),
        )
        .with_columns(plain())
        .with_columns(pl.concat_list("api_key_id", "api_key_hint", "api_key_name").alias("words"))
        .collect()
    )


def _billed_workspaces(rows: pl.DataFrame, is_current: bool) -> pl.DataFrame:
    """The same of workspaces by provider and display name. Names of the past come last: others may bear them now."""
    ever = pl.col("workspace_names").str.split("\n").explode()
    return (
        _billed(rows, "workspace_id", is_current)
        .group_by(*PLACE, "workspace_id", "workspace_names")
        .agg(pl.col("billed_cost").sum())
        .with_columns(plain())
        .group_by(PLACE)
        .agg(pl.col("billed_cost").sum(), pl.col("workspace_id").unique().sort().alias("ids"), ever.unique().sort())
        .with_columns(
            pl.col("ids").list.join(", ").alias("workspace_ids"),
            pl.concat_list("ids", "workspace", "workspace_names").alias("words"),
        )
        .collect()
    )


def _billed(rows: pl.DataFrame, named_by: str, is_current: bool) -> pl.LazyFrame:
    """The rows of one window that are the provider's own bill and name what is asked for."""
    own = pl.col("upstream").cast(pl.String) == ""
    named = pl.col(named_by).cast(pl.String) != ""
    return rows.lazy().filter(pl.col("is_current") == is_current, own, named)


def _held_against(billed: pl.DataFrame, metered: pl.DataFrame, label: str, by: list[str]) -> pl.DataFrame:
    """What was billed, largest first, beside what clients metered under one of its `words`.

    A word that several have is that of the one for which it is the surest word, of equals the dearest.
    """
    lines = (
        billed.filter(pl.col("billed_cost") > 0)
        .sort("billed_cost", "provider", *by, descending=[True, *[False] * (len(by) + 1)])
        .with_row_index("line")
    )
    named = (
        lines.lazy()
        .select("line", "provider", pl.int_ranges(pl.col("words").list.len()).alias("place"), "words")
        .explode("place", "words")
        .select("line", "provider", "place", pl.col("words").str.to_lowercase().alias("word"))
        .drop_nulls("word")
        .sort("place", "line")
        .unique(["provider", "word"], keep="first", maintain_order=True)
    )
    # Each text once: events of a name are many.
    told = metered.lazy().filter(pl.col(label) != "").group_by("provider", label).agg(*metered_sums())
    sums = (
        told.with_columns(pl.col(label).str.to_lowercase().alias("word"))
        .join(named, on=["provider", "word"], how="inner")
        .group_by("line", "provider")
        .agg(pl.col("metered_cost", "events", "unpriced_events").sum())
        .collect()
    )
    known = pl.col("provider").is_in(sums["provider"].unique().to_list())
    found = compared(lines.join(sums.drop("provider"), on="line", how="left"))
    return found.with_columns(pl.when(known).then("coverage").alias("coverage"))


def _with_trend(now: pl.DataFrame, before: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    past = before.select(*by, pl.col("coverage").alias("previous_coverage"))
    return now.join(past, on=by, how="left").sort("unmetered", "line", descending=[True, False])
