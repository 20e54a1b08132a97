"""The reading half of a LiteLLM proxy as release 1.106.2 answers it: activity, teams, keys, users, readiness.

https://docs.litellm.ai/docs/proxy/cost_tracking - who may read what is told by roles and by each key's allowed routes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from demo.litellm_activity import team_activity, user_activity, user_activity_aggregated
from demo.litellm_query import Query, Refused, denied, refused
from demo.litellm_spend import ALEX, OPERATOR, key_hash
from demo.story import Key, Workspace
from demo.wire import Answer, Provider, Request

VIEWER_KEY = "sk-DemoViewer4bJ8Qm2VtRb7"
MASTER_KEY = "sk-demo-master"
WIDE_KEY = "sk-DemoWide9xLp3Kd6Nf1Hg5"
NARROW_KEY = "sk-DemoNarrow7Rf2Xk9Tn4Wb"
MEMBER_KEY = "sk-DemoMember1Yt6Bn3Gv8Ck"
SERVICE_KEY = "sk-DemoService5Xr9Dj2Mf7L"
EXPIRED_KEY = "sk-DemoExpired2Wd7Rg5Tk9Y"
BLOCKED_KEY = "sk-DemoBlocked8On1Pm4Ca0V"

BASE_URL = "https://litellm.demo.example"
ADMINS = frozenset({VIEWER_KEY, MASTER_KEY, WIDE_KEY, NARROW_KEY})
ROUTES_OF_VIEWER = ("/user/daily/activity", "/user/daily/activity/aggregated", "/user/list", "/key/info")
ALLOWED_ROUTES: Mapping[str, tuple[str, ...]] = {
    VIEWER_KEY: (*ROUTES_OF_VIEWER, "/team/daily/activity", "/team/list", "/key/list"),
    NARROW_KEY: ROUTES_OF_VIEWER,
}
LARGEST_LIST = 100
JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: the key, and the users whose activity it sees (None: everybody's)."""

    key: str
    sees: frozenset[str] | None


def _answer(request: Request) -> Answer:
    try:
        if request.path in PUBLIC and request.method == "GET":
            return Answer.of_json(200, PUBLIC[request.path])
        return Answer.of_json(200, _read(request, _asker(request)))
    except Refused as error:
        return error.answer()


def _read(request: Request, asker: Asker) -> Any:
    read = ROUTES.get(request.path)
    if read is None:
        raise Refused(404, {"detail": "Not Found"})
    if request.method != "GET":
        raise Refused(405, {"detail": "Method Not Allowed"})
    return read(request, asker)


def _asker(request: Request) -> Asker:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or not key:
        raise refused(401, "Authentication Error, No api key passed in.", "auth_error")
    if not key.startswith("sk-"):
        words = "LiteLLM Virtual Key expected. Received=****, expected to start with 'sk-'."
        raise refused(401, words, "auth_error")
    if key == EXPIRED_KEY:
        words = "Authentication Error - Expired Key. Key Expiry time 2026-01-02 10:48:33.160000+00:00"
        raise refused(401, words, "expired_key", f"sk-...{key[-4:]}")
    if key == BLOCKED_KEY:
        words = "Authentication Error, Key is blocked. Update via `/key/unblock` if you're an admin."
        raise refused(401, words, "auth_error")
    if key not in ADMINS | {MEMBER_KEY, SERVICE_KEY}:
        words = (
            f"Authentication Error, Invalid proxy server token passed. Received API Key = sk-...{key[-4:]}, Key Hash "
            "(Token) =0000. Unable to find token in cache or `LiteLLM_VerificationTokenTable`"
        )
        raise refused(401, words, "token_not_found_in_db", "key")
    allowed = ALLOWED_ROUTES.get(key)
    if allowed is not None and request.path not in allowed:
        raise Refused(
            403,
            {
                "detail": "Virtual key is not allowed to call this route. Only allowed to call routes: "
                f"{list(allowed)}. Tried to call route: {request.path}"
            },
        )
    return Asker(key, None if key in ADMINS else frozenset({ALEX.owner_id}))


def _user_activity(request: Request, asker: Asker) -> JSON:
    if asker.key == SERVICE_KEY:
        words = "Service-account keys cannot query user analytics. Use a user-bound key, or call as a proxy admin."
        raise denied(403, words)
    return user_activity(request, asker.sees)


def _user_activity_aggregated(request: Request, asker: Asker) -> JSON:
    if asker.key == SERVICE_KEY:
        raise denied(403, "Service-account keys cannot query user analytics.")
    return user_activity_aggregated(request, asker.sees)


def _team_activity(request: Request, asker: Asker) -> JSON:
    if asker.key == SERVICE_KEY:
        raise denied(404, "User= None not found")
    return team_activity(request, asker.sees)


def _users(request: Request, asker: Asker) -> JSON:
    query = Query.read(request, frozenset({"page", "page_size"}))
    if asker.key not in ADMINS:
        raise denied(403, "Only proxy admins and organization admins can list users.")
    users = [
        {"user_id": owner.owner_id, "user_email": owner.email, "user_role": role, "spend": 0.0, "key_count": 1}
        for owner, role in ((OPERATOR, "proxy_admin"), (ALEX, "internal_user"))
    ]
    return _listed(request, "users", users, query, "page_size", 25)


def _keys(request: Request, asker: Asker) -> JSON:
    query = Query.read(request, frozenset({"page", "size", "return_full_object", "include_team_keys"}))
    if asker.key not in ADMINS:
        raise denied(403, "You are not allowed to list the keys of others.")
    listed: list[Any] = [_key(request, key) for key in request.world.story("litellm").keys if _exists(request, key)]
    if not query.flag("include_team_keys"):
        listed = [key for key in listed if key["team_id"] is None]
    if not query.flag("return_full_object"):
        listed = [key["token"] for key in listed]
    page = _listed(request, "keys", listed, query, "size", 10)
    if request.twists & {"repeat_cursor", "null_cursor"}:
        return page | {"current_page": 1, "total_pages": 2}
    return page


def _listed(request: Request, name: str, listed: list[Any], query: Query, size_name: str, usual: int) -> JSON:
    number, size = query.number("page", 1), query.number(size_name, usual, LARGEST_LIST)
    size = min(size, request.manners.page_rows or size)
    part = listed[(number - 1) * size : number * size]
    pages = -(-len(listed) // size)
    if size_name == "size":
        return {name: part, "total_count": len(listed), "current_page": number, "total_pages": pages}
    return {name: part, "total": len(listed), "page": number, "page_size": size, "total_pages": pages}


def _exists(request: Request, key: Key) -> bool:
    return key.deleted is None or _moment(request, key.deleted) > request.now


def _moment(request: Request, days_ago: int) -> datetime:
    return datetime.combine(request.world.today - timedelta(days=days_ago), time(9), UTC)


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _key(request: Request, key: Key) -> JSON:
    last = request.world.last_used("litellm", key.api_key_id, request.now)
    return {
        "token": key.api_key_id,
        "key_name": key.hint or None,
        "key_alias": key.name or None,
        "spend": 0.0,
        "expires": None,
        "models": [],
        "user_id": key.owner.owner_id if key.owner.is_person else None,
        "team_id": key.workspace_id or None,
        "blocked": None,
        "created_at": _text(_moment(request, key.created)),
        "last_active": None if last is None else _text(datetime.combine(last, time(0, 5), UTC)),
    }


def _teams(request: Request, asker: Asker) -> list[JSON]:
    Query.read(request, frozenset())
    if asker.key not in ADMINS:
        words = "Only admin users can query all teams/other teams. Your user role=internal_user"
        raise Refused(401, {"detail": {"error": words}})
    teams = request.world.story("litellm").workspaces
    return [
        _team(request, team) for team in teams if team.archived is None or _moment(request, team.archived) > request.now
    ]


def _team(request: Request, team: Workspace) -> JSON:
    return {
        "team_id": team.workspace_id,
        "team_alias": team.name,
        "organization_id": None,
        "blocked": False,
        "spend": 0.0,
        "members_with_roles": [{"user_id": OPERATOR.owner_id, "user_email": None, "role": "admin"}],
        "keys": [],
        "created_at": _text(_moment(request, team.created)),
    }


def _own_key(request: Request, asker: Asker) -> JSON:
    Query.read(request, frozenset())
    if asker.key == MASTER_KEY:
        raise Refused(404, {"error": {"message": "Key not found in database", "type": "not_found", "code": "404"}})
    routes = list(ALLOWED_ROUTES.get(asker.key, ()))
    info = {"key_name": f"sk-...{asker.key[-4:]}", "key_alias": "spendglass", "models": [], "allowed_routes": routes}
    return {"key": key_hash(asker.key), "info": info}


PUBLIC: Mapping[str, Any] = {
    "/health/liveliness": "I'm alive!",
    "/health/readiness": {"status": "healthy", "db": "connected"},
}
ROUTES: Mapping[str, Callable[[Request, Asker], Any]] = {
    "/user/daily/activity": _user_activity,
    "/user/daily/activity/aggregated": _user_activity_aggregated,
    "/team/daily/activity": _team_activity,
    "/user/list": _users,
    "/key/list": _keys,
    "/key/info": _own_key,
    "/team/list": _teams,
}
LITELLM_API = Provider("litellm", "/litellm", _answer)
