from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.base import Remembered
from connectors.errors import CredentialLacksBilling, UnexpectedResponse
from connectors.vertex import changed, check, fetch, resume
from store.records import Window, to_nanos
from tests.connectors.local_server import Reply, Request
from tests.connectors.vertex.conftest import Open
from tests.connectors.vertex.wire import TABLE, TWO_DAYS, Bigquery, composed_bill

TENTH = date(2026, 11, 10)


def test_the_composed_bill_becomes_exactly_these_costs(opened: Open) -> None:
    statement = fetch(opened(), TWO_DAYS)
    shown = [
        (cost.day.day, cost.workspace_id, cost.model, cost.billed_cost, cost.credits_applied, cost.input_tokens,
         cost.cached_input_tokens, cost.cache_write_tokens, cost.output_tokens, cost.usage_quantity, cost.usage_unit)
        for cost in statement.costs
    ]  # fmt: skip
    money = [Decimal(text) for text in ("0.375", "-0.0125", "1.95", "18.75", "2.7", "0.1")]
    assert shown == [
        (9, "acme-prod", "gemini-2.5-flash", money[0], money[0], 1_000_000, None, None, None, None, None),
        (10, "", "vertex-general", money[1], 0, None, None, None, None, 1, "count"),
        (10, "acme-dev", "gemini-2.5-flash", money[2], 0, None, None, None, 622_403, None, None),
        (10, "acme-gone", "claude-sonnet-4.6", money[3], 0, None, None, None, 1_000_000, None, None),
        (10, "acme-prod", "gemini-2.5-flash", money[4], Decimal("0.15"), 540_000, 40_000, None, 800_000, None, None),
        (10, "acme-prod", "imagen-4", money[5], 0, None, None, None, None, 2, "images"),
    ]  # fmt: skip
    assert {cost.requests for cost in statement.costs} == {None}
    assert {cost.api_key_id for cost in statement.costs} == {""}
    assert statement.control_totals == {date(2026, 11, 9): Decimal("0.375"), TENTH: Decimal("23.4875")}


def test_projects_bear_their_newest_names_and_a_deleted_one_may_have_none(opened: Open) -> None:
    workspaces = fetch(opened(), TWO_DAYS).workspaces
    names = {workspace.workspace_id: workspace.name for workspace in workspaces}
    assert names == {"acme-prod": "Acme", "acme-dev": "Acme dev", "acme-gone": None}


def test_the_lines_of_the_bill_are_kept_as_google_printed_them(opened: Open) -> None:
    flash = fetch(opened(), TWO_DAYS).costs[4]
    assert [line.label for line in flash.line_items][-1] == (
        "Gemini 2.5 Flash GA Text Output (Thinking On) - Predictions (A253-E8A3-DE5C)"
    )
    assert sum(line.amount for line in flash.line_items) == flash.billed_cost


def test_what_is_not_known_is_booked_and_named(opened: Open) -> None:
    notes = fetch(opened(), TWO_DAYS).notes
    assert "Unknown SKU on the bill, booked as vertex-general: Goodwill for an outage (00FF-11EE-22DE)" in notes
    assert "Google bills in EUR; amounts are converted at the export's own rates." in notes


def row(**changes: Any) -> list[Any]:
    """One row that is a whole bill of the tenth."""
    names = [name for name, _ in composed_bill()["schema"]]
    plain = dict(zip(names, composed_bill()["rows"][2], strict=True))
    plain |= {"cost": "1", "credit": None, "day_cost": "1", "day_credit": None}
    return [(plain | changes)[name] for name in names]


def test_a_rate_that_never_ends_in_decimals_loses_no_nano_dollar(opened: Open) -> None:
    rows = [
        row(cost=cost, day_cost="1.000000003", rate="0.86", sku_name=f"Imagen {number} Generation (output)")
        for number, cost in enumerate(("0.333333334", "0.333333334", "0.333333335"))
    ]
    statement = fetch(opened(Bigquery(rows).answer), TWO_DAYS)
    assert to_nanos(sum((cost.billed_cost for cost in statement.costs), Decimal(0))) == 1_162_790_701
    assert statement.control_total is not None
    assert to_nanos(statement.control_total) == 1_162_790_701


def test_a_day_whose_lines_tell_one_rate_in_several_spellings_is_whole(opened: Open) -> None:
    rows = [
        row(currency="USD", rate=rate, cost=cost, day_cost=cost, credit=credit, day_credit=credit)
        for rate, cost, credit in ((None, "1", None), ("1", "2", "-0.5"), ("1.0", "4", None))
    ]
    statement = fetch(opened(Bigquery(rows).answer), TWO_DAYS)
    assert statement.control_total == sum(cost.billed_cost for cost in statement.costs) == 7
    assert sum(cost.credits_applied for cost in statement.costs) == Decimal("0.5")


def test_dollars_without_a_rate_are_dollars(opened: Open) -> None:
    bigquery = Bigquery([row(currency="USD", rate=None)])
    assert fetch(opened(bigquery.answer), TWO_DAYS).control_total == 1


@pytest.mark.parametrize("rate", [None, "0", "-1", "NaN", "1e999"])
def test_another_currency_without_a_usable_rate_is_an_error_not_a_guess(opened: Open, rate: str | None) -> None:
    with pytest.raises(UnexpectedResponse, match="rate"):
        fetch(opened(Bigquery([row(rate=rate)]).answer), TWO_DAYS)


def test_a_month_with_two_rates_converts_each_line_at_its_own(opened: Open) -> None:
    bigquery = Bigquery([row(rate="0.5"), row(rate="0.8")])
    assert fetch(opened(bigquery.answer), TWO_DAYS).control_total == Decimal("3.25")


def test_a_credit_taken_back_lowers_what_was_applied(opened: Open) -> None:
    bigquery = Bigquery([row(credit="0.40", day_credit="0.40", rate="0.8")])
    assert [cost.credits_applied for cost in fetch(opened(bigquery.answer), TWO_DAYS).costs] == [Decimal("-0.5")]


def test_tokens_that_corrections_took_back_beyond_zero_are_not_told(opened: Open) -> None:
    bigquery = Bigquery([row(usage_amount="-5", cost="-1", day_cost="-1")])
    cost = fetch(opened(bigquery.answer), TWO_DAYS).costs[0]
    assert (cost.billed_cost, cost.input_tokens) == (Decimal("-1.25"), None)


def test_characters_are_not_counted_as_tokens(opened: Open) -> None:
    bigquery = Bigquery([row(usage_unit="k{char}", usage_amount="1.5")])
    cost = fetch(opened(bigquery.answer), TWO_DAYS).costs[0]
    assert (cost.input_tokens, cost.usage_quantity, cost.usage_unit) == (None, Decimal("1.5"), "k{char}")


@pytest.mark.parametrize("sums", [{"day_cost": "1.01"}, {"day_credit": "-0.01"}, {"cost": "0.99"}, {"credit": "-1"}])
def test_rows_that_miss_the_days_own_total_are_refused(opened: Open, sums: dict[str, str]) -> None:
    with pytest.raises(UnexpectedResponse, match="do not add up"):
        fetch(opened(Bigquery([row(**sums)]).answer), TWO_DAYS)


@pytest.mark.parametrize(
    ("changes", "member"),
    [
        ({"usage_day": "2026-11-12"}, "usage_day"),
        ({"usage_day": None}, "usage_day"),
        ({"cost": None}, "cost"),
        ({"cost": "1E+40", "day_cost": "1E+40"}, "cost"),
        ({"newest_export": None}, "newest_export"),
        ({"day_cost": None}, "day_cost"),
    ],
)
def test_a_row_of_another_shape_is_an_error_that_names_the_member(
    opened: Open, changes: dict[str, Any], member: str
) -> None:
    with pytest.raises(UnexpectedResponse, match=member):
        fetch(opened(Bigquery([row(**changes)]).answer), TWO_DAYS)


def test_fewer_rows_than_promised_are_an_error(opened: Open) -> None:
    bigquery = Bigquery()

    def answer(request: Request) -> Reply:
        reply = bigquery.answer(request)
        return Reply(reply.status, reply.body.replace(b'"totalRows": "9"', b'"totalRows": "10"'))

    with pytest.raises(UnexpectedResponse, match="promised 10 rows and gave 9"):
        fetch(opened(answer), TWO_DAYS)


def test_one_query_is_asked_with_bound_parameters_a_limit_and_only_the_partitions_it_needs(opened: Open) -> None:
    bigquery = Bigquery()
    session = opened(bigquery.answer, limitGib=3)
    fetch(session, TWO_DAYS)
    asked = bigquery.sent[0]["configuration"]["query"]
    values = {told["name"]: told["parameterValue"].get("value") for told in asked["queryParameters"]}
    assert len(bigquery.sent) == 1
    assert f"FROM `acme-finops.billing.{TABLE}` AS b" in asked["query"]
    assert "_PARTITIONTIME >= @partition_from" in asked["query"]
    assert "_PARTITIONTIME <" not in asked["query"]
    assert [values[name][:10] for name in ("start_ts", "end_ts", "partition_from")] == [
        "2026-11-09", "2026-11-11", "2026-11-08",
    ]  # fmt: skip
    assert "2026" not in asked["query"]
    assert asked["maximumBytesBilled"] == str(3 * 1024**3)
    assert bigquery.sent[0]["configuration"]["labels"] == {"app": "spendglass"}
    assert session.meter.bytes_billed == 10_485_760


@pytest.mark.parametrize(
    ("described", "words"),
    [
        ({"type": "VIEW", "timePartitioning": None}, None),
        ({"timePartitioning": {"type": "DAY", "field": "export_time"}}, "b.export_time >= @partition_from"),
        ({"timePartitioning": {"type": "MONTH", "field": "export_time"}}, None),
        ({"timePartitioning": None}, None),
    ],
)
def test_a_view_has_no_partitions_and_another_partition_column_is_used(
    opened: Open, described: dict[str, Any], words: str | None
) -> None:
    bigquery = Bigquery()
    bigquery.table |= described
    fetch(opened(bigquery.answer), TWO_DAYS)
    query = bigquery.sent[0]["configuration"]["query"]["query"]
    assert ("@partition_from" in query) == (words is not None)
    assert (words or "") in query


def test_the_check_is_a_dry_run_and_names_the_billing_account(opened: Open) -> None:
    bigquery = Bigquery()
    session = opened(bigquery.answer)
    assert check(session).organization_id == "01ABCD-2EF345-6789AB"
    assert [sent["configuration"]["dryRun"] for sent in bigquery.sent] == [True]
    assert session.meter.bytes_billed == 0


def test_an_export_that_is_still_empty_says_so_when_it_is_linked(opened: Open) -> None:
    bigquery = Bigquery()
    bigquery.table["numRows"] = "0"
    assert "no rows yet" in check(opened(bigquery.answer)).notes[0]


def test_days_with_lines_exported_since_are_asked_for_by_the_time_of_export(opened: Open) -> None:
    bigquery = Bigquery([["2026-03-01"], ["2026-11-10"], ["2027-01-01"]])
    bigquery.schema = [["usage_day", "DATE"]]
    since = datetime(2026, 11, 12, 7, 30, tzinfo=UTC)
    window = Window(date(2026, 1, 1), date(2026, 11, 18))
    assert list(changed(opened(bigquery.answer), window, since)) == [date(2026, 3, 1), TENTH]
    asked = bigquery.sent[0]["configuration"]["query"]
    values = {told["name"]: told["parameterValue"].get("value") for told in asked["queryParameters"]}
    assert "b.export_time > @since" in asked["query"]
    assert (values["since"][:16], values["partition_from"][:16]) == ("2026-11-12 07:30", "2026-11-12 00:00")


def test_history_begins_the_month_before_the_export_was_enabled(opened: Open) -> None:
    bigquery = Bigquery()
    bigquery.table["creationTime"] = "1784937600000"
    assert resume(opened(bigquery.answer), Remembered()) == date(2026, 6, 1)
    bigquery.table["tableReference"]["tableId"] = "copy_of_the_export"
    assert resume(opened(bigquery.answer), Remembered()) is None
    bigquery.table["type"] = "VIEW"
    assert resume(opened(bigquery.answer), Remembered()) is None


@pytest.mark.parametrize(
    ("tables", "chosen"),
    [
        ([TABLE, TABLE.replace("export_v1", "export_resource_v1"), "cloud_pricing_export"], TABLE),
        ([TABLE.replace("export_v1", "export_resource_v1")], TABLE.replace("export_v1", "export_resource_v1")),
        (["notes", "cloud_pricing_export"], None),
        ([TABLE, TABLE.replace("01ABCD", "99ABCD")], None),
        ([], None),
    ],
)
def test_the_standard_export_of_one_billing_account_is_chosen(
    opened: Open, tables: list[str], chosen: str | None
) -> None:
    bigquery, asked = Bigquery(), []
    bigquery.tables = tables

    def answer(request: Request) -> Reply:
        asked.append(request.path.rpartition("/")[2])
        return bigquery.answer(request)

    if chosen is None:
        with pytest.raises(CredentialLacksBilling) as caught:
            check(opened(answer))
        assert "project.dataset" in caught.value.resolution or "Name one" in caught.value.resolution
    else:
        check(opened(answer))
        assert chosen in asked


def test_a_named_table_is_used_without_looking_around(opened: Open) -> None:
    asked: list[str] = []

    def answer(request: Request) -> Reply:
        asked.append(request.path)
        return Bigquery().answer(request)

    session = opened(answer, exportTable="`acme-finops:billing.my_view`", jobProject="acme-finops")
    assert session.table.path == f"acme-finops.billing.{TABLE}"
    assert [path.rpartition("/")[2] for path in asked] == ["token", "my_view"]


def noted(opened: Open, newest: datetime, now: datetime) -> str:
    microseconds = str(round(newest.timestamp() * 1_000_000))
    bigquery = Bigquery([row(newest_export=microseconds, currency="USD", rate=None)])

    def answer(request: Request) -> Reply:
        reply = bigquery.answer(request)
        date_now = now.strftime("%a, %d %b %Y %H:%M:%S GMT")
        return Reply(reply.status, reply.body, {"Content-Type": "application/json", "Date": date_now})

    return " ".join(fetch(opened(answer), TWO_DAYS).notes)


def test_the_usual_delay_is_expected_and_a_stopped_export_is_named(opened: Open) -> None:
    now = datetime(2026, 11, 10, 18, tzinfo=UTC)
    assert noted(opened, now - timedelta(hours=40), now).startswith("Expected:")
    assert "no AI cost since 2026-11-05" in noted(opened, now - timedelta(days=5), now)
    assert noted(opened, now, now + timedelta(days=30)) == ""
