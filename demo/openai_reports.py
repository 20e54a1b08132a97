"""OpenAI's two reports, costs and usage: time buckets, pages of them, and cursors bound to what was asked."""

import base64
import struct
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from demo.cells import SECONDS_A_DAY, Cell
from demo.openai_costs import COST_DIMENSIONS, cost_results
from demo.openai_query import Query, Refused, invalid
from demo.openai_usage import FAMILIES, Family, usage_results
from demo.wire import Request

WIDTHS = {"1d": SECONDS_A_DAY, "1h": 3_600, "1m": 60}
USAGE_LIMITS = {"1d": (7, 31), "1h": (24, 168), "1m": (60, 1_440)}
COST_LIMITS = (7, 180)
RANGE = frozenset({"start_time", "end_time", "bucket_width", "limit", "page"})
COST_FILTERS = {"project_ids": "project_id", "api_key_ids": "api_key_id", "line_items": "line_item"}
CURSOR_PREFIX = "page_"
CURSOR = struct.Struct(">QI")
JSON = dict[str, Any]
Results = Callable[[list[Cell], int], list[JSON]]


def costs(request: Request) -> JSON:
    query = Query.read(request.query, scalars=RANGE, arrays=frozenset({"group_by", *COST_FILTERS}))
    query.choice("bucket_width", frozenset({"1d"}))
    groups = query.choices("group_by", frozenset(COST_DIMENSIONS))
    if "user_id" in groups and ("project_id" in groups or query.choices("project_ids")):
        raise invalid("group_by", "Grouping by user_id can not be combined with projects for this organization.")
    if "api_key_id" in groups and "refuse_grouping" in request.twists:
        raise invalid("group_by", "Invalid value: 'api_key_id'. Supported values are: line_item, project_id.")
    filters = {dimension: query.choices(name) for name, dimension in COST_FILTERS.items()}
    surplus = 10**9 if "control_mismatch" in request.twists and not groups else 0
    results = partial(cost_results, groups=groups, filters=filters, surplus=surplus)
    return _page(request, query, "1d", COST_LIMITS, results)


def usage(request: Request, name: str) -> JSON:
    if (family := FAMILIES.get(name)) is None:
        raise Refused(404, f"Invalid URL (GET {request.path})")
    query = Query.read(
        request.query,
        scalars=RANGE | ({"batch"} if family.has_batch else set()),
        arrays=frozenset({"group_by", *family.filters}),
    )
    width = query.choice("bucket_width", frozenset(WIDTHS)) or "1d"
    return _page(request, query, width, USAGE_LIMITS[width], _usage_results(request, query, family))


def _usage_results(request: Request, query: Query, family: Family) -> Results:
    owners = {key.api_key_id: key.owner.owner_id for key in request.world.story("openai").keys if key.owner.is_person}
    filters: dict[str, tuple[object, ...]] = {
        dimension: query.choices(name) for name, dimension in family.filters.items()
    }
    if family.has_batch and (batch := query.flag("batch")) is not None:
        filters["batch"] = (batch,)
    groups = query.choices("group_by", frozenset(family.dimensions))
    return partial(usage_results, family=family, groups=groups, filters=filters, owners=owners)


def _page(request: Request, query: Query, width: str, limits: tuple[int, int], results: Results) -> JSON:
    step, (default, maximum) = WIDTHS[width], limits
    limit = query.bounded("limit", default, maximum)
    now = int(request.now.timestamp())
    start, end = _instant(query, "start_time"), _instant(query, "end_time", now + 1)
    if end <= start:
        raise invalid("end_time", "Invalid 'end_time': must be after 'start_time'.")
    first = start - start % step
    seal = zlib.crc32(f"{request.path} {query.fingerprint()}".encode())
    if (cursor := query.text("page")) is not None:
        first = _opened(cursor, seal)
    starts = range(first, min(end, now + 1), step)
    has_more = len(starts) > limit
    following = _cursor(starts[limit], seal) if has_more else None
    if "repeat_cursor" in request.twists:
        has_more, following = True, _cursor(first, seal)
    if "null_cursor" in request.twists:
        has_more, following = True, None
    buckets = [_bucket(request, bucket_start, step, results) for bucket_start in starts[:limit]]
    return {"object": "page", "data": buckets, "has_more": has_more, "next_page": following}


def _instant(query: Query, name: str, default: int | None = None) -> int:
    seconds = query.number(name, default)
    if not 0 <= seconds < 2**33:
        raise invalid(name, f"Invalid '{name}': expected Unix seconds.")
    return seconds


def _bucket(request: Request, start: int, step: int, results: Results) -> JSON:
    day = datetime.fromtimestamp(start, UTC).date()
    second = start % SECONDS_A_DAY
    cells = list(request.world.cells_between("openai", day, second, second + step, request.now))
    return {"object": "bucket", "start_time": start, "end_time": start + step, "results": results(cells, start)}


def _cursor(start: int, seal: int) -> str:
    return CURSOR_PREFIX + base64.b64encode(CURSOR.pack(start, seal)).decode()


def _opened(cursor: str, seal: int) -> int:
    """The start of the page a cursor stands for; refused where it was given for another question."""
    try:
        start, sealed = CURSOR.unpack(base64.b64decode(cursor.removeprefix(CURSOR_PREFIX), validate=True))
    except (ValueError, struct.error):
        raise invalid("page", "Invalid 'page' cursor.") from None
    if sealed != seal:
        raise invalid("page", "The 'page' cursor does not fit the other parameters.")
    return int(start)


REPORT_ROUTES: Mapping[str, Callable[..., JSON]] = {r"/costs": costs, r"/usage/([a-z_]+)": usage}
