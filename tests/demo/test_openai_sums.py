"""Whatever way the bill is cut, it adds up to the world to the nano-dollar."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demo import openai_spend as story
from demo.cells import TOKEN_KINDS
from demo.odd_openai import odd_openai_world
from demo.openai_labels import line_item
from demo.openai_usage import FAMILIES
from demo.simulator import Simulator
from demo.world import World
from tests.demo.asking import ALL_GROUPS, NOW, TODAY, Asker, Params, nanos, window

COSTS = "/organization/costs"
TOMORROW = TODAY + timedelta(days=1)
QUARTER = (TODAY - timedelta(days=90), TOMORROW)


def billed(ask: Asker, params: Params, names: tuple[str, ...]) -> dict[tuple[Any, ...], int]:
    """Nano-dollars per day and named members of the rows."""
    amounts = defaultdict(Decimal)
    for day, row in ask.rows(COSTS, params):
        amounts[day, *(row[name] for name in names)] += Decimal(row["amount"]["value"])
    return {place: nanos(amount) for place, amount in amounts.items()}


@pytest.mark.parametrize("names", [names for count in range(4) for names in combinations(ALL_GROUPS, count)])
def test_every_grouping_adds_up_to_the_world_to_the_nano(ask: Asker, world: World, names: tuple[str, ...]) -> None:
    expected: Counter[tuple[Any, ...]] = Counter()
    for cell in world.cells("openai", *QUARTER, NOW):
        if cell.is_billed:
            place = {"project_id": cell.workspace_id or None, "api_key_id": cell.api_key_id or None}
            place["line_item"] = line_item(cell)
            expected[cell.day, *(place[name] for name in names)] += cell.nanos
    params = [*window(*QUARTER), *(("group_by[]", name) for name in names), ("limit", 40)]
    assert billed(ask, params, names) == expected


@pytest.mark.parametrize("start", [date(2026, 2, 3), date(2026, 11, 3)])
def test_quantities_of_lines_are_those_of_the_world_in_their_units(ask: Asker, world: World, start: date) -> None:
    per_unit = {"1000_tokens": 1_000, "duration_minutes": 60}
    days = (start, start + timedelta(days=2))
    rows = list(ask.rows(COSTS, [*window(*days), ("group_by", "line_item")]))
    printed = {
        (day, row["line_item"]): row["quantity"] and round(row["quantity"] * per_unit.get(row["quantity_unit"], 1))
        for day, row in rows
    }
    expected: Counter[tuple[date, str]] = Counter()
    for cell in world.cells("openai", *days, NOW):
        if cell.is_billed:
            expected[cell.day, line_item(cell)] += cell.quantity
    assert printed == expected
    assert {row["quantity_unit"] for _, row in rows} >= ({*per_unit, "tokens"} if start.month == 11 else {None})


def test_single_days_page_into_the_same_rows_as_one_large_page(ask: Asker) -> None:
    params = [*window(TODAY - timedelta(days=20), TOMORROW), *(("group_by", name) for name in ALL_GROUPS)]
    assert list(ask.buckets(COSTS, [*params, ("limit", 1)])) == list(ask.buckets(COSTS, [*params, ("limit", 180)]))


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 20])
def test_lists_page_into_the_whole(ask: Asker, limit: int) -> None:
    whole = ask.json("/organization/projects", [("include_archived", "true"), ("limit", 100)])
    listed: list[Any] = []
    after: list[tuple[str, str | int]] = []
    while True:
        page = ask.json("/organization/projects", [("include_archived", "true"), ("limit", limit), *after])
        listed += page["data"]
        if not page["has_more"]:
            break
        assert page["last_id"] == page["data"][-1]["id"]
        after = [("after", page["last_id"])]
    assert listed == whole["data"]
    assert len(listed) == len(story.WORKSPACES)


def test_filters_keep_exactly_what_they_name(ask: Asker, world: World) -> None:
    group = [("group_by", name) for name in ALL_GROUPS]
    everything = billed(ask, [*window(*QUARTER), *group, ("limit", 180)], ALL_GROUPS)
    for name, position, value in (
        ("project_ids", 1, story.COPILOT),
        ("api_key_ids", 2, story.CI_KEY),
        ("line_items", 3, "gpt-6-astra, output_tokens"),
    ):
        kept = billed(ask, [*window(*QUARTER), *group, ("limit", 180), (f"{name}[]", value)], ALL_GROUPS)
        assert kept == {place: amount for place, amount in everything.items() if place[position] == value}
        assert kept


def test_usage_adds_up_to_the_world(ask: Asker, world: World) -> None:
    start = TODAY - timedelta(days=30)
    measured: Counter[tuple[Any, ...]] = Counter()
    for name in FAMILIES:
        for day, row in ask.rows(f"/organization/usage/{name}", [*window(start, TOMORROW), ("limit", 31)]):
            counted = row.get("num_model_requests", 0) if name != "web_search_calls" else 0
            measured[day, "requests"] += counted + row.get("num_requests", 0)
            for member in ("input_tokens", "output_tokens", "input_cached_tokens", "images", "characters", "seconds"):
                measured[day, member] += row.get(member, 0)
    expected: Counter[tuple[Any, ...]] = Counter()
    for cell in world.cells("openai", start, TOMORROW, NOW):
        expected[cell.day, "requests"] += cell.requests
        if cell.kind == "cached_input":
            expected[cell.day, "input_cached_tokens"] += cell.quantity
        if cell.kind in TOKEN_KINDS and not cell.model.startswith("gpt-image-"):
            expected[cell.day, "output_tokens" if "output" in cell.kind else "input_tokens"] += cell.quantity
        elif cell.kind in {"image", "characters", "seconds"}:
            expected[cell.day, "images" if cell.kind == "image" else cell.kind] += cell.quantity
    assert +measured == +expected


def test_the_parts_of_input_tokens_add_up(ask: Asker) -> None:
    params = [*window(TODAY - timedelta(days=7), TODAY), ("group_by", "model")]
    for _, row in ask.rows("/organization/usage/completions", params):
        parts = row["input_uncached_tokens"] + row["input_cached_tokens"] + row["input_cache_write_tokens"]
        uncached = row["input_text_tokens"] + row["input_audio_tokens"] + row["input_image_tokens"]
        outputs = row["output_text_tokens"] + row["output_audio_tokens"] + row["output_image_tokens"]
        assert parts == row["input_tokens"]
        assert uncached == row["input_uncached_tokens"]
        assert outputs == row["output_tokens"]


def test_batch_and_other_requests_add_up_to_all(ask: Asker) -> None:
    path, params = "/organization/usage/completions", window(TODAY - timedelta(days=2), TODAY)

    def requests(extra: Params) -> int:
        return sum(row["num_model_requests"] for _, row in ask.rows(path, [*params, *extra]))

    batch, other = requests([("batch", "true")]), requests([("batch", "false")])
    assert batch > 0
    assert batch + other == requests([])


@pytest.mark.parametrize(("width", "limit", "count"), [("1h", 24, 24), ("1h", 5, 24), ("1m", 1_440, 1_440)])
def test_narrow_buckets_add_up_to_the_day(ask: Asker, width: str, limit: int, count: int) -> None:
    path, params = "/organization/usage/embeddings", window(TODAY - timedelta(days=1), TODAY)
    buckets = list(ask.buckets(path, [*params, ("bucket_width", width), ("limit", limit)]))
    ((_, whole),) = ask.rows(path, params)
    assert len(buckets) == count
    assert sum(row["input_tokens"] for bucket in buckets for row in bucket["results"]) == whole["input_tokens"]


def test_a_restated_world_is_billed_at_once(simulator: Simulator, ask: Asker) -> None:
    params = [*window(*QUARTER), ("limit", 180)]
    before = billed(ask, params, ())
    simulator.restate(0.2, seed=3)
    after = billed(ask, params, ())
    truth = simulator.world.day_totals("openai", *QUARTER, NOW)
    assert {day: amount for (day,), amount in after.items()} == truth
    assert before != after
    assert before[(TODAY,)] == after[(TODAY,)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**6), limit=st.integers(1, 30))
def test_any_world_adds_up_grouped_and_ungrouped(seed: int, limit: int) -> None:
    world = odd_openai_world(seed, TODAY)
    period = window(world.first_day - timedelta(days=2), TOMORROW)
    with Simulator(world, clock=lambda: NOW) as simulator, (ask := Asker(simulator)).http:
        grouped = [("group_by", name) for name in ALL_GROUPS]
        rows = billed(ask, [*period, *grouped, ("limit", limit)], ALL_GROUPS)
        days = billed(ask, [*period, ("limit", limit)], ())
    summed: Counter[date] = Counter()
    for (day, *_), amount in rows.items():
        summed[day] += amount
    truth = world.day_totals("openai", world.first_day, TOMORROW, NOW)
    assert {day: amount for (day,), amount in days.items()} == truth
    assert dict(summed) == truth
