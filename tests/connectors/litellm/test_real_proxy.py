"""Against a real LiteLLM proxy with its database: `LITELLM_TEST_URL`, and an admin's key in `LITELLM_TEST_KEY`.

The truth is the proxy's own log of single requests, which the connector never reads. The tests make a team, keys and a
few calls on that proxy, and take the keys away again.
"""

import json
import os
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from connectors.base import AccountIdentity
from connectors.errors import CredentialLacksBilling, CredentialRejected
from connectors.litellm import check, control, fetch
from connectors.litellm_directory import SPECIAL_KEYS
from connectors.litellm_key import ROUTES, LiteLLMCredential
from connectors.litellm_session import connect
from connectors.litellm_shares import UPSTREAMS
from store.records import Statement, Window, to_nanos

URL = os.environ.get("LITELLM_TEST_URL", "")
KEY = os.environ.get("LITELLM_TEST_KEY", "")
pytestmark = [
    pytest.mark.litellm,
    pytest.mark.skipif(not (URL and KEY), reason="needs LITELLM_TEST_URL and LITELLM_TEST_KEY"),
]

FLUSHES = 120
"""Half seconds to wait for the proxy to write its queues down; it does so every few seconds."""
Sums = dict[tuple[str, ...], tuple[int, int, int, int]]


@dataclass
class Proxy:
    """The proxy as its admin uses it."""

    http: httpx.Client
    made: list[str] = field(default_factory=list)

    def post(self, path: str, body: Any, key: str = KEY) -> Any:
        answer = self.http.post(path, json=body, headers={"Authorization": f"Bearer {key}"})
        answer.raise_for_status()
        return answer.json()

    def get(self, path: str, params: Any = None) -> Any:
        answer = self.http.get(path, params=params, headers={"Authorization": f"Bearer {KEY}"})
        answer.raise_for_status()
        return json.loads(answer.text, parse_float=Decimal)

    def key(self, **wishes: Any) -> str:
        """A new virtual key."""
        made = str(self.post("/key/generate", {"key_alias": f"spendglass-{uuid4()}", **wishes})["key"])
        self.made.append(made)
        return made

    def today(self) -> date:
        """The proxy's day: tests read no clock."""
        return parsedate_to_datetime(self.http.get("/health/liveliness").headers["Date"]).date()

    def logged(self, day: date) -> list[Any]:
        """Every request of the day and the one before that succeeded."""
        rows, page = [], 1
        while True:
            span = {"start_date": day - timedelta(days=1), "end_date": day + timedelta(days=1)}
            answer = self.get("/spend/logs/v2", {**span, "page": page, "page_size": 100})
            rows += answer["data"]
            if page >= answer["total_pages"]:
                return [row for row in rows if row["status"] == "success"]
            page += 1


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with httpx.Client(base_url=URL, timeout=30, trust_env=False) as http:
        running = Proxy(http)
        yield running
        if running.made:
            running.post("/key/delete", {"keys": running.made})


def read(key: str, window: Window) -> tuple[AccountIdentity, Statement, Mapping[date, Decimal] | None]:
    """Whose spend the key reads, the statement, and the control read after it."""
    session = connect(LiteLLMCredential.model_validate({"apiKey": key, "baseUrl": f"{URL}/v1/"}))
    try:
        return check(session), fetch(session, window), control(session, window)
    finally:
        session.close()


def billed(statement: Statement) -> Sums:
    """Nano-dollars, input, output and requests by day, team, key, model and upstream."""
    sums: defaultdict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for cost in statement.costs:
        place = (str(cost.day), cost.workspace_id, cost.api_key_id, cost.model, cost.upstream)
        figures = (to_nanos(cost.billed_cost), cost.input_tokens, cost.output_tokens, cost.requests)
        sums[place] = [mine + (its or 0) for mine, its in zip(sums[place], figures, strict=True)]
    return {place: (figures[0], figures[1], figures[2], figures[3]) for place, figures in sums.items()}


def logged(rows: list[Any]) -> Sums:
    """The same, from the log of single requests."""
    sums: defaultdict[tuple[str, ...], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 4)
    for row in rows:
        provider = row["custom_llm_provider"] or ""
        model = row["model"].removeprefix(f"{provider}/") or "litellm-no-model"
        upstream = UPSTREAMS.get(provider, provider) or "unknown"
        place = (row["startTime"][:10], row["team_id"] or "", row["api_key"], model, upstream)
        figures = (row["spend"], row["prompt_tokens"], row["completion_tokens"], 1)
        sums[place] = [mine + its for mine, its in zip(sums[place], figures, strict=True)]
    return {place: (to_nanos(f[0]), int(f[1]), int(f[2]), int(f[3])) for place, f in sums.items()}


def settled(proxy: Proxy, key: str, calls: int) -> tuple[Statement, list[Any]]:
    """The statement and the log, once the proxy has written `calls` more successful requests into both."""
    day = proxy.today()
    window = Window(day - timedelta(days=1), day + timedelta(days=1))
    for _ in range(FLUSHES):
        rows = proxy.logged(day)
        _, statement, totals = read(key, window)
        if len(rows) >= calls and sum(cost.requests or 0 for cost in statement.costs) == len(rows):
            assert totals == statement.control_totals
            return statement, rows
        threading.Event().wait(0.5)
    pytest.fail("the proxy did not write its queues down")


def test_every_row_is_what_the_proxy_logged_request_by_request_while_traffic_goes_through(proxy: Proxy) -> None:
    team, other = (proxy.post("/team/new", {"team_alias": f"spendglass-{uuid4()}"})["team_id"] for _ in range(2))
    key, personal = proxy.key(team_id=team), proxy.key()
    before = len(proxy.logged(proxy.today()))
    models = [found["model_name"] for found in proxy.get("/model/info")["data"]]
    served = 0
    for asker in (key, personal, KEY):
        served += sum(is_served(proxy, model, asker) for model in models)
    proxy.post("/key/update", {"key": key, "team_id": other})
    served += sum(is_served(proxy, model, key) for model in models)
    assert served
    statement, rows = settled(proxy, KEY, before + served)
    assert billed(statement) == logged(rows)
    assert {cost.workspace_id for cost in statement.costs} >= {team, other, ""}
    assert not statement.notes
    assert all(cost.upstream for cost in statement.costs)
    known = {record.api_key_id for record in statement.api_keys}
    assert {cost.api_key_id for cost in statement.costs} <= known | SPECIAL_KEYS.keys()


def is_served(proxy: Proxy, model: str, key: str) -> bool:
    """Whether one small chat with this model goes through; some models of a proxy do not chat, and some are down."""
    chat = {"model": model, "messages": [{"role": "user", "content": "hello"}]}
    return proxy.http.post("/v1/chat/completions", json=chat, headers={"Authorization": f"Bearer {key}"}).is_success


def test_the_key_of_the_recipe_reads_all_that_the_admin_reads_and_cannot_call_models(proxy: Proxy) -> None:
    user = f"spendglass-{uuid4()}"
    proxy.post("/user/new", {"user_id": user, "user_role": "proxy_admin_viewer", "auto_create_key": False})
    viewer = proxy.key(user_id=user, allowed_routes=list(ROUTES))
    day = proxy.today()
    window = Window(day - timedelta(days=3), day - timedelta(days=1))
    identity, seen, _ = read(viewer, window)
    admin, whole, _ = read(KEY, window)
    assert identity.notes == ()
    assert len(admin.notes) == 1
    assert seen.costs == whole.costs
    assert seen.workspaces == whole.workspaces
    answer = proxy.http.post(
        "/v1/chat/completions", json={"model": "any"}, headers={"Authorization": f"Bearer {viewer}"}
    )
    assert answer.status_code == 403


def test_a_members_key_a_teams_key_and_an_unknown_key_are_told_apart(proxy: Proxy) -> None:
    user = f"spendglass-{uuid4()}"
    proxy.post("/user/new", {"user_id": user, "user_role": "internal_user", "auto_create_key": False})
    for key in (proxy.key(user_id=user), proxy.key()):
        with pytest.raises(CredentialLacksBilling):
            linked(key)
    with pytest.raises(CredentialRejected):
        linked("sk-nobody-made-this-key")


def linked(key: str) -> None:
    session = connect(LiteLLMCredential.model_validate({"apiKey": key, "baseUrl": URL}))
    try:
        check(session)
    finally:
        session.close()
