"""A real LiteLLM proxy (see `tests.connectors.litellm.test_real_proxy`), linked and synced: its log is coverage."""

from collections import defaultdict
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from connectors import CONNECTORS
from linking import link_account
from store.db import Store
from store.metrics import CostFilter
from store.queries import QUERIES
from store.records import CostRecord, Window, from_nanos
from tests.connectors.litellm.test_real_proxy import KEY, URL, Proxy, is_served, logged, proxy, settled
from tests.store.cast import begin, bill
from tests.sync.conftest import Clock, synced

__all__ = ["proxy"]
pytestmark = [
    pytest.mark.litellm,
    pytest.mark.skipif(not (URL and KEY), reason="needs LITELLM_TEST_URL and LITELLM_TEST_KEY"),
]


def by_model(rows: list[Any]) -> dict[tuple[str, str], tuple[int, int]]:
    """Nano-dollars and calls by provider behind the proxy and model, from the log of single requests."""
    sums: defaultdict[tuple[str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for (_, _, _, model, upstream), (nanos, _, _, calls) in logged(rows).items():
        before = sums[upstream, model]
        sums[upstream, model] = (before[0] + nanos, before[1] + calls)
    return sums


def test_what_a_proxy_logged_request_by_request_covers_the_bills_behind_it(proxy: Proxy, sqlite_store: Store) -> None:
    before = len(proxy.logged(proxy.today()))
    models = [found["model_name"] for found in proxy.get("/model/info")["data"]]
    served = sum(is_served(proxy, model, KEY) for model in models)
    assert served
    _, rows = settled(proxy, KEY, before + served)
    clock = Clock(datetime.combine(proxy.today(), time(23, 59), UTC))
    window = Window(clock().date() - timedelta(days=1), clock().date() + timedelta(days=1))
    log = {place: figures for place, figures in by_model(rows).items() if place[0] in CONNECTORS}
    assert log
    for provider in {provider for provider, _ in log}:
        costs = [
            CostRecord(day=window.last_day, model=model, billed_cost=from_nanos(2 * nanos))
            for (upstream, model), (nanos, _) in log.items()
            if upstream == provider
        ]
        begin(sqlite_store, clock(), provider=provider, organization=provider).save(bill(window, *costs))

    gateway = link_account(sqlite_store, "litellm", {"apiKey": KEY, "baseUrl": URL}, name=None, now=clock())
    run = synced(sqlite_store, gateway, clock, since=window.start)
    assert run["status"] == "succeeded"

    lines = QUERIES["coverage"](sqlite_store, CostFilter(window=window))
    figures = lines.select("provider", "model", "metered_cost", "events").iter_rows()
    assert {(provider, model): (nanos, calls) for provider, model, nanos, calls in figures} == log
    shares = lines.select("provider", "model", "coverage").iter_rows()
    assert {(provider, model): share for provider, model, share in shares} == {
        place: 0.5 if nanos else None for place, (nanos, _) in log.items()
    }
