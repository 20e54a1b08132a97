from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from store.coverage import Reach, around, backward, differing, forward
from store.records import Window

TODAY = date(2026, 11, 23)
TOMORROW = TODAY + timedelta(days=1)
REACH = Reach(history_days=365, restated_days=35, window_days=90)


def test_the_first_sync_reads_the_newest_window_first_and_then_backward_to_the_oldest_day_served() -> None:
    first = forward(None, REACH, TODAY)
    assert first == [Window(date(2026, 8, 26), TOMORROW)]
    older = backward(first[0], REACH, TODAY)
    assert [window.end for window in older] == [
        date(2026, 8, 26),
        date(2026, 5, 28),
        date(2026, 2, 27),
        date(2025, 11, 29),
    ]
    assert older[-1].start == REACH.oldest(TODAY) == date(2025, 11, 24)


def test_a_later_sync_reads_the_restated_days_again_and_nothing_older() -> None:
    covered = Window(REACH.oldest(TODAY), TOMORROW)
    assert forward(covered, REACH, TODAY) == [Window(TOMORROW - timedelta(days=35), TOMORROW)]
    assert backward(covered, REACH, TODAY) == []


def test_after_a_long_pause_windows_join_the_covered_days_oldest_first() -> None:
    covered = Window(date(2026, 1, 1), date(2026, 5, 1))
    windows = forward(covered, REACH, TODAY)
    assert windows[0].start == date(2026, 5, 1) - timedelta(days=35)
    assert windows[-1].end == TOMORROW
    assert all(before.end == after.start for before, after in pairwise(windows))


def test_a_pause_longer_than_the_providers_memory_starts_at_the_oldest_day_served() -> None:
    windows = forward(Window(date(2025, 1, 1), date(2025, 3, 1)), REACH, TODAY)
    assert windows[0].start == REACH.oldest(TODAY)


def test_since_reads_that_day_and_later_and_never_leaves_a_gap() -> None:
    covered = Window(date(2026, 6, 1), date(2026, 11, 20))
    assert forward(covered, REACH, TODAY, since=date(2026, 11, 22))[0].start == date(2026, 11, 20)
    assert forward(covered, REACH, TODAY, since=date(2026, 10, 1)) == [Window(date(2026, 10, 1), TOMORROW)]
    early = date(2026, 5, 10)
    assert forward(covered, REACH, TODAY, since=early)[0].start == covered.start
    assert backward(covered, REACH, TODAY, since=early) == [Window(early, covered.start)]


def test_changed_days_are_read_in_few_windows() -> None:
    days = [date(2026, 1, 1), date(2026, 1, 5), date(2026, 3, 31), date(2026, 9, 1)]
    assert around(days, REACH) == [
        Window(date(2026, 1, 1), date(2026, 4, 1)),
        Window(date(2026, 9, 1), date(2026, 9, 2)),
    ]
    assert around([], REACH) == []


def test_a_day_without_a_total_is_zero() -> None:
    window = Window(date(2026, 1, 1), date(2026, 1, 5))
    saved = {date(2026, 1, 1): 5, date(2026, 1, 2): 7, date(2026, 1, 3): 0}
    told = {date(2026, 1, 1): 5, date(2026, 1, 2): 8, date(2026, 1, 4): 1}
    assert differing(saved, told, window) == [date(2026, 1, 2), date(2026, 1, 4)]


reaches = st.builds(
    lambda history, restated, longest: Reach(
        history_days=history, restated_days=min(restated, history), window_days=longest
    ),
    st.integers(1, 400),
    st.integers(1, 60),
    st.integers(1, 120),
)


@given(reaches, st.integers(0, 500), st.integers(1, 500), st.none() | st.integers(0, 600))
def test_any_plan_is_unbroken_within_reach_and_ends_today(
    reach: Reach, ended: int, length: int, since_ago: int | None
) -> None:
    end = TOMORROW - timedelta(days=ended)
    covered = Window(end - timedelta(days=length), end)
    since = None if since_ago is None else TODAY - timedelta(days=since_ago)
    windows = forward(covered, reach, TODAY, since)
    assert windows[-1].end == TOMORROW
    assert windows[0].start >= reach.oldest(TODAY)
    assert windows[0].start <= max(covered.end, reach.oldest(TODAY))
    assert all(window.length <= reach.window_days for window in windows)
    assert all(before.end == after.start for before, after in pairwise(windows))
    older = backward(covered, reach, TODAY, since)
    assert all(window.length <= reach.window_days and window.start >= reach.oldest(TODAY) for window in older)
    assert all(before.start == after.end for before, after in pairwise([covered, *older]))


def test_a_credential_that_reads_less_than_its_provider_serves_shortens_the_reach() -> None:
    short = Reach(history_days=365, restated_days=35, window_days=90, first_day=TODAY - timedelta(days=1))
    assert forward(None, short, TODAY) == [Window(TODAY - timedelta(days=1), TOMORROW)]
    assert backward(Window(TODAY - timedelta(days=1), TOMORROW), short, TODAY) == []
    assert forward(Window(date(2026, 11, 1), TODAY), short, TODAY) == [Window(TODAY - timedelta(days=1), TOMORROW)]


def test_a_provider_whose_day_has_begun_already_does_not_move_the_reach_beyond_today() -> None:
    ahead = Reach(history_days=365, restated_days=35, window_days=90, first_day=TOMORROW)
    assert forward(None, ahead, TODAY) == [Window(TODAY, TOMORROW)]
