import random
from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import UnexpectedResponse
from connectors.litellm import ANOTHER_PROXY, NO_TOTALS, TEAMS_OF_NOW, control, fetch
from connectors.litellm_directory import NAMES_UNAVAILABLE
from store.records import ApiKeyRecord, CostRecord, Statement, Window, WorkspaceRecord, day_totals, to_nanos
from tests.connectors.litellm.fake import CLAUDE, SEARCH_PROD, TEAM_SEARCH, TEAM_SUPPORT, error, recorded
from tests.connectors.litellm.wire import (
    DAY,
    KEY,
    ONE_DAY,
    OTHER_KEY,
    TWO_DAYS,
    Answer,
    Query,
    Row,
    folded,
    proxy,
    recording,
    refused,
    session,
)

SUPPORT_BOT = "d65eee55200c9fbdf02df630874fe328f47f34fb6d53506376466d9a641d321f"
SEARCH_DEV = "76c5ee0eb79a8e2947616774dd64dc8bf040984a585a6f20b94db1ff4c72acb5"
PERSONAL = "cfe695c1c6f590ef6544a9c0670914e9b0c55ba541bc25c9e6ddaca34b881a02"
MASTER = "litellm_proxy_master_key"


def lines(statement: Statement) -> list[tuple[Any, ...]]:
    """Team, key, model, upstream, dollars, prompt, cache read, cache write, completion and requests of each row."""
    return [
        (
            cost.workspace_id,
            cost.api_key_id,
            cost.model,
            cost.upstream,
            cost.billed_cost,
            cost.input_tokens,
            cost.cached_input_tokens,
            cost.cache_write_tokens,
            cost.output_tokens,
            cost.requests,
        )
        for cost in statement.costs
    ]


def statement_of(*rows: Row, **facts: Any) -> Statement:
    return fetch(session(proxy(rows, **facts)), ONE_DAY)


def refusing(answer: Answer, *paths: str) -> Answer:
    """The same proxy, but these paths are outside the key's allowed routes."""
    denied = error("key limited by allowed_routes")
    return lambda path, query: refused(403, denied["body"]) if path in paths else answer(path, query)


def test_the_recorded_pages_make_the_exact_rows_of_their_day() -> None:
    statement = fetch(session(recording), TWO_DAYS)
    second = [line for line, cost in zip(lines(statement), statement.costs, strict=True) if cost.day.day == 23]
    claude, bedrock = CLAUDE.partition("/")[2], "anthropic.claude-3-5-sonnet-20240620-v1:0"
    mini, small = "gpt-4o-mini", "text-embedding-3-small"
    assert second == [
        ("", PERSONAL, "my-private-model", "openai", Decimal(0), 2400, 2048, 0, 600, 2),
        ("", MASTER, mini, "openai", Decimal("0.0002831999999999999"), 1200, 1024, 0, 300, 1),
        (TEAM_SEARCH, SEARCH_DEV, mini, "openai", Decimal("0.0005663999999999999"), 2400, 2048, 0, 600, 2),
        (TEAM_SEARCH, SEARCH_PROD, claude, "anthropic", Decimal("0.0213"), 10800, 8000, 2000, 600, 4),
        (TEAM_SEARCH, SEARCH_PROD, mini, "openai", Decimal("0.0016992"), 7200, 6144, 0, 1800, 6),
        (TEAM_SEARCH, SEARCH_PROD, small, "openai", Decimal("0.00001"), 500, 0, 0, 0, 1),
        (TEAM_SUPPORT, SUPPORT_BOT, bedrock, "bedrock", Decimal("0.00132"), 40, 0, 0, 80, 4),
        (TEAM_SUPPORT, SUPPORT_BOT, "gemini-2.5-flash", "vertex", Decimal("0.000106"), 20, 0, 0, 40, 2),
    ]  # fmt: skip
    assert {cost.cost_basis for cost in statement.costs} == {"priced"}
    assert statement.notes == ()
    assert statement.control_totals == {
        date(2026, 11, 22): Decimal("0.012788999999999997"),
        date(2026, 11, 23): Decimal("0.0252848"),
    }
    assert len(statement.costs) == 16


def test_the_recorded_names_are_those_of_teams_and_keys() -> None:
    statement = fetch(session(recording), TWO_DAYS)
    assert [(team.name, team.status) for team in statement.workspaces] == [
        ("team-search", "active"),
        ("team-support", "active"),
    ]
    keys = {key.api_key_id: key for key in statement.api_keys}
    assert keys[PERSONAL] == ApiKeyRecord(
        api_key_id=PERSONAL,
        name="personal-alice",
        hint="sk-...dkhQ",
        owner="alice",
        created_at=datetime(2026, 11, 23, 10, 46, 37, 119_000, UTC),
        last_used_at=datetime(2026, 11, 23, 10, 46, 56, 448_000, UTC),
    )
    assert keys[MASTER] == ApiKeyRecord(api_key_id=MASTER, name="Master key")
    assert statement.listed_workspaces == frozenset({TEAM_SEARCH, TEAM_SUPPORT})


def of_one_model(answer: Any, model: str) -> Any:
    """What the proxy says of one model that was always called by its provider's prefix."""
    day = answer["results"][0]
    breakdown = {"providers": {model.partition("/")[0]: day["breakdown"]["models"][model]}}
    return answer | {"results": [day | {"breakdown": breakdown}]}


def test_an_answer_of_release_1_81_is_read() -> None:
    old = recorded("activity_1_81")

    def answer(path: str, query: Query) -> Any:
        if path == "/user/daily/activity":
            if query["start_date"] != "2026-11-23":
                return folded([])
            return of_one_model(old, query["model"]) if "model" in query else old
        return None if path.endswith("/activity") or "aggregated" in path else recording(path, query)

    statement = fetch(session(answer), TWO_DAYS)
    assert {day: to_nanos(total) for day, total in day_totals(statement.costs).items()} == {
        date(2026, 11, 23): 71_166_224
    }
    sums = {cost.upstream: Decimal(0) for cost in statement.costs}
    for cost in statement.costs:
        sums[cost.upstream] += cost.billed_cost
    told = old["results"][0]["breakdown"]["providers"]
    for upstream, name in (("openai", "openai"), ("vertex", "vertex_ai"), ("bedrock", "bedrock")):
        assert round(sums[upstream] - told[name]["metrics"]["spend"], 12) == 0
    assert not [cost for cost in statement.costs if cost.requests == 0 and not cost.billed_cost]
    assert statement.notes[:2] == (TEAMS_OF_NOW, NO_TOTALS)


def test_failed_calls_leave_no_row_and_do_not_count_as_requests() -> None:
    statement = statement_of(
        Row(succeeded=3, failed=2),
        Row(model="openai/gpt-4o", spend=0, completion=0, succeeded=0, failed=4),
        Row(key=OTHER_KEY, model="", provider="", spend=0, prompt=0, completion=0, succeeded=0, failed=9),
    )
    assert [(line[1], line[2], line[9]) for line in lines(statement)] == [(KEY, "gpt-4o-mini", 3)]
    assert [key.api_key_id for key in statement.api_keys] == [KEY]


def test_a_free_model_keeps_its_tokens() -> None:
    statement = statement_of(Row(spend=0, model="openai/my-private-model"))
    assert lines(statement)[0][2:6] == ("my-private-model", "openai", 0, 10)


@pytest.mark.parametrize(
    ("model", "provider", "shown", "upstream"),
    [
        ("openai/gpt-4o-mini", "openai", "gpt-4o-mini", "openai"),
        ("gpt-4o-mini", "openai", "gpt-4o-mini", "openai"),
        ("gpt-3.5-turbo-instruct", "text-completion-openai", "gpt-3.5-turbo-instruct", "openai"),
        ("claude-2", "anthropic_text", "claude-2", "anthropic"),
        ("bedrock/anthropic.claude-v2:1", "bedrock", "anthropic.claude-v2:1", "bedrock"),
        ("vertex_ai/gemini-2.5-flash", "vertex_ai_beta", "vertex_ai/gemini-2.5-flash", "vertex"),
        ("gemini/gemini-2.5-flash", "gemini", "gemini-2.5-flash", "gemini"),
        ("openrouter/anthropic/claude-opus", "openrouter", "anthropic/claude-opus", "openrouter"),
        ("fal_ai/flux", "fal_ai", "flux", "fal"),
        ("runwayml/gen4", "runwayml", "gen4", "runway"),
        ("azure/gpt-4o", "azure", "gpt-4o", "azure"),
        ("openai/", "openai", "openai/", "openai"),
        ("zephyr", "", "zephyr", "unknown"),
    ],
)
def test_each_row_names_its_model_without_prefix_and_who_bills_it(
    model: str, provider: str, shown: str, upstream: str
) -> None:
    assert lines(statement_of(Row(model=model, provider=provider)))[0][2:4] == (shown, upstream)


def test_one_model_stored_with_and_without_prefix_is_one_row() -> None:
    statement = statement_of(Row(), Row(model="gpt-4o-mini", spend=2))
    assert [line[2:6] for line in lines(statement)] == [("gpt-4o-mini", "openai", 3, 20)]


def test_a_model_bought_from_two_providers_under_one_name_is_asked_for_and_told_apart() -> None:
    seen: list[tuple[str, Query]] = []
    rows = (
        Row(model="shared", spend=1),
        Row(model="shared", provider="azure", spend=2),
        Row(model="lonely", provider="azure", spend=4),
        Row(key=OTHER_KEY, model="shared", spend=8),
    )
    statement = fetch(session(proxy(rows), seen=seen), ONE_DAY)
    assert [(line[1], line[2], line[3], line[4]) for line in lines(statement)] == [
        (KEY, "lonely", "azure", 4),
        (KEY, "shared", "azure", 2),
        (KEY, "shared", "openai", 1),
        (OTHER_KEY, "shared", "openai", 8),
    ]
    assert sorted(query["model"] for _, query in seen if "model" in query) == ["lonely", "shared"]


def test_a_prefix_that_lies_is_found_by_the_providers_sums() -> None:
    statement = statement_of(
        Row(model="anthropic/claude", provider="openrouter", spend=5),
        Row(model="claude-mini", provider="anthropic", spend=2),
    )
    assert [(line[2], line[3], line[4]) for line in lines(statement)] == [
        ("anthropic/claude", "openrouter", 5),
        ("claude-mini", "anthropic", 2),
    ]


def test_money_without_a_model_has_a_row_of_its_own() -> None:
    statement = statement_of(Row(spend=1), Row(model="", spend=3, prompt=0, completion=0))
    assert [line[2:5] for line in lines(statement)] == [("gpt-4o-mini", "openai", 1), ("litellm-no-model", "openai", 3)]
    assert statement.notes == ()


def test_a_key_that_moved_stands_with_each_team_for_what_it_spent_there() -> None:
    rows = (
        Row(spend=1, team="team-1"),
        Row(spend=2, team="team-2"),
        Row(spend=4, team=""),
        Row(spend=8, team="team-2", model="anthropic/claude", provider="anthropic"),
        Row(key=OTHER_KEY, spend=16, team="team-1"),
    )
    seen: list[tuple[str, Query]] = []
    facts = {KEY: {"team_id": "team-2", "key_alias": "moved"}}
    statement = fetch(session(proxy(rows, **facts), seen=seen), ONE_DAY)
    assert [(line[0], line[2], line[4], line[9]) for line in lines(statement)] == [
        ("", "gpt-4o-mini", 4, 1),
        ("team-1", "gpt-4o-mini", 1, 1),
        ("team-1", "gpt-4o-mini", 16, 1),
        ("team-2", "claude", 8, 1),
        ("team-2", "gpt-4o-mini", 2, 1),
    ]
    assert [query["team_ids"] for _, query in seen if "team_ids" in query] == ["team-1", "team-2"]


def test_a_proxy_that_books_only_teams_in_the_team_table_still_shows_what_had_none() -> None:
    rows = [Row(spend=1, team="team-1"), Row(spend=4, team=""), Row(key=OTHER_KEY, spend=2, team="")]
    whole, teams = proxy(rows), proxy(rows[:1])
    statement = fetch(
        session(lambda path, query: (teams if path == "/team/daily/activity" else whole)(path, query)), ONE_DAY
    )
    assert [(line[0], line[1], line[4]) for line in lines(statement)] == [
        ("", KEY, 4),
        ("", OTHER_KEY, 2),
        ("team-1", KEY, 1),
    ]


def test_without_the_team_report_costs_stand_with_the_keys_team_of_now_and_a_note_says_so() -> None:
    whole = proxy([Row(team="team-1")], **{KEY: {"team_id": "team-2"}})
    seen: list[tuple[str, Query]] = []
    limited = session(refusing(whole, "/team/daily/activity"), seen=seen)
    assert lines(fetch(limited, ONE_DAY))[0][0] == "team-2"
    assert TEAMS_OF_NOW in fetch(limited, ONE_DAY).notes
    assert [path for path, _ in seen].count("/team/daily/activity") == 1


def test_without_aggregated_totals_the_pages_are_their_own_control_and_a_note_says_so() -> None:
    limited = session(refusing(proxy([Row()]), "/user/daily/activity/aggregated"))
    statement = fetch(limited, ONE_DAY)
    assert statement.control_totals == {DAY: Decimal(1)}
    assert control(limited, ONE_DAY) is None
    assert statement.notes == (NO_TOTALS,)


def test_without_lists_every_dollar_stays_and_keys_keep_the_alias_of_their_rows() -> None:
    whole = proxy([Row()], **{KEY: {"key_alias": "bot", "team_id": "team-1", "key_exists": False}})
    statement = fetch(session(refusing(whole, "/key/list")), ONE_DAY)
    assert statement.notes == (NAMES_UNAVAILABLE,)
    assert statement.listed_workspaces is None
    assert statement.api_keys == (ApiKeyRecord(api_key_id=KEY, workspace_id="team-1", name="bot", status="deleted"),)


def test_a_deleted_team_keeps_the_alias_that_its_rows_tell() -> None:
    page = folded([Row(team="gone")])
    page["results"][0]["breakdown"]["entities"]["gone"]["metadata"] = {"team_alias": "Old team"}
    statement = fetch(session(lambda path, query: page if "activity" in path else proxy([])(path, query)), ONE_DAY)
    assert statement.workspaces[-1] == WorkspaceRecord(workspace_id="gone", name="Old team", status="deleted")


def test_a_day_on_two_pages_is_added_up() -> None:
    pages = {"1": folded([Row()], has_more=True, total_pages=2), "2": folded([Row(spend=2)], page=2, total_pages=2)}
    whole = proxy([Row(), Row(spend=2)])
    statement = fetch(
        session(lambda path, query: pages[query["page"]] if path == "/user/daily/activity" else whole(path, query)),
        ONE_DAY,
    )
    assert lines(statement)[0][4:6] == (3, 20)
    assert statement.notes == ()


def growing(*totals: int, pages: int) -> Statement:
    """A day whose totals are read as these in turn, and whose rows say `pages`."""
    told = iter(totals)

    def answer(path: str, query: Query) -> Any:
        return proxy([Row(spend=next(told) if "aggregated" in path else pages)])(path, query)

    return fetch(session(answer), ONE_DAY)


def test_a_day_that_grows_while_it_is_read_has_the_total_of_its_rows() -> None:
    statement = growing(1, 3, pages=2)
    assert statement.control_totals == {DAY: Decimal(2)}
    assert statement.notes == ()


@pytest.mark.parametrize(("totals", "rest"), [((3, 3), 1), ((1, 1), -1), ((3, 4), 2), ((0, 1), -1)])
def test_rows_that_miss_a_settled_total_get_an_unattributed_row_and_a_note(totals: tuple[int, int], rest: int) -> None:
    statement = growing(*totals, pages=2)
    rows = {cost.model: cost for cost in statement.costs}
    assert rows["litellm-unattributed"] == CostRecord(
        day=DAY, model="litellm-unattributed", upstream="unknown", billed_cost=rest, cost_basis="priced"
    )
    assert sum(cost.billed_cost for cost in statement.costs) == totals[1]
    assert "unattributed" in statement.notes[0]


def test_totals_of_a_long_past_are_asked_for_month_by_month() -> None:
    seen: list[tuple[str, Query]] = []
    rows = [Row(day=date(2026, month, 5), spend=month) for month in range(1, 12)]
    year = Window(date(2026, 1, 1), date(2026, 12, 1))
    assert control(session(proxy(rows), seen=seen), year) == {row.day: row.spend for row in rows}
    spans = [(query["start_date"], query["end_date"]) for path, query in seen if "aggregated" in path]
    assert len(spans) == 11
    assert spans[:2] == [("2026-01-01", "2026-01-31"), ("2026-02-01", "2026-03-03")]
    assert spans[-1][1] == "2026-11-30"


def test_names_are_read_once_for_many_windows() -> None:
    seen: list[tuple[str, Query]] = []
    open_session = session(recording, seen=seen)
    fetch(open_session, TWO_DAYS)
    fetch(open_session, TWO_DAYS)
    paths = [path for path, _ in seen]
    assert [paths.count(path) for path in ("/user/list", "/team/list", "/key/list")] == [1, 1, 1]


def test_a_backfill_of_days_without_use_costs_one_request_a_day() -> None:
    seen: list[tuple[str, Query]] = []
    fetch(session(proxy([]), seen=seen), TWO_DAYS)
    assert [path for path, _ in seen].count("/user/daily/activity") == 2
    assert "/team/daily/activity" not in [path for path, _ in seen]


def test_neither_time_zones_nor_ranges_of_days_are_asked_for() -> None:
    seen: list[tuple[str, Query]] = []
    fetch(session(recording, seen=seen), TWO_DAYS)
    pages = [query for path, query in seen if path in {"/user/daily/activity", "/team/daily/activity"}]
    assert {query["page_size"] for query in pages} == {"1000"}
    assert all(query["start_date"] == query["end_date"] for query in pages)
    assert not {"timezone", "include_current_utc_day"} & {name for _, query in seen for name in query}


def without(page: Any, *path: str) -> Any:
    *parents, last = path
    node = page["results"][0]
    for name in parents:
        node = node[name]
    del node[last]
    return page


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (folded([Row()]) | {"metadata": None}, "metadata is missing"),
        (folded([Row()], has_more=None), "has_more is not true or false"),
        (folded([Row()], has_more=True, page=None), "cursor is empty"),
        (folded([Row()], page=7), "another page"),
        (folded([Row()]) | {"results": {}}, "results is not an array"),
        (folded([Row(day=date(2026, 11, 19))]), "date is not the day"),
        (without(folded([Row()]), "date"), "date is not the day"),
        (without(folded([Row()]), "metrics"), "metrics is missing"),
        (without(folded([Row()]), "breakdown"), "breakdown is missing"),
        (without(folded([Row()]), "breakdown", "models", "openai/gpt-4o-mini", "api_key_breakdown"), "is missing"),
        (folded([Row(spend=10**30)]), "impossibly large"),
        (folded([Row(prompt=-1)]), "not a count"),
    ],
)
def test_an_answer_of_another_shape_is_an_error_that_quotes_no_value(page: Any, words: str) -> None:
    def answer(path: str, query: Query) -> Any:
        return page if path == "/user/daily/activity" else proxy([Row()])(path, query)

    with pytest.raises(UnexpectedResponse, match=words) as caught:
        fetch(session(answer), ONE_DAY)
    assert not [secret for secret in (KEY, "gpt-4o-mini") if secret in caught.value.message]


def test_a_proxy_older_than_1_76_is_named_as_such() -> None:
    old = without(folded([Row()]), "breakdown", "models", "openai/gpt-4o-mini", "api_key_breakdown")
    with pytest.raises(UnexpectedResponse) as caught:
        fetch(session(lambda path, query: old if path == "/user/daily/activity" else proxy([])(path, query)), ONE_DAY)
    assert "older than 1.76" in caught.value.likely_cause


@pytest.mark.parametrize("day", ["2026-11-19", "2026-11-21", "yesterday", None])
def test_a_total_of_a_day_that_was_not_asked_for_is_an_error(day: str | None) -> None:
    totals = folded([Row()])
    totals["results"][0]["date"] = day
    answer: Answer = lambda path, query: totals if "aggregated" in path else proxy([])(path, query)  # noqa: E731
    with pytest.raises(UnexpectedResponse, match="date"):
        fetch(session(answer), ONE_DAY)


def test_reserved_capacity_is_not_spend_but_is_told() -> None:
    page = folded([Row()])
    page["results"][0]["metrics"]["flat_cost"] = Decimal("12.5")
    statement = fetch(
        session(lambda path, query: page if path == "/user/daily/activity" else proxy([Row()])(path, query)), ONE_DAY
    )
    assert statement.control_total == 1
    assert statement.notes == (
        "2026-11-20: LiteLLM keeps $12.5 of reserved capacity apart; it is not in these totals.",
    )


def test_calls_to_another_litellm_proxy_are_told() -> None:
    statement = statement_of(Row(model="litellm_proxy/gpt-4o", provider="litellm_proxy"))
    assert [line[2:4] for line in lines(statement)] == [("gpt-4o", "litellm_proxy")]
    assert statement.notes == (ANOTHER_PROXY,)


@pytest.mark.parametrize("seed", range(150))
def test_whatever_keys_teams_models_and_providers_mix_every_cell_is_told_apart(seed: int) -> None:
    chance = random.Random(seed)
    places = {
        (
            chance.choice((KEY, OTHER_KEY, "", MASTER)),
            chance.choice(("team-1", "team-2", "")),
            chance.choice(("small", "large", "openai/small", "azure/small", "openai/large")),
            chance.choice(("openai", "azure", "openrouter")),
        )
        for _ in range(chance.randint(1, 14))
    }
    rows = [
        Row(
            key=key,
            team=team,
            model=model,
            provider=provider,
            spend=Decimal(chance.randrange(10**9)).scaleb(-9),
            prompt=chance.randrange(1, 500),
            read=chance.randrange(9),
            succeeded=chance.randrange(1, 50),
            failed=chance.randrange(3),
        )
        for key, team, model, provider in sorted(places)
    ]
    truth: defaultdict[tuple[str, ...], list[Any]] = defaultdict(lambda: [Decimal(0), 0, 0, 0])
    for row in rows:
        cell = truth[row.team, row.key, row.model.removeprefix(f"{row.provider}/"), row.provider]
        figures = (row.spend, row.prompt, row.read, row.succeeded)
        cell[:] = [mine + its for mine, its in zip(cell, figures, strict=True)]
    statement = statement_of(*rows)
    assert {line[:4]: [round(line[4], 9), line[5], line[6], line[9]] for line in lines(statement)} == truth
    assert statement.notes == ()
