from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.base import Remembered
from connectors.errors import ProviderUnavailable, UnexpectedResponse
from connectors.fal import FAL, NO_COMPUTE, NO_SERVERLESS, check, control, fetch, resume
from connectors.fal_directory import NO_NAMES
from store.records import ApiKeyRecord, CostRecord, Window, WorkspaceRecord, day_totals
from tests.connectors.fal.fake import EMPTY_REPORT, TOTAL, recorded
from tests.connectors.fal.wire import (
    ACCOUNT,
    BY_CALLER,
    DAY,
    MODELS,
    ONE_DAY,
    SERVERLESS,
    THREE_DAYS,
    Query,
    but,
    composed,
    models,
    refused,
    report,
    row,
    session,
)

NEXT_DAY = date(2026, 11, 21)
KEY_1 = "3f0c1f5e-0000-4000-8000-000000000001"
KEY_2 = "3f0c1f5e-0000-4000-8000-000000000002"
ADMIN_KEY = "3f0c1f5e-0000-4000-8000-000000000009"
CLIPS = "fal-ai/kling-video/v2.1/pro/image-to-video"


def cost(
    day: date,
    api_key_id: str,
    model: str,
    variant: str,
    billed: str,
    quantity: str,
    unit: str,
    listed: str | None = None,
) -> CostRecord:
    return CostRecord(
        day=day,
        workspace_id="acme-media",
        api_key_id=api_key_id,
        model=model,
        variant=variant,
        billed_cost=Decimal(billed),
        list_cost=Decimal(listed or billed),
        usage_quantity=Decimal(quantity),
        usage_unit=unit,
    )


def test_the_composed_account_is_read_to_the_last_digit() -> None:
    statement = fetch(session(composed), THREE_DAYS)
    assert statement.costs == (
        cost(DAY, "", "fal-ai/flux/schnell", "megapixels", "0.009", "3", "megapixels"),
        cost(DAY, "", "fal-ai/some-trial", "image", "0", "4", "images"),
        cost(DAY, "", "openrouter/router", "units", "0.018342", "1834.2", "units of openrouter/router"),
        cost(DAY, "", "serverless:matting-app", "GPU-A100 staging", "0.0055", "10", "GPU-A100 seconds"),
        cost(DAY, "", "serverless:matting-app", "GPU-H100", "1.3365", "1300", "GPU-H100 seconds"),
        cost(DAY, KEY_1, "fal-ai/flux/dev", "megapixels", "7.25", "352.5", "megapixels", listed="8.8125"),
        cost(DAY, KEY_2, CLIPS, "seconds", "4.5", "50", "video seconds"),
        cost(DAY, ADMIN_KEY, "acme/matting", "compute seconds", "0.0071875", "12.5", "compute seconds"),
        cost(NEXT_DAY, "", "serverless:unattributed", "M", "0.0045", "900", "M seconds"),
        cost(NEXT_DAY, KEY_1, "fal-ai/clarity/upscaler", "image", "0.09", "3", "images"),
        cost(NEXT_DAY, KEY_1, "fal-ai/clarity/upscaler", "megapixels", "0.097", "48.5", "megapixels"),
        cost(NEXT_DAY, KEY_2, "fal-ai/whisper", "second", "0.0666", "600", "audio seconds"),
    )
    assert statement.control_total == TOTAL
    assert statement.workspaces == (WorkspaceRecord(workspace_id="acme-media", name="acme-media"),)
    assert statement.listed_workspaces is None
    assert statement.notes == (
        NO_COMPUTE,
        "Prepaid balance at fal: $24.50.",
        "Rows that name no caller, attributed to no key: 1.",
    )


def test_keys_are_named_by_the_list_else_by_the_bill_and_an_unlisted_one_may_be_deleted_or_not() -> None:
    keys = fetch(session(composed), THREE_DAYS).api_keys
    created = datetime(2026, 1, 15, 12, tzinfo=UTC)
    listed: dict[str, Any] = {"workspace_id": "acme-media", "name": "prod", "hint": "3f0c1f5e…", "created_at": created}
    assert keys == (
        ApiKeyRecord(api_key_id=KEY_1, owner="robin", **listed),
        ApiKeyRecord(api_key_id=KEY_2, owner="ira@example.com", **listed),
        ApiKeyRecord(
            api_key_id=ADMIN_KEY, workspace_id="acme-media", name="deploy", hint="3f0c1f5e…", status="unknown"
        ),
    )


def test_a_key_once_known_and_listed_no_more_keeps_its_name() -> None:
    known = session(composed)
    assert resume(known, Remembered(api_keys={"gone": "acme-media", ADMIN_KEY: "acme-media", KEY_1: ""})) is None
    keys = {key.api_key_id: key for key in fetch(known, THREE_DAYS).api_keys}
    assert (keys["gone"].status, keys["gone"].name, keys["gone"].hint) == ("unknown", None, "go…")
    assert keys[ADMIN_KEY].name is None
    assert (keys[KEY_1].status, keys[KEY_1].name) == ("active", "prod")


def test_every_question_names_utc_days_and_leaves_nothing_to_defaults() -> None:
    seen: list[tuple[str, Query]] = []
    fetch(session(composed, seen=seen), THREE_DAYS)
    fixed = [("start", "2026-11-20T00:00:00Z"), ("end", "2026-11-23T00:00:00Z"), ("timezone", "UTC"),
             ("timeframe", "day"), ("bound_to_timeframe", "false"), ("expand", "time_series")]  # fmt: skip
    limit = ("limit", "100")
    assert [query for path, query in seen if path == MODELS] == [
        [*fixed, BY_CALLER, limit],
        [*fixed, BY_CALLER, limit, ("cursor", "Mg==")],
        [*fixed, limit],
    ]
    assert [query for path, query in seen if path == SERVERLESS] == [[*fixed, limit]]
    assert not [query for _, query in seen if ("expand", "summary") in query]


def test_names_and_account_are_read_once_for_many_windows() -> None:
    seen: list[tuple[str, Query]] = []
    http = session(composed, seen=seen)
    fetch(http, THREE_DAYS)
    first = len(seen)
    fetch(http, THREE_DAYS)
    assert [path for path, _ in seen[first:]] == [MODELS, MODELS, MODELS, SERVERLESS]


def test_checking_tells_whose_bill_it_is_and_what_is_missing() -> None:
    identity = check(session(composed))
    assert (identity.organization_id, identity.name) == ("acme-media", "acme-media")
    assert identity.notes == (NO_COMPUTE, "Prepaid balance at fal: $24.50.")


@pytest.mark.parametrize(
    "credit", [None, 7, {}, {"current_balance": "much", "currency": "USD"}, {"current_balance": 1, "currency": "EUR"},
               {"current_balance": True, "currency": "USD"}, {"current_balance": 10**30, "currency": "USD"}],
)  # fmt: skip
def test_a_balance_that_cannot_be_read_is_left_out(credit: Any) -> None:
    answer = but({ACCOUNT: {"username": "acme-media", "credits": credit}})
    assert check(session(answer)).notes == (NO_COMPUTE,)


@pytest.mark.parametrize(
    "unsaid", [None, {}, {"detail": "None"}, {"detail": "User token"}, {"login_username": "alice"}]
)
def test_use_without_a_key_is_attributed_to_none(unsaid: Any) -> None:
    (found,) = fetch(session(models([row(2, auth_method_structured=unsaid)])), ONE_DAY).costs
    assert (found.workspace_id, found.api_key_id, found.billed_cost) == ("acme-media", "", 2)


def test_rows_of_one_key_model_and_unit_are_added_up_whatever_their_rate() -> None:
    rows = [row("0.1", unit_price=1), row("0.2", unit_price=2), row("0.3", percent_discount=50)]
    for each in rows:
        each["cost_subtotal"] = each["cost"] = each["cost_total"]
    (found,) = fetch(session(models(rows)), ONE_DAY).costs
    assert (found.billed_cost, found.usage_quantity) == (Decimal("0.6"), 3)


def test_units_of_one_model_stay_apart() -> None:
    rows = [row(1), row(2, unit="images"), row(4, unit="image"), row(8, unit="")]
    costs = fetch(session(models(rows)), ONE_DAY).costs
    assert [(found.variant, found.usage_unit, found.billed_cost) for found in costs] == [
        ("", "units of fal-ai/flux/dev", 8),
        ("image", "images", 4),
        ("images", "images", 2),
        ("megapixels", "megapixels", 1),
    ]


def test_a_bill_from_before_july_2026_has_the_amount_under_its_old_name_only() -> None:
    old = {name: value for name, value in row("1.25").items() if name not in {"cost_total", "cost_subtotal"}}
    (found,) = fetch(session(models([old])), ONE_DAY).costs
    assert (found.billed_cost, found.list_cost) == (Decimal("1.25"), None)


def test_a_day_on_the_edge_that_was_not_asked_for_is_left_out() -> None:
    statement = fetch(session(models([row(1)], [row(2)])), ONE_DAY)
    assert day_totals(statement.costs) == {DAY: 1}


@pytest.mark.parametrize("bucket", ["2026-11-20T00:00:00Z", "2026-11-20T00:00:00+00:00", "2026-11-19T19:00:00-05:00",
                                    "2026-11-20", "2026-11-20T00:00:00.000Z"])  # fmt: skip
def test_a_midnight_in_any_spelling_is_the_utc_day(bucket: str) -> None:
    page = report([row(1)])
    page["time_series"][0]["bucket"] = bucket
    assert day_totals(fetch(session(but({MODELS: page, SERVERLESS: EMPTY_REPORT})), ONE_DAY).costs) == {DAY: 1}


@pytest.mark.parametrize("bucket", ["2026-11-20T01:00:00Z", "2026-11-20T00:00:00-05:00", "2026-11-18T00:00:00Z",
                                    "2026-11-26T00:00:00Z", "yesterday", "", None, 7, "0001-01-01T00:00:00+12:00"],
)  # fmt: skip
def test_a_bucket_that_is_no_day_of_the_window_is_an_error(bucket: Any) -> None:
    page = report([row(1)])
    page["time_series"][0]["bucket"] = bucket
    with pytest.raises(UnexpectedResponse, match="bucket"):
        fetch(session(but({MODELS: page})), THREE_DAYS)


def weekly(alone: int) -> Any:
    """Two buckets a week apart; the first asked for as a single day holds `alone` dollars."""

    def answer(query: Query) -> Any:
        is_one_day = ("end", "2026-11-21T00:00:00Z") in query
        return report([row(alone)]) if is_one_day else report([row(70)], [row(7)], step=7)

    return but({MODELS: answer, SERVERLESS: EMPTY_REPORT})


FORTNIGHT = Window(DAY, date(2026, 12, 4))


def test_weeks_told_in_place_of_days_are_found_out() -> None:
    with pytest.raises(UnexpectedResponse, match="longer than the day"):
        fetch(session(weekly(alone=10)), FORTNIGHT)


@pytest.mark.parametrize("alone", [70, 71])
def test_days_that_happen_to_lie_a_week_apart_are_days(alone: int) -> None:
    assert day_totals(fetch(session(weekly(alone)), FORTNIGHT).costs) == {DAY: 70, date(2026, 11, 27): 7}


def test_a_row_that_moved_between_two_pages_is_read_again() -> None:
    answers = iter([[row(1), row(1)], [row(1), row(2, model="fal-ai/veo3.1")], [row(3)]])
    statement = fetch(session(but({MODELS: lambda _: report(next(answers)), SERVERLESS: EMPTY_REPORT})), ONE_DAY)
    assert [found.billed_cost for found in statement.costs] == [1, 2]
    assert statement.notes == (NO_COMPUTE, "Prepaid balance at fal: $24.50.")


def test_rows_that_stay_the_same_twice_are_added_up_and_noted() -> None:
    statement = fetch(session(models([row(1), row(1)])), ONE_DAY)
    assert [found.billed_cost for found in statement.costs] == [2]
    assert "Rows of the bill that came more than once and were added up: 1." in statement.notes


@pytest.mark.parametrize("wrong", [{"cost_subtotal": 5}, {"cost_discount": "0.01"}, {"cost": 2}])
def test_a_row_whose_parts_do_not_make_its_total_is_booked_as_told_and_noted(wrong: dict[str, Any]) -> None:
    statement = fetch(session(models([row(1, **wrong)])), ONE_DAY)
    assert [found.billed_cost for found in statement.costs] == [1]
    assert "Rows whose own parts do not make the total they tell, booked as told: 1." in statement.notes


def by_caller(rows: Any, total: Any) -> Any:
    return lambda query: report(rows() if BY_CALLER in query else [row(total)])


def test_what_the_rows_miss_of_fals_own_total_is_one_unattributed_row() -> None:
    answer = but({MODELS: by_caller(lambda: [row(1)], total="1.5"), SERVERLESS: EMPTY_REPORT})
    statement = fetch(session(answer), ONE_DAY)
    assert day_totals(statement.costs) == {DAY: Decimal("1.5")}
    assert [(found.model, found.workspace_id, found.billed_cost) for found in statement.costs][1:] == [
        ("fal-unattributed", "", Decimal("0.5"))
    ]
    assert any("unattributed" in note for note in statement.notes)
    assert control(session(answer), ONE_DAY) == statement.control_totals


def test_a_day_that_grows_between_two_questions_takes_the_total_of_its_rows() -> None:
    amounts = iter([1, 3])
    answer = but({MODELS: by_caller(lambda: [row(next(amounts))], total=2), SERVERLESS: EMPTY_REPORT})
    statement = fetch(session(answer), ONE_DAY)
    assert day_totals(statement.costs) == {DAY: 3}
    assert not [note for note in statement.notes if "unattributed" in note]


@pytest.mark.parametrize(("status", "error"), [(403, "denied"), (401, "not_permitted"), (404, "not_found")])
def test_an_account_without_the_report_of_own_apps_is_told_so(status: int, error: str) -> None:
    answer = but({SERVERLESS: refused(status, error)})
    statement = fetch(session(answer), THREE_DAYS)
    assert NO_SERVERLESS in statement.notes
    assert not [found for found in statement.costs if found.model.startswith("serverless")]
    assert control(session(answer), THREE_DAYS) == statement.control_totals


@pytest.mark.parametrize("path", [MODELS, SERVERLESS])
def test_a_good_key_called_invalid_is_a_passing_fault(path: str) -> None:
    answer = but({path: refused(401, "unknown_key")})
    for read in (fetch, control):
        with pytest.raises(ProviderUnavailable, match="knows the key"):
            read(session(answer), THREE_DAYS)


@pytest.mark.parametrize(("status", "error"), [(403, "denied"), (401, "unknown_key")])
def test_without_names_every_dollar_is_still_read(status: int, error: str) -> None:
    statement = fetch(session(but({"/keys": refused(status, error)})), THREE_DAYS)
    assert sum(found.billed_cost for found in statement.costs) == TOTAL
    assert NO_NAMES in statement.notes
    assert statement.api_keys == ()


def test_one_unknown_model_does_not_spoil_the_units_of_the_others() -> None:
    def catalogue(query: Query) -> Any:
        asked = {value for name, value in query if name == "endpoint_id"}
        if "acme/matting" in asked or "fal-ai/some-trial" in asked:
            return refused(404, "not_found")
        found = recorded("models")["models"]
        return {"models": [item for item in found if item["endpoint_id"] in asked], "next_cursor": None,
                "has_more": False}  # fmt: skip

    statement = fetch(session(but({"/models": catalogue})), THREE_DAYS)
    assert statement.costs == fetch(session(composed), THREE_DAYS).costs


@pytest.mark.parametrize("answer", [refused(403, "denied"), refused(401, "unknown_key"), refused(400, "bad_parameter")])
def test_without_the_catalogue_units_are_as_fal_spells_them(answer: Any) -> None:
    statement = fetch(session(but({"/models": answer})), THREE_DAYS)
    units = {found.model: found.usage_unit for found in statement.costs}
    assert units[CLIPS] == "seconds"
    assert statement.control_total == TOTAL


def test_what_fal_does_not_report_is_none_and_named_as_a_gap() -> None:
    for found in fetch(session(composed), THREE_DAYS).costs:
        for gap in FAL.gaps - {"credits_applied"}:
            assert getattr(found, gap) is None
        assert found.credits_applied == 0
        assert found.cost_basis == "reported"


def test_a_total_that_was_read_while_rows_moved_between_its_pages_is_read_again() -> None:
    totals = iter([9, 1])
    answer = but(
        {MODELS: lambda query: report([row(1 if BY_CALLER in query else next(totals))]), SERVERLESS: EMPTY_REPORT}
    )
    statement = fetch(session(answer), ONE_DAY)
    assert [(found.model, found.billed_cost) for found in statement.costs] == [("fal-ai/flux/dev", 1)]


def test_a_shorter_report_with_one_row_for_each_nameless_caller_is_added_up_without_asking_twice() -> None:
    def unnamed(query: Query) -> Any:
        rows = [row(1), row(2, auth_method_structured={"detail": "stage", "api_key_id": "key-2"})]
        return report(rows if BY_CALLER in query else [{**each, "auth_method_structured": None} for each in rows])

    seen: list[tuple[str, Query]] = []
    statement = fetch(session(but({MODELS: unnamed, SERVERLESS: EMPTY_REPORT}), seen=seen), ONE_DAY)
    assert statement.control_totals == {DAY: 3}
    assert len([path for path, _ in seen if path == MODELS]) == 2
