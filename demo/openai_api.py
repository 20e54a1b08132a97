"""OpenAI's administration interface as its published specification has it: costs, usage, projects, keys, people.

Reads are refused like there: unknown or malformed parameters with 400, wrong keys with the bodies seen in reports.
https://github.com/openai/openai-openapi
"""

import re
from collections.abc import Callable

from demo.openai_directory import DIRECTORY_ROUTES
from demo.openai_query import Refused
from demo.openai_reports import REPORT_ROUTES
from demo.wire import Answer, Provider, Request

ADMIN_KEY = "sk-admin-demo-4bJ8Qm2VtRb7LpW9eXs3Kd6Nf1Hg5Zc0Ya"
USAGE_ONLY_KEY = "sk-admin-demo-usage-7Rf2Xk9Tn4Wb6Vq8Lm1Pz3Jc5Hd0Gs"
EXPIRED_KEY = "sk-admin-demo-expired-1Yt6Bn3Gv8Ck5Xr9Dj2Mf7Lq4Wp"
PROJECT_KEY = "sk-proj-demo-9Kd3Fh7Js2Qw5Zx8Cv1Bn6Mm4Ll0Pp"
SERVICE_ACCOUNT_KEY = "sk-svcacct-demo-2Wd7Rg5Tk9Yh3Uj6Ib8On1Pm4Ca0Vs"

PREFIX = "/v1/organization"
ROUTES = tuple(
    (re.compile(PREFIX + pattern), scope, read)
    for routes, scope in ((REPORT_ROUTES, "api.usage.read"), (DIRECTORY_ROUTES, "api.management.read"))
    for pattern, read in routes.items()
)


def _answer(request: Request) -> Answer:
    try:
        return _read(request)
    except Refused as refused:
        return refused.answer()


def _read(request: Request) -> Answer:
    route = _route(request.path)
    key = _bearer(request.headers.get("authorization"))
    if route is None:
        raise Refused(404, f"Invalid URL ({request.method} {request.path})")
    if request.method != "GET":
        raise Refused(405, f"Not allowed to {request.method} on {request.path}.", code="method_not_supported")
    scope, read, names = route
    _authorize(key, scope)
    return Answer.of_json(200, read(request, *names), {"openai-organization": "org-demo"})


def _route(path: str) -> tuple[str, Callable[..., object], tuple[str, ...]] | None:
    for pattern, scope, read in ROUTES:
        if fits := pattern.fullmatch(path):
            return scope, read, fits.groups()
    return None


def _bearer(header: str | None) -> str:
    if not header:
        raise Refused(401, "You didn't provide an API key. Provide it in an Authorization header using Bearer auth.")
    scheme, _, key = header.partition(" ")
    if scheme.lower() != "bearer" or not key.startswith("sk-"):
        raise Refused(401, "Incorrect API key provided: malformed.", code="invalid_api_key")
    return key


def _authorize(key: str, scope: str) -> None:
    """Refuses a key the way users reported it; the real interface says 401 or 403 by no visible rule."""
    lacks = f"You have insufficient permissions for this operation. Missing scopes: {scope}."
    if key in {PROJECT_KEY, SERVICE_ACCOUNT_KEY}:
        raise Refused(401, lacks)
    if key == USAGE_ONLY_KEY and scope != "api.usage.read":
        raise Refused(403, lacks, is_bare=True)
    if key not in {ADMIN_KEY, USAGE_ONLY_KEY}:
        masked = f"{key[:8]}****{key[-4:]}"
        raise Refused(401, f"Incorrect API key provided: {masked}.", code="invalid_api_key")


OPENAI_API = Provider("openai", "/openai/v1", _answer)
