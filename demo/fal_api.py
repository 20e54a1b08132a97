"""fal's platform interface as its published specification has it: usage, own apps, keys, account, prices, catalogue.

Refusals bear the words seen in reports. https://api.fal.ai/v1/openapi.json
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta

from demo.fal_query import JSON, Query, Refused, page_of
from demo.fal_rows import story_of
from demo.fal_spend import CATEGORIES, SERVERLESS, unit_of
from demo.fal_usage import model_usage, serverless_usage
from demo.story import Key
from demo.wire import Answer, Provider, Request

ADMIN_KEY = "0a9d7c51-4b3e-4d80-a6f2-91c5e8d70007:5d1f0c2b9a8e47d6b3c1f0e29d8a7b64"
API_KEY = "3f0c1f5e-6a11-4c52-9a84-0b5d5f7e0001:1b2c3d4e5f60718293a4b5c6d7e8f901"
FORBIDDEN_KEY = "8b61d2aa-90f4-4f0e-8f33-6d1c2a9b0002:2c3d4e5f60718293a4b5c6d7e8f9010b"
MISTAKEN_KEY = "c92f7e34-1d7b-4a66-b1aa-7f20c4e80003:3d4e5f60718293a4b5c6d7e8f9010b2c"
"""Three keys of scope API, refused in the three ways that were seen; the last is called invalid."""
NO_SERVERLESS_KEY = "1c8e6f20-7d5a-4be3-8f49-a2d6c9b80008:4e5f60718293a4b5c6d7e8f9010b2c3d"
"""An ADMIN key that may not read the report of own apps."""

PREFIX = "/v1"
PAGE = frozenset({"limit", "cursor"})
INVALID = "Invalid API key or malformed Authorization header"
REFUSALS: Mapping[str, tuple[int, str]] = {
    API_KEY: (401, "This API key is not permitted to perform this action"),
    FORBIDDEN_KEY: (403, "Access denied"),
    MISTAKEN_KEY: (401, INVALID),
}


def account_billing(request: Request) -> JSON:
    query = Query.read(request.query, scalars=frozenset(), lists=frozenset({"expand"}))
    credit = {"credits": {"current_balance": 24.5, "currency": "USD"}}
    return {"username": story_of(request).username, **(credit if query.expanded(frozenset({"credits"})) else {})}


def keys(request: Request) -> JSON:
    query = Query.read(request.query, scalars=PAGE, lists=frozenset({"expand"}))
    expanded = query.expanded(frozenset({"creator_info"}))
    listed = [_key(request, key, is_told="creator_info" in expanded) for key in _listed(request)]
    shown, cursor = page_of(request, query, listed)
    return {"keys": list(shown), **cursor}


def _listed(request: Request) -> list[Key]:
    """Keys of scope API that exist; a deleted key leaves no trace."""
    story = story_of(request)
    return [key for key in story.keys if key.api_key_id not in story.admin_keys and key.deleted is None]


def _key(request: Request, key: Key, *, is_told: bool) -> JSON:
    created = datetime.combine(request.world.today - timedelta(days=key.created), time(9, 30), UTC)
    creator = {"creator_nickname": key.owner.name, "creator_email": key.owner.email}
    return {
        "key_id": key.api_key_id,
        "alias": key.name or None,
        "scope": "API",
        "created_at": created.isoformat().replace("+00:00", "Z"),
        **(creator if is_told else {}),
    }


def models(request: Request) -> JSON:
    query = Query.read(
        request.query,
        scalars=PAGE | {"q", "category", "status"},
        lists=frozenset({"endpoint_id", "expand"}),
    )
    wanted = query.values.get("endpoint_id", tuple(CATEGORIES))
    found = [
        {
            "endpoint_id": endpoint,
            "metadata": {
                "display_name": endpoint.rpartition("/")[2],
                "category": CATEGORIES[endpoint],
                "description": "Invented for the demo.",
                "status": "active",
                "tags": [],
                "updated_at": "2026-06-01T00:00:00Z",
                "is_favorited": None,
                "thumbnail_url": "https://example.com/thumbnail.png",
                "model_url": f"https://fal.run/{endpoint}",
                "date": "2026-06-01T00:00:00Z",
                "highlighted": False,
                "pinned": False,
            },
        }
        for endpoint in wanted
        if endpoint in CATEGORIES and query.text("category", CATEGORIES[endpoint]) == CATEGORIES[endpoint]
    ]
    shown, cursor = page_of(request, query, found)
    return {"models": list(shown), **cursor}


def pricing(request: Request) -> JSON:
    query = Query.read(request.query, scalars=frozenset(), lists=frozenset({"endpoint_id"}))
    streams = {stream.model: stream for stream in request.world.story("fal").streams}
    prices = []
    for endpoint in query.values.get("endpoint_id", ("",)):
        if endpoint not in CATEGORIES or endpoint.startswith(SERVERLESS):
            raise Refused(404, "Resource not found")
        part = streams[endpoint].parts[0]
        unit, quanta = unit_of(part.kind)
        price = (part.price or 0) * quanta / 10**9
        prices.append({"endpoint_id": endpoint, "unit_price": price, "unit": unit, "currency": "USD"})
    return {"prices": prices, "next_cursor": None, "has_more": False}


def organization(_: Request) -> JSON:
    raise Refused(403, "Access denied")


ADMIN_ROUTES: Mapping[str, Callable[[Request], JSON]] = {
    "/models/usage": model_usage,
    "/serverless/usage": serverless_usage,
    "/account/billing": account_billing,
    "/keys": keys,
    "/organization/teams": organization,
    "/organization/usage": organization,
}
OPEN_ROUTES: Mapping[str, Callable[[Request], JSON]] = {"/models": models, "/models/pricing": pricing}


def _answer(request: Request) -> Answer:
    try:
        return Answer.of_json(200, _read(request))
    except Refused as refused:
        return refused.answer()


def _read(request: Request) -> JSON:
    path = request.path.removeprefix(PREFIX)
    key = _key_of(request.headers.get("authorization"))
    read = ADMIN_ROUTES.get(path)
    if read is not None and key in REFUSALS:
        raise Refused(*REFUSALS[key])
    if key == NO_SERVERLESS_KEY and read is serverless_usage:
        raise Refused(403, "Access denied")
    read = read or OPEN_ROUTES.get(path)
    if read is None or request.method != "GET" or not request.path.startswith(PREFIX):
        raise Refused(404, "Resource not found")
    return read(request)


def _key_of(header: str | None) -> str:
    if not header:
        raise Refused(401, "Authentication required")
    scheme, _, key = header.partition(" ")
    if scheme != "Key" or key not in {ADMIN_KEY, NO_SERVERLESS_KEY, *REFUSALS}:
        raise Refused(401, INVALID)
    return key


FAL_API = Provider("fal", "/fal" + PREFIX, _answer)
