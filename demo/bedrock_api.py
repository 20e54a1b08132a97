"""AWS Cost Explorer and the identity part of STS, as botocore's models of them have it.

Signatures are verified. Pages are small, so that a day may be split between two of them.
https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Operations_AWS_Cost_Explorer_Service.html
"""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from demo.aws_signature import Signature
from demo.bedrock_ledger import Line, lines
from demo.bedrock_query import (
    DIMENSIONS,
    JSON,
    Period,
    Refused,
    invalid,
    is_closed,
    page_token,
    passes,
    read_filter,
    read_groups,
    read_metrics,
    read_offset,
    read_period,
    reject_unknown,
)
from demo.bedrock_spend import PRODUCTION
from demo.wire import Answer, Provider, Request

ACCESS_KEY_ID = "AKIADEMOBEDROCKSPEND"
SECRET_ACCESS_KEY = "demo9cTq4Lw7Xn2Rb6Vz1Kj8Hf3Gd5Sp0MyUaEo"  # noqa: S105 - opens the simulator only
UNPRIVILEGED_KEY_ID = "AKIADEMONOCOSTACCESS"
SECRETS = {ACCESS_KEY_ID: SECRET_ACCESS_KEY, UNPRIVILEGED_KEY_ID: SECRET_ACCESS_KEY}
USERS = {ACCESS_KEY_ID: "spendglass", UNPRIVILEGED_KEY_ID: "model-caller"}

PREFIX = "/bedrock"
TARGET = "AWSInsightsIndexService."
COST_EXPLORER_JSON = "application/x-amz-json-1.1"
GROUPS_A_PAGE = 700
LARGEST_PAGE = 1000
COST_MEMBERS = frozenset({"TimePeriod", "Granularity", "Metrics", "GroupBy", "Filter", "NextPageToken"})
VALUE_MEMBERS = frozenset({"TimePeriod", "Dimension", "SearchString", "Filter", "MaxResults", "NextPageToken"})
STS_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
FORM = "application/x-www-form-urlencoded"


def _answer(request: Request) -> Answer:
    if request.headers.get("content-type", "").startswith(FORM):
        return _identity(request)
    try:
        return _json(200, _cost_explorer(request))
    except Refused as refused:
        return _json(refused.status, {"__type": refused.code, "message": refused.message})


def _json(status: int, content: JSON) -> Answer:
    return Answer(status, json.dumps(content).encode(), {"Content-Type": COST_EXPLORER_JSON})


def _signer(request: Request, service: str) -> str:
    """The access key that signed a request."""
    signature = Signature.of(request)
    if signature is None:
        raise Refused("MissingAuthenticationTokenException", "Missing Authentication Token")
    if signature.access_key_id not in SECRETS:
        raise Refused("UnrecognizedClientException", "The security token included in the request is invalid.")
    secret = SECRETS[signature.access_key_id]
    if signature.service != service or not signature.fits(request, secret, PREFIX):
        raise Refused(
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method.",
        )
    return signature.access_key_id


def _identity(request: Request) -> Answer:
    """STS speaks form and XML, and words the same refusals differently."""
    try:
        key = _caller(request)
    except Refused as refused:
        code, status = STS_WORDS.get(refused.code, (refused.code, 400))
        words = f"<Type>Sender</Type><Code>{code}</Code><Message>{escape(refused.message)}</Message>"
        return _xml(status, f'<ErrorResponse xmlns="{STS_NAMESPACE}"><Error>{words}</Error></ErrorResponse>')
    arn = f"arn:aws:iam::{PRODUCTION}:user/{USERS[key]}"
    who = f"<Arn>{arn}</Arn><UserId>{key.replace('AKIA', 'AIDA')}</UserId><Account>{PRODUCTION}</Account>"
    result = f"<GetCallerIdentityResult>{who}</GetCallerIdentityResult>"
    return _xml(200, f'<GetCallerIdentityResponse xmlns="{STS_NAMESPACE}">{result}</GetCallerIdentityResponse>')


def _caller(request: Request) -> str:
    if dict(parse_qsl(request.body.decode())) != {"Action": "GetCallerIdentity", "Version": "2011-06-15"}:
        raise Refused("InvalidAction", "Could not find operation.")
    return _signer(request, "sts")


STS_WORDS = {
    "UnrecognizedClientException": ("InvalidClientTokenId", 403),
    "InvalidSignatureException": ("SignatureDoesNotMatch", 403),
    "MissingAuthenticationTokenException": ("MissingAuthenticationToken", 403),
}


def _xml(status: int, text: str) -> Answer:
    return Answer(status, text.encode(), {"Content-Type": "text/xml"})


def _cost_explorer(request: Request) -> JSON:
    operation = request.headers.get("x-amz-target", "").removeprefix(TARGET)
    key = _signer(request, "ce")
    if request.method != "POST" or request.path != "/" or operation not in OPERATIONS:
        raise Refused("UnknownOperationException", "The requested operation is not known.")
    if key == UNPRIVILEGED_KEY_ID:
        user = f"arn:aws:iam::{PRODUCTION}:user/{USERS[key]}"
        raise Refused(
            "AccessDeniedException",
            f"User: {user} is not authorized to perform: ce:{operation} on resource: "
            f"arn:aws:ce:us-east-1:{PRODUCTION}:/{operation} because no identity-based policy allows it",
        )
    try:
        wish = json.loads(request.body)
    except ValueError:
        raise Refused("SerializationException", "The request is not JSON.") from None
    return OPERATIONS[operation](request, wish)


def _cost_and_usage(request: Request, wish: JSON) -> JSON:
    reject_unknown(wish, COST_MEMBERS)
    today = request.now.date()
    period, groups, metrics = read_period(wish, today), read_groups(wish), read_metrics(wish)
    if wish.get("Granularity") != "DAILY":
        raise invalid("Granularity is missing, or not enabled for this account.")
    offset, expression = read_offset(wish), read_filter(wish)
    chosen = [line for line in lines(request, period.start, period.end) if passes(expression, line)]
    if "control_mismatch" in request.twists and "RECORD_TYPE" in groups:
        chosen += [
            Line(day, PRODUCTION, "", "", "Usage", 10**9, Decimal(0), "") for day in {line.day for line in chosen}
        ]
    rows = _grouped(chosen, groups)
    following = offset + (request.manners.page_rows or GROUPS_A_PAGE)
    page = rows[offset:following]
    answer: JSON = {
        "GroupDefinitions": [{"Type": "DIMENSION", "Key": key} for key in groups],
        "ResultsByTime": _days(today, period, groups, metrics, page, is_whole=len(page) == len(rows)),
        "DimensionValueAttributes": _names(request, groups, page),
    }
    if "repeat_cursor" in request.twists:
        return answer | {"NextPageToken": wish.get("NextPageToken") or page_token(wish, 0)}
    if "null_cursor" in request.twists:
        return answer | {"NextPageToken": ""}
    return answer | ({"NextPageToken": page_token(wish, following)} if following < len(rows) else {})


Row = tuple[date, tuple[str, ...], list[Line]]


def _grouped(chosen: Sequence[Line], groups: Sequence[str]) -> list[Row]:
    found: defaultdict[tuple[date, tuple[str, ...]], list[Line]] = defaultdict(list)
    for line in chosen:
        found[line.day, tuple(DIMENSIONS[key](line) for key in groups)].append(line)
    return [(day, keys, found[day, keys]) for day, keys in sorted(found)]


def _days(
    today: date, period: Period, groups: Sequence[str], metrics: Sequence[str], rows: Sequence[Row], *, is_whole: bool
) -> list[JSON]:
    """The days of a page; without a second page the empty days too."""
    days = {day for day, _, _ in rows}
    if is_whole:
        days |= {period.start + timedelta(days=offset) for offset in range((period.end - period.start).days)}
    results = []
    for day in sorted(days):
        there = [(keys, _metrics(found, metrics)) for at, keys, found in rows if at == day]
        total = {} if groups else (there[0][1] if there else _metrics([], metrics))
        results.append(
            {
                "TimePeriod": {"Start": day.isoformat(), "End": (day + timedelta(days=1)).isoformat()},
                "Total": total,
                "Groups": [{"Keys": list(keys), "Metrics": measured} for keys, measured in there] if groups else [],
                "Estimated": not is_closed(day, today),
            }
        )
    return results


def _metrics(found: Sequence[Line], metrics: Sequence[str]) -> JSON:
    dollars = Decimal(sum(line.amount for line in found)).scaleb(-9)
    quantity = sum((line.quantity for line in found), Decimal(0))
    units = {line.unit for line in found}
    measured = {name: {"Amount": _spelled(dollars), "Unit": "USD"} for name in metrics}
    if "UsageQuantity" in measured:
        unit = units.pop() if len(units) == 1 else "N/A"
        measured["UsageQuantity"] = {"Amount": _spelled(quantity), "Unit": unit or "N/A"}
    return measured


def _spelled(amount: Decimal) -> str:
    """Ten places, or fewer, or an exponent, as AWS's answers mix them."""
    shortest = amount.normalize()
    if not amount:
        return "0"
    return str(shortest) if abs(amount) < Decimal("0.000001") else f"{shortest:f}"


def _names(request: Request, groups: Sequence[str], rows: Sequence[Row]) -> list[JSON]:
    if "LINKED_ACCOUNT" not in groups:
        return []
    at = groups.index("LINKED_ACCOUNT")
    names = {workspace.workspace_id: workspace.name for workspace in request.world.story("bedrock").workspaces}
    return [
        {"Value": account, "Attributes": {"description": name} if (name := names.get(account)) else {}}
        for account in sorted({keys[at] for _, keys, _ in rows})
    ]


def _dimension_values(request: Request, wish: JSON) -> JSON:
    reject_unknown(wish, VALUE_MEMBERS)
    period, expression = read_period(wish, request.now.date()), read_filter(wish)
    dimension = DIMENSIONS.get(str(wish.get("Dimension")))
    if dimension is None:
        raise invalid("Dimension is missing or unknown.")
    search = str(wish.get("SearchString") or "").lower()
    values = {dimension(line) for line in lines(request, period.start, period.end) if passes(expression, line)}
    found = sorted(value for value in values if search in value.lower())
    offset, size = read_offset(wish), int(wish.get("MaxResults") or request.manners.page_rows or LARGEST_PAGE)
    page = found[offset : offset + size]
    answer: JSON = {
        "DimensionValues": [{"Value": value, "Attributes": {}} for value in page],
        "ReturnSize": len(page),
        "TotalSize": len(found),
    }
    following = offset + size
    return answer | ({"NextPageToken": page_token(wish, following)} if following < len(found) else {})


OPERATIONS: Mapping[str, Callable[[Request, JSON], JSON]] = {
    "GetCostAndUsage": _cost_and_usage,
    "GetDimensionValues": _dimension_values,
}
BEDROCK_API = Provider("bedrock", PREFIX, _answer)
