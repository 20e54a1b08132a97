"""AWS for the contract test: the composed answers of this folder."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from store.records import Window
from tests.connectors.contract import MARKER, Life
from tests.connectors.local_server import Reply, Request

FOLDER = Path(__file__).parent
EMPTY: Mapping[str, Any] = {"DimensionValues": [], "ReturnSize": 0, "TotalSize": 0}
JSON_TYPE = {"Content-Type": "application/x-amz-json-1.1"}
XML_TYPE = {"Content-Type": "text/xml"}
KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET = f"{MARKER}/0123456789+abcdefghi"
STS = "https://sts.amazonaws.com/doc/2011-06-15/"
UNKNOWN = "The security token included in the request is invalid."
DENIED = "User: arn:aws:iam::111122223333:user/x is not authorized to perform: ce:GetDimensionValues"


def refusal(code: str, message: str = "", status: int = 400) -> Reply:
    """A refusal as Cost Explorer words it."""
    return Reply(status, json.dumps({"__type": code, "message": message}).encode(), JSON_TYPE)


def identity(arn: str = "arn:aws:iam::111122223333:user/billing-reader") -> Reply:
    """What STS tells about the key."""
    who = f"<Arn>{arn}</Arn><UserId>AIDAEXAMPLE</UserId><Account>111122223333</Account>"
    result = f"<GetCallerIdentityResult>{who}</GetCallerIdentityResult>"
    text = f'<GetCallerIdentityResponse xmlns="{STS}">{result}</GetCallerIdentityResponse>'
    return Reply(200, text.encode(), XML_TYPE)


def sts_refusal(code: str, message: str = "", status: int = 403) -> Reply:
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return Reply(status, f'<ErrorResponse xmlns="{STS}">{error}</ErrorResponse>'.encode(), XML_TYPE)


class BedrockFake:
    slug = "bedrock"
    credential: Mapping[str, str] = {"accessKeyId": KEY_ID, "secretAccessKey": SECRET}
    wrong_shapes = (
        *(
            {"accessKeyId": f"{prefix}{MARKER}0123456789", "secretAccessKey": SECRET}
            for prefix in ("ABSKQmVkcm9ja0FQSUtleS", "bedrock-api-key-", "ASIA", "AIDA", "sk-ant-", '{"private_key": "')
        ),
        {"accessKeyId": KEY_ID, "secretAccessKey": f"ABSKQmVkcm9ja0FQSUtleS{MARKER}"},
        {"accessKeyId": KEY_ID, "secretAccessKey": f"{MARKER} with a blank"},
    )
    window = Window(date(2026, 11, 10), date(2026, 11, 12))
    billed: Mapping[Life, Decimal] = {Life.NORMAL: Decimal("55.75"), Life.RESTATED: Decimal("55.85")}

    def answer(self, life: Life, request: Request) -> Reply:
        is_identity = request.body.startswith(b"Action=")
        if life == Life.WRONG_KEY:
            return (
                sts_refusal("InvalidClientTokenId", UNKNOWN) if is_identity else refusal("UnrecognizedClientException")
            )
        if is_identity:
            return identity()
        if life == Life.WRONG_KIND:
            return refusal("AccessDeniedException", DENIED)
        if life == Life.EMPTY:
            return Reply(200, json.dumps(EMPTY).encode(), JSON_TYPE)
        name = answer_name(json.loads(request.body))
        text = (FOLDER / f"{name}.json").read_text()
        if life == Life.RESTATED:
            text = text.replace('"16.50"', '"16.60"').replace('"50.10"', '"50.20"')
        if life == Life.REPEATED_CURSOR and name.endswith("page_2"):
            text = (FOLDER / f"{name[:-1]}1.json").read_text()
        return Reply(200, text.encode(), JSON_TYPE)

    def is_second_page(self, request: Request) -> bool:
        return b"NextPageToken" in request.body


def answer_name(wish: Mapping[str, Any]) -> str:
    """Which composed answer a question gets."""
    if "Dimension" in wish:
        return "services"
    if wish["GroupBy"][0]["Key"] == "LINKED_ACCOUNT":
        return "sums"
    _, account, *more = wish["Filter"]["And"]
    place = account["Dimensions"]["Values"][0]
    if more and "Dimensions" in more[0]:
        return f"credits_{place}"
    if place != "111122223333":
        return "lines_444455556666"
    return f"lines_{place}_page_{2 if 'NextPageToken' in wish else 1}"


FAKE = BedrockFake()
