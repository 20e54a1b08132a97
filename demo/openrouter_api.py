"""OpenRouter's account interface as its published specification has it: a key's counters, workspaces, keys, activity.

Refusals bear the words seen in reports. https://github.com/OpenRouterTeam/docs (openapi/openapi.yaml)
"""

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from demo.openrouter_analytics import meta, query
from demo.openrouter_query import Refused, number, parameters
from demo.openrouter_spend import key_hash, key_text
from demo.openrouter_use import activity_rows, completed, counters, uses
from demo.story import Key, Story, Workspace
from demo.wire import Answer, Provider, Request

MANAGEMENT_KEY = key_text("management")
OTHER_MANAGEMENT_KEY = key_text("other management")
STANDARD_KEY = key_text("assistant prod")
REVOKED_KEY = key_text("revoked")
BLIND_MANAGEMENT_KEY = key_text("management without analytics")

MANAGEMENT = {MANAGEMENT_KEY, OTHER_MANAGEMENT_KEY, BLIND_MANAGEMENT_KEY}
PREFIX = "/api/v1"
KEYS_A_PAGE = 100
LAST_OFFSET = 10**6
ONLY_MANAGEMENT = "Only management keys can perform this operation"
_HASH = re.compile(r"[0-9a-f]{64}")
JSON = dict[str, Any]


def own_key(request: Request) -> JSON:
    parameters(request.query, frozenset())
    key = _bearer(request)
    is_management = key in MANAGEMENT
    return {
        "data": {
            "label": f"{key[:12]}...{key[-3:]}",
            **counters(request, key_hash_of(key)),
            **_limits(),
            "is_free_tier": False,
            "is_management_key": is_management,
            "is_provisioning_key": is_management,
            "creator_user_id": "user_2dHFtVWx2n56w6HkM0000000001",
            "expires_at": None,
            "rate_limit": {"requests": -1, "interval": "10s", "note": "This field is deprecated and safe to ignore."},
        }
    }


def key_hash_of(key: str) -> str:
    """The id of a key in the story; nothing for keys that are not part of it."""
    names = ("assistant prod", "assistant own keys", "labs prod", "evals", "studio", "idle")
    return next((key_hash(name) for name in names if key_text(name) == key), "none")


def workspaces(request: Request) -> JSON:
    query = parameters(request.query, frozenset({"offset", "limit"}))
    first = number(query, "offset", 0, least=0, most=LAST_OFFSET)
    limit = number(query, "limit", 50, least=1, most=100)
    listed = [_workspace(request, workspace) for workspace in _workspaces(request)]
    limit = min(limit, request.manners.page_rows or limit)
    return {"data": listed[first : first + limit], "total_count": len(listed)}


def keys(request: Request) -> JSON:
    query = parameters(request.query, frozenset({"workspace_id", "include_disabled", "offset"}))
    first = 0 if "repeat_cursor" in request.twists else number(query, "offset", 0, least=0, most=LAST_OFFSET)
    workspace_id = query.get("workspace_id", _story(request).workspaces[0].workspace_id)
    if workspace_id not in {workspace.workspace_id for workspace in _workspaces(request)}:
        raise Refused(400, "Invalid request parameters")
    listed = [
        _key(request, key)
        for key in _keys(request)
        if key.workspace_id == workspace_id and (key.is_owner_present or query.get("include_disabled") == "true")
    ]
    return {"data": listed[first : first + (request.manners.page_rows or KEYS_A_PAGE)]}


def key(request: Request, wanted: str) -> JSON:
    parameters(request.query, frozenset())
    for known in _keys(request):
        if known.api_key_id == wanted:
            return {"data": _key(request, known)}
    raise Refused(404, "Resource not found")


def activity(request: Request) -> JSON:
    query = parameters(request.query, frozenset({"date", "api_key_hash", "user_id", "group_by", "workspace_id"}))
    days = completed(request)
    if "date" in query:
        if query["date"] not in {day.isoformat() for day in days}:
            raise Refused(400, "Date must be within the last 30 completed UTC days")
        days = [date.fromisoformat(query["date"])]
    if query.get("group_by", "workspace") != "workspace" or ("group_by" in query and _refuses_grouping(request)):
        raise Refused(400, "Invalid request parameters")
    found = list(uses(request, days[0], days[-1] + timedelta(days=1)))
    if "api_key_hash" in query:
        if not _HASH.fullmatch(query["api_key_hash"]):
            raise Refused(400, "Invalid request parameters")
        if query["api_key_hash"] not in {known.api_key_id for known in _keys(request)}:
            raise Refused(404, "Resource not found")
        found = [use for use in found if use.api_key_id == query["api_key_hash"]]
    if "workspace_id" in query:
        found = [use for use in found if use.workspace_id == query["workspace_id"]]
    return {"data": activity_rows(found, by_workspace="group_by" in query)}


def credits_left(request: Request) -> JSON:
    parameters(request.query, frozenset())
    return {"data": {"total_credits": 25_000, "total_usage": 21_318.442}}


def _refuses_grouping(request: Request) -> bool:
    return "refuse_grouping" in request.twists


def _story(request: Request) -> Story:
    return request.world.story("openrouter")


def _workspaces(request: Request) -> list[Workspace]:
    """The workspaces that exist at the instant of the request."""
    return [space for space in _story(request).workspaces if _exists(request, space.archived)]


def _keys(request: Request) -> list[Key]:
    """The keys that exist at the instant of the request; with a workspace go its keys."""
    spaces = {space.workspace_id for space in _workspaces(request)}
    return [key for key in _story(request).keys if key.workspace_id in spaces and _exists(request, key.deleted)]


def _exists(request: Request, ended: int | None) -> bool:
    return ended is None or _instant(request, ended) > request.now


def _instant(request: Request, days_ago: int) -> datetime:
    return datetime.combine(request.world.today - timedelta(days=days_ago), time(9), UTC)


def _limits() -> JSON:
    return {"limit": None, "limit_remaining": None, "limit_reset": None, "include_byok_in_limit": False}


def _workspace(request: Request, workspace: Workspace) -> JSON:
    is_first = workspace.workspace_id == _story(request).workspaces[0].workspace_id
    return {
        "id": workspace.workspace_id,
        "name": workspace.name,
        "slug": "default" if is_first else (workspace.name or "").lower(),
        "description": None,
        "default_guardrail_id": str(uuid.uuid5(uuid.NAMESPACE_URL, workspace.workspace_id)),
        "default_text_model": None,
        "default_image_model": None,
        "default_provider_sort": None,
        "is_observability_io_logging_enabled": False,
        "is_observability_broadcast_enabled": False,
        "is_data_discount_logging_enabled": True,
        "io_logging_sampling_rate": 1,
        "io_logging_api_key_ids": None,
        "created_at": _instant(request, workspace.created).isoformat(),
        "updated_at": None,
        "created_by": None,
    }


def _key(request: Request, known: Key) -> JSON:
    return {
        "hash": known.api_key_id,
        "name": known.name or None,
        "label": known.hint or None,
        "disabled": not known.is_owner_present,
        "workspace_id": known.workspace_id,
        "created_at": _instant(request, known.created).isoformat(),
        "updated_at": None,
        "expires_at": None,
        "creator_user_id": known.owner.owner_id,
        **_limits(),
        **counters(request, known.api_key_id),
    }


def _bearer(request: Request) -> str:
    header = request.headers.get("authorization")
    if not header:
        raise Refused(401, "Missing Authentication header")
    scheme, _, key = header.partition(" ")
    if scheme.lower() != "bearer" or not (key in MANAGEMENT or key_hash_of(key) != "none"):
        raise Refused(401, "User not found.")
    return key


ROUTES: Mapping[tuple[str, str], Callable[..., JSON]] = {
    ("GET", r"/key"): own_key,
    ("GET", r"/workspaces"): workspaces,
    ("GET", r"/keys"): keys,
    ("GET", r"/keys/([0-9a-f]+)"): key,
    ("GET", r"/activity"): activity,
    ("GET", r"/credits"): credits_left,
    ("GET", r"/analytics/meta"): meta,
    ("POST", r"/analytics/query"): query,
}


def _answer(request: Request) -> Answer:
    try:
        return Answer.of_json(200, _read(request))
    except Refused as refused:
        return refused.answer()


def _read(request: Request) -> JSON:
    bearer = _bearer(request)
    for (method, pattern), read in ROUTES.items():
        if method == request.method and (fits := re.fullmatch(PREFIX + pattern, request.path)):
            is_blind = bearer == BLIND_MANAGEMENT_KEY and "/analytics/" in request.path
            if (bearer not in MANAGEMENT and read is not own_key) or is_blind:
                raise Refused(403, ONLY_MANAGEMENT)
            return read(request, *fits.groups())
    raise Refused(404, "Not Found")


OPENROUTER_API = Provider("openrouter", "/openrouter" + PREFIX, _answer)
