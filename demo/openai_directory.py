"""OpenAI's lists of projects, keys, service accounts, admin keys and people."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from demo.openai_query import Query, Refused, invalid
from demo.story import Key, Owner, Story, Workspace
from demo.wire import Request

LARGEST_PAGE = 100
PAGING = frozenset({"limit", "after"})
NO_ARRAYS: frozenset[str] = frozenset()
MEMBER_SINCE = 500
ADMIN_KEYS = (
    ("key_adm4Qm2VtRb7LpW9", "Spendglass", "sk-admin-...c0Ya", 120, 245),
    ("key_adm7Rf2Xk9Tn4Wb6", None, "sk-admin-...d0Gs", 60, None),
)
JSON = dict[str, Any]


def projects(request: Request) -> JSON:
    query = Query.read(request.query, scalars=PAGING | {"include_archived"}, arrays=NO_ARRAYS)
    listed = [
        project
        for workspace in _story(request).workspaces
        if (project := _project(request, workspace))["status"] == "active" or query.flag("include_archived")
    ]
    return _page(request, query, listed)


def project(request: Request, project_id: str) -> JSON:
    Query.read(request.query, scalars=NO_ARRAYS, arrays=NO_ARRAYS)
    return _project(request, _workspace(request, project_id))


def api_keys(request: Request, project_id: str) -> JSON:
    query = Query.read(request.query, scalars=PAGING | {"owner_project_access"}, arrays=NO_ARRAYS)
    access = query.choice("owner_project_access", frozenset({"active", "inactive", "any"})) or "active"
    keys = [_api_key(request, key) for key in _keys(request, project_id)]
    return _page(request, query, [key for key in keys if access in {"any", key["owner_project_access"]}])


def api_key(request: Request, project_id: str, api_key_id: str) -> JSON:
    Query.read(request.query, scalars=NO_ARRAYS, arrays=NO_ARRAYS)
    for key in _keys(request, project_id):
        if key.api_key_id == api_key_id:
            return _api_key(request, key)
    raise Refused(404, f"No such API key: {api_key_id}.", param="api_key_id")


def service_accounts(request: Request, project_id: str) -> JSON:
    query = Query.read(request.query, scalars=PAGING, arrays=NO_ARRAYS)
    return _page(request, query, _service_accounts(request, project_id))


def service_account(request: Request, project_id: str, service_account_id: str) -> JSON:
    Query.read(request.query, scalars=NO_ARRAYS, arrays=NO_ARRAYS)
    return _found(_service_accounts(request, project_id), service_account_id)


def admin_api_keys(request: Request) -> JSON:
    query = Query.read(request.query, scalars=PAGING | {"order"}, arrays=NO_ARRAYS)
    is_descending = query.choice("order", frozenset({"asc", "desc"})) == "desc"
    return _page(request, query, sorted(_admin_keys(request), key=lambda key: key["created_at"], reverse=is_descending))


def admin_api_key(request: Request, key_id: str) -> JSON:
    Query.read(request.query, scalars=NO_ARRAYS, arrays=NO_ARRAYS)
    return _found(_admin_keys(request), key_id)


def users(request: Request) -> JSON:
    query = Query.read(request.query, scalars=PAGING, arrays=frozenset({"emails"}))
    emails = query.choices("emails")
    return _page(request, query, [user for user in _users(request) if not emails or user["email"] in emails])


def user(request: Request, user_id: str) -> JSON:
    Query.read(request.query, scalars=NO_ARRAYS, arrays=NO_ARRAYS)
    return _found(_users(request), user_id)


def _page(request: Request, query: Query, listed: Sequence[JSON]) -> JSON:
    limit, after = query.bounded("limit", 20, LARGEST_PAGE), query.text("after")
    ids = [entry["id"] for entry in listed]
    if after is not None and after not in ids:
        raise invalid("after", f"No such object: {after}.")
    first = 0 if after is None else ids.index(after) + 1
    page = listed[first : first + limit]
    answer = {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": first + limit < len(listed),
    }
    if "repeat_cursor" in request.twists:
        answer |= {"has_more": True, "last_id": after or answer["first_id"]}
    if "null_cursor" in request.twists:
        answer |= {"has_more": True, "last_id": None}
    return answer


def _found(listed: Sequence[JSON], wanted: str) -> JSON:
    for entry in listed:
        if entry["id"] == wanted:
            return entry
    raise Refused(404, f"No such object: {wanted}.")


def _story(request: Request) -> Story:
    return request.world.story("openai")


def _workspace(request: Request, project_id: str) -> Workspace:
    for workspace in _story(request).workspaces:
        if workspace.workspace_id == project_id:
            return workspace
    raise Refused(404, f"No such project: {project_id}.", param="project_id")


def _keys(request: Request, project_id: str) -> list[Key]:
    """The keys that exist at the instant of the request."""
    workspace_id = _workspace(request, project_id).workspace_id
    return [
        key
        for key in _story(request).keys
        if key.workspace_id == workspace_id and (key.deleted is None or _instant(request, key.deleted) > _now(request))
    ]


def _now(request: Request) -> int:
    return int(request.now.timestamp())


def _instant(request: Request, days_ago: int) -> int:
    return int(datetime.combine(request.world.today - timedelta(days=days_ago), time(9), UTC).timestamp())


def _project(request: Request, workspace: Workspace) -> JSON:
    archived = None if workspace.archived is None else _instant(request, workspace.archived)
    return {
        "id": workspace.workspace_id,
        "object": "organization.project",
        "name": workspace.name,
        "created_at": _instant(request, workspace.created),
        "archived_at": archived,
        "status": "active" if archived is None else "archived",
        "external_key_id": None,
    }


def _api_key(request: Request, key: Key) -> JSON:
    last_day = request.world.last_used("openai", key.api_key_id, request.now)
    last = None if last_day is None else int(datetime.combine(last_day, time(23, 45), UTC).timestamp())
    return {
        "object": "organization.project.api_key",
        "id": key.api_key_id,
        "name": key.name,
        "redacted_value": key.hint,
        "created_at": _instant(request, key.created),
        "last_used_at": None if last is None else min(last, _now(request)),
        "expires_at": None,
        "owner_project_access": "active" if key.is_owner_present else "inactive",
        "owner": _owner(request, key.owner),
    }


def _owner(request: Request, owner: Owner) -> JSON:
    kind = "user" if owner.is_person else "service_account"
    member = {
        "id": owner.owner_id,
        "name": owner.name,
        "created_at": _instant(request, MEMBER_SINCE),
        "role": owner.role,
    }
    return {"type": kind, kind: {**member, "email": owner.email} if owner.is_person else member}


def _service_accounts(request: Request, project_id: str) -> list[JSON]:
    if _workspace(request, project_id).archived is not None:
        raise Refused(400, "The project is archived.", param="project_id")
    owners = dict.fromkeys(key.owner for key in _keys(request, project_id) if not key.owner.is_person)
    members = [_owner(request, owner)["service_account"] for owner in owners]
    return [{"object": "organization.project.service_account", **member} for member in members]


def _admin_keys(request: Request) -> list[JSON]:
    owner = next(key.owner for key in _story(request).keys if key.owner.is_person)
    held_by = {"type": "user", "object": "organization.user", **_owner(request, owner)["user"]}
    return [
        {
            "object": "organization.admin_api_key",
            "id": key_id,
            "name": name,
            "redacted_value": hint,
            "created_at": _instant(request, created),
            "expires_at": None if lifetime is None else _instant(request, created - lifetime),
            "last_used_at": _now(request),
            "owner": held_by,
        }
        for key_id, name, hint, created, lifetime in ADMIN_KEYS
    ]


def _users(request: Request) -> list[JSON]:
    owners = dict.fromkeys(key.owner for key in _story(request).keys if key.owner.is_person)
    return [
        {
            "object": "organization.user",
            "id": owner.owner_id,
            "name": owner.name,
            "email": owner.email,
            "role": "owner" if owner.role == "owner" else "reader",
            "added_at": _instant(request, MEMBER_SINCE),
        }
        for owner in owners
    ]


DIRECTORY_ROUTES: Mapping[str, Callable[..., JSON]] = {
    r"/projects": projects,
    r"/projects/([^/]+)": project,
    r"/projects/([^/]+)/api_keys": api_keys,
    r"/projects/([^/]+)/api_keys/([^/]+)": api_key,
    r"/projects/([^/]+)/service_accounts": service_accounts,
    r"/projects/([^/]+)/service_accounts/([^/]+)": service_account,
    r"/admin_api_keys": admin_api_keys,
    r"/admin_api_keys/([^/]+)": admin_api_key,
    r"/users": users,
    r"/users/([^/]+)": user,
}
