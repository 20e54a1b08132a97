"""What people ask of the pages: random filters, the same every time, and the same question in SQL."""

import random
from datetime import timedelta
from decimal import Decimal

from _filled_store import PROVIDERS, SPAN

from store.metrics import CostFilter
from store.records import Window

MONTH = Window(SPAN.end - timedelta(days=30), SPAN.end)
KINDS = ("provider", "search", "cost range", "workspace", "model", "period")
SUMS = ("billed_cost", "credits_applied", "input_tokens", "output_tokens", "requests")


def filters(number: int) -> list[CostFilter]:
    """So many changes of the filter bar, of each kind equally many."""
    chance = random.Random(20260602)
    return [_filter(KINDS[position % len(KINDS)], chance) for position in range(number)]


def _filter(kind: str, chance: random.Random) -> CostFilter:
    if kind == "provider":
        return CostFilter(window=MONTH, providers=tuple(chance.sample(sorted(PROVIDERS), chance.randint(1, 3))))
    if kind == "search":
        return CostFilter(
            window=MONTH, search=chance.choice(("team 0000", "large", "mini-3", "job 000001", "k", "0001"))
        )
    if kind == "cost range":
        return CostFilter(window=MONTH, min_cost=Decimal(chance.randrange(500)), max_cost=Decimal(5_000))
    if kind == "workspace":
        return CostFilter(window=MONTH, workspace=f"Team {chance.randrange(20):06d}")
    if kind == "model":
        return CostFilter(window=MONTH, model=f"{chance.choice(sorted(PROVIDERS))}-large-{chance.randrange(8)}")
    length = chance.randint(3, MONTH.length)
    end = SPAN.end - timedelta(days=chance.randrange(SPAN.length - 2 * length + 1))
    return CostFilter(window=Window(end - timedelta(days=length), end))


def sql(asked: CostFilter) -> str:
    """Sums per provider and model of the window, and net cost of the one before; over columns of `flat` rows."""
    current = f"day >= '{asked.window.start}'"
    conditions = [f"day >= '{asked.window.previous.start}'", f"day < '{asked.window.end}'"]
    if asked.providers:
        conditions.append(f"provider IN ({', '.join(repr(slug) for slug in asked.providers)})")
    for column, value in (("workspace", asked.workspace), ("model", asked.model)):
        if value:
            conditions.append(f"{column} = '{value}'")
    if asked.search:
        names = ("workspace", "workspace_id", "api_key_hint", "api_key_name", "api_key_id", "model")
        found = " OR ".join(f"lower({name}) LIKE '%{asked.search}%'" for name in names)
        conditions.append(f"({found})")
    sums = ", ".join(f"sum(CASE WHEN {current} THEN {column} END) AS {column}" for column in SUMS)
    having = f"max(CASE WHEN {current} THEN 1 ELSE 0 END) = 1"
    for sign, bound in ((">=", asked.min_cost), ("<=", asked.max_cost)):
        if bound is not None:
            having += f" AND sum(CASE WHEN {current} THEN billed_cost END) {sign} {int(bound * 10**9)}"
    return (
        f"SELECT provider, model, {sums}, sum(CASE WHEN NOT {current} THEN billed_cost - credits_applied END) "
        f"AS before FROM flat WHERE {' AND '.join(conditions)} GROUP BY provider, model HAVING {having} ORDER BY 3 DESC"
    )
