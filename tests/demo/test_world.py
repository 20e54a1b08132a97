from collections import Counter
from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from demo import openai_spend as story
from demo.cells import SECONDS_A_DAY, Cell, added_up
from demo.odd_openai import odd_openai_world
from demo.world import World
from tests.demo.asking import NOW, TODAY

LATER = NOW + timedelta(days=2)
START = TODAY - timedelta(days=365)


def test_the_same_seed_tells_the_same_story_and_another_seed_another(world: World) -> None:
    week = TODAY - timedelta(days=7)
    assert World(7, TODAY).cells("openai", week, TODAY, NOW) == world.cells("openai", week, TODAY, NOW)
    assert World(8, TODAY).cells("openai", week, TODAY, NOW) != world.cells("openai", week, TODAY, NOW)


def test_a_month_costs_between_thirty_and_sixty_thousand_dollars(world: World) -> None:
    days = world.day_totals("openai", TODAY - timedelta(days=30), TODAY, NOW)
    assert len(days) == 30
    assert 30_000 * 10**9 < sum(days.values()) < 60_000 * 10**9


def test_working_days_cost_more_than_weekends(world: World) -> None:
    days = world.day_totals("openai", TODAY - timedelta(days=90), TODAY, NOW)
    weekend = [nanos for day, nanos in days.items() if day.weekday() >= 5]
    working = [nanos for day, nanos in days.items() if day.weekday() < 5]
    assert sum(working) / len(working) > 1.5 * sum(weekend) / len(weekend)


def test_the_spike_comes_from_one_key_of_one_workspace_and_one_model(world: World) -> None:
    def spent(first: int, last: int) -> Counter[tuple[str, str, str]]:
        cells = world.cells("openai", TODAY - timedelta(days=first), TODAY - timedelta(days=last), NOW)
        counter: Counter[tuple[str, str, str]] = Counter()
        for cell in cells:
            counter[cell.workspace_id, cell.api_key_id, cell.model] += cell.nanos
        return counter

    rise = spent(13, 6)
    rise.subtract(spent(27, 20))
    culprit, by = rise.most_common(1)[0]
    assert culprit == (story.COPILOT, story.CI_KEY, "gpt-6-astra")
    assert by > 2_000 * 10**9


def test_the_idle_key_rests_and_the_deleted_key_spent_before_it_went(world: World) -> None:
    assert world.last_used("openai", story.STAGING_KEY, NOW) < TODAY - timedelta(days=30)
    assert world.last_used("openai", story.TRIAL_KEY, NOW) == TODAY - timedelta(days=6)
    assert world.last_used("openai", story.AGENT_KEY, NOW) == TODAY
    assert world.last_used("openai", "key_never", NOW) is None


def test_the_new_model_appears_three_weeks_ago(world: World) -> None:
    days = {cell.day for cell in world.cells("openai", START, TODAY, NOW) if cell.model == "gpt-5.6-luna"}
    assert min(days) == TODAY - timedelta(days=21)


def test_the_bill_has_its_odd_lines(world: World) -> None:
    cells = world.cells("openai", START, TODAY, NOW)
    assert any(cell.nanos < 0 and not cell.workspace_id for cell in cells)
    assert any(0 < cell.nanos < 10**7 for cell in cells)
    assert any(cell.workspace_id and not cell.api_key_id and cell.kind == "input" for cell in cells)
    assert {cell.variant for cell in cells if cell.model == "dall-e-3"} >= {"hd 1024x1024", "standard 1792x1024"}
    assert {"text-embedding-3-small", "tts-1", "whisper-1", "gpt-image-2"} <= {cell.model for cell in cells}


def test_no_two_cells_of_a_day_share_their_identity(world: World) -> None:
    for day in (TODAY - timedelta(days=ago) for ago in (1, 20, 120, 300)):
        seen = Counter(cell.identity for cell in world.cells("openai", day, day + timedelta(days=1), NOW))
        assert max(seen.values()) == 1


def test_today_grows_and_tomorrow_is_empty(world: World) -> None:
    tomorrow = TODAY + timedelta(days=1)
    totals = [
        world.day_totals("openai", TODAY, tomorrow, datetime(2026, 11, 23, hour, 30, tzinfo=UTC)).get(TODAY, 0)
        for hour in range(24)
    ]
    assert totals == sorted(set(totals))
    assert world.day_totals("openai", TODAY, tomorrow, LATER)[TODAY] > totals[-1]
    assert world.cells("openai", tomorrow, tomorrow + timedelta(days=9), NOW) == []
    assert world.cells("openai", tomorrow, tomorrow + timedelta(days=1), LATER)


def test_days_before_the_history_are_empty() -> None:
    assert World(1, TODAY, history_days=10).cells("openai", date(2020, 1, 1), TODAY - timedelta(days=10), NOW) == []


def test_the_hours_of_a_day_add_up_to_the_day(world: World) -> None:
    day = TODAY - timedelta(days=3)
    hours = [
        cell
        for start in range(0, SECONDS_A_DAY, 3_600)
        for cell in world.cells_between("openai", day, start, start + 3_600, NOW)
    ]
    assert added_up(hours) == added_up(world.cells("openai", day, day + timedelta(days=1), NOW))


@settings(deadline=None)
@given(nanos=st.integers(-(10**15), 10**15), quantity=st.integers(0, 10**12), cut=st.integers(0, SECONDS_A_DAY))
def test_two_parts_of_a_cell_add_up_to_the_whole(nanos: int, quantity: int, cut: int) -> None:
    cell = Cell("openai", TODAY, "", "", "m", "", "input", nanos, quantity, requests=3)
    assert added_up([cell.between(0, cut), cell.between(cut, SECONDS_A_DAY)]) == added_up([cell])


def test_totals_tell_all_input_with_its_cached_and_written_parts() -> None:
    kinds = {"input": 5, "cached_input": 3, "cache_write": 2, "audio_input": 1, "output": 7, "image_output": 4}
    total = added_up(Cell("openai", TODAY, "", "", "m", "", kind, 10, count) for kind, count in kinds.items())
    assert (total.input_tokens, total.cached_input_tokens, total.cache_write_tokens) == (11, 3, 2)
    assert (total.output_tokens, total.nanos, total.requests) == (11, 60, 0)


def test_a_restatement_moves_amounts_both_ways_and_lets_rows_come_and_go(world: World) -> None:
    restated = world.restate(0.3, seed=5)
    before = {(cell.day, *cell.identity): cell for cell in world.cells("openai", START, TODAY, NOW)}
    after = {(cell.day, *cell.identity): cell for cell in restated.cells("openai", START, TODAY, NOW)}
    changes = {place: after[place].nanos - before[place].nanos for place in before.keys() & after.keys()}
    assert before.keys() - after.keys()
    assert after.keys() - before.keys()
    assert min(changes.values()) < 0 < max(changes.values())
    assert 0.5 < sum(change == 0 for change in changes.values()) / len(changes) < 0.9


def test_a_restatement_is_repeatable_leaves_today_alone_and_does_not_touch_the_old_world(world: World) -> None:
    days = (START, TODAY, NOW)
    untouched = World(7, TODAY)
    assert world.restate(0.3, seed=5).cells("openai", *days) == untouched.restate(0.3, seed=5).cells("openai", *days)
    assert world.restate(0.3, seed=6).cells("openai", *days) != untouched.restate(0.3, seed=5).cells("openai", *days)
    assert world.cells("openai", *days) == untouched.cells("openai", *days)
    tomorrow = TODAY + timedelta(days=1)
    assert world.restate(1, seed=5).cells("openai", TODAY, tomorrow, NOW) == world.cells("openai", TODAY, tomorrow, NOW)


def test_a_restatement_of_nothing_changes_nothing(world: World) -> None:
    assert world.restate(0, seed=5).cells("openai", START, TODAY, NOW) == world.cells("openai", START, TODAY, NOW)


def test_a_renamed_workspace_keeps_its_spend(world: World) -> None:
    renamed = world.rename("openai", story.SEARCH, "Shop Search")
    names = {workspace.workspace_id: workspace.name for workspace in renamed.story("openai").workspaces}
    assert names[story.SEARCH] == "Shop Search"
    assert names[story.SUPPORT] == "Customer Support Agent"
    assert renamed.cells("openai", START, TODAY, NOW) == world.cells("openai", START, TODAY, NOW)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_random_world_is_repeatable_and_its_days_add_up_to_its_grains(seed: int) -> None:
    world = odd_openai_world(seed, TODAY)
    assert world == odd_openai_world(seed, TODAY)
    totals = world.totals("openai", START, TODAY, NOW)
    days = Counter({day: 0 for day, *_ in totals})
    for (day, *_), total in totals.items():
        days[day] += total.nanos
    billed = world.day_totals("openai", START, TODAY, NOW)
    assert days == {day: billed.get(day, 0) for day in days}


def test_random_worlds_hold_what_is_rare() -> None:
    worlds = [odd_openai_world(seed, TODAY) for seed in range(60)]
    cells = [cell for world in worlds for cell in world.cells("openai", START, TODAY, NOW)]
    keys = [key for world in worlds for key in world.story("openai").keys]
    assert any(not cell.workspace_id for cell in cells)
    assert any(cell.workspace_id and not cell.api_key_id for cell in cells)
    assert any(cell.nanos < 0 for cell in cells)
    assert any(cell.kind == "other" for cell in cells)
    assert any(key.deleted is not None for key in keys)
    assert any(len(world.day_totals("openai", START, TODAY, NOW)) < world.history_days for world in worlds)
