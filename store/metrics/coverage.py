"""How much of the bill is metered: what clients and gateways counted, held against what the providers charge.

A provider's bill is covered as far as its models' metered cost reaches, each up to what was billed for it. What is
metered beyond the bill is told apart and covers nothing.
"""

import re
from dataclasses import replace
from functools import lru_cache

import polars as pl

from store.events import OTHER
from store.metrics.rows import CostFilter, contains
from store.metrics.sums import finished
from store.series import Spend

SEEN_SCHEMA = {
    "day": pl.Date,
    "provider": pl.String,
    "model": pl.String,
    "api_key": pl.String,
    "workspace": pl.String,
    "cost": pl.Int64,
    "priced_cost": pl.Int64,
    "events": pl.Int64,
    "unpriced_events": pl.Int64,
}
COVERAGE_COLUMNS = (
    "billed_cost",
    "metered_cost",
    "covered",
    "unmetered",
    "over_metered",
    "coverage",
    "events",
    "unpriced_events",
)
MODEL_COVERAGE_COLUMNS = ("provider", "model", *COVERAGE_COLUMNS, "previous_coverage")

_DATE = r"[-@:](19|20)\d{2}-?\d{2}-?\d{2}"
_SUFFIXES = re.compile(rf"({_DATE}|-latest|-v\d+(:\d+)?|:\d+)+$")
_REGION = re.compile(r"^(us|eu|apac|ap|jp|au|global)\.(?=[a-z0-9]+\.)")
_MAKER = re.compile(r"^(anthropic|amazon|meta|cohere|mistral|deepseek|ai21|stability|qwen|openai|google|zai|minimax)\.")


@lru_cache(maxsize=10_000)
def model_family(name: str) -> str:
    """The name under which a bill's and a client's word for one model meet: without maker, region, date and version."""
    plain = name.strip().lower().rpartition("/")[2]
    plain = _MAKER.sub("", _REGION.sub("", plain))
    return _SUFFIXES.sub("", plain).replace(".", "-").replace("_", "-") or plain


def seen(metered: pl.DataFrame, elsewhere: Spend) -> pl.DataFrame:
    """All that was metered, `SEEN_SCHEMA`: `frames.read_metered`, and gateways' rows that another bill holds.

    `elsewhere` is `rows.billed_elsewhere`; a gateway's keys are its own, not the provider's. What it passed on in a
    window stands at the first day of it.
    """
    gateways = elsewhere.sums.select(
        pl.col("first_day").alias("day"),
        pl.col("upstream").cast(pl.String).alias("provider"),
        pl.col("model").cast(pl.String),
        pl.lit("").alias("api_key"),
        pl.lit("").alias("workspace"),
        pl.col("billed_cost").alias("cost"),
        pl.col("billed_cost").alias("priced_cost"),
        pl.col("requests").fill_null(0).alias("events"),
        pl.lit(0, pl.Int64).alias("unpriced_events"),
    )
    return pl.concat([metered.select(*SEEN_SCHEMA), gateways])


def model_coverage(rows: pl.DataFrame, metered: pl.DataFrame, asked: CostFilter) -> pl.DataFrame:
    """One line per provider and model family, the largest unmetered remainder first: `MODEL_COVERAGE_COLUMNS`.

    `rows` are the `sums` of a `Spend`, `metered` is `seen`. Money in nano-dollars. A line without a bill has `coverage`
    null: it is all over-metered. Gateways' own rows are no bill and stay out.
    """
    now = _held_against(_billed(rows.filter("is_current")), metered_in(metered, asked, is_current=True))
    before = _held_against(_billed(rows.filter(~pl.col("is_current"))), metered_in(metered, asked, is_current=False))
    past = before.select("provider", "family", pl.col("coverage").alias("previous_coverage"))
    return (
        now.join(past, on=["provider", "family"], how="left")
        .sort("unmetered", "over_metered", "provider", "model", descending=[True, True, False, False])
        .select(MODEL_COVERAGE_COLUMNS)
    )


def listed(lines: pl.DataFrame, asked: CostFilter) -> pl.DataFrame:
    """The lines of `model_coverage` whose model has the text searched for, in the cost range and order asked for."""
    if needle := asked.search.strip().lower():
        lines = lines.filter(contains(needle, ("model",)))
    return finished(lines, asked, default_sort="unmetered", names=["provider", "model"])


def summed_coverage(lines: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Lines of `model_coverage` added up, largest unmetered remainder first; `coverage` is covered ÷ billed."""
    sums = lines.group_by(by).agg(
        *[pl.col(name).sum() for name in COVERAGE_COLUMNS if name != "coverage"],
    )
    order = ["unmetered", *by]
    found = sums.with_columns(_ratio()).select(*by, *COVERAGE_COLUMNS)
    return found.sort(order, descending=[True, *[False] * len(by)])


def overall(lines: pl.DataFrame, share: str) -> float | None:
    """A share of all lines, each weighted by its bill; null where nothing was billed."""
    whole = (pl.col("covered") + pl.col("unmetered")).filter(pl.col(share).is_not_null())
    found: float | None = lines.select(
        pl.when(whole.sum() > 0).then((pl.col(share).drop_nulls() * whole).sum() / whole.sum())
    ).item()
    return found


def unpriced(metered: pl.DataFrame, asked: CostFilter) -> pl.DataFrame:
    """What was metered without any cost: `provider`, `model`, `unpriced_events`, most first."""
    found = (
        metered_in(metered, asked, is_current=True).group_by("provider", "model").agg(pl.col("unpriced_events").sum())
    )
    found = found.filter(pl.col("unpriced_events") > 0)
    return found.sort("unpriced_events", "provider", "model", descending=[True, False, False])


def given_up(metered: pl.DataFrame, asked: CostFilter) -> int:
    """The metered calls of the window that are counted under `OTHER` for a label; `metered` is `read_metered`."""
    labels = pl.col("application", "workspace", "api_key", "model", "provider")
    calls = metered_in(metered, replace(asked, providers=()), is_current=True).filter(
        pl.any_horizontal(labels == OTHER)
    )
    return int(calls["events"].sum())


def metered_in(metered: pl.DataFrame, asked: CostFilter, *, is_current: bool) -> pl.DataFrame:
    """What was metered in the window, or the one before it, for the chosen providers."""
    window = asked.window if is_current else asked.window.previous
    keep = pl.col("day").is_between(window.start, window.end, closed="left")
    if asked.providers:
        keep &= pl.col("provider").is_in(list(asked.providers))
    return metered.filter(keep)


def _billed(rows: pl.DataFrame) -> pl.DataFrame:
    """Per provider and family what was billed, and the name its bill calls the largest part of it by."""
    sums = (
        rows.filter(pl.col("upstream").cast(pl.String) == "")
        .group_by("provider", "model")
        .agg(pl.col("billed_cost").sum())
        .with_columns(pl.col("provider", "model").cast(pl.String))
    )
    return _by_family(sums, pl.col("billed_cost").sum())


def _by_family(sums: pl.DataFrame, *measures: pl.Expr) -> pl.DataFrame:
    names = {name: model_family(name) for name in sums["model"].unique()}
    family = pl.col("model").replace_strict(names, return_dtype=pl.String) if names else pl.col("model")
    order = ["billed_cost" if "billed_cost" in sums.columns else "cost", "model"]
    ranked = sums.with_columns(family.alias("family")).sort(order, descending=[True, False])
    return ranked.group_by("provider", "family", maintain_order=True).agg(pl.col("model").first(), *measures)


def metered_sums() -> list[pl.Expr]:
    """What lines of `seen` add up to, as `compared` takes it."""
    return [pl.col("cost").sum().alias("metered_cost"), pl.col("events").sum(), pl.col("unpriced_events").sum()]


def _held_against(billed: pl.DataFrame, metered: pl.DataFrame) -> pl.DataFrame:
    told = _by_family(metered, *metered_sums()).rename({"model": "metered_model"})
    both = billed.join(told, on=["provider", "family"], how="full", coalesce=True)
    return compared(both.with_columns(pl.coalesce("model", "metered_model").alias("model")))


def compared(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines with `billed_cost` and `metered_sums`, null for none, and what follows: the rest of `COVERAGE_COLUMNS`."""
    filled = lines.with_columns(pl.col("billed_cost", "metered_cost", "events", "unpriced_events").fill_null(0))
    covered = pl.min_horizontal("metered_cost", "billed_cost").clip(lower_bound=0)
    split = filled.with_columns(covered.alias("covered")).with_columns(
        (pl.col("billed_cost").clip(lower_bound=0) - pl.col("covered")).alias("unmetered"),
        (pl.col("metered_cost") - pl.col("covered")).clip(lower_bound=0).alias("over_metered"),
    )
    return split.with_columns(_ratio())


def _ratio() -> pl.Expr:
    """Covered ÷ what was to be covered; null where nothing was."""
    whole = pl.col("covered") + pl.col("unmetered")
    return pl.when(whole > 0).then(pl.col("covered") / whole).alias("coverage")
