"""Each provider's own ways to go wrong, in the words of its documentation and of reports, beside those of all.

Where a provider has an entry of the same name as `ANYWHERE`, its own holds.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from demo.faults import Fault
from tests.sync.faults import (
    ANYWHERE,
    DOWN,
    ERROR,
    LACKS,
    LIMITED,
    NOWHERE,
    OUTLIVED,
    QUOTED,
    REJECTED,
    SECRET,
    STRANGE,
    Minor,
    Trouble,
    answers,
    says,
    trouble,
)

LOOPED = trouble(STRANGE, kind="repeat_cursor")
LOST = trouble(STRANGE, kind="null_cursor")
WORDS = f"{QUOTED}: {SECRET}"
Troubles = Mapping[str, Trouble]


def refused(path: str, status: int, note: str) -> Minor:
    """All requests to this path."""
    return Minor(Fault(kind="status", status=status, match=path, times=0, text=json.dumps(ERROR)), note)


def once(lasting: Trouble, path: str = "") -> Minor:
    """The first request to this path only."""
    return Minor(lasting.fault.model_copy(update={"match": path, "times": 1}))


def anthropic(status: int, kind: str, type_: str, message: str = WORDS, **details: Any) -> Trouble:
    error = {"type": type_, "message": message, **({"details": details} if details else {})}
    return answers(status, kind, {"type": "error", "error": error, "request_id": "req_demo"})


def aws(code: str, kind: str, status: int = 400, message: str = WORDS) -> Trouble:
    return answers(status, kind, {"__type": code, "message": message})


def google(status: int, reason: str, kind: str, message: str = WORDS, later: str | None = None) -> Trouble:
    detail = {"message": message, "domain": "global", "reason": reason}
    return answers(status, kind, {"error": {"code": status, "message": message, "errors": [detail]}}, later)


def token(status: int, kind: str, content: Any) -> Trouble:
    """At the endpoint that gives Google's access tokens: asked once in a sync."""
    return answers(status, kind, content, NOWHERE, match="^/vertex/token")


def grant(description: str) -> Trouble:
    return token(400, REJECTED, {"error": "invalid_grant", "error_description": description})


def fal(status: int, kind: str, type_: str, message: str, later: str | None = None) -> Trouble:
    return answers(status, kind, {"error": {"type": type_, "message": message, "request_id": WORDS}}, later)


def runway(status: int, kind: str, error: str, **more: Any) -> Trouble:
    return answers(status, kind, {"error": error, "docUrl": WORDS, **more})


def openrouter(status: int, kind: str, message: str, sent: int | None = None) -> Trouble:
    return answers(sent or status, kind, {"error": {"code": status, "message": message, "metadata": WORDS}})


def litellm(status: int, kind: str, type_: str, message: str) -> Trouble:
    error = {"message": f"{message} {WORDS}", "type": type_, "param": "None", "code": str(status)}
    return answers(status, kind, {"error": error})


ANALYTICS_ROW = {
    "starting_at": "2026-11-23T00:00:00Z",
    "group": {"model": "claude-opus-4-8", "cost_type": "tokens"},
    "cost": {"amount": "120.5", "list_amount": None, "currency": "USD"},
}
COST_GROUP = {
    "Keys": ["111122223333", "Usage"],
    "Metrics": {"UnblendedCost": {"Amount": "1", "Unit": "CNY"}, "UsageQuantity": {"Amount": "1", "Unit": "N/A"}},
}


def page(**row: Any) -> str:
    return json.dumps({"data": [{**ANALYTICS_ROW, **row}], "has_more": False, "next_page": None})


OWN: Mapping[str, Troubles] = {
    "anthropic": {
        "an unknown key": anthropic(401, REJECTED, "authentication_error", "invalid x-api-key"),
        "a missing scope": anthropic(
            403, LACKS, "permission_error", "Missing required scopes. Got: ['read:members'] Needed: ['read:analytics']"
        ),
        "another kind of organization": anthropic(
            400, LACKS, "invalid_request_error", error_code="organization_type_not_supported"
        ),
        "a range refused": anthropic(400, STRANGE, "invalid_request_error", "starting_at: too early"),
        "an unknown path": anthropic(404, STRANGE, "not_found_error"),
        "a rate limit": anthropic(429, LIMITED, "rate_limit_error"),
        "an api error": anthropic(500, DOWN, "api_error"),
        "a time-out": anthropic(504, DOWN, "timeout_error"),
        "an overload": anthropic(529, DOWN, "overloaded_error"),
        "a repeated cursor": LOOPED,
        "a missing cursor": LOST,
        "another currency": says(page(cost={"amount": "1", "currency": "EUR"})),
        "a row of another day": says(page(starting_at="2026-01-05T00:00:00Z")),
        "a row without amount": says(page(cost={"currency": "USD"})),
        "an amount in exponents": says(page(cost={"amount": "1E+400", "currency": "USD"})),
    },
    "bedrock": {
        "401": answers(401, DOWN, ERROR),
        "403": answers(403, DOWN, ERROR),
        "408": answers(408, STRANGE, ERROR),
        "409": answers(409, STRANGE, ERROR),
        "a refusal that is a list": answers(403, DOWN, [ERROR]),
        "a body that is not packed as it says": trouble(OUTLIVED, kind="header", header="Content-Encoding: gzip"),
        "throttling": aws("ThrottlingException", LIMITED),
        "a limit exceeded": aws("LimitExceededException", LIMITED),
        "an unknown key": aws("UnrecognizedClientException", REJECTED),
        "a wrong signature": aws("InvalidSignatureException", REJECTED),
        "a wrong clock": aws("InvalidSignatureException", REJECTED, message="Signature expired: 20261123T120000Z"),
        "an expired token": aws("ExpiredTokenException", REJECTED),
        "an expired request": aws("RequestExpired", REJECTED),
        "no permission": aws("AccessDeniedException", LACKS),
        "an account without billing": aws("OptInRequired", LACKS, 403),
        "a subscription required": aws("SubscriptionRequiredException", LACKS, 403),
        "no data yet": aws("DataUnavailableException", DOWN),
        "an internal failure": aws("InternalFailure", DOWN, 500),
        "a service unavailable": aws("ServiceUnavailableException", DOWN, 503),
        "days beyond the history": aws(
            "ValidationException", STRANGE, message="You haven't enabled historical data beyond 14 months."
        ),
        "an expired bill": aws("BillExpirationException", STRANGE),
        "another validation": aws("ValidationException", STRANGE),
        "a forgotten cursor": aws("InvalidNextTokenException", STRANGE),
        "a changed request": aws("RequestChangedException", STRANGE),
        "a repeated cursor": LOOPED,
        "an empty cursor": LOST,
        "another currency": says(
            json.dumps(
                {
                    "DimensionValues": [{"Value": "Amazon Bedrock"}],
                    "ReturnSize": 1,
                    "ResultsByTime": [{"TimePeriod": {"Start": "2026-11-21"}, "Groups": [COST_GROUP]}],
                }
            )
        ),
    },
    "vertex": {
        "404": answers(404, LACKS, ERROR),
        "409": answers(409, STRANGE, ERROR),
        "an object without members": answers(200, LACKS, {}, STRANGE),
        "an object of other members": answers(200, LACKS, {"status": WORDS}, STRANGE),
        "no permission to read": google(403, "accessDenied", LACKS),
        "no permission to ask": google(403, "accessDenied", LACKS, "User lacks bigquery.jobs.create permission."),
        "an interface switched off": google(403, "accessNotConfigured", LACKS),
        "no billing account": google(403, "billingNotEnabled", LACKS),
        "a rule of the organization": google(
            403, "policyViolation", LACKS, "Request is prohibited by organization's policy."
        ),
        "a quota used up": google(403, "quotaExceeded", LIMITED),
        "a rate limit": google(403, "rateLimitExceeded", LIMITED),
        "a limit of jobs": google(403, "jobRateLimitExceeded", LIMITED),
        "a query too large": google(400, "bytesBilledLimitExceeded", STRANGE),
        "a query not understood": google(400, "invalidQuery", STRANGE),
        "another location": google(404, "notFound", LACKS, "was not found in location US"),
        "a token refused": google(401, "authError", REJECTED),
        "a backend error": google(503, "backendError", DOWN),
        "an internal error": google(500, "internalError", DOWN),
        "a deleted key": grant("Invalid JWT Signature."),
        "a deleted service account": grant("Invalid grant: account not found"),
        "a disabled service account": grant("The account has been disabled"),
        "a wrong clock": grant("Invalid JWT: Token must be a short-lived token (60 minutes)"),
        "a token endpoint that is down": token(503, DOWN, {"error": "internal_failure"}),
        "a token endpoint that limits": token(429, LIMITED, {"error": "rate_limit"}),
        "a token that is none": token(200, STRANGE, {"token_type": "Bearer"}),
        "a repeated cursor": LOOPED,
        "a missing cursor": LOST,
    },
    "fal": {
        "an unknown key": fal(401, REJECTED, "authorization_error", "Invalid API key or malformed header", DOWN),
        "401": fal(401, REJECTED, "authorization_error", "Authentication required", DOWN),
        "a key of scope API": fal(401, LACKS, "authorization_error", "This API key is not permitted to do this"),
        "an admin key needed": fal(401, LACKS, "authorization_error", "Use an Admin API key"),
        "access denied": fal(403, LACKS, "authorization_error", "Access denied"),
        "a bad parameter": fal(400, STRANGE, "validation_error", "Invalid request parameters"),
        "an unknown path": fal(404, STRANGE, "not_found", "Resource not found"),
        "a rate limit": fal(429, LIMITED, "rate_limited", "Rate limit exceeded"),
        "a server error": fal(500, DOWN, "server_error", "An unexpected error occurred"),
        "not implemented": fal(501, DOWN, "not_implemented", "Not implemented"),
        "an inference host": says(json.dumps({"detail": WORDS})),
        "a repeated cursor": LOOPED,
        "a missing cursor": LOST,
    },
    "runway": {
        "no key": runway(401, REJECTED, "No API key was provided."),
        "a disabled key": runway(401, REJECTED, "The key is disabled."),
        "the web application's address": runway(401, REJECTED, "Incorrect hostname for API key", details=WORDS),
        "another version": runway(400, STRANGE, "The version in the X-Runway-Version header is not valid"),
        "a range refused": runway(400, STRANGE, "Validation of body failed", issues=[{"path": ["beforeDate"]}]),
        "another method": runway(405, STRANGE, "Method POST is not allowed"),
        "an unknown path": answers(404, STRANGE, {"error": f"Could not find {WORDS}"}),
        "a daily limit": runway(429, LIMITED, "Your daily task limit has been reached."),
        "shed load": trouble(DOWN, kind="html", status=503),
        "an overload": runway(504, DOWN, "Overloaded"),
        "an amount in fractions": says(
            json.dumps({"results": [{"date": "2026-11-23", "usedCredits": [{"model": "gen4", "amount": 0.5}]}]})
        ),
    },
    "openrouter": {
        "no header": openrouter(401, REJECTED, "No cookie auth credentials found"),
        "an unknown key": openrouter(401, REJECTED, "User not found."),
        "a standard key": openrouter(403, LACKS, "Only management keys can perform this operation"),
        "a standard key, older": openrouter(401, LACKS, "Only provisioning keys can perform this operation"),
        "no credits": openrouter(402, DOWN, "Insufficient credits"),
        "a bad parameter": openrouter(400, STRANGE, "Invalid request parameters"),
        "an unknown entry": openrouter(404, STRANGE, "Resource not found"),
        "a query too heavy": openrouter(408, DOWN, "Operation timed out. Please try again later."),
        "a rate limit": openrouter(429, LIMITED, "Rate limit exceeded"),
        "a server error": openrouter(500, DOWN, "Internal Server Error"),
        "an edge error": trouble(DOWN, kind="html", status=522),
        "an unknown key in a success": openrouter(401, REJECTED, "User not found.", sent=200),
        "a server error in a success": openrouter(500, STRANGE, "Internal Server Error", sent=200),
        "a list that repeats itself": trouble(STRANGE, NOWHERE, kind="repeat_cursor", match="/keys"),
        "a grouping refused": trouble(STRANGE, kind="refuse_grouping"),
    },
    "litellm": {
        "an unknown key": litellm(401, REJECTED, "token_not_found_in_db", "Invalid proxy server token passed."),
        "an expired key": litellm(401, REJECTED, "expired_key", "Authentication Error - Expired Key."),
        "a blocked key": litellm(401, REJECTED, "auth_error", "Authentication Error, Key is blocked."),
        "a key lost on the way": litellm(401, REJECTED, "auth_error", "No api key passed in."),
        "a role too low": litellm(401, LACKS, "auth_error", "Only proxy admin can be used to see this."),
        "a role that sees itself": answers(403, LACKS, {"detail": {"error": "Users can only view their own data."}}),
        "a key without a user": answers(404, LACKS, {"detail": {"error": "User= None not found"}}),
        "a route not allowed": answers(
            403, LACKS, {"detail": f"Virtual key is not allowed to call this route. Tried to call route: {WORDS}"}
        ),
        "no licence": answers(403, STRANGE, {"detail": f"You must be a LiteLLM Enterprise user. {WORDS}"}),
        "an older proxy": answers(404, STRANGE, {"detail": "Not Found"}),
        "a question not understood": answers(422, STRANGE, {"detail": [{"type": "int_parsing", "msg": WORDS}]}),
        "no database": litellm(400, DOWN, "no_db_connection", "No connected db."),
        "a database lost": litellm(503, DOWN, "no_db_connection", "The authentication database is unreachable."),
        "a driver's error": litellm(401, REJECTED, "auth_error", "Authentication Error, connection reset"),
        "no database client": litellm(401, DOWN, "auth_error", "Prisma Client is not initialized"),
        "a rate limit": litellm(429, LIMITED, "throttling_error", "Rate limit exceeded"),
        "a repeated page": LOOPED,
        "pages without a number": LOST,
    },
}

ONLY_LISTED = "today only the spend of keys that are still listed"
MINOR: Mapping[str, Mapping[str, Minor]] = {
    "anthropic": {
        "no names of keys": refused("/api_keys", 403, "Names are unavailable"),
        "no names of workspaces": refused("/workspaces", 404, "Names are unavailable"),
        "no analytics": refused("/analytics/", 404, "legacy reports"),
        "analytics closed": refused("/analytics/", 403, "legacy reports"),
    },
    "bedrock": {"a cursor forgotten once": once(aws("InvalidNextTokenException", STRANGE))},
    "vertex": {"an access token expired once": once(google(401, "authError", REJECTED))},
    "fal": {
        "no names of keys": refused("/keys", 403, "Names of API keys are unavailable"),
    },
    "runway": {"two years refused": once(runway(400, STRANGE, "Validation of body failed"), "/usage")},
    "openrouter": {
        "no analytics": replace(refused("/analytics/meta", 404, ONLY_LISTED), is_short_of_today=True),
        "analytics closed": replace(refused("/analytics/meta", 403, ONLY_LISTED), is_short_of_today=True),
    },
    "litellm": {
        "no activity of teams": refused("/team/daily/activity", 403, "the team that each key belongs to now"),
        "no totals": refused("/aggregated", 404, "Day totals could not be checked"),
        "no list of teams": refused("/team/list", 403, "Names are incomplete"),
        "no list of keys": refused("/key/list", 401, "Names are incomplete"),
    },
}


def troubles(provider: str) -> Troubles:
    return {**ANYWHERE, **OWN[provider]}
