"""fal's reports of what was used and charged, in buckets of one UTC day.

https://docs.fal.ai/platform-apis/v1/models/usage, https://docs.fal.ai/platform-apis/v1/serverless/usage - `cost_total`
is what is charged; rows differ by model, caller, unit and rate. Pages are numbers: a bucket may go on upon the next.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from connectors.errors import UnexpectedResponse
from connectors.fal_units import PAGE, pages
from connectors.fields import Fields
from connectors.http import Params, ProviderHttp
from store.records import Window, to_nanos

MODELS = "/models/usage"
SERVERLESS = "/serverless/usage"
LARGEST_AMOUNT = Decimal(10) ** 9
"""Dollars. The store holds nano-dollars in 64 bits; one row of a bill is far below."""
ROUNDING = Decimal("0.005")
"""Dollars by which subtotal less discount may miss the total before it is worth a note."""
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of a report. Amounts in US dollars: charged, and before fal's discount.

    `caller` is fal's name for the key or member, None where it names none; `rate` tells rows of one price from others.
    """

    day: date
    model: str
    variant: str
    unit: str
    amount: Decimal
    list_amount: Decimal | None
    quantity: Decimal | None
    api_key_id: str = ""
    caller: str | None = None
    rate: tuple[object, ...] = ()
    is_doubtful: bool = False

    @property
    def identity(self) -> tuple[object, ...]:
        """What no two rows of an answer should share."""
        return (self.day, self.model, self.variant, self.unit, self.api_key_id, self.caller, self.rate)


Reader = Callable[[date, Fields], Line]


def model_lines(http: ProviderHttp, window: Window) -> list[Line]:
    """What was used of models, by caller and unit."""
    return _settled(http, MODELS, window, ("time_series", "auth_method_structured"), _model_line)


def model_totals(http: ProviderHttp, window: Window) -> dict[date, Decimal]:
    """What models cost per day in fal's shorter report, which tells no callers; days without cost are absent."""
    return billed_by_day(_read(http, MODELS, window, ("time_series",), _model_line))


def billed_by_day(lines: Iterable[Line]) -> dict[date, Decimal]:
    """US dollars per day; days without cost are absent."""
    totals: defaultdict[date, Decimal] = defaultdict(Decimal)
    for line in lines:
        totals[line.day] += line.amount
    return {day: total for day, total in totals.items() if total}


def serverless_lines(http: ProviderHttp, window: Window) -> list[Line]:
    """What the account's own apps used, by machine; fal attributes it to no key."""
    return _settled(http, SERVERLESS, window, ("time_series",), _serverless_line)


def repeats(lines: Sequence[Line]) -> int:
    """How many rows came more than once."""
    return sum(count > 1 for count in Counter(line.identity for line in lines).values())


def _settled(http: ProviderHttp, path: str, window: Window, expand: tuple[str, ...], line: Reader) -> list[Line]:
    """All rows; read again once where one came twice, as rows move between pages while the running day grows."""
    lines = _read(http, path, window, expand, line)
    return _read(http, path, window, expand, line) if repeats(lines) else lines


def _read(http: ProviderHttp, path: str, window: Window, expand: tuple[str, ...], line: Reader) -> list[Line]:
    params: Params = [
        ("start", f"{window.start}T00:00:00Z"),
        ("end", f"{window.end}T00:00:00Z"),
        ("timezone", "UTC"),
        ("timeframe", "day"),
        ("bound_to_timeframe", "false"),
        *(("expand", part) for part in expand),
        ("limit", PAGE),
    ]
    days: set[date] = set()
    lines: list[Line] = []
    for page in pages(http, path, params):
        for bucket in page.objects("time_series"):
            day = _day(bucket)
            days.add(day)
            rows = [line(day, row) for row in bucket.objects("results")]
            if day in window:
                lines += rows
            elif rows and day != window.end:
                raise bucket.refuse("bucket", "lies outside the window asked for")
    if lines and window.length > 1 and not any(day + ONE_DAY in days for day in days):
        _hold_to_a_day(http, path, expand, line, lines)
    return lines


def _day(bucket: Fields) -> date:
    text = bucket.text("bucket")
    try:
        moment = datetime.fromisoformat(text or "")
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise bucket.refuse("bucket", "is no time") from None
    if moment.time() != datetime.min.time():
        raise bucket.refuse("bucket", "is not the midnight of a UTC day")
    return moment.date()


def _hold_to_a_day(http: ProviderHttp, path: str, expand: tuple[str, ...], line: Reader, lines: Sequence[Line]) -> None:
    """Refuses weeks or months told in place of days, the suspicion where no two buckets are neighbours.

    One of them is asked for as a single day, which must hold as much.
    """
    day = max(lines, key=lambda each: each.amount).day
    told = sum((each.amount for each in lines if each.day == day), Decimal(0))
    alone = _read(http, path, Window(day, day + ONE_DAY), expand, line)
    if to_nanos(sum((each.amount for each in alone), Decimal(0)) - told) < 0:
        raise UnexpectedResponse(f"fal {path}: the buckets are longer than the day asked for.")


def _model_line(day: date, row: Fields) -> Line:
    caller = row.object("auth_method_structured")
    unit = (row.text("unit") or "").strip()
    return Line(
        day=day,
        model=_required(row, "endpoint_id"),
        variant=unit,
        unit=unit,
        amount=_amount(row),
        list_amount=row.number("cost_subtotal", below=LARGEST_AMOUNT),
        quantity=row.number("quantity"),
        api_key_id=(caller.text("api_key_id") or "") if caller else "",
        caller=(caller.name("login_username") or caller.name("detail") or "") if caller else None,
        rate=(row.number("unit_price"), row.number("percent_discount")),
        is_doubtful=_is_doubtful(row),
    )


def _serverless_line(day: date, row: Fields) -> Line:
    machine = (row.text("machine_type") or "machine").strip()
    environment = (row.text("environment") or "").strip()
    return Line(
        day=day,
        model=f"serverless:{(row.text('app') or '').strip() or 'unattributed'}",
        variant=f"{machine} {environment}".strip(),
        unit=f"{machine} {(row.text('unit') or 'second').strip()}",
        amount=_amount(row),
        list_amount=row.number("cost_subtotal", below=LARGEST_AMOUNT),
        quantity=row.number("quantity"),
        caller="",
        rate=(row.number("unit_price"), row.number("percent_discount"), row.members.get("is_surge") is True),
        is_doubtful=_is_doubtful(row),
    )


def _required(row: Fields, member: str) -> str:
    if not (found := (row.text(member) or "").strip()):
        raise row.refuse(member, "is missing")
    return found


def _amount(row: Fields) -> Decimal:
    """The amount charged. `cost` is its old name, alone until July 2026."""
    amount = row.number("cost_total", below=LARGEST_AMOUNT)
    if amount is None:
        amount = row.number("cost", below=LARGEST_AMOUNT)
    if amount is None:
        raise row.refuse("cost_total", "is missing")
    if amount and (row.text("currency") or "").upper() != "USD":
        raise UnexpectedResponse(
            f"{row.where}: currency is not USD.",
            likely_cause="The account is billed in another currency.",
            resolution="Spendglass shows US dollars and never guesses an exchange rate: report this as an issue.",
        )
    return amount


def _is_doubtful(row: Fields) -> bool:
    """Whether subtotal less discount, or the amount under its old name, is another amount than the one charged."""
    amount, old = _amount(row), row.number("cost", below=LARGEST_AMOUNT)
    subtotal = row.number("cost_subtotal", below=LARGEST_AMOUNT)
    discount = row.number("cost_discount", below=LARGEST_AMOUNT)
    others = [old, None if subtotal is None or discount is None else subtotal - discount]
    return any(other is not None and abs(other - amount) > ROUNDING for other in others)
