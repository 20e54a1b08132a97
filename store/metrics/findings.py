"""What is worth a look about API keys: those nobody uses, new ones, deleted ones that spend, and those that drift."""

import polars as pl

from store.metrics.outliers import ABOVE, BELOW, outliers
from store.metrics.rows import plain
from store.records import Window
from store.series import Spend

FINDINGS = {
    "idle": "idle",
    "new": "new",
    "deleted": "deleted but spending",
    "drifting": "drifting",
    "unmetered": "unmetered",
    "unattributed": "unattributed",
}
"""The words of each finding, by its name in filters."""
BETWEEN = ", "
KEY = ["account_id", "api_key_id"]


def key_findings(spend: Spend, elsewhere: Spend, keys: pl.DataFrame) -> pl.DataFrame:
    """Per known key its `findings` in words, in the order of `FINDINGS`, "" where there is nothing to say; beside them
    `created_at` and `last_used_at`, and `coverage`, which is null here (see `with_metering`).

    `spend` and `elsewhere` are all costs, as `spending` and `billed_elsewhere` part them: a gateway's key whose cost
    another bill holds is in use. `keys` are the keys of `frames.read_names`.
    What a page filters changes no finding.
    """
    window = spend.window
    use = pl.concat([_use(spend.sums), _use(elsewhere.sums)]).group_by(KEY).agg(pl.all().any())
    drift = outliers(spend, KEY).select(*KEY, pl.col("outlier").is_in([ABOVE, BELOW]).alias("has_drifted"))
    known = keys.select(*KEY, "api_key_status", "created_at", "last_used_at", "first_seen")
    every = (
        use.filter(pl.col("api_key_id") != "")
        .join(known, on=KEY, how="full", coalesce=True)
        .join(drift, on=KEY, how="left")
        .with_columns(_has_past(use), pl.col("first_seen").min().over("account_id").alias("first_seen_of_any"))
        .with_columns(pl.col(pl.Boolean).fill_null(value=False))
    )
    is_deleted = (pl.col("api_key_status") == "deleted").fill_null(value=False)
    found = {
        "idle": ~pl.col("has_cost") & ~pl.col("has_requests") & ~is_deleted,
        "new": _is_new(window),
        "deleted": is_deleted & pl.col("has_cost"),
        "drifting": pl.col("has_drifted"),
    }
    words = [pl.when(is_so).then(pl.lit(FINDINGS[name])) for name, is_so in found.items()]
    said = pl.concat_str(words, separator=BETWEEN, ignore_nulls=True).alias("findings")
    return every.select(*KEY, said, "created_at", "last_used_at", pl.lit(None, pl.Float64).alias("coverage"))


def with_metering(found: pl.DataFrame, covered: pl.DataFrame) -> pl.DataFrame:
    """`key_findings` with `coverage`, and the keys that clients never name among those of their provider `unmetered`.

    `covered` is `named_coverage.covered_keys`.
    """
    every = found.drop("coverage").join(covered.select(*KEY, "coverage"), on=KEY, how="left", maintain_order="left")
    is_bypassing = (pl.col("coverage") == 0).fill_null(value=False)
    both = pl.concat_str(
        pl.col("findings").replace("", None), pl.lit(FINDINGS["unmetered"]), separator=BETWEEN, ignore_nulls=True
    )
    return every.with_columns(pl.when(is_bypassing).then(both).otherwise("findings").alias("findings"))


def _use(rows: pl.DataFrame) -> pl.DataFrame:
    """Per key whether it had cost and requests in the window, and cost before."""
    is_current, costs = pl.col("is_current"), pl.col("billed_cost") != 0
    use = (
        rows.lazy()
        .group_by(KEY)
        .agg(
            (costs & is_current).any().alias("has_cost"),
            ((pl.col("requests") > 0) & is_current).any().alias("has_requests"),
            (costs & ~is_current).any().alias("had_cost"),
        )
    )
    return use.with_columns(plain()).collect(engine="streaming")


def _has_past(use: pl.DataFrame) -> pl.Expr:
    """Whether the key's account has any cost before the window: else nothing in it is new, only newly read."""
    accounts = use.filter("had_cost")["account_id"].unique().to_list()
    return pl.col("account_id").is_in(accounts).alias("has_past")


def _is_new(window: Window) -> pl.Expr:
    """Created in the window, or its first cost is in it, or it was first seen in it where nobody tells its creation.

    At the first sync of an account all keys are first seen, which makes none of them new.
    """
    created, seen = pl.col("created_at").dt.date(), pl.col("first_seen").dt.date()
    is_created = created.is_between(window.start, window.end, closed="left")
    is_seen = seen.is_between(window.start, window.end, closed="left") & (seen > pl.col("first_seen_of_any").dt.date())
    is_first_cost = pl.col("has_cost") & pl.col("has_past")
    return is_created.fill_null(value=False) | (
        ~pl.col("had_cost") & (is_first_cost | (created.is_null() & is_seen.fill_null(value=False)))
    )


def with_findings(lines: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """The lines of the API Keys table with what `key_findings` tells; costs without a key are `unattributed`."""
    said = pl.when(pl.col("api_key_id") == "").then(pl.lit(FINDINGS["unattributed"])).otherwise("findings")
    return lines.join(found, on=KEY, how="left", maintain_order="left").with_columns(
        said.fill_null("").alias("findings")
    )


def of_finding(lines: pl.DataFrame, finding: str) -> pl.DataFrame:
    """The lines that have the finding, all without one; none for a finding there is not."""
    if not finding:
        return lines
    return lines.filter(pl.col("findings").str.split(BETWEEN).list.contains(FINDINGS.get(finding, finding)))


def finding_counts(lines: pl.DataFrame) -> dict[str, int]:
    """How many keys have each finding; for `unattributed` the net nano-dollars."""
    said = lines.filter(pl.col("findings") != "").select(*KEY, pl.col("findings").str.split(BETWEEN))
    keys = dict(said.explode("findings").unique().group_by("findings").len().iter_rows())
    counts = {name: keys.get(words, 0) for name, words in FINDINGS.items()}
    return {**counts, "unattributed": int(of_finding(lines, "unattributed")["net_cost"].sum())}
