"""The simulated Cost Explorer, asked by boto3 and held against botocore's own models of it."""

import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.validate import validate_parameters

from demo import bedrock_api
from demo.bedrock_ledger import CHARGES, DISCOUNT, RELIEFS
from demo.bedrock_spend import DATA, PRODUCTION, SANDBOX
from demo.faults import Fault
from demo.odd_bedrock import odd_bedrock_world
from demo.simulator import Simulator
from demo.wire import Manners
from demo.world import World
from tests.demo.asking import NOW, TODAY

MONTH = {"Start": (TODAY - timedelta(days=30)).isoformat(), "End": (TODAY + timedelta(days=1)).isoformat()}
COST = {"TimePeriod": MONTH, "Granularity": "DAILY", "Metrics": ["UnblendedCost", "UsageQuantity"]}
SERVICES = {"TimePeriod": MONTH, "Dimension": "SERVICE"}


def by(*keys: str) -> list[dict[str, str]]:
    return [{"Type": "DIMENSION", "Key": key} for key in keys]


def only(key: str, *values: str) -> dict[str, Any]:
    return {"Dimensions": {"Key": key, "Values": list(values)}}


class Aws:
    """boto3's clients of one simulator; `bodies` are the answers as they came."""

    def __init__(
        self, simulator: Simulator, key: str = bedrock_api.ACCESS_KEY_ID, secret: str = bedrock_api.SECRET_ACCESS_KEY
    ) -> None:
        session = boto3.Session(aws_access_key_id=key, aws_secret_access_key=secret, region_name="us-east-1")
        options: dict[str, Any] = {
            "endpoint_url": simulator.endpoint("bedrock"),
            "config": Config(retries={"total_max_attempts": 1}, parameter_validation=False),
        }
        self.ce, self.sts = session.client("ce", **options), session.client("sts", **options)
        self.bodies: list[bytes] = []
        self.ce.meta.events.register("after-call", lambda http_response, **_: self.bodies.append(http_response.content))

    def close(self) -> None:
        self.ce.close()
        self.sts.close()

    def ask(self, operation: str, **wish: Any) -> Any:
        getattr(self.ce, operation)(**wish)
        return json.loads(self.bodies[-1])

    def pages(self, operation: str, **wish: Any) -> Iterator[Any]:
        page = self.ask(operation, **wish)
        yield page
        while "NextPageToken" in page:
            page = self.ask(operation, **wish, NextPageToken=page["NextPageToken"])
            yield page

    def rows(self, **wish: Any) -> Iterator[tuple[date, tuple[str, ...], Decimal, Mapping[str, str]]]:
        for page in self.pages("get_cost_and_usage", **{**COST, **wish}):
            for result in page["ResultsByTime"]:
                for group in result["Groups"]:
                    metrics = group["Metrics"]
                    amount = Decimal(metrics["UnblendedCost"]["Amount"])
                    day = date.fromisoformat(result["TimePeriod"]["Start"])
                    yield day, tuple(group["Keys"]), amount, metrics["UsageQuantity"]

    def refused(self, operation: str, **wish: Any) -> tuple[str, int]:
        with pytest.raises(ClientError) as caught:
            getattr(self.ce, operation)(**wish)
        return caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.fixture
def aws(simulator: Simulator) -> Iterator[Aws]:
    opened = Aws(simulator)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("name", "wish"),
    [
        ("GetCostAndUsage", {**COST, "GroupBy": by("SERVICE", "USAGE_TYPE")}),
        ("GetCostAndUsage", {**COST, "GroupBy": by("LINKED_ACCOUNT", "RECORD_TYPE")}),
        ("GetCostAndUsage", COST),
        ("GetDimensionValues", {**SERVICES, "SearchString": "Bedrock"}),
    ],
)
def test_questions_and_answers_have_the_shape_of_botocores_model(aws: Aws, name: str, wish: dict[str, Any]) -> None:
    operation = botocore.session.Session().get_service_model("ce").operation_model(name)
    method = "get_cost_and_usage" if name == "GetCostAndUsage" else "get_dimension_values"
    assert not validate_parameters(wish, operation.input_shape)
    for page in aws.pages(method, **wish):
        assert not validate_parameters(page, operation.output_shape)


def test_the_caller_is_told_in_the_shape_of_botocores_model(aws: Aws) -> None:
    who = aws.sts.get_caller_identity()
    assert (who["Account"], who["Arn"]) == (PRODUCTION, f"arn:aws:iam::{PRODUCTION}:user/spendglass")
    assert who["ResponseMetadata"]["HTTPHeaders"]["date"] == "Mon, 23 Nov 2026 15:00:00 GMT"


def test_bedrock_hides_under_many_services(aws: Aws) -> None:
    found = aws.ask("get_dimension_values", **SERVICES, SearchString="bedrock")["DimensionValues"]
    names = [value["Value"] for value in found]
    assert {"Amazon Bedrock", "Claude Sonnet 4.6 (Amazon Bedrock Edition)"} < set(names)
    assert "Claude 4.6 Sonnet (Amazon Bedrock Edition)" in names
    everything = aws.ask("get_dimension_values", **SERVICES)["DimensionValues"]
    assert {"Claude Platform on AWS"} <= {value["Value"] for value in everything} - set(names)


def test_costs_credits_and_the_rest_add_up_to_the_world(aws: Aws, world: World) -> None:
    found = aws.ask("get_dimension_values", **SERVICES, SearchString="Bedrock")["DimensionValues"]
    services = only("SERVICE", *(value["Value"] for value in found))
    sums: dict[tuple[str, str], Decimal] = {}
    for _, (account, record_type), amount, _ in aws.rows(GroupBy=by("LINKED_ACCOUNT", "RECORD_TYPE"), Filter=services):
        sums[account, record_type] = sums.get((account, record_type), Decimal(0)) + amount
    cells = world.cells("bedrock", TODAY - timedelta(days=30), TODAY + timedelta(days=1), NOW)
    for account in (PRODUCTION, DATA, SANDBOX):
        mine = [cell for cell in cells if cell.workspace_id == account]
        billed = sum(sums.get((account, kind), Decimal(0)) for kind in ("Usage", "Other"))
        relief = sum(sums.get((account, kind), Decimal(0)) for kind in ("Credit", DISCOUNT))
        assert billed == Decimal(sum(cell.nanos for cell in mine)).scaleb(-9)
        assert -relief == Decimal(sum(cell.credits for cell in mine)).scaleb(-9)
    assert sums[DATA, "Other"] > 0 > sums[SANDBOX, DISCOUNT]
    assert sums[PRODUCTION, "Tax"] > 0 > sums[PRODUCTION, "Refund"]


def test_tokens_are_thousands_of_awss_own_models_and_millions_of_the_marketplace(aws: Aws, world: World) -> None:
    day = {"Start": "2026-11-20", "End": "2026-11-21"}
    rows = {
        keys: quantity
        for _, keys, _, quantity in aws.rows(
            TimePeriod=day,
            GroupBy=by("SERVICE", "USAGE_TYPE"),
            Filter={"And": [only("LINKED_ACCOUNT", PRODUCTION), {"Not": only("RECORD_TYPE", "Credit")}]},
        )
    }
    told = world.totals("bedrock", date(2026, 11, 20), date(2026, 11, 21), NOW)
    nova = rows["Amazon Bedrock", "USE1-NovaLite-output-tokens"]
    haiku = rows["Claude Haiku 4.5 (Amazon Bedrock Edition)", "USE1-MP:USE1_OutputTokenCount_Batch-Units"]
    tokens = told[date(2026, 11, 20), PRODUCTION, "", "nova-lite"].output_tokens
    assert (Decimal(nova["Amount"]) * 1_000, nova["Unit"]) == (tokens, "1K tokens")
    tokens = told[date(2026, 11, 20), PRODUCTION, "", "claude-haiku-4.5"].output_tokens
    assert (Decimal(haiku["Amount"]) * 1_000_000, haiku["Unit"]) == (tokens, "Units")


def test_a_day_may_be_split_between_two_pages(aws: Aws) -> None:
    whole = {**COST, "GroupBy": by("SERVICE", "USAGE_TYPE")}
    first, second, *_ = aws.pages("get_cost_and_usage", **whole)
    last_day, first_day = first["ResultsByTime"][-1], second["ResultsByTime"][0]
    assert last_day["TimePeriod"] == first_day["TimePeriod"]
    assert not {tuple(group["Keys"]) for group in last_day["Groups"]} & {
        tuple(group["Keys"]) for group in first_day["Groups"]
    }


def test_days_without_anything_are_there_and_empty(aws: Aws) -> None:
    answer = aws.ask("get_cost_and_usage", **COST, GroupBy=by("SERVICE"), Filter=only("SERVICE", "Amazon Polly"))
    assert [result["Groups"] for result in answer["ResultsByTime"]] == [[]] * 31


def test_open_months_are_estimated_and_accounts_are_named(aws: Aws) -> None:
    wide = {"Start": "2026-10-31", "End": "2026-11-02"}
    answer = aws.ask("get_cost_and_usage", **{**COST, "TimePeriod": wide}, GroupBy=by("LINKED_ACCOUNT"))
    assert [result["Estimated"] for result in answer["ResultsByTime"]] == [False, True]
    named = {item["Value"]: item["Attributes"] for item in answer["DimensionValueAttributes"]}
    assert named == {PRODUCTION: {"description": "Production"}, DATA: {"description": "Data science"}, SANDBOX: {}}


def test_a_month_costs_between_one_and_fifteen_thousand_dollars(world: World) -> None:
    days = world.day_totals("bedrock", TODAY - timedelta(days=30), TODAY, NOW)
    assert 1_000 < sum(days.values()) / 10**9 < 15_000


@pytest.mark.parametrize(
    ("operation", "change"),
    [
        ("get_cost_and_usage", {"Granularity": None}),
        ("get_cost_and_usage", {"Granularity": "HOURLY"}),
        ("get_cost_and_usage", {"Metrics": []}),
        ("get_cost_and_usage", {"Metrics": ["Cost"]}),
        ("get_cost_and_usage", {"TimePeriod": {"Start": "2026-11-20", "End": "2026-11-20"}}),
        ("get_cost_and_usage", {"TimePeriod": {"Start": "2026-11-24", "End": "2026-11-25"}}),
        ("get_cost_and_usage", {"TimePeriod": {"Start": "2025-09-30", "End": "2025-10-25"}}),
        ("get_cost_and_usage", {"TimePeriod": {"Start": "soon", "End": "later"}}),
        ("get_cost_and_usage", {"GroupBy": by("SERVICE", "USAGE_TYPE", "LINKED_ACCOUNT")}),
        ("get_cost_and_usage", {"GroupBy": by("MODEL")}),
        ("get_cost_and_usage", {"GroupBy": [{"Type": "TAG", "Key": "team"}]}),
        ("get_cost_and_usage", {"Filter": {}}),
        ("get_cost_and_usage", {"Filter": {**only("SERVICE", "x"), "Not": only("SERVICE", "y")}}),
        ("get_cost_and_usage", {"Filter": {"And": [only("SERVICE", "x"), only("COLOUR", "y")]}}),
        ("get_cost_and_usage", {"Filter": only("SERVICE")}),
        (
            "get_cost_and_usage",
            {"Filter": {"Dimensions": {"Key": "SERVICE", "Values": ["x"], "MatchOptions": ["CONTAINS"]}}},
        ),
        ("get_cost_and_usage", {"BillingViewArn": "arn:aws:billing::1:billingview/x"}),
        ("get_dimension_values", {"Dimension": "COLOUR"}),
        ("get_dimension_values", {"Context": "RESERVATIONS"}),
    ],
)
def test_a_malformed_question_is_refused(aws: Aws, operation: str, change: dict[str, Any]) -> None:
    wish = {**(COST if operation == "get_cost_and_usage" else SERVICES), **change}
    assert aws.refused(operation, **wish) == ("ValidationException", 400)


def test_a_token_belongs_to_one_question(aws: Aws) -> None:
    wish = {**COST, "GroupBy": by("SERVICE", "USAGE_TYPE")}
    token = aws.ask("get_cost_and_usage", **wish)["NextPageToken"]
    assert aws.refused("get_cost_and_usage", **COST, NextPageToken=token)[0] == "RequestChangedException"
    assert aws.refused("get_cost_and_usage", **wish, NextPageToken="2")[0] == "InvalidNextTokenException"


@pytest.mark.parametrize(
    ("key", "secret", "ce", "sts"),
    [
        ("AKIAUNKNOWN000000000", "x" * 40, ("UnrecognizedClientException", 400), ("InvalidClientTokenId", 403)),
        (bedrock_api.ACCESS_KEY_ID, "x" * 40, ("InvalidSignatureException", 400), ("SignatureDoesNotMatch", 403)),
        (bedrock_api.UNPRIVILEGED_KEY_ID, bedrock_api.SECRET_ACCESS_KEY, ("AccessDeniedException", 400), None),
    ],
)
def test_wrong_keys_are_refused_in_awss_words(
    simulator: Simulator, key: str, secret: str, ce: tuple[str, int], sts: tuple[str, int] | None
) -> None:
    wrong = Aws(simulator, key, secret)
    assert wrong.refused("get_dimension_values", **SERVICES) == ce
    if sts is None:
        assert wrong.sts.get_caller_identity()["Arn"].endswith("user/model-caller")
    else:
        with pytest.raises(ClientError) as caught:
            wrong.sts.get_caller_identity()
        response = caught.value.response
        assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == sts
    wrong.close()


def test_an_unsigned_question_is_refused(simulator: Simulator) -> None:
    import httpx

    headers = {"X-Amz-Target": "AWSInsightsIndexService.GetCostAndUsage", "Content-Type": "application/x-amz-json-1.1"}
    answer = httpx.post(simulator.endpoint("bedrock"), headers=headers, content=b"{}")
    assert (answer.status_code, answer.json()["__type"]) == (400, "MissingAuthenticationTokenException")


def test_an_operation_it_does_not_play_is_unknown(aws: Aws) -> None:
    assert aws.refused("get_tags", TimePeriod=MONTH)[0] == "UnknownOperationException"


def test_twists_of_the_protocol_can_be_ordered(simulator: Simulator, aws: Aws) -> None:
    sums = {**COST, "GroupBy": by("LINKED_ACCOUNT", "RECORD_TYPE")}
    before = sum(amount for _, _, amount, _ in aws.rows(GroupBy=sums["GroupBy"]))
    simulator.faults.add(Fault(kind="control_mismatch"))
    assert sum(amount for _, _, amount, _ in aws.rows(GroupBy=sums["GroupBy"])) == before + 31
    simulator.faults.add(Fault(kind="null_cursor"))
    assert aws.ask("get_cost_and_usage", **sums)["NextPageToken"] == ""
    simulator.faults.add(Fault(kind="repeat_cursor", times=2))
    token = aws.ask("get_cost_and_usage", **sums)["NextPageToken"]
    assert aws.ask("get_cost_and_usage", **sums, NextPageToken=token)["NextPageToken"] == token


@pytest.mark.parametrize("seed", range(4))
def test_an_odd_world_is_repeatable_and_its_lines_add_up_to_it_on_small_pages_too(seed: int) -> None:
    world, again = (odd_bedrock_world(seed, TODAY) for _ in range(2))
    days = (TODAY - timedelta(days=30), TODAY + timedelta(days=1), NOW)
    cells = world.cells("bedrock", *days)
    assert cells == again.cells("bedrock", *days)
    assert cells != odd_bedrock_world(seed + 100, TODAY).cells("bedrock", *days)
    with Simulator(world, clock=lambda: NOW) as simulator:
        simulator.manners = Manners(page_rows=3, has_dust=True, adds_members=True)
        asker = Aws(simulator)
        bedrock = [value["Value"] for page in asker.pages("get_dimension_values", **SERVICES, SearchString="Bedrock")
                   for value in page["DimensionValues"]]  # fmt: skip
        sums: dict[str, Decimal] = {}
        for _, (_, record_type), amount, _ in asker.rows(
            GroupBy=by("LINKED_ACCOUNT", "RECORD_TYPE"), Filter=only("SERVICE", *bedrock)
        ):
            sums[record_type] = sums.get(record_type, Decimal(0)) + amount
        asker.close()
    costs = sum(amount for kind, amount in sums.items() if kind in {"Usage", *CHARGES.values()})
    relief = sum(amount for kind, amount in sums.items() if kind in {"Credit", *RELIEFS.values()})
    assert round(costs * 10**9) == sum(cell.nanos for cell in cells)
    assert -round(relief * 10**9) == sum(cell.credits for cell in cells)
    assert costs * 10**9 % 1
