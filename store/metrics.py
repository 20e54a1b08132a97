"""From cost rows to tables: pure functions, frame in, frame out.

Input is `frames.read_costs` of a window and the one before it. Money columns are whole nano-dollars, `usage_quantity`
whole millionths, `change`, `share` and `unit_cost` floats. Null is "the provider does not say"; 0 is measured.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from store.frames import MICROS, NANOS
from store.records import LARGEST_AMOUNT, Window, to_nanos

TOKENS = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens")
MEASURES = (*TOKENS, "requests")
MONEY = ("billed_cost", "credits_applied", "net_cost")
SEARCHED = ("workspace", "workspace_names", "workspace_id", "api_key_hint", "api_key_name", "api_key_id", "model")


@dataclass(frozen=True, slots=True, kw_only=True)
class CostFilter:
    """What a page or an export asks for. Empty fields do not filter.

    `search` keeps cost rows whose workspace (by any name it ever had), key or model contains the text; the cost range
    keeps table rows by their billed US dollars. `workspace` is a display name, `api_key` an id, `model` a model.
    """

    window: Window
    providers: tuple[str, ...] = ()
    search: str = ""
    workspace: str = ""
    api_key: str = ""
    model: str = ""
    min_cost: Decimal | None = None
    max_cost: Decimal | None = None
    sort: str = ""
    descending: bool = True


def spending(costs: pl.DataFrame, covered: Mapping[str, Iterable[Window]]) -> pl.DataFrame:
    """The rows that are spend: a gateway's rows are not, on days of which the bill of the provider behind it is here.

    `covered` are the days of each provider's own bill (see `frames.covered_days`).
    """
    return costs.filter(~_is_billed_elsewhere(covered))


def billed_elsewhere(costs: pl.DataFrame, covered: Mapping[str, Iterable[Window]]) -> pl.DataFrame:
    """The rows that `spending` leaves out, because the bill of the provider behind the gateway holds their cost."""
    return costs.filter(_is_billed_elsewhere(covered))


def _is_billed_elsewhere(covered: Mapping[str, Iterable[Window]]) -> pl.Expr:
    days = [
        (pl.col("upstream") == provider) & pl.col("day").is_between(window.start, window.end, closed="left")
        for provider, windows in covered.items()
        for window in windows
    ]
    return pl.any_horizontal(days) if days else pl.lit(value=False)


def left_out(elsewhere: pl.DataFrame) -> pl.DataFrame:
    """Per gateway and provider behind it, the current billed nano-dollars of `billed_elsewhere`, largest first.

    Columns `provider`, `upstream`, `billed_cost`; input is `chosen`.
    """
    sums = elsewhere.filter("is_current").group_by("provider", "upstream").agg(pl.col("billed_cost").sum())
    return sums.sort("billed_cost", "provider", "upstream", descending=[True, False, False])


def chosen(costs: pl.DataFrame, asked: CostFilter) -> pl.DataFrame:
    """The rows of the window and the one before it that the filter asks for, with `is_current` beside them."""
    keep = pl.col("day").is_between(asked.window.previous.start, asked.window.end, closed="left")
    if asked.providers:
        keep &= pl.col("provider").is_in(list(asked.providers))
    for column, value in (("workspace", asked.workspace), ("api_key_id", asked.api_key), ("model", asked.model)):
        if value:
            keep &= pl.col(column) == value
    found = costs.filter(keep)
    if needle := asked.search.strip().lower():
        found = found.filter(contains(needle, SEARCHED))
    return found.with_columns((pl.col("day") >= asked.window.start).alias("is_current"))


def contains(needle: str, columns: tuple[str, ...]) -> pl.Expr:
    """Whether any of the columns has the lower-case text in it, letter case aside, taken literally."""
    return pl.any_horizontal(
        pl.col(column).str.to_lowercase().str.contains(needle, literal=True).fill_null(value=False)
        for column in columns
    )


def _known_sum(column: str) -> pl.Expr:
    """The sum of a column over the current window; null where no row reports it."""
    values = pl.col(column).filter(pl.col("is_current"))
    return pl.when(values.count() > 0).then(values.sum()).otherwise(None).alias(column)


def _sum(column: str) -> pl.Expr:
    return pl.col(column).filter(pl.col("is_current")).sum().alias(column)


def _previous(column: str) -> pl.Expr:
    """The sum over the previous window; null where it has no row, so that `new` and `no change` differ."""
    values = pl.col(column).filter(~pl.col("is_current"))
    return pl.when(values.count() > 0).then(values.sum()).otherwise(None).alias(f"previous_{column}")


def change(current: str, previous: str) -> pl.Expr:
    """(current − previous) ÷ previous as a ratio; null without a positive previous value."""
    before = pl.col(previous)
    return pl.when(before > 0).then((pl.col(current) - before) / before).otherwise(None).alias("change")


def _only(column: str) -> pl.Expr:
    """The single current value of a text column, `mixed` where it has several."""
    values = pl.col(column).filter(pl.col("is_current")).drop_nulls().unique()
    return pl.when(values.len() > 1).then(pl.lit("mixed")).otherwise(values.first()).alias(column)


def summed(rows: pl.DataFrame, by: list[str], *more: pl.Expr) -> pl.DataFrame:
    """One line per group that the current window has, with money, previous net cost, change, tokens and requests."""
    return (
        rows.group_by(by)
        .agg(
            pl.col("is_current").any(),
            *[_sum(column) for column in MONEY],
            _previous("net_cost"),
            *[_known_sum(column) for column in MEASURES],
            _only("cost_basis"),
            *more,
        )
        .filter("is_current")
        .drop("is_current")
        .with_columns(change("net_cost", "previous_net_cost"))
    )


def finished(lines: pl.DataFrame, asked: CostFilter, *, default_sort: str, names: list[str]) -> pl.DataFrame:
    """The lines within the cost range, in the order asked for; equal ones by name, nulls last."""
    if asked.min_cost is not None:
        lines = lines.filter(pl.col("billed_cost") >= _bound(asked.min_cost))
    if asked.max_cost is not None:
        lines = lines.filter(pl.col("billed_cost") <= _bound(asked.max_cost))
    first = asked.sort or default_sort
    others = [name for name in names if name != first]
    return lines.sort(
        [first, *others], descending=[asked.descending, *[False] * len(others)], nulls_last=True, maintain_order=True
    )


def _bound(cost: Decimal) -> int:
    """An end of a cost range in nano-dollars; more than the store can hold is as much as it can."""
    return to_nanos(max(-LARGEST_AMOUNT, min(cost, LARGEST_AMOUNT)))


def totals(rows: pl.DataFrame) -> dict[str, int | float | None]:
    """Current sums of money, tokens and requests; `previous_…` for each; None where nothing is reported."""
    columns = (*MONEY, *MEASURES)
    line = rows.select(*[_known_sum(column) for column in columns], *[_previous(column) for column in columns])
    return line.row(0, named=True)


def daily(rows: pl.DataFrame, by: str) -> pl.DataFrame:
    """Net nano-dollars per day and value of `by`, both windows, ordered; days without cost are absent."""
    return rows.group_by("day", by, "is_current").agg(pl.col("net_cost").sum()).sort("day", by)


PROVIDER_COLUMNS = (
    "provider", *MONEY, "previous_net_cost", "change", "share", *TOKENS, "requests", "cost_basis",
)  # fmt: skip


def providers(rows: pl.DataFrame, asked: CostFilter) -> pl.DataFrame:
    """One line per provider. `share` is of the net cost of all lines shown; null when that is not positive."""
    lines = summed(rows, ["provider"])
    total = pl.col("net_cost").sum()
    lines = lines.with_columns(pl.when(total > 0).then(pl.col("net_cost") / total).otherwise(None).alias("share"))
    return finished(lines, asked, default_sort="net_cost", names=["provider"]).select(PROVIDER_COLUMNS)


MODEL_COLUMNS = (
    "model", "provider", "unit_cost", "pricing_unit", *MONEY, "previous_net_cost", "change", *TOKENS, "requests",
    "tokens_per_request", "usage_quantity", "usage_unit", "cost_basis",
)  # fmt: skip


def models(rows: pl.DataFrame, asked: CostFilter) -> pl.DataFrame:
    """One line per provider and model.

    `unit_cost` is net US dollars per `pricing_unit`: 1M tokens (input and output) where the model is counted in tokens
    alone, else its own unit; null where the provider reports no quantity, or several units whose costs cannot be told
    apart. `tokens_per_request` counts only rows that report both.
    """
    tokens = pl.sum_horizontal("input_tokens", "output_tokens", ignore_nulls=True)
    both = pl.col("is_current") & pl.col("requests").is_not_null() & pl.col("input_tokens").is_not_null()
    lines = summed(
        rows,
        ["provider", "model"],
        _known_sum("usage_quantity"),
        _only("usage_unit"),
        (pl.col("is_current") & pl.col("usage_unit").is_null() & (tokens > 0)).any().alias("has_token_rows"),
        tokens.filter(both).sum().alias("tokens_with_requests"),
        pl.col("requests").filter(both).sum().alias("requests_with_tokens"),
    ).with_columns(tokens.alias("tokens"))
    own_unit = pl.col("usage_unit").is_not_null() & (pl.col("usage_unit") != "mixed") & ~pl.col("has_token_rows")
    units = pl.col("usage_quantity") / MICROS
    in_tokens = pl.col("usage_unit").is_null() & (pl.col("tokens") > 0)
    dollars = pl.col("net_cost") / NANOS
    lines = lines.with_columns(
        pl.when(own_unit).then("usage_unit").when(in_tokens).then(pl.lit("1M tokens")).alias("pricing_unit"),
        pl.when(own_unit & (units > 0)).then(dollars / units)
        .when(in_tokens).then(dollars / pl.col("tokens") * 1_000_000).alias("unit_cost"),
        pl.when(pl.col("requests_with_tokens") > 0)
        .then(pl.col("tokens_with_requests") / pl.col("requests_with_tokens")).alias("tokens_per_request"),
    )  # fmt: skip
    return finished(lines, asked, default_sort="net_cost", names=["model", "provider"]).select(MODEL_COLUMNS)


API_KEY_COLUMNS = (
    "api_key_id", "api_key_hint", "api_key_name", "api_key_status", "provider", "account", "workspace", *MONEY,
    "previous_net_cost", "change", *TOKENS, "requests", "last_used_at", "cost_basis",
)  # fmt: skip
KEY_IDENTITY = ["account_id", "api_key_id", "api_key_hint", "api_key_name", "api_key_status", "provider", "account"]


def api_keys(rows: pl.DataFrame, asked: CostFilter, idle: pl.DataFrame) -> pl.DataFrame:
    """One line per key and workspace it spends in, then the idle ones.

    `idle` holds the known keys (see `frames.read_keys`); those without a cost row in the window stand with zero cost
    and unknown usage.
    """
    lines = summed(rows, [*KEY_IDENTITY, "workspace_id", "workspace"])
    silent = idle.join(lines, on=["account_id", "api_key_id"], how="anti").with_columns(
        *[pl.lit(0, pl.Int64).alias(column) for column in MONEY]
    )
    lines = pl.concat([lines, silent.drop("workspace_names", "last_used_at")], how="diagonal").join(
        idle.select("account_id", "api_key_id", "last_used_at"), on=["account_id", "api_key_id"], how="left"
    )
    names = ["provider", "api_key_name", "api_key_id", "workspace"]
    return finished(lines, asked, default_sort="net_cost", names=names).select(API_KEY_COLUMNS)


WORKSPACE_COLUMNS = (
    "workspace", "providers", "workspace_ids", *MONEY, "previous_net_cost", "change", *TOKENS, "requests",
    "api_keys", "models", "cost_basis",
)  # fmt: skip


def _listed(column: str, name: str) -> pl.Expr:
    values = pl.col(column).filter(pl.col("is_current") & (pl.col(column) != ""))
    return values.unique().sort().str.join(", ").alias(name)


def workspaces(rows: pl.DataFrame, asked: CostFilter) -> pl.DataFrame:
    """One line per display name: workspaces of several providers under one name are one line."""
    current, keys = pl.col("is_current"), pl.struct("account_id", "api_key_id")
    lines = summed(
        rows,
        ["workspace"],
        _listed("provider", "providers"),
        _listed("workspace_id", "workspace_ids"),
        keys.filter(current & (pl.col("api_key_id") != "")).n_unique().cast(pl.Int64).alias("api_keys"),
        pl.col("model").filter(current).n_unique().cast(pl.Int64).alias("models"),
    )
    return finished(lines, asked, default_sort="net_cost", names=["workspace"]).select(WORKSPACE_COLUMNS)


COST_COLUMNS = (
    "day", "provider", "account", "workspace_id", "workspace", "api_key_id", "api_key_hint", "model", "variant",
    "upstream", *MONEY, "cost_basis", *TOKENS, "usage_quantity", "usage_unit", "requests",
)  # fmt: skip


def costs(rows: pl.DataFrame, asked: CostFilter) -> pl.DataFrame:
    """Every cost row of the window as saved; newest day first unless asked otherwise."""
    names = ["day", "provider", "account", "workspace_id", "api_key_id", "model", "variant", "upstream"]
    return finished(rows.filter("is_current"), asked, default_sort="day", names=names).select(COST_COLUMNS)


def reconciled(rows: pl.DataFrame, elsewhere: pl.DataFrame, controls: pl.DataFrame, window: Window) -> dict[str, int]:
    """Days with an own total of the provider, days whose rows equal it, and unattributed nano-dollars of spend.

    `rows` is the spend, `elsewhere` what `spending` leaves out: a gateway's own total holds both.
    """
    own = controls.filter(pl.col("day").is_between(window.start, window.end, closed="left"))
    whole = pl.concat([rows, elsewhere])
    billed = whole.filter("is_current").group_by("account_id", "day").agg(pl.col("billed_cost").sum())
    both = own.join(billed, on=["account_id", "day"], how="left").with_columns(pl.col("billed_cost").fill_null(0))
    lost = rows.filter(pl.col("is_current") & (pl.col("workspace_id") == "") & (pl.col("api_key_id") == ""))
    return {
        "days": both.height,
        "equal_days": both.filter((pl.col("billed_cost") - pl.col("control_total")).abs() < MICROS // 1000).height,
        "unattributed": int(lost["billed_cost"].sum()),
    }
