"""fal's usage reports: per bucket one row for each model, caller, unit and rate; own apps apart.

A page ends after so many rows, wherever that is: a bucket may go on upon the next page.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from demo.cells import Cell
from demo.fal_query import JSON, REPORTS, Query, Span, invalid, page_of
from demo.fal_rows import discount, money_rows, story_of
from demo.fal_spend import NO_APP, SERVERLESS
from demo.wire import Request

TIMES = frozenset({"limit", "cursor", "start", "end", "timezone", "timeframe", "bound_to_timeframe"})
CALLERS = frozenset({"auth_method", "auth_method_structured"})
MODEL_FILTERS = ("endpoint_id", "api_key_id", "login_username")


def model_usage(request: Request) -> JSON:
    query = Query.read(request.query, scalars=TIMES, lists=frozenset({*MODEL_FILTERS, "expand"}))
    expanded = query.expanded(REPORTS | CALLERS, ("time_series",))

    def is_wanted(cell: Cell) -> bool:
        told = dict(zip(MODEL_FILTERS, (cell.model, cell.api_key_id, login(cell)), strict=True))
        return not cell.model.startswith(SERVERLESS) and all(
            told[name] in query.values[name] for name in MODEL_FILTERS if name in query.values
        )

    def head(cell: Cell) -> JSON:
        return {"endpoint_id": cell.model, **_caller(request, cell, expanded)}

    names_callers = bool(expanded & CALLERS)
    return _report(
        request, query, expanded, is_wanted=is_wanted, head=head,
        part=lambda cell: (cell.model, cell.kind, discount(cell), *(_who(cell) if names_callers else ())),
    )  # fmt: skip


def serverless_usage(request: Request) -> JSON:
    query = Query.read(request.query, scalars=TIMES | {"search"}, lists=frozenset({"app", "expand"}))
    expanded = query.expanded(REPORTS, ("time_series",))

    def is_wanted(cell: Cell) -> bool:
        name = cell.model.removeprefix(SERVERLESS)
        fits = "app" not in query.values or name in query.values["app"]
        return name != cell.model and fits and query.text("search") in name

    def head(cell: Cell) -> JSON:
        name = cell.model.removeprefix(SERVERLESS)
        words = cell.variant.split()
        is_surge = words[-1] == "surge"
        return {
            "app": None if name == NO_APP else name,
            "environment": next(iter(words[1:-1] if is_surge else words[1:]), None),
            "machine_type": words[0],
            "is_surge": is_surge,
        }

    return _report(
        request, query, expanded, is_wanted=is_wanted, head=head, part=lambda cell: (cell.model, cell.variant)
    )


def _report(
    request: Request,
    query: Query,
    expanded: frozenset[str],
    *,
    is_wanted: Callable[[Cell], bool],
    part: Callable[[Cell], tuple[object, ...]],
    head: Callable[[Cell], JSON],
) -> JSON:
    """A report in rows; `part` tells cells of different rows apart, `head` is what a row tells beside its money."""
    if not expanded & REPORTS:
        raise invalid()
    span = Span.read(query, request.now)
    buckets = [
        (begin, [cell for cell in _cells(request, span, begin, end) if is_wanted(cell)])
        for begin, end in span.buckets()
    ]
    lines: list[tuple[datetime, JSON | None]] = []
    nothing: list[JSON | None] = [] if story_of(request).omits_empty_days else [None]

    def rows(begin: datetime, cells: Iterable[Cell]) -> list[JSON]:
        groups = _groups(cells, part)
        return [{**head(group[0]), **money} for group in groups for money in money_rows(request, begin, group)]

    for begin, cells in buckets:
        lines += [(begin, line) for line in rows(begin, cells) or nothing]
    shown, cursor = page_of(request, query, lines)
    report: JSON = {**cursor, "region": None}
    if "time_series" in expanded:
        report["time_series"] = _series(shown)
    if "summary" in expanded:
        report["summary"] = rows(span.start, [cell for _, cells in buckets for cell in cells])
    return report


def _cells(request: Request, span: Span, begin: datetime, end: datetime) -> Iterable[Cell]:
    for day, first, last in span.seconds(begin, end):
        yield from request.world.cells_between("fal", day, first, last, request.now)


def _groups(cells: Iterable[Cell], part: Callable[[Cell], tuple[object, ...]]) -> list[list[Cell]]:
    groups: dict[tuple[object, ...], list[Cell]] = {}
    for cell in cells:
        groups.setdefault(part(cell), []).append(cell)
    return [groups[key] for key in sorted(groups, key=repr)]


def _series(lines: Iterable[tuple[datetime, JSON | None]]) -> list[JSON]:
    results: dict[datetime, list[JSON]] = {}
    for begin, line in lines:
        results.setdefault(begin, []).extend([] if line is None else [line])
    return [{"bucket": _spelled_begin(begin), "results": rows} for begin, rows in results.items()]


def _spelled_begin(begin: datetime) -> str:
    text = begin.astimezone(UTC).isoformat()
    return text.replace("+00:00", "Z") if begin.day % 3 else text


def login(cell: Cell) -> str:
    """The member whose login a cell came by, if any."""
    return cell.variant.removeprefix("login ") if cell.variant.startswith("login ") else ""


def _who(cell: Cell) -> tuple[str, str, bool]:
    return (cell.api_key_id, login(cell), cell.variant == "unsaid")


def _caller(request: Request, cell: Cell, expanded: frozenset[str]) -> JSON:
    if cell.variant == "unsaid":
        return {}
    names = {key.api_key_id: key.name for key in request.world.story("fal").keys}
    detail = names.get(cell.api_key_id) or login(cell) or "None"
    told: JSON = {"detail": detail}
    if cell.api_key_id:
        told["api_key_id"] = cell.api_key_id
    elif login(cell):
        told["login_username"] = login(cell)
    return {
        **({"auth_method": detail} if "auth_method" in expanded else {}),
        **({"auth_method_structured": told} if "auth_method_structured" in expanded else {}),
    }
