"""What AWS says when it says no, as the five errors.

The text of a refusal is classified and never quoted: it names users, accounts and parts of the request.
https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/CommonErrors.html
"""

import re
from collections.abc import Mapping
from typing import Any

from connectors.answers import RequestRefused
from connectors.errors import (
    ConnectorError,
    CredentialLacksBilling,
    CredentialRejected,
    ProviderUnavailable,
    RateLimited,
    UnexpectedResponse,
)

_THROTTLED = frozenset(
    {
        "LimitExceededException",
        "ThrottlingException",
        "Throttling",
        "ThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "RequestThrottled",
    }
)
_UNKNOWN_KEY = frozenset({"UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId"})
_BAD_SIGNATURE = frozenset({"InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignature"})
_EXPIRED = frozenset({"ExpiredTokenException", "ExpiredToken", "RequestExpired"})
_DENIED = frozenset({"AccessDeniedException", "AccessDenied", "UnauthorizedOperation"})
_NOT_SET_UP = frozenset({"OptInRequired", "SubscriptionRequiredException"})
_NO_DATA = frozenset({"DataUnavailableException"})
_BAD_CURSOR = frozenset({"InvalidNextTokenException", "RequestChangedException"})
_SAFE_CODE = re.compile(r"[A-Za-z]{3,60}", re.ASCII)
_WRONG_CLOCK = re.compile(r"signature expired|not yet current", re.IGNORECASE)
_HISTORY = re.compile(r"beyond \d+ months|BillExpiration", re.IGNORECASE)


class CursorRefused(UnexpectedResponse):
    """Cost Explorer does not know its own cursor any more."""


class TooOld(RequestRefused):
    """Cost Explorer keeps no days that old."""


def refused(operation: str, answer: Mapping[str, Any]) -> ConnectorError:
    """The error of an answer that botocore took for a refusal."""
    code = str(answer.get("Error", {}).get("Code", ""))
    text = str(answer.get("Error", {}).get("Message", ""))
    status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return (
        _troubled(operation, code, status)
        or _refused_key(operation, code, text)
        or _refused_question(operation, code, text, status)
    )


def _troubled(operation: str, code: str, status: int) -> ConnectorError | None:
    """What another try may heal, and what does not come from AWS at all."""
    if code in _THROTTLED or status == 429:  # noqa: PLR2004
        return RateLimited(f"AWS is throttling {operation}.")
    if status >= 500:  # noqa: PLR2004
        return ProviderUnavailable(f"AWS could not answer {operation} (status {status}).")
    if 300 <= status < 400:  # noqa: PLR2004
        return UnexpectedResponse(f"AWS redirected {operation} (status {status}); not followed.")
    if status in {401, 403, 407} and not _SAFE_CODE.fullmatch(code):
        return ProviderUnavailable(
            f"Something other than AWS answered {operation} (status {status}).",
            likely_cause="A firewall, proxy or login page stands between this machine and AWS.",
        )
    return None


def _refused_question(operation: str, code: str, text: str, status: int) -> ConnectorError:
    if code in _NO_DATA:
        return ProviderUnavailable(
            "Cost Explorer has no data yet.",
            likely_cause="Cost Explorer was never opened in this account, or was opened less than a day ago.",
            resolution="Open Cost Explorer once in the AWS console; first data appear after about 24 hours.",
        )
    if code in _BAD_CURSOR:
        return CursorRefused(f"AWS does not know its own next-page token of {operation} any more.")
    if _HISTORY.search(f"{code} {text}"):
        return TooOld(f"Cost Explorer keeps no days that old ({operation}).", status=status)
    named = f", {code}" if _SAFE_CODE.fullmatch(code) else ""
    return RequestRefused(f"AWS refused {operation} (status {status}{named}).", status=status)


def _refused_key(operation: str, code: str, text: str) -> ConnectorError | None:
    if code in _UNKNOWN_KEY:
        return CredentialRejected("AWS does not know this access key ID: it is mistyped, deleted or inactive.")
    if code in _EXPIRED or (code in _BAD_SIGNATURE and _WRONG_CLOCK.search(text)):
        return CredentialRejected(
            "AWS takes the request for expired.",
            likely_cause="The clock of this machine is wrong, or the key is a temporary one that has expired.",
            resolution="Set the clock by NTP. If it is right, create an access key for an IAM user and re-link.",
        )
    if code in _BAD_SIGNATURE:
        return CredentialRejected(
            "The secret access key does not belong to this access key ID.",
            likely_cause="The secret was pasted incompletely (it has 40 characters) or is that of another key.",
            resolution="Copy access key ID and secret once more, or create a new access key, and re-link the account.",
        )
    if code in _DENIED:
        return CredentialLacksBilling(
            f"AWS does not let this key read costs ({operation} is denied).",
            likely_cause=f"Its user lacks the permission {operation}, or the account does not open billing data to IAM "
            "users, or the management account does not open Cost Explorer to its members.",
            resolution="Attach the policy shown beside the link form, activate IAM access to billing, and re-link.",
        )
    if code in _NOT_SET_UP:
        return CredentialLacksBilling(
            "This AWS account is not set up for billing data.",
            likely_cause="The account is not activated yet, or its bills are another account's.",
            resolution="Use a key of the management (payer) account and re-link.",
        )
    return None
