"""What OpenRouter counts: one use per endpoint and day, read out as rows of activity and as spend of a key."""

import math
import re
import uuid
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from demo.cells import INPUT_KINDS, OUTPUT_KINDS, Cell
from demo.wire import Manners, Request

COMPLETED_DAYS = 30
UNNAMED = "openrouter-general"
"""In the world, use of a model that OpenRouter does not name."""
JSON = dict[str, Any]
_DATED = re.compile(r"-\d{8}$|-\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """What went through one endpoint on a day for one key, or for none that exists; amounts in nano-dollars.

    Whole amounts go out as floating-point numbers, others with all their digits. An empty text goes out as null.
    """

    day: date
    workspace_id: str
    api_key_id: str
    permaslug: str
    endpoint: str
    usage: int | Decimal
    byok: int | Decimal
    requests: int
    prompt: int
    cached: int
    completion: int

    @property
    def provider(self) -> str:
        return self.endpoint.removeprefix("byok ").removeprefix("free ")

    @property
    def is_byok(self) -> bool:
        return self.endpoint.startswith("byok ")

    @property
    def variant(self) -> str:
        return "free" if self.endpoint.startswith("free ") else "standard"

    @property
    def model(self) -> str:
        """The slug that callers ask for, empty where the model has no name."""
        if not self.permaslug:
            return ""
        return _DATED.sub("", self.permaslug) + (":free" if self.variant == "free" else "")

    @property
    def reasoning(self) -> int:
        return self.completion // 4


def uses(request: Request, start: date, end: date, api_key_id: str | None = None) -> Iterator[Use]:
    """All use of the days from `start` to before `end`, or that of one key."""
    groups: dict[tuple[object, ...], list[Cell]] = {}
    for cell in request.world.cells("openrouter", start, end, request.now):
        if api_key_id in {None, cell.api_key_id}:
            place = (cell.day, cell.workspace_id, cell.api_key_id, cell.model, cell.variant)
            groups.setdefault(place, []).append(cell)
    for cells in groups.values():
        yield _use(cells, request.manners)


def _use(cells: list[Cell], manners: Manners) -> Use:
    first = cells[0]
    amounts = [(cell.kind, manners.dusted(cell.nanos, (cell.day, cell.identity))) for cell in cells]
    elsewhere = first.variant.startswith("byok ")
    return Use(
        day=first.day,
        workspace_id=first.workspace_id,
        api_key_id=first.api_key_id,
        permaslug="" if first.model == UNNAMED else first.model,
        endpoint=first.variant,
        usage=sum(amount for kind, amount in amounts if not elsewhere or kind == "fee"),
        byok=sum(amount for kind, amount in amounts if elsewhere and kind != "fee"),
        requests=sum(cell.requests for cell in cells),
        prompt=sum(cell.quantity for cell in cells if cell.kind in INPUT_KINDS),
        cached=sum(cell.quantity for cell in cells if cell.kind == "cached_input"),
        completion=sum(cell.quantity for cell in cells if cell.kind in OUTPUT_KINDS),
    )


def dollars(nanos: int | Decimal, luck: int = 0) -> float | int | Decimal:
    """An amount as a JSON number; every third whole one carries the noise of floating-point sums."""
    if isinstance(nanos, Decimal):
        return nanos.scaleb(-9)
    if nanos % 10**9 == 0:
        return nanos // 10**9
    return math.nextafter(nanos / 10**9, math.inf if luck % 2 else -math.inf) if luck % 3 == 2 else nanos / 10**9  # noqa: PLR2004


def activity_rows(found: Iterable[Use], *, by_workspace: bool) -> list[JSON]:
    """One row per day, model and endpoint; own and free use of one endpoint stand apart by their model's slug."""
    groups: dict[tuple[str, str, str, str, str], list[Use]] = {}
    for use in found:
        place = (use.day.isoformat(), use.model, use.permaslug, use.provider, use.workspace_id if by_workspace else "")
        groups.setdefault(place, []).append(use)
    rows = []
    for place, group in sorted(groups.items(), reverse=True):
        day, model, permaslug, provider, workspace_id = place
        luck = zlib.crc32(repr(place).encode())
        rows.append(
            {
                "date": day,
                "model": model or None,
                "model_permaslug": permaslug or None,
                "endpoint_id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{permaslug} {provider}")),
                "provider_name": provider or None,
                "usage": dollars(sum(use.usage for use in group), luck),
                "byok_usage_inference": dollars(sum(use.byok for use in group), luck),
                "requests": sum(use.requests for use in group),
                "prompt_tokens": sum(use.prompt for use in group),
                "completion_tokens": sum(use.completion for use in group),
                "reasoning_tokens": sum(use.reasoning for use in group),
                **({"workspace_id": workspace_id or None} if by_workspace else {}),
            }
        )
    return rows


def completed(request: Request) -> list[date]:
    """The days that `/activity` serves: the last 30 that are over."""
    today = request.now.date()
    return [today - timedelta(days=ago) for ago in range(COMPLETED_DAYS, 0, -1)]


def counters(request: Request, api_key_id: str) -> JSON:
    """What a key has spent in its life, on this UTC day, in this week since Monday, in this month."""
    today = request.now.date()
    starts = {
        "": request.world.first_day,
        "_daily": today,
        "_weekly": today - timedelta(days=today.weekday()),
        "_monthly": today.replace(day=1),
    }
    spent = list(uses(request, min(starts.values()), today + timedelta(days=1), api_key_id))
    counted: JSON = {}
    for suffix, start in starts.items():
        counted[f"usage{suffix}"] = dollars(sum(use.usage for use in spent if use.day >= start))
        counted[f"byok_usage{suffix}"] = dollars(sum(use.byok for use in spent if use.day >= start))
    return counted
