"""Anthropic's reports, the analytics ones and the legacy ones, read into the same two kinds of row.

https://platform.claude.com/docs/en/manage-claude/usage-cost-analytics-api and
https://platform.claude.com/docs/en/manage-claude/usage-cost-api - amounts are decimal strings in cents; arrays are
bracketed and repeated; a page is followed by its cursor to the end. Analytics rows are flat and carry their day,
legacy rows lie in buckets of a day. The default workspace has an id in analytics and is null in the legacy reports.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal

from connectors.anthropic_pages import instant, pages
from connectors.errors import UnexpectedResponse
from connectors.fields import Fields
from connectors.http import Params, ProviderHttp
from store.records import Window

ANALYTICS_COST = "/v1/organizations/analytics/cost"
ANALYTICS_USAGE = "/v1/organizations/analytics/usage"
LEGACY_COST = "/v1/organizations/cost_report"
LEGACY_USAGE = "/v1/organizations/usage_report/messages"

BY_KEY = ("workspace_id", "api_key_id", "model", "service_tier", "speed")
BY_MODEL = ("model", "service_tier", "speed")
"""What a Claude Enterprise organization can be asked for: it has no workspaces and no API keys."""
LEGACY_GROUPS = ("workspace_id", "api_key_id", "model", "service_tier", "context_window", "inference_geo")
LONGEST_RANGE = 31
"""Days of one analytics question, and buckets of one legacy page."""
MOST_ROWS = 1_000
LARGEST_CENTS = Decimal(10) ** 11
"""The store holds nano-dollars in 64 bits; one row of a bill is far below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """One row of a cost report. `amount` and `list_amount` in US dollars, `list_amount` None where not reported.

    Empty texts are nulls. `is_allocated` where the key is our inference.
    """

    day: date
    workspace: str
    key: str = ""
    model: str
    tier: str
    speed: str = ""
    context: str = ""
    geo: str = ""
    cost_type: str
    token_type: str = ""
    amount: Decimal
    list_amount: Decimal | None = None
    is_allocated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """One row of a usage report: tokens by Anthropic's token types, web searches, and requests where they are told."""

    day: date
    workspace: str
    key: str
    model: str
    tier: str
    speed: str
    context: str
    geo: str
    tokens: Mapping[str, int]
    searches: int
    requests: int | None


def analytics_costs(http: ProviderHttp, window: Window, groups: tuple[str, ...]) -> list[CostLine]:
    """The bill of a window as the analytics report has it, by `groups` and kind of cost."""
    lines = []
    for day, row in _analytics_rows(http, ANALYTICS_COST, window, (*groups, "cost_type")):
        cost = _part(row, "cost")
        lines.append(_cost_line(day, _part(row, "group"), cost, list_amount=_cents(cost, "list_amount")))
    return lines


def analytics_usage(http: ProviderHttp, window: Window, groups: tuple[str, ...]) -> list[Usage]:
    return [
        _usage(day, _part(row, "group"), _part(row, "usage"))
        for day, row in _analytics_rows(http, ANALYTICS_USAGE, window, groups)
    ]


def analytics_totals(http: ProviderHttp, window: Window) -> dict[date, Decimal]:
    """Anthropic's own total per day in US dollars, days without cost absent."""
    return _added((day, _part(row, "cost")) for day, row in _analytics_rows(http, ANALYTICS_COST, window, ()))


def legacy_costs(http: ProviderHttp, window: Window, default_workspace: str) -> list[CostLine]:
    """The bill of a window by workspace and printed line, without keys."""
    groups = ("workspace_id", "description")
    return [
        _cost_line(day, row, row, default_workspace=default_workspace)
        for day, row in _legacy_rows(http, LEGACY_COST, window, groups)
    ]


def legacy_usage(http: ProviderHttp, window: Window, default_workspace: str) -> list[Usage]:
    rows = _legacy_rows(http, LEGACY_USAGE, window, LEGACY_GROUPS)
    return [_usage(day, row, row, default_workspace=default_workspace) for day, row in rows]


def legacy_totals(http: ProviderHttp, window: Window) -> dict[date, Decimal]:
    """The legacy report's own total per day in US dollars, days without cost absent."""
    return _added(_legacy_rows(http, LEGACY_COST, window, ()))


def probe(http: ProviderHttp, path: str, day: date) -> None:
    """Asks one report for one row of one day; raises `ConnectorError` where that is refused."""
    width = "time_bucket_width" if path == ANALYTICS_COST else "bucket_width"
    http.get_json(path, [*_range(Window(day, day + timedelta(days=1))), (width, "1d"), ("limit", 1)])


def _analytics_rows(
    http: ProviderHttp, path: str, window: Window, groups: tuple[str, ...]
) -> Iterator[tuple[date, Fields]]:
    # Ordered by time: in the default order, by amount, a row that grows between two pages would come twice or never.
    order: Params = [("time_bucket_width", "1d"), ("order_by", "time"), ("order", "asc"), ("limit", MOST_ROWS)]
    params = [*_range(window), *order, *(("group_by[]", group) for group in groups)]
    for page in pages(http, path, params, cursor_param="page", cursor_member="next_page"):
        for row in page.objects("data"):
            yield _day(row, window), row


def _legacy_rows(
    http: ProviderHttp, path: str, window: Window, groups: tuple[str, ...]
) -> Iterator[tuple[date, Fields]]:
    width: Params = [("bucket_width", "1d"), ("limit", LONGEST_RANGE)]
    params = [*_range(window), *width, *(("group_by[]", group) for group in groups)]
    for page in pages(http, path, params, cursor_param="page", cursor_member="next_page"):
        for bucket in page.objects("data"):
            day = _day(bucket, window)
            for row in bucket.objects("results"):
                yield day, row


def _range(window: Window) -> Params:
    return [("starting_at", f"{window.start}T00:00:00Z"), ("ending_at", f"{window.end}T00:00:00Z")]


def _day(row: Fields, window: Window) -> date:
    start = instant(row.text("starting_at"))
    if start is None or start.time() != time():
        raise row.refuse("starting_at", "is not the midnight of a UTC day")
    if start.date() not in window:
        raise row.refuse("starting_at", "lies outside the window asked for")
    return start.date()


def _part(row: Fields, member: str) -> Fields:
    found = row.object(member)
    if found is None:
        raise row.refuse(member, "is missing")
    return found


def _cost_line(
    day: date, group: Fields, cost: Fields, *, default_workspace: str = "", list_amount: Decimal | None = None
) -> CostLine:
    return CostLine(
        day=day,
        workspace=group.text("workspace_id") or default_workspace,
        key=group.text("api_key_id") or "",
        model=(group.text("model") or "").strip(),
        tier=group.text("service_tier") or "",
        speed=group.text("speed") or "",
        context=group.text("context_window") or "",
        geo=group.text("inference_geo") or "",
        cost_type=group.text("cost_type") or "",
        token_type=group.text("token_type") or "",
        amount=_amount(cost),
        list_amount=list_amount,
    )


def _usage(day: date, group: Fields, counts: Fields, *, default_workspace: str = "") -> Usage:
    tools = counts.object("server_tool_use")
    return Usage(
        day=day,
        workspace=group.text("workspace_id") or default_workspace,
        key=group.text("api_key_id") or "",
        model=(group.text("model") or "").strip(),
        tier=group.text("service_tier") or "",
        speed=group.text("speed") or "",
        context=group.text("context_window") or "",
        geo=group.text("inference_geo") or "",
        tokens={
            "uncached_input_tokens": counts.count("uncached_input_tokens") or 0,
            "cache_read_input_tokens": counts.count("cache_read_input_tokens") or 0,
            "output_tokens": counts.count("output_tokens") or 0,
            **_cache_writes(counts),
        },
        searches=(tools.count("web_search_requests") or 0) if tools else 0,
        requests=counts.count("requests"),
    )


def _cache_writes(counts: Fields) -> dict[str, int]:
    """Tokens written to the cache by lifetime, unknown ones too; a bare number, as some answers had it, is of none."""
    if not isinstance(counts.members.get("cache_creation"), dict):
        return {"cache_creation": counts.count("cache_creation") or 0}
    lifetimes = _part(counts, "cache_creation")
    names = [name for name in lifetimes.members if name.endswith("_tokens")]
    return {f"cache_creation.{name}": lifetimes.count(name) or 0 for name in names}


def _added(rows: Iterable[tuple[date, Fields]]) -> dict[date, Decimal]:
    totals: dict[date, Decimal] = {}
    for day, cost in rows:
        totals[day] = totals.get(day, Decimal(0)) + _amount(cost)
    return {day: total for day, total in totals.items() if total}


def _amount(cost: Fields) -> Decimal:
    amount = _cents(cost, "amount")
    if amount is None:
        raise cost.refuse("amount", "is missing")
    if amount and (cost.text("currency") or "").lower() != "usd":
        raise UnexpectedResponse(
            f"{cost.where}: {cost.within}currency is not USD.",
            likely_cause="The organization is billed in another currency.",
            resolution="Spendglass shows US dollars and never guesses an exchange rate: report this as an issue.",
        )
    return amount


def _cents(cost: Fields, member: str) -> Decimal | None:
    """US dollars from an amount in cents."""
    cents = cost.number(member, below=LARGEST_CENTS)
    return None if cents is None else cents.scaleb(-2)
