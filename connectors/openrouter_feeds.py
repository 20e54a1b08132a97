"""OpenRouter's two feeds of daily use, read alike.

`/activity`: the last 30 UTC days that are over, with the upstream provider of every line;
https://openrouter.ai/docs/api-reference/analytics/get-user-activity
`/analytics/query`: 365 days and the running one, by day; https://openrouter.ai/docs/api-reference/analytics/query-analytics
Its rows name keys and workspaces by their names, which repeat: so each is asked for by its id.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from connectors.errors import UnexpectedResponse
from connectors.fields import Fields
from connectors.openrouter_session import ListedKey, OpenRouterSession, amount
from store.records import UNATTRIBUTED, Window, to_nanos

GENERAL = "openrouter-general"
"""The model of money whose model OpenRouter does not tell."""
UNKNOWN = "unknown"
"""The upstream of use of an own key that neither provider nor model tells."""
MOST_ROWS = 10_000
COUNTS = {"request_count": "requests", "tokens_prompt": "input", "tokens_completion": "output"}
_PLAIN_VARIANTS = {"", "standard", "default", "none"}
_NO_SLUG = re.compile(r"[^a-z0-9]+")
_UPSTREAMS = {"amazon-bedrock": "bedrock", "google": "vertex", "google-vertex": "vertex"}


class Place(NamedTuple):
    """What is added up within one workspace and key; `provider` is empty where OpenRouter does not tell it."""

    day: date
    model: str
    variant: str = ""
    provider: str = ""

    @property
    def upstream(self) -> str:
        """Who bills use of one's own key; told by the provider, else by the maker that the model id begins with."""
        maker, _, is_known = self.model.partition("/")
        slug = _NO_SLUG.sub("-", (self.provider or (maker if is_known else "")).lower()).strip("-") or UNKNOWN
        return _UPSTREAMS.get(slug, slug) if self.provider else slug


class Use(NamedTuple):
    """US dollars charged by OpenRouter and, estimated, by providers of one's own keys; and what was counted."""

    usage: Decimal = Decimal(0)
    byok: Decimal = Decimal(0)
    input: int | None = None
    output: int | None = None
    requests: int | None = None

    def plus(self, other: "Use", sign: int = 1) -> "Use":
        """Both together, or less the other; a count that only one has is that one's."""

        def added(mine: int | None, its: int | None) -> int | None:
            return mine if its is None else (mine or 0) + sign * its

        money = self.usage + sign * other.usage, self.byok + sign * other.byok
        counts = (added(mine, its) for mine, its in zip(self[2:], other[2:], strict=True))
        return Use(*money, *counts)

    def is_nothing(self) -> bool:
        """No nano-dollar and no count."""
        return not (to_nanos(self.usage) or to_nanos(self.byok) or any(self[2:]))

    def is_negative(self) -> bool:
        return to_nanos(self.usage) < 0 or to_nanos(self.byok) < 0 or any((count or 0) < 0 for count in self[2:])


Uses = dict[Place, Use]


def add(uses: Uses, place: Place, use: Use) -> None:
    uses[place] = uses[place].plus(use) if place in uses else use


class Feed(Protocol):
    """One feed over the days that are read from it."""

    def billed(self) -> dict[date, Decimal]:
        """OpenRouter's own total per day, own keys at other providers included; days without use may be absent."""
        ...

    def by_workspace(self) -> dict[str, Uses]: ...

    def of_key(self, key: ListedKey) -> Uses: ...


@dataclass(frozen=True, slots=True)
class Activity:
    """`/activity` over some of the 30 days that it serves."""

    session: OpenRouterSession
    window: Window

    def billed(self) -> dict[date, Decimal]:
        return added_up(self.by_workspace().values())

    def by_workspace(self) -> dict[str, Uses]:
        found: dict[str, Uses] = {}
        for row, place, use in self._rows([("group_by", "workspace")]):
            add(found.setdefault(row.text("workspace_id") or UNATTRIBUTED, {}), place, use)
        return found

    def of_key(self, key: ListedKey) -> Uses:
        found: Uses = {}
        for _, place, use in self._rows([("api_key_hash", key.record.api_key_id)]):
            add(found, place, use)
        return found

    def _rows(self, params: list[tuple[str, str | int]]) -> Iterator[tuple[Fields, Place, Use]]:
        for row in self.session.ask("/activity", params).objects("data"):
            day = _day(row, "date")
            if day in self.window:
                counts = map(row.count, ("prompt_tokens", "completion_tokens", "requests"))
                use = Use(amount(row, "usage"), amount(row, "byok_usage_inference"), *counts)
                variant = (row.text("model") or "").partition(":")[2]
                model = row.text("model_permaslug") or row.text("model") or GENERAL
                yield row, Place(day, model, _variant(variant), row.text("provider_name") or ""), use


@dataclass(frozen=True, slots=True)
class Analytics:
    """`/analytics/query` over days of which it may know the provider (31 days) or else the variant of a model."""

    session: OpenRouterSession
    window: Window
    by_provider: bool = False

    def billed(self) -> dict[date, Decimal]:
        return added_up([self._query(self.window, {}, ())])

    def by_workspace(self) -> dict[str, Uses]:
        """Use of each workspace; of none: what is left of the whole, such as that of deleted workspaces."""
        rest = self._query(self.window, {}, self._dimensions)
        if not rest:
            return {}
        found = {}
        for space in self.session.workspaces():
            found[space.workspace_id] = self._query(self.window, {"workspace": space.workspace_id}, self._dimensions)
            for place, use in found[space.workspace_id].items():
                rest[place] = rest.get(place, Use()).plus(use, -1)
        return {**found, UNATTRIBUTED: rest}

    def of_key(self, key: ListedKey) -> Uses:
        created = key.record.created_at
        if created is not None and created.date() >= self.window.end:
            return {}
        return self._query(self.window, {"api_key_id": key.record.api_key_id}, self._dimensions)

    @property
    def _dimensions(self) -> tuple[str, ...]:
        second = "provider" if self.by_provider else "variant"
        return ("model", second) if second in self.session.abilities().dimensions else ("model",)

    def _query(self, window: Window, filters: Mapping[str, str], dimensions: tuple[str, ...]) -> Uses:
        counted = COUNTS.keys() & self.session.abilities().metrics if dimensions else set()
        question: dict[str, Any] = {
            "metrics": ["credits_usage", "byok_usage", *sorted(counted)],
            "dimensions": list(dimensions),
            "granularity": "day",
            "filters": [{"field": name, "operator": "eq", "value": value} for name, value in filters.items()],
            "time_range": {"start": f"{window.start}T00:00:00Z", "end": f"{window.end}T00:00:00Z"},
            "limit": MOST_ROWS,
        }
        answer = self.session.ask("/analytics/query", content=question).object("data")
        if answer is None:
            raise UnexpectedResponse("OpenRouter /analytics/query: data is missing.")
        metadata = answer.object("metadata")
        if metadata is None or metadata.flag("truncated"):
            if metadata is None or window.length == 1:
                raise UnexpectedResponse("OpenRouter /analytics/query cut its answer short, even for one day.")
            return self._halves(window, filters, dimensions)
        found: Uses = {}
        for row in answer.objects("data"):
            # Whether `end` is excluded is documented nowhere: a day that nobody asked for is left out.
            if (day := _day(row, "date__day", "created_at__day")) in window:
                add(found, _analytics_place(row, day), _analytics_use(row))
        return found

    def _halves(self, window: Window, filters: Mapping[str, str], dimensions: tuple[str, ...]) -> Uses:
        middle = window.start + timedelta(days=window.length // 2)
        first, second = Window(window.start, middle), Window(middle, window.end)
        return self._query(first, filters, dimensions) | self._query(second, filters, dimensions)


def _analytics_place(row: Fields, day: date) -> Place:
    model = row.text("model") or GENERAL
    return Place(day, model, _variant(row.text("variant") or ""), row.text("provider") or "")


def _analytics_use(row: Fields) -> Use:
    """Components of money that were not used come as null, counts as strings."""
    counts = {member: row.count(name) for name, member in COUNTS.items()}
    if "credits_usage" not in row.members:
        raise row.refuse("credits_usage", "is missing")
    return Use(row.number("credits_usage") or Decimal(0), row.number("byok_usage") or Decimal(0), **counts)


@dataclass(frozen=True, slots=True)
class KeyCounters:
    """The running day where analytics is not offered: what the listed keys say of themselves, models unknown."""

    session: OpenRouterSession
    window: Window

    def billed(self) -> dict[date, Decimal]:
        return added_up(self.by_workspace().values())

    def by_workspace(self) -> dict[str, Uses]:
        found: dict[str, Uses] = {}
        for key in self.session.listed_keys():
            for place, use in self.of_key(key).items():
                add(found.setdefault(key.record.workspace_id, {}), place, use)
        return found

    def of_key(self, key: ListedKey) -> Uses:
        use = Use(key.spent, key.byok_spent)
        return {} if use.is_nothing() else {Place(self.window.start, GENERAL, provider=UNKNOWN): use}


def added_up(parts: Any) -> dict[date, Decimal]:
    """US dollars per day of all parts, days that cost nothing left out."""
    totals: dict[date, Decimal] = {}
    for uses in parts:
        for place, use in uses.items():
            totals[place.day] = totals.get(place.day, Decimal(0)) + use.usage + use.byok
    return {day: total for day, total in totals.items() if total}


def _variant(text: str) -> str:
    return "" if text.lower() in _PLAIN_VARIANTS else text


def _day(row: Fields, *members: str) -> date:
    """A UTC day from its first ten characters; the time that may follow is always midnight."""
    member = next((name for name in members if row.members.get(name) is not None), members[0])
    try:
        return date.fromisoformat((row.text(member) or "")[:10])
    except ValueError:
        raise row.refuse(member, "is not a day") from None
