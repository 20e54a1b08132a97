"""Images: how many a model made, what they cost, and in which quality and sizes."""

from collections.abc import Iterable
from typing import Any

import polars as pl

from store.frames import MICROS, NANOS
from store.metrics.sums import change
from store.series import Spend

IMAGES = "images"
STANDARD, HD = "standard", "hd"
SIZE = r"(\d{2,5})\s*[xX×]\s*(\d{2,5})"
EDGE = r"\b(\d{3,5})\b"
IMAGE_COLUMNS = ("images", "image_cost")
RESOLUTION_COLUMNS = (
    "model", "provider", "images", "image_cost", "cost_per_image", "previous_net_cost", "change", "standard_images",
    "hd_images", "sizes",
)  # fmt: skip


def is_image() -> pl.Expr:
    """Whether a row counts images."""
    return (pl.col("usage_unit") == IMAGES).fill_null(value=False)


def with_image_cost(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with `image_cost`: the net nano-dollars that images made, null where none did.

    Some models are billed by tokens while their images are only counted, on rows without cost. Of these every row is
    the cost of images; of all others the rows that count them.
    """
    counted = rows.lazy().filter(is_image()).group_by("provider", "model").agg(pl.col("billed_cost").abs().sum())
    unbilled = counted.filter(pl.col("billed_cost") == 0).select(pl.col("provider", "model").cast(pl.String)).collect()
    wholly = [(pl.col("provider") == provider) & (pl.col("model") == model) for provider, model in unbilled.iter_rows()]
    return rows.with_columns(pl.when(pl.any_horizontal(is_image(), *wholly)).then("net_cost").alias("image_cost"))


def image_sums() -> list[pl.Expr]:
    """`images`, how many, and `image_cost`, net nano-dollars, of a group's current rows; null where none is images.

    The rows are those of `with_image_cost`.
    """
    micros = pl.when(pl.col("is_current") & is_image()).then(pl.col("usage_quantity"))
    costs = pl.when("is_current").then(pl.col("image_cost"))
    return [
        pl.when(micros.count() > 0).then((micros.sum() / MICROS).round().cast(pl.Int64)).alias("images"),
        pl.when(costs.count() > 0).then(costs.sum()).alias("image_cost"),
    ]


def resolutions(spend: Spend) -> pl.DataFrame:
    """One line per provider and model version that made images, largest cost first.

    `cost_per_image` is net US dollars; `standard_images` and `hd_images` are null where the provider names no quality;
    `sizes` tells the share of each size in words, largest first.
    """
    made = with_image_cost(spend.sums).filter(pl.col("image_cost").is_not_null())
    text = pl.col("variant").cast(pl.String).str.to_lowercase()
    size = pl.coalesce(
        pl.concat_str(text.str.extract(SIZE, 1), pl.lit("×"), text.str.extract(SIZE, 2)), text.str.extract(EDGE, 1)
    )
    now = pl.col("is_current") & is_image()
    images = pl.col("usage_quantity").filter(now).sum() / MICROS
    lines = (
        made.with_columns(
            size.fill_null("size not told").alias("size"),
            text.str.contains(rf"\b{STANDARD}\b").alias(STANDARD),
            text.str.contains(rf"\b{HD}\b").alias(HD),
        )
        .group_by("provider", "model")
        .agg(
            images.round().cast(pl.Int64).alias("images"),
            *[_of_quality(word, now).alias(f"{word}_images") for word in (STANDARD, HD)],
            pl.col("image_cost").filter("is_current").sum(),
            pl.col("image_cost").filter(~pl.col("is_current")).sum().alias("previous_net_cost"),
            pl.col("is_current").filter(~pl.col("is_current")).len().alias("rows_before"),
            pl.struct("size", (pl.col("usage_quantity") / MICROS).alias("made")).filter(now).alias("parts"),
        )
        .filter(pl.col("images") > 0)
        .with_columns(
            (pl.col("image_cost") / NANOS / pl.col("images")).alias("cost_per_image"),
            pl.when(pl.col("rows_before") > 0).then("previous_net_cost").alias("previous_net_cost"),
            pl.col("provider", "model").cast(pl.String),
        )
        .with_columns(change("image_cost", "previous_net_cost"))
    )
    lines = lines.with_columns(pl.Series("sizes", [_mix(parts) for parts in lines["parts"].to_list()], pl.String))
    order = ["image_cost", "model", "provider"]
    return lines.sort(order, descending=[True, False, False]).select(RESOLUTION_COLUMNS)


def _of_quality(word: str, now: pl.Expr) -> pl.Expr:
    """The current images of a quality; null where no current row names one of the two qualities."""
    named = (pl.col(STANDARD) | pl.col(HD)) & now
    made = (pl.col("usage_quantity").filter(pl.col(word) & now).sum() / MICROS).round().cast(pl.Int64)
    return pl.when(named.any()).then(made)


def _mix(parts: Iterable[dict[str, Any]]) -> str:
    """`1024×1024 62 %, 1536×1024 38 %`; all small ones are one."""
    sums: dict[str, float] = {}
    for part in parts:
        sums[part["size"]] = sums.get(part["size"], 0) + part["made"]
    total = sum(sums.values())
    ranked = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{size} {made / total:.0%}".replace("%", " %") for size, made in ranked) if total > 0 else ""
