"""What a unit of a model really cost: dollars by tokens, images, seconds and whatever else it is counted in."""

import polars as pl

from store.frames import MICROS, NANOS
from store.metrics.images import IMAGES

TOKENS_UNIT = "1M tokens"
INPUT_UNIT = "1M input tokens"
MILLIONS = ("characters", "count")
"""Units so small that their price is quoted by the million."""
MODEL = ["provider", "model"]


def unit_costs(rows: pl.DataFrame) -> pl.DataFrame:
    """Per provider and model of the current window, the unit most of its cost is counted in, and its price.

    `rows` are the `sums` of a `Spend`. `unit_cost` is net and `billed_unit_cost` billed US dollars per `pricing_unit`,
    over the rows that report a quantity in it; null where these were paid back. `previous_unit_cost` is net, `units`
    how many there were. Models without any such row are absent. Those without output are counted in input tokens, since
    their price compares with that of no other. `is_estimated`: part of the cost is not a bill.
    """
    lines = _whole_images(_by_unit(rows)).filter(pl.col("quantity") > 0)
    main = (
        lines.filter("is_current")
        .sort(*MODEL, pl.col("billed").abs(), "unit", descending=[False, False, True, False], nulls_last=True)
        .unique(MODEL, keep="first", maintain_order=True)
    )
    before = lines.filter(~pl.col("is_current")).select(*MODEL, "unit", _price("cost").alias("previous_unit_cost"))
    now, past = pl.col("unit_cost"), pl.col("previous_unit_cost")
    return (
        main.select(
            *MODEL,
            "unit",
            _unit_name().alias("pricing_unit"),
            _price("cost").alias("unit_cost"),
            _price("billed").alias("billed_unit_cost"),
            (pl.col("quantity") / _scale()).alias("units"),
            "is_estimated",
        )
        .join(before, on=[*MODEL, "unit"], how="left", nulls_equal=True)
        .with_columns(pl.when(past > 0).then((now - past) / past).alias("unit_change"))
        .drop("unit")
    )


def _scale() -> pl.Expr:
    return pl.when(pl.col("unit").is_null() | pl.col("unit").is_in(MILLIONS)).then(1_000_000.0).otherwise(1.0)


def _price(cost: str) -> pl.Expr:
    return pl.when(pl.col(cost) >= 0).then(pl.col(cost) / NANOS / (pl.col("quantity") / _scale()))


def _unit_name() -> pl.Expr:
    tokens = pl.when("has_output").then(pl.lit(TOKENS_UNIT)).otherwise(pl.lit(INPUT_UNIT))
    many = pl.when(pl.col("unit").is_in(MILLIONS)).then(pl.format("1M {}", "unit")).otherwise("unit")
    return pl.when(pl.col("unit").is_null()).then(tokens).otherwise(many)


def _by_unit(rows: pl.DataFrame) -> pl.DataFrame:
    """Net and billed nano-dollars and quantity per model, unit (null: tokens) and window.

    `whole_…` are of all rows, the others of those that report a quantity.
    """
    tokens = pl.sum_horizontal("input_tokens", "output_tokens", ignore_nulls=True)
    is_tokens = pl.col("usage_unit").is_null()
    reports = (
        pl.when(is_tokens)
        .then(pl.any_horizontal(pl.col("input_tokens", "output_tokens").is_not_null()))
        .otherwise(pl.col("usage_quantity").is_not_null())
    )
    quantity = pl.when(is_tokens).then(tokens).otherwise("usage_quantity")
    cost, billed, counted = (
        pl.when(reports).then(value) for value in (pl.col("net_cost"), pl.col("billed_cost"), quantity)
    )
    return (
        rows.lazy()
        .group_by(*MODEL, pl.col("usage_unit").alias("unit"), "is_current")
        .agg(
            cost.sum().alias("cost"),
            billed.sum().alias("billed"),
            pl.col("net_cost").sum().alias("whole_cost"),
            pl.col("billed_cost").sum().alias("whole_billed"),
            counted.sum().alias("quantity"),
            (pl.col("output_tokens").fill_null(0).sum() > 0).alias("has_output"),
            (pl.col("cost_basis") == "priced").any().alias("is_estimated"),
        )
        .with_columns(
            pl.col(*MODEL, "unit").cast(pl.String),
            pl.when(pl.col("unit").is_null()).then("quantity").otherwise(pl.col("quantity") / MICROS).alias("quantity"),
        )
        .collect(engine="streaming")
    )


def _whole_images(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines with the whole cost of a model at its images where these are counted and billed as something else."""
    over = [*MODEL, "is_current"]
    is_image = (pl.col("unit") == IMAGES).fill_null(value=False)
    only_counted = (is_image & (pl.col("whole_billed") == 0) & (pl.col("quantity") > 0)).any().over(over)
    return lines.with_columns(
        *[
            pl.when(only_counted & is_image).then(pl.col(f"whole_{name}").sum().over(over)).otherwise(name).alias(name)
            for name in ("cost", "billed")
        ],
        pl.when(only_counted & ~is_image).then(0.0).otherwise("quantity").alias("quantity"),
    )
