"""Anthropic's lists of workspaces and keys, and the organization behind a key.

Keys created before the world's last year come in the older of two shapes: `workspace_id` in place of `scope`.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from demo.anthropic_query import Query, invalid, missing
from demo.anthropic_spend import DEFAULT
from demo.story import Key, Story, Workspace
from demo.wire import Request

JSON = dict[str, Any]
PAGING = ("limit", "after_id", "before_id")
STATUSES = ("active", "inactive", "archived", "expired")
LARGEST_PAGE = 1_000
OLDER_SHAPE_BEFORE = 365
ORGANIZATION = {"id": "5f0d9c1e-7a34-4b58-9d26-demo00000001", "type": "organization", "name": "Demo Company"}


def me(request: Request) -> JSON:
    Query.read(request.query, scalars=())
    return dict(ORGANIZATION)


def workspaces(request: Request) -> JSON:
    query = Query.read(request.query, scalars=(*PAGING, "include_archived", "include_default"), arrays=("ids",))
    ids = query.array("ids")
    listed = [
        found
        for known in _story(request).workspaces
        if (found := _workspace(request, known))
        and (query.flag("include_archived") or not found["archived_at"])
        and (query.flag("include_default") or found["id"] != DEFAULT)
        and (not ids or found["id"] in ids)
    ]
    return _page(request, query, listed)


def workspace(request: Request, workspace_id: str) -> JSON:
    Query.read(request.query, scalars=())
    for known in _story(request).workspaces:
        if known.workspace_id == workspace_id:
            return _workspace(request, known)
    raise missing("Workspace")


def api_keys(request: Request) -> JSON:
    query = Query.read(request.query, scalars=(*PAGING, "status", "workspace_id", "created_by_user_id"))
    status, workspace_id = query.choice("status", STATUSES), query.text("workspace_id")
    creator = query.text("created_by_user_id")
    listed = [
        found
        for key in _story(request).keys
        if (found := _api_key(request, key))
        and status in {None, found["status"]}
        and workspace_id in {None, key.workspace_id}
        and creator in {None, key.owner.owner_id}
    ]
    return _page(request, query, listed)


def api_key(request: Request, api_key_id: str) -> JSON:
    Query.read(request.query, scalars=())
    for key in _story(request).keys:
        if key.api_key_id == api_key_id:
            return _api_key(request, key)
    raise missing("API key")


def _page(request: Request, query: Query, listed: Sequence[JSON]) -> JSON:
    limit, ids = query.bounded("limit", 20, LARGEST_PAGE), [entry["id"] for entry in listed]
    limit = min(limit, request.manners.page_rows or limit)
    after, before = query.text("after_id"), query.text("before_id")
    if any(cursor is not None and cursor not in ids for cursor in (after, before)):
        raise invalid("after_id, before_id: no such object in this list")
    last = ids.index(before) if before else len(ids)
    first = ids.index(after) + 1 if after else max(0, last - limit) if before else 0
    page = listed[first : min(first + limit, last)]
    has_more = first > 0 if before else first + limit < len(listed)
    answer = {
        "data": page,
        "has_more": has_more,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
    }
    if "repeat_cursor" in request.twists:
        answer |= {"has_more": True, "last_id": after or answer["first_id"]}
    if "null_cursor" in request.twists:
        answer |= {"has_more": True, "last_id": None}
    return answer


def _story(request: Request) -> Story:
    return request.world.story("anthropic")


def _instant(request: Request, days_ago: int) -> str:
    return f"{datetime.combine(request.world.today - timedelta(days=days_ago), time(9), UTC):%Y-%m-%dT%H:%M:%SZ}"


def _workspace(request: Request, known: Workspace) -> JSON:
    return {
        "id": known.workspace_id,
        "type": "workspace",
        "name": known.name or "",
        "created_at": _instant(request, known.created),
        "archived_at": None if known.archived is None else _instant(request, known.archived),
        "display_color": "#6C5BB9",
        "tags": {},
    }


def _api_key(request: Request, key: Key) -> JSON:
    status = "archived" if key.deleted is not None else "active" if key.is_owner_present else "inactive"
    creator = {"id": key.owner.owner_id, "type": "user" if key.owner.is_person else "service_account"}
    found = {
        "id": key.api_key_id,
        "type": "api_key",
        "name": key.name,
        "partial_key_hint": key.hint or None,
        "status": status,
        "created_at": _instant(request, key.created),
        "expires_at": None,
        "created_by": creator,
    }
    if key.created > OLDER_SHAPE_BEFORE:
        return {**found, "workspace_id": None if key.workspace_id == DEFAULT else key.workspace_id}
    return {**found, "principal": None, "scope": {"type": "workspace", "workspace_id": key.workspace_id}}


DIRECTORY_ROUTES: Mapping[str, Callable[..., JSON]] = {
    r"/me": me,
    r"/workspaces": workspaces,
    r"/workspaces/([^/]+)": workspace,
    r"/api_keys": api_keys,
    r"/api_keys/([^/]+)": api_key,
}
