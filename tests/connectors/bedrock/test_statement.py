from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.answers import RequestRefused
from connectors.bedrock import HISTORY_DAYS, NOTHING_BILLED, control, fetch
from connectors.bedrock_refusals import CursorRefused, TooOld
from connectors.errors import UnexpectedResponse
from store.records import CostRecord, LineItem, Statement, Window, WorkspaceRecord
from tests.connectors.bedrock.wire import (
    ACCOUNT,
    DAY,
    ONE_DAY,
    OTHER_ACCOUNT,
    OWN,
    TWO_DAYS,
    Line,
    StagedSession,
    Wish,
    bill,
    composed,
)

SONNET = "Claude Sonnet 4.5 (Amazon Bedrock Edition)"
HAIKU = "Claude Haiku 4.5 (Amazon Bedrock Edition)"
INPUT = "USE1-MP:USE1_InputTokenCount-Units"
OUTPUT = "USE1-MP:USE1_OutputTokenCount-Units"


def item(label: str, amount: str, quantity: int, unit: str) -> LineItem:
    return LineItem(label=label, amount=Decimal(amount), quantity=Decimal(quantity), unit=unit)


def test_the_composed_answers_make_exactly_this_statement() -> None:
    assert fetch(StagedSession(composed), TWO_DAYS) == Statement(
        window=TWO_DAYS,
        costs=(
            CostRecord(
                day=DAY,
                workspace_id=ACCOUNT,
                model="bedrock-general",
                billed_cost=Decimal(0),
                credits_applied=Decimal(5),
            ),
            CostRecord(
                day=DAY,
                workspace_id=ACCOUNT,
                model="claude-sonnet-4.5",
                billed_cost=Decimal("49.50"),
                credits_applied=Decimal(20),
                input_tokens=10_000_000,
                cached_input_tokens=0,
                cache_write_tokens=0,
                output_tokens=1_000_000,
                line_items=(
                    item(f"{SONNET}: {INPUT}", "33.00", 10, "Units"),
                    item(f"{SONNET}: {OUTPUT}", "16.50", 1, "Units"),
                ),
            ),
            CostRecord(
                day=DAY,
                workspace_id=ACCOUNT,
                model="nova-lite",
                billed_cost=Decimal("0.60"),
                credits_applied=Decimal("0.60"),
                input_tokens=10_000_000,
                cached_input_tokens=0,
                cache_write_tokens=0,
                output_tokens=0,
                line_items=(item(f"{OWN}: USE1-NovaLite-input-tokens", "0.60", 10_000, "1K tokens"),),
            ),
            CostRecord(
                day=DAY + timedelta(days=1),
                workspace_id=OTHER_ACCOUNT,
                model="bedrock-guardrails",
                billed_cost=Decimal("0.15"),
                usage_quantity=Decimal(1_000),
                usage_unit="text_units",
                line_items=(item(f"{OWN}: EUC1-Guardrail-ContentPolicyUnitsConsumed", "0.15", 1_000, "N/A"),),
            ),
            CostRecord(
                day=DAY + timedelta(days=1),
                workspace_id=OTHER_ACCOUNT,
                model="claude-haiku-4.5",
                billed_cost=Decimal("5.50"),
                input_tokens=0,
                cached_input_tokens=0,
                cache_write_tokens=0,
                output_tokens=1_000_000,
                line_items=(item(f"{HAIKU}: EU-MP:EU_OutputTokenCount-Units", "5.50", 1, "Units"),),
            ),
        ),
        workspaces=(
            WorkspaceRecord(workspace_id=ACCOUNT, name="Production"),
            WorkspaceRecord(workspace_id=OTHER_ACCOUNT),
        ),
        notes=(
            "2026-11-10 to 2026-11-11: Billed by AWS, but no cost of a model and not shown: Refund -$1.00, Tax $1.10.",
        ),
        control_totals={DAY: Decimal("50.10"), DAY + timedelta(days=1): Decimal("5.65")},
    )


def test_a_sync_asks_for_services_and_sums_once_and_then_by_account() -> None:
    session = StagedSession(composed)
    fetch(session, TWO_DAYS)
    older = Window(DAY - timedelta(days=100), DAY - timedelta(days=40))
    assert control(session, older) == {}
    assert fetch(session, older).costs == ()
    wide = {"Start": (TWO_DAYS.end - timedelta(days=HISTORY_DAYS)).isoformat(), "End": "2026-11-12"}
    narrow = {"Start": "2026-11-10", "End": "2026-11-12"}
    assert [(operation, wish["TimePeriod"]) for operation, wish in session.asked] == [
        ("GetDimensionValues", wide),
        ("GetCostAndUsage", wide),
        *[("GetCostAndUsage", narrow)] * 4,
    ]
    services = {"Dimensions": {"Key": "SERVICE", "Values": [OWN, HAIKU, SONNET]}}
    account = {"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": [ACCOUNT]}}
    left_out = {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit", "Refund", "Tax"]}}
    _, lines = session.asked[2]
    assert lines == {
        "TimePeriod": narrow,
        "Granularity": "DAILY",
        "Metrics": ["UnblendedCost", "UsageQuantity"],
        "GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}, {"Type": "DIMENSION", "Key": "USAGE_TYPE"}],
        "Filter": {"And": [services, account, {"Not": left_out}]},
    }
    assert session.asked[3][1] == {**lines, "NextPageToken": "TOKEN2"}
    relief = {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit"]}}
    assert session.asked[4][1]["Filter"] == {"And": [services, account, relief]}
    other = {"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": [OTHER_ACCOUNT]}}
    assert session.asked[5][1]["Filter"] == {"And": [services, other]}


def test_a_history_that_aws_no_longer_keeps_is_asked_for_the_window_alone() -> None:
    def answer(operation: str, wish: Wish) -> Any:
        if wish["TimePeriod"]["Start"] < "2026-11-01":
            raise TooOld("too old", status=400)
        return composed(operation, wish)

    assert fetch(StagedSession(answer), TWO_DAYS) == fetch(StagedSession(composed), TWO_DAYS)


def test_no_bedrock_charges_are_said_openly() -> None:
    statement = fetch(StagedSession(bill()), ONE_DAY)
    assert (statement.costs, statement.notes, statement.control_totals) == ((), (NOTHING_BILLED,), {})


def test_services_that_only_sound_alike_are_left_out() -> None:
    lines = (Line("Claude Platform on AWS", "USE1-MP:x", "7"), Line(OWN, "USE1-NovaLite-output-tokens", "1", "5"))
    session = StagedSession(bill(*lines))
    assert fetch(session, ONE_DAY).control_total == 1


def test_many_services_are_asked_for_in_several_questions() -> None:
    lines = [Line(f"Model {number} (Amazon Bedrock Edition)", OUTPUT, "1", "1") for number in range(120)]
    session = StagedSession(bill(*lines))
    statement = fetch(session, ONE_DAY)
    assert statement.control_total == len(statement.costs) == 120
    assert len(session.asked) == 1 + 2 + 2


def test_rows_that_miss_awss_own_sum_get_an_unattributed_remainder_in_their_account() -> None:
    session = StagedSession(bill(Line(SONNET, OUTPUT, "15", "1"), sums={"Usage": "15.25"}))
    statement = fetch(session, ONE_DAY)
    assert [(cost.workspace_id, cost.model, cost.billed_cost) for cost in statement.costs] == [
        (ACCOUNT, "bedrock-general", Decimal("0.25")),
        (ACCOUNT, "claude-sonnet-4.5", 15),
    ]
    [note] = statement.notes
    assert note.startswith(f"2026-11-10: rows of account {ACCOUNT} miss AWS's own total by $0.25; booked as unatt")
    assert statement.control_total == Decimal("15.25")


def test_the_dust_of_floating_point_sums_goes_to_the_largest_row_in_silence() -> None:
    lines = (Line(SONNET, OUTPUT, "15", "1"), Line(HAIKU, OUTPUT, "5", "1"))
    statement = fetch(StagedSession(bill(*lines, sums={"Usage": "20.0000000049"})), ONE_DAY)
    assert [cost.billed_cost for cost in statement.costs] == [5, Decimal("15.0000000049")]
    assert statement.notes == ()


def test_credits_beyond_those_of_the_rows_go_to_the_general_bucket() -> None:
    lines = (Line(SONNET, OUTPUT, "15", "1"), Line(SONNET, OUTPUT, "-4", record_type="Credit"))
    statement = fetch(StagedSession(bill(*lines, sums={"Credit": "-6"})), ONE_DAY)
    assert [(cost.model, cost.billed_cost, cost.credits_applied) for cost in statement.costs] == [
        ("bedrock-general", 0, 2),
        ("claude-sonnet-4.5", 15, 4),
    ]


@pytest.mark.parametrize(
    ("record_type", "billed", "credit", "word"),
    [
        ("Usage", 3, 0, None),
        ("Other", 3, 0, None),
        ("DiscountedUsage", 3, 0, None),
        ("SavingsPlanCoveredUsage", 3, 0, None),
        ("SavingsPlanNegation", 3, 0, None),
        ("Invented Charge", 3, 0, "Unknown kinds of charges"),
        ("Credit", 0, -3, None),
        ("Enterprise Discount Program Discount", 0, -3, "Discounts, shown among credits"),
        ("Private Rate Card Discount", 0, -3, "Discounts, shown among credits"),
        ("Tax", 0, 0, "not shown: Tax $3"),
        ("Refund", 0, 0, "not shown: Refund $3"),
        ("Support", 0, 0, "not shown: Support $3"),
    ],
)
def test_each_record_type_is_cost_credit_or_told(record_type: str, billed: int, credit: int, word: str | None) -> None:
    statement = fetch(StagedSession(bill(Line(SONNET, INPUT, "3", "1", record_type=record_type))), ONE_DAY)
    assert sum(cost.billed_cost for cost in statement.costs) == billed == statement.control_total
    assert sum(cost.credits_applied for cost in statement.costs) == credit
    assert ([word] if word else []) == [word for note in statement.notes if word and word in note]


def test_free_use_counts_its_tokens() -> None:
    [cost] = fetch(
        StagedSession(bill(Line(OWN, "USE1-NovaLite-input-tokens", "0", "12.5", "1K tokens"))), ONE_DAY
    ).costs
    assert (cost.billed_cost, cost.input_tokens) == (0, 12_500)


@pytest.mark.parametrize(
    ("unit", "quantity", "amount", "tokens"),
    [
        ("1K tokens", "2", "0.01", 2_000),
        ("Tokens", "2", "0.01", 2_000),
        ("N/A", "2", "0.01", 2_000),
        ("1M tokens", "2", "6", 2_000_000),
        ("1M", "0.000001", "0.000003", 1),
        ("1K tokens", "4800000", "0.001", None),
        ("1K tokens", "4800000", "0.0000001", 4_800_000_000),
        ("1K tokens", "1", "72", None),
        ("1K tokens", "-1", "0.01", None),
    ],
)
def test_tokens_follow_the_unit_and_are_left_out_where_their_price_is_impossible(
    unit: str, quantity: str, amount: str, tokens: int | None
) -> None:
    statement = fetch(StagedSession(bill(Line(OWN, "USE1-NovaLite-input-tokens", amount, quantity, unit))), ONE_DAY)
    [cost] = statement.costs
    assert (cost.input_tokens, cost.billed_cost) == (tokens, Decimal(amount))
    assert bool(statement.notes) == (tokens is None)


def test_one_model_under_two_names_is_one_model() -> None:
    lines = (
        Line("Claude 4.6 Sonnet (Amazon Bedrock Edition)", OUTPUT, "15", "1"),
        Line("Claude Sonnet 4.6 (Amazon Bedrock Edition)", OUTPUT, "15", "1", account=OTHER_ACCOUNT),
        Line("Claude 3.5 Haiku (Amazon Bedrock Edition)", OUTPUT, "4", "1"),
        Line(OWN, "USE1-Claude3-5Haiku-output-tokens", "4", "1000"),
    )
    costs = fetch(StagedSession(bill(*lines)), ONE_DAY).costs
    assert [(cost.workspace_id, cost.model, cost.billed_cost, cost.output_tokens) for cost in costs] == [
        (ACCOUNT, "claude-3.5-haiku", 8, 2_000_000),
        (ACCOUNT, "claude-sonnet-4.6", 15, 1_000_000),
        (OTHER_ACCOUNT, "claude-sonnet-4.6", 15, 1_000_000),
    ]


def test_quantities_of_two_units_are_not_added_up() -> None:
    lines = (
        Line(OWN, "USE1-NovaReel-T2V-Medfps-HDRes", "1", "12", "Seconds"),
        Line(OWN, "USE1-NovaReel-T2I-Medfps-HDRes", "1", "3", "Images"),
    )
    [cost] = fetch(StagedSession(bill(*lines)), ONE_DAY).costs
    assert (cost.billed_cost, cost.usage_quantity, cost.usage_unit) == (2, None, None)


def test_unknown_usage_types_keep_their_dollars_and_are_named() -> None:
    lines = (
        Line(OWN, "USE1-Quantum-Widget-Hours", "2", "1"),
        Line(OWN, "", "1"),
        Line(OWN, "NoUsageType", "3"),
    )
    statement = fetch(StagedSession(bill(*lines)), ONE_DAY)
    assert [(cost.model, cost.billed_cost) for cost in statement.costs] == [("bedrock-general", 6)]
    assert statement.notes == ("Unknown usage type, booked as bedrock-general: USE1-Quantum-Widget-Hours",)


def test_an_account_that_is_named_without_a_sum_is_read_all_the_same() -> None:
    line = Line(SONNET, OUTPUT, "15", "1")

    def answer(operation: str, wish: Wish) -> Any:
        found = bill(line, names={ACCOUNT: "Production"})(operation, wish)
        if wish.get("GroupBy", [{}])[0].get("Key") == "LINKED_ACCOUNT":
            found["ResultsByTime"] = []
        return found

    statement = fetch(StagedSession(answer), ONE_DAY)
    assert sum(cost.billed_cost for cost in statement.costs) == 0
    assert "by $-15; booked as unattributed" in statement.notes[0]


def test_another_currency_than_dollars_is_refused() -> None:
    line = Line(SONNET, OUTPUT, "15", "1", currency="CNY")
    with pytest.raises(UnexpectedResponse, match="another currency"):
        fetch(StagedSession(bill(line)), ONE_DAY)


def test_a_forgotten_cursor_starts_the_question_once_again() -> None:
    forgets = iter([True, False])

    def answer(operation: str, wish: Wish) -> Any:
        if "NextPageToken" in wish and next(forgets):
            raise CursorRefused("forgotten")
        return composed(operation, wish)

    assert fetch(StagedSession(answer), TWO_DAYS) == fetch(StagedSession(composed), TWO_DAYS)


def test_a_cursor_forgotten_twice_is_an_error() -> None:
    def answer(operation: str, wish: Wish) -> Any:
        if "NextPageToken" in wish:
            raise CursorRefused("forgotten")
        return composed(operation, wish)

    with pytest.raises(UnexpectedResponse, match="forgotten"):
        fetch(StagedSession(answer), TWO_DAYS)


def test_a_refused_question_is_not_asked_again() -> None:
    def answer(operation: str, wish: Wish) -> Any:
        raise RequestRefused("no", status=400)

    session = StagedSession(answer)
    with pytest.raises(RequestRefused):
        fetch(session, ONE_DAY)
    assert len(session.asked) == 1


@pytest.mark.parametrize("start", ["2026-11-09", "2026-11-1", "2026-13-10", "yesterday", "2026-11-12", 20261110, None])
def test_a_day_outside_the_window_is_refused(start: Any) -> None:
    def answer(operation: str, wish: Wish) -> Any:
        found = bill(Line(SONNET, OUTPUT, "15", "1"))(operation, wish)
        if wish.get("GroupBy", [{}])[0].get("Key") == "SERVICE":
            found["ResultsByTime"][0]["TimePeriod"]["Start"] = start
        return found

    with pytest.raises(UnexpectedResponse):
        fetch(StagedSession(answer), Window(DAY, date(2026, 11, 12)))


def test_a_negative_credit_is_a_credit_taken_back() -> None:
    lines = (Line(SONNET, OUTPUT, "15", "1"), Line(SONNET, OUTPUT, "2", record_type="Credit"))
    [cost] = fetch(StagedSession(bill(*lines)), ONE_DAY).costs
    assert (cost.billed_cost, cost.credits_applied) == (15, -2)
