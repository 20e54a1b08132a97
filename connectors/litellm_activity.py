"""LiteLLM's daily activity as the proxy cuts it: by model, by provider and by team, each by key; pages added up.

https://docs.litellm.ai/docs/proxy/cost_tracking#daily-spend-breakdown-api - totals of a page are of that page only. A
day is asked for alone: older proxies order rows by day only, so that the edge of a page within a range may lose some.
"""

import operator
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from connectors.errors import UnexpectedResponse
from connectors.fields import Fields
from connectors.http import Params, ProviderHttp, paginate
from store.records import to_nanos

USERS = "/user/daily/activity"
TEAMS = "/team/daily/activity"
TOTALS = "/user/daily/activity/aggregated"
PAGE_SIZE = 1_000


@dataclass(frozen=True, slots=True)
class Figures:
    """Spend in US dollars; `prompt` is all input, cached included; failed calls cost nothing."""

    spend: Decimal = Decimal(0)
    prompt: int = 0
    cache_read: int = 0
    cache_write: int = 0
    completion: int = 0
    succeeded: int = 0
    failed: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return self._joined(other, self.spend + other.spend, operator.add)

    def less(self, other: "Figures") -> "Figures":
        """What is left; counts stop at 0, since a day may grow between two readings."""
        return self._joined(other, self.spend - other.spend, lambda mine, its: max(0, mine - its))

    def within(self, other: "Figures") -> "Figures":
        """The smaller of each."""
        return self._joined(other, min(self.spend, other.spend), min)

    def holds(self, other: "Figures") -> bool:
        return self.succeeded >= other.succeeded and to_nanos(self.spend) >= to_nanos(other.spend)

    def equals(self, other: "Figures") -> bool:
        """The same money and calls, whatever was estimated of those that failed."""
        is_same = all(getattr(self, name) == getattr(other, name) for name in _BOUGHT)
        return is_same and not to_nanos(self.spend - other.spend)

    def counts(self, other: "Figures") -> bool:
        """Whether no count of the other is larger."""
        return all(getattr(self, name) >= getattr(other, name) for name in _BOUGHT)

    @property
    def matters(self) -> bool:
        """Whether anything was bought: a wrong key's attempts leave rows of failures and estimated tokens."""
        bought = self.prompt or self.completion
        return bool(to_nanos(self.spend) or self.succeeded or (bought and not self.failed))

    def _joined(self, other: "Figures", spend: Decimal, join: Callable[[int, int], int]) -> "Figures":
        return Figures(spend, *(join(getattr(self, name), getattr(other, name)) for name in _COUNTS))


_BOUGHT = ("cache_read", "cache_write", "completion", "succeeded")
_COUNTS = ("prompt", *_BOUGHT, "failed")
NOTHING = Figures()


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """A key as the rows describe it: alias and team of now. `exists` None where the proxy is too old to say."""

    alias: str | None = None
    team: str = ""
    exists: bool | None = None


@dataclass(slots=True)
class Activity:
    """One day, its pages added up. Every mapping is by (what it is cut by, key)."""

    total: Figures = NOTHING
    reserved: Decimal = Decimal(0)
    """Dollars of reserved capacity, which LiteLLM keeps apart from spend."""
    models: defaultdict[tuple[str, str], Figures] = field(default_factory=lambda: defaultdict(Figures))
    providers: defaultdict[tuple[str, str], Figures] = field(default_factory=lambda: defaultdict(Figures))
    entities: defaultdict[tuple[str, str], Figures] = field(default_factory=lambda: defaultdict(Figures))
    keys: dict[str, KeyFacts] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """Aliases of teams by id."""


def read_day(http: ProviderHttp, path: str, day: date, filters: Params = ()) -> Activity:
    """All pages of one day of `USERS` or `TEAMS`."""
    activity = Activity()
    day_text = day.isoformat()
    params: Params = [("start_date", day_text), ("end_date", day_text), ("page_size", PAGE_SIZE), *filters]
    for page in _pages(http, path, params):
        for item in page.objects("results"):
            if item.text("date") != day_text:
                raise item.refuse("date", "is not the day that was asked for")
            activity.total += _figures(item)
            activity.reserved += (item.object("metrics") or item).number("flat_cost") or Decimal(0)
            if (breakdown := item.object("breakdown")) is None:
                raise item.refuse("breakdown", "is missing")
            _take(activity, breakdown)
    return activity


def read_totals(http: ProviderHttp, start: date, end: date) -> dict[date, Decimal]:
    """Spend per day from `start` to `end`, both included, in one short answer; days without spend are absent."""
    params: Params = [("start_date", start.isoformat()), ("end_date", end.isoformat()), ("api_key_limit", 1)]
    answer = Fields(f"LiteLLM {TOTALS}", http.get_json(TOTALS, params))
    totals: defaultdict[date, Decimal] = defaultdict(Decimal)
    for item in answer.objects("results"):
        try:
            day = date.fromisoformat(item.text("date") or "")
        except ValueError:
            day = None
        if day is None or not start <= day <= end:
            raise item.refuse("date", "is not a day that was asked for")
        totals[day] += _figures(item).spend
    return {day: total for day, total in totals.items() if total}


def _pages(http: ProviderHttp, path: str, params: Params) -> Iterator[Fields]:
    where = f"LiteLLM {path}"

    def read(cursor: str | None) -> Fields:
        page = Fields(where, http.get_json(path, [*params, ("page", cursor or 1)]))
        if _paging(page).count("page") not in {None, int(cursor or 1)}:
            raise UnexpectedResponse(f"{where} answered with another page than the one that was asked for.")
        return page

    def following(page: Fields) -> str | None:
        if not _paging(page).flag("has_more"):
            return None
        number = _paging(page).count("page")
        return "" if number is None else str(number + 1)

    return paginate(read, following, what=where)


def _paging(page: Fields) -> Fields:
    metadata = page.object("metadata")
    if metadata is None:
        raise page.refuse("metadata", "is missing")
    return metadata


def _figures(node: Fields) -> Figures:
    metrics = node.object("metrics")
    if metrics is None:
        raise node.refuse("metrics", "is missing")
    succeeded = metrics.count("successful_requests")
    return Figures(
        spend=metrics.number("spend") or Decimal(0),
        prompt=metrics.count("prompt_tokens") or 0,
        cache_read=metrics.count("cache_read_input_tokens") or 0,
        cache_write=metrics.count("cache_creation_input_tokens") or 0,
        completion=metrics.count("completion_tokens") or 0,
        succeeded=(metrics.count("api_requests") or 0) if succeeded is None else succeeded,
        failed=metrics.count("failed_requests") or 0,
    )


def _take(activity: Activity, breakdown: Fields) -> None:
    for cut, member in (
        (activity.models, "models"),
        (activity.providers, "providers"),
        (activity.entities, "entities"),
    ):
        for name, node in _nodes(breakdown, member):
            if node.object("api_key_breakdown") is None:
                raise UnexpectedResponse(
                    f"{node.where}: {node.within}api_key_breakdown is missing.",
                    likely_cause="The LiteLLM proxy is older than 1.76, which does not tell spend by model and key.",
                    resolution="Update the proxy to 1.76 or newer.",
                )
            if member == "entities" and (alias := (node.object("metadata") or node).name("team_alias")):
                activity.names[name] = alias
            for key, share in _nodes(node, "api_key_breakdown"):
                cut[name, key] += _figures(share)
    for key, node in _nodes(breakdown, "api_keys"):
        _figures(node)
        facts = node.object("metadata") or Fields(node.where, {})
        exists = facts.members.get("key_exists")
        activity.keys[key] = KeyFacts(
            facts.name("key_alias"), facts.name("team_id") or "", exists if isinstance(exists, bool) else None
        )


def _nodes(parent: Fields, member: str) -> Iterator[tuple[str, Fields]]:
    """The named objects in a member, none if it is absent. The names are values of the customer's: not for messages."""
    group = parent.object(member)
    for name, value in group.members.items() if group else ():
        if not isinstance(value, dict):
            raise parent.refuse(member, "holds something that is not an object")
        yield name, Fields(parent.where, value, f"{parent.within}{member}[].")
