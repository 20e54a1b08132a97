"""Anthropic's administration interface: analytics, the older reports, and the directory of workspaces and keys.

Anthropic publishes no machine-readable specification; shapes are those of its Python SDK and its reference.
https://platform.claude.com/docs/en/api/admin
"""

import re
from collections.abc import Callable

from demo import anthropic_analytics as analytics
from demo import anthropic_legacy as legacy
from demo.anthropic_directory import DIRECTORY_ROUTES
from demo.anthropic_query import Refused, invalid, missing
from demo.wire import Answer, Provider, Request

ADMIN_KEY = "sk-ant-admin01-demo-4bJ8Qm2VtRb7LpW9eXs3Kd6Nf1Hg5Zc0Ya-AA"
OLD_ORGANIZATION_KEY = "sk-ant-admin01-demo-old-7Rf2Xk9Tn4Wb6Vq8Lm1Pz3Jc5Hd0-AA"
ENTERPRISE_KEY = "sk-ant-api01-demo-1Yt6Bn3Gv8Ck5Xr9Dj2Mf7Lq4Wp0Zs-AA"
UNSCOPED_KEY = "sk-ant-api01-demo-members-2Wd7Rg5Tk9Yh3Uj6Ib8On1Pm-AA"
INFERENCE_KEY = "sk-ant-api03-demo-9Kd3Fh7Js2Qw5Zx8Cv1Bn6Mm4Ll0Pp-AA"
CONSOLE_KEYS = frozenset({ADMIN_KEY, OLD_ORGANIZATION_KEY})
ENTERPRISE_KEYS = frozenset({ENTERPRISE_KEY, UNSCOPED_KEY})

PREFIX = "/v1/organizations"
BETA = "analytics-usage-cost-2026-08-24"
ANALYTICS: dict[str, Callable[..., object]] = {
    f"{PREFIX}/analytics/cost": analytics.cost,
    f"{PREFIX}/analytics/usage": analytics.usage,
}
OTHERS: tuple[tuple[re.Pattern[str], Callable[..., object]], ...] = tuple(
    (re.compile(PREFIX + pattern), read)
    for pattern, read in {
        r"/cost_report": legacy.cost_report,
        r"/usage_report/messages": legacy.usage_report,
        **DIRECTORY_ROUTES,
    }.items()
)


def _answer(request: Request) -> Answer:
    try:
        return Answer.of_json(200, _read(request), {"request-id": "req_demo", "anthropic-organization-id": "org_demo"})
    except Refused as refused:
        return refused.answer()


def _read(request: Request) -> object:
    key = request.headers.get("x-api-key", "")
    if key not in CONSOLE_KEYS | ENTERPRISE_KEYS:
        raise Refused(401, "authentication_error", "invalid x-api-key")
    if request.method != "GET":
        raise Refused(405, "invalid_request_error", "Method Not Allowed")
    if "anthropic-version" not in request.headers:
        raise invalid("anthropic-version: header is required")
    if read := ANALYTICS.get(request.path):
        _admit(request, key)
        return read(request, is_enterprise=key in ENTERPRISE_KEYS)
    for pattern, read in OTHERS:
        if fits := pattern.fullmatch(request.path):
            if key in ENTERPRISE_KEYS:
                needed = "Missing required scopes. Got: ['read:analytics'] Needed: ['org:admin']"
                raise Refused(403, "permission_error", needed)
            return read(request, *fits.groups())
    raise missing("Path")


def _admit(request: Request, key: str) -> None:
    """To the analytics: with the beta's header, and where the organization has them."""
    if BETA not in request.headers.get("anthropic-beta", "").split(","):
        raise invalid("anthropic-beta: this endpoint needs a beta header")
    if key == UNSCOPED_KEY:
        needed = "Missing required scopes. Got: ['read:members'] Needed: ['read:analytics']"
        raise Refused(403, "permission_error", needed)
    if key == OLD_ORGANIZATION_KEY or "refuse_grouping" in request.twists:
        raise invalid("organization type not supported", code="organization_type_not_supported")


ANTHROPIC_API = Provider("anthropic", "/anthropic", _answer)
