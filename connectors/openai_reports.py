"""The reports of OpenAI's organization API: costs and usage, in buckets of one UTC day.

https://platform.openai.com/docs/api-reference/usage - `limit` counts buckets; the chain of pages must be followed to
its end. Amounts are dollars, documented as numbers and seen as decimal strings.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from connectors.errors import UnexpectedResponse
from connectors.fields import Fields
from connectors.http import Params, ProviderHttp, paginate
from connectors.openai_key import CursorRefused
from connectors.openai_lines import CODE_INTERPRETER, FILE_SEARCH, WEB_SEARCH
from store.records import Window

COSTS = "/organization/costs"
EPOCH = date(1970, 1, 1)
DAY_SECONDS = 86_400
COST_BUCKETS = 180
USAGE_BUCKETS = 31
LARGEST_AMOUNT = Decimal(10) ** 9
"""Dollars. The store holds nano-dollars in 64 bits; one line of a bill is far below."""

Place = tuple[date, str, str]
"""Day, project id, key id; ids are empty where OpenAI names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """One row of the cost report. `amount` in US dollars; `allocated` where its key is our inference."""

    place: Place
    text: str | None
    amount: Decimal
    quantity: Decimal | None = None
    unit: str | None = None
    allocated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """One row of a usage report. Tokens as OpenAI counts them: `input` is all input, cached and cache-write included.

    `model` is the service bucket for tools and empty where OpenAI names no model. `is_keyless` marks reports that never
    name a key.
    """

    place: Place
    model: str
    size: str = ""
    requests: int | None = None
    input: int | None = None
    cached: int | None = None
    cache_write: int | None = None
    output: int | None = None
    quantity: int | None = None
    unit: str | None = None
    is_keyless: bool = False

    @property
    def uncached(self) -> int | None:
        return None if self.input is None else max(self.input - (self.cached or 0) - (self.cache_write or 0), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageReport:
    """One usage family: its path end, its dimensions, and which members hold requests and quantity.

    `service` is the bucket that the bill books the family under, empty where the family names models.
    """

    family: str
    group_by: tuple[str, ...] = ("project_id", "api_key_id", "model")
    service: str = ""
    requests: str = "num_model_requests"
    quantity: str = ""
    unit: str | None = None


USAGE_REPORTS = (
    UsageReport(family="completions"),
    UsageReport(family="decisions"),
    UsageReport(family="embeddings"),
    UsageReport(family="moderations"),
    UsageReport(
        family="images", group_by=("project_id", "api_key_id", "model", "size"), quantity="images", unit="images"
    ),
    UsageReport(family="audio_speeches", quantity="characters", unit="characters"),
    UsageReport(family="audio_transcriptions", quantity="seconds", unit="seconds"),
    UsageReport(
        family="web_search_calls",
        group_by=("project_id", "api_key_id"),
        service=WEB_SEARCH,
        requests="num_requests",
        quantity="num_requests",
        unit="requests",
    ),
    UsageReport(
        family="file_search_calls",
        group_by=("project_id", "api_key_id"),
        service=FILE_SEARCH,
        requests="num_requests",
        quantity="num_requests",
        unit="requests",
    ),
    UsageReport(
        family="code_interpreter_sessions",
        group_by=("project_id",),
        service=CODE_INTERPRETER,
        requests="",
        quantity="num_sessions",
        unit="sessions",
    ),
)
"""All families but `vector_stores`: its bytes are a level, and adding a level up over days means nothing."""


def cost_lines(http: ProviderHttp, window: Window, group_by: Sequence[str]) -> list[CostLine]:
    """The lines of the bill of a window. A line without an amount costs nothing; the day's total tells if it did."""
    return [
        CostLine(
            place=_place(day, row),
            text=row.text("line_item"),
            amount=_amount(row) or Decimal(0),
            quantity=row.number("quantity"),
            unit=row.text("quantity_unit"),
        )
        for day, row in rows(http, COSTS, window, group_by=group_by, limit=COST_BUCKETS)
    ]


def billed_by_day(http: ProviderHttp, window: Window) -> dict[date, Decimal]:
    """OpenAI's own total per day in US dollars, days without cost absent. Here a row without an amount is an error."""
    totals: dict[date, Decimal] = {}
    for day, row in rows(http, COSTS, window, group_by=(), limit=COST_BUCKETS):
        amount = _amount(row)
        if amount is None:
            raise row.refuse("amount", "is missing")
        totals[day] = totals.get(day, Decimal(0)) + amount
    return {day: total for day, total in totals.items() if total}


def usage_of(http: ProviderHttp, window: Window, report: UsageReport) -> list[Usage]:
    """The rows of one usage family that count anything."""
    path = f"/organization/usage/{report.family}"
    used = (
        _usage(day, row, report) for day, row in rows(http, path, window, group_by=report.group_by, limit=USAGE_BUCKETS)
    )
    return [row for row in used if row.requests or row.input or row.output or row.quantity]


def _usage(day: date, row: Fields, report: UsageReport) -> Usage:
    return Usage(
        place=_place(day, row),
        model=report.service or (row.text("model") or "").strip(),
        size=(row.text("size") or "").strip() if report.family == "images" else "",
        requests=row.count(report.requests) if report.requests else None,
        input=row.count("input_tokens"),
        cached=row.count("input_cached_tokens"),
        cache_write=row.count("input_cache_write_tokens"),
        output=row.count("output_tokens"),
        quantity=row.count(report.quantity) if report.quantity else None,
        unit=report.unit,
        is_keyless="api_key_id" not in report.group_by,
    )


def _place(day: date, row: Fields) -> tuple[date, str, str]:
    return day, row.text("project_id") or "", row.text("api_key_id") or ""


def _amount(row: Fields) -> Decimal | None:
    amount = row.object("amount")
    if amount is None:
        return None
    value = amount.number("value", below=LARGEST_AMOUNT)
    if value is None:
        raise amount.refuse("value", "is missing")
    currency = amount.text("currency")
    if value and (currency or "").lower() != "usd":
        raise UnexpectedResponse(
            f"{row.where}: amount.currency is not usd.",
            likely_cause="The organization is billed in another currency.",
            resolution="Spendglass shows US dollars and never guesses an exchange rate: report this as an issue.",
        )
    return value


def rows(
    http: ProviderHttp, path: str, window: Window, *, group_by: Sequence[str], limit: int
) -> list[tuple[date, Fields]]:
    """All rows of a report with their day. Starts over once when OpenAI no longer knows a cursor it gave."""
    params: Params = [
        ("start_time", (window.start - EPOCH).days * DAY_SECONDS),
        ("end_time", (window.end - EPOCH).days * DAY_SECONDS),
        ("bucket_width", "1d"),
        *(("group_by[]", dimension) for dimension in group_by),
        ("limit", min(limit, window.length)),
    ]
    try:
        return list(_pages_of_rows(http, path, window, params))
    except CursorRefused:
        return list(_pages_of_rows(http, path, window, params))


def _pages_of_rows(http: ProviderHttp, path: str, window: Window, params: Params) -> Iterator[tuple[date, Fields]]:
    for page in pages(http, path, params, cursor_param="page", cursor_member="next_page"):
        for bucket in page.objects("data"):
            day = _day(bucket)
            if day not in window:
                raise bucket.refuse("start_time", "lies outside the window asked for")
            for row in bucket.objects("results"):
                yield day, row


def pages(http: ProviderHttp, path: str, params: Params, *, cursor_param: str, cursor_member: str) -> Iterator[Fields]:
    """All pages of a report (cursor `page`, from `next_page`) or a list (cursor `after`, from `last_id`)."""

    def read(cursor: str | None) -> Fields:
        after = [] if cursor is None else [(cursor_param, cursor)]
        return Fields(f"OpenAI {path}", http.get_json(path, [*params, *after]))

    def following(page: Fields) -> str | None:
        return (page.text(cursor_member) or "") if page.flag("has_more") else None

    return paginate(read, following, what=f"OpenAI {path}")


def _day(bucket: Fields) -> date:
    start = bucket.count("start_time")
    if start is None or start % DAY_SECONDS:
        raise bucket.refuse("start_time", "is not the midnight of a UTC day")
    try:
        return EPOCH + timedelta(days=start // DAY_SECONDS)
    except OverflowError:
        raise bucket.refuse("start_time", "is no date") from None
