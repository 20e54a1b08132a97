"""AWS Bedrock: the bill of an AWS organization for models, by linked account and model.

Endpoints: Cost Explorer's GetCostAndUsage and GetDimensionValues, and once STS's GetCallerIdentity, through boto3;
https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsage.html
Key: access key of an IAM user with two Cost Explorer permissions. Bedrock API keys (ABSK…) cannot read costs.
Delay: up to 24 hours. Restated: months stay open for some days after their end, so two months are read again.
Not reported: requests, API keys, list prices. Tax, refunds and fees are no cost of a model: notes tell of them.

Most models are not under the service "Amazon Bedrock" but each under one of its own, sold through the Marketplace.
Amounts are those before credits; credits and discounts are separate rows of AWS's and separate here. Each request costs
$0.01, so a sync asks once for the services and the sums of the whole history, then per linked account and window, and
for sums again only where rows show that AWS has written since.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from pydantic import ValidationError

from connectors.base import AccountIdentity, Connector, Methodology
from connectors.bedrock_key import STEPS, BedrockCredential
from connectors.bedrock_ledger import (
    KNOWN_COSTS,
    Ledger,
    Sums,
    chosen,
    read_ledger,
    read_rows,
    read_services,
    summed,
    treatment,
)
from connectors.bedrock_lines import model_names
from connectors.bedrock_refusals import TooOld
from connectors.bedrock_rows import Bill
from connectors.bedrock_settled import settled
from connectors.errors import UnexpectedResponse
from store.records import Statement, Window, WorkspaceRecord

if TYPE_CHECKING:
    from connectors.bedrock_session import BedrockSession

HISTORY_DAYS = 390
"""Cost Explorer keeps the current month and the thirteen before it: never less than 393 days."""
EXACT_DIGITS = 60
CHECKED_DAYS = 30
LINES = ("SERVICE", "USAGE_TYPE")
NOTHING_BILLED = (
    "No Bedrock charges are visible. If the spend is in another account of the organization, use a key of the "
    "management (payer) account."
)


def connect(credential: BedrockCredential) -> "BedrockSession":
    from connectors.bedrock_session import BedrockSession  # noqa: PLC0415 - boto3 takes its time

    return BedrockSession(
        access_key_id=credential.access_key_id,
        secret_access_key=credential.secret_access_key.get_secret_value(),
        region=credential.region,
    )


def check(session: "BedrockSession") -> AccountIdentity:
    """Whose costs the key reads, told by AWS free of charge; that it reads them is tried for $0.01."""
    account, holder, today = session.identity()
    services = read_services(session, Window(today - timedelta(days=CHECKED_DAYS), today + timedelta(days=1)))
    notes = []
    if holder.endswith(":root"):
        notes.append(
            "This is a key of the root user, which may do anything in the account. Use one of an IAM user instead."
        )
    notes.append(f"Billed in the last {CHECKED_DAYS} days: {'; '.join(services)}." if services else NOTHING_BILLED)
    return AccountIdentity(organization_id=account, name=f"AWS account {account}", notes=tuple(notes))


def fetch(session: "BedrockSession", window: Window) -> Statement:
    """The whole bill of a window. Values that no bill can hold, alone or added up, are an `UnexpectedResponse`."""
    try:
        with localcontext(prec=EXACT_DIGITS):
            return _statement(session, window)
    except ValidationError as error:
        flaws = ", ".join(sorted({".".join(map(str, flaw["loc"])) or "costs" for flaw in error.errors()}))
    except (ValueError, ArithmeticError):
        flaws = "a sum of amounts"
    raise UnexpectedResponse(f"AWS answered with values that make no bill ({flaws}).")


def control(session: "BedrockSession", window: Window) -> Mapping[date, Decimal]:
    """AWS's own costs of Bedrock per day, before credits, from the sums that every sync reads once."""
    with localcontext(prec=EXACT_DIGITS):
        return _day_totals(
            (day, summed(types)) for (day, _), types in _ledger(session, window).amounts.items() if day in window
        )


def credited(session: "BedrockSession", window: Window) -> Mapping[date, Decimal]:
    """AWS's own credits and discounts per day, positive, from the same sums."""
    totals: defaultdict[date, Decimal] = defaultdict(Decimal)
    with localcontext(prec=EXACT_DIGITS):
        for (day, _), types in _ledger(session, window).amounts.items():
            if day in window and (credits_applied := summed(types).credits):
                totals[day] += credits_applied
    return dict(totals)


def _ledger(session: "BedrockSession", window: Window) -> Ledger:
    """AWS's sums, read once per session: of the whole history, as a page costs the same however many days it holds."""
    known: Ledger | None = session.remembered
    if known and known.span.start <= window.start and window.end <= known.span.end:
        return known
    start = min(window.start, window.end - timedelta(days=HISTORY_DAYS))
    try:
        session.remembered = read_ledger(session, Window(start, window.end))
    except TooOld:
        session.remembered = None
    if session.remembered is None:
        session.remembered = read_ledger(session, window)
    return session.remembered


def _day_totals(told: Iterable[tuple[date, Sums]]) -> dict[date, Decimal]:
    """Billed dollars per day of all accounts, days without cost absent."""
    totals: defaultdict[date, Decimal] = defaultdict(Decimal)
    for day, sums in told:
        if sums.billed:
            totals[day] += sums.billed
    return dict(totals)


def _statement(session: "BedrockSession", window: Window) -> Statement:
    ledger = _ledger(session, window)
    bill = Bill(model_names(ledger.services))
    accounts = _accounts(ledger, window)
    for account, types in accounts.items():
        place = chosen("LINKED_ACCOUNT", [account])
        left_out = sorted(name for name in types if treatment(name) != "cost")
        relief = sorted(name for name in types if treatment(name) in {"credit", "discount"})
        if len(left_out) < len(types) or not types:
            without = [{"Not": chosen("RECORD_TYPE", left_out)}] if left_out else []
            for row in read_rows(session, window, LINES, ledger.services, place, *without):
                bill.add_cost(account, row)
        if relief:
            for row in read_rows(session, window, LINES, ledger.services, place, chosen("RECORD_TYPE", relief)):
                bill.add_credit(account, row)
    told = settled(session, window, ledger, accounts, bill)
    for (day, account), sums in told.items():
        bill.settle(day, account, sums)
    return Statement(
        window=window,
        costs=bill.records(),
        workspaces=tuple(
            WorkspaceRecord(workspace_id=account, name=name) for account, name in sorted(ledger.names.items())
        ),
        notes=(*bill.notes(), *_notes(ledger, window)),
        control_totals=_day_totals((day, sums) for (day, _), sums in told.items()),
    )


def _accounts(ledger: Ledger, window: Window) -> dict[str, set[str]]:
    """The linked accounts to ask about and their record types in the window.

    An account that AWS names without any sum should not be; its rows are read, so that nothing is lost in silence.
    """
    found: dict[str, set[str]] = {
        account: set() for account in ledger.names.keys() - {place[1] for place in ledger.amounts}
    }
    for (day, account), types in ledger.amounts.items():
        if day in window:
            found.setdefault(account, set()).update(types)
    return {account: found[account] for account in sorted(found)}


def _notes(ledger: Ledger, window: Window) -> list[str]:
    """What stands on AWS's bill beside costs and credits of models, summed over the window."""
    if not ledger.services:
        return [NOTHING_BILLED]
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for (day, _), types in ledger.amounts.items():
        for name, amount in types.items() if day in window else ():
            sums[name] += amount
    kinds = {
        "Billed by AWS, but no cost of a model and not shown": {name for name in sums if treatment(name) == "excluded"},
        "Discounts, shown among credits": {name for name in sums if treatment(name) == "discount"},
        "Unknown kinds of charges, shown as costs": {
            name for name in sums if treatment(name) == "cost" and name not in KNOWN_COSTS
        },
    }
    return [
        f"{window.start} to {window.last_day}: {what}: {', '.join(listed)}."
        for what, names in kinds.items()
        if (listed := [f"{name[:60]} {_dollars(sums[name])}" for name in sorted(names) if sums[name]])
    ]


def _dollars(amount: Decimal) -> str:
    return f"{'-' if amount < 0 else ''}${abs(amount):f}"


BEDROCK: Connector[BedrockCredential, "BedrockSession"] = Connector(
    slug="bedrock",
    name="AWS Bedrock",
    credential=BedrockCredential,
    connect=connect,
    check=check,
    fetch=fetch,
    control=control,
    credited=credited,
    history_days=HISTORY_DAYS,
    restated_days=62,
    window_days=92,
    gaps=frozenset({"api_key_id", "list_cost", "requests"}),
    sync_minutes=720,
    methodology=Methodology(
        exact="Cost by day, linked account and usage type from Cost Explorer, before credits; credits per day.",
        missing="API keys and requests. Tax, refunds and fees that belong to no model are told in the notes of a sync.",
    ),
    key_type="IAM access key (AKIA…) with Cost Explorer permissions",
    data_delay="up to 24 hours",
    steps=STEPS,
)
