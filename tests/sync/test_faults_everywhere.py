"""Whatever goes wrong at any provider: a logged state with its next step, nothing false saved, a whole next run."""

import dataclasses
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from botocore.loaders import create_loader
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import func, select
from sqlmodel import col

from connectors import CONNECTORS
from demo.accounts import ACCOUNTS
from demo.faults import Fault
from demo.simulator import Simulator
from demo.world import World
from linking import link_account
from settings import Settings
from store.copies import copy_to
from store.db import Store, open_store
from store.errors import LeaseLost
from store.leases import new_holder, take_lease
from store.models import DailyCost
from store.records import Window, to_nanos
from tests.sync.conftest import TODAY, Clock, synced
from tests.sync.faults import AT_ONCE, LATER, NOWHERE, OUTLIVED, QUOTED, SECRET
from tests.sync.faults_by_provider import MINOR, OWN, troubles

HISTORY_DAYS, WINDOW_DAYS = 4, 2
ALL_DAYS = Window(TODAY - timedelta(days=HISTORY_DAYS - 1), TODAY + timedelta(days=1))
CREDENTIAL: dict[str, Any] = {str(account["provider"]): account["credential"] for account in ACCOUNTS}
CASES = [(provider, name) for provider in OWN for name in troubles(provider)]


@dataclass(frozen=True)
class Linked:
    """All providers simulated, and a store where they are linked; `pristine` is its copy from before any sync."""

    simulator: Simulator
    store: Store
    pristine: Path
    ids: dict[str, int]
    first_window: dict[str, list[str]]
    """What a first sync asks each provider before its second window: decoded paths with queries."""


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Linked]:
    folder = tmp_path_factory.mktemp("linked")
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch, Simulator(World(7, TODAY, history_days=64), clock=clock) as simulator:
        for slug in OWN:
            patch.setenv(f"SPENDGLASS_ENDPOINT_{slug.upper()}", simulator.endpoint(slug))
            short = dataclasses.replace(CONNECTORS[slug], history_days=HISTORY_DAYS, window_days=WINDOW_DAYS)
            patch.setitem(CONNECTORS, slug, short)
        # boto3's models and the RSA key are the same each time: making them anew is most of a short sync's time.
        patch.setattr("connectors.vertex_key.load_pem_private_key", cache(load_pem_private_key))
        patch.setattr("botocore.session.create_loader", cache(create_loader))
        store = open_store(Settings(data_dir=folder / "data"))
        ids = {slug: link_account(store, slug, CREDENTIAL[slug], name=None, now=clock()) for slug in OWN}
        copy_to(store, folder / "pristine.db")
        asked = {slug: first_window(simulator, store, ids[slug]) for slug in OWN}
        yield Linked(simulator, store, folder / "pristine.db", ids, asked)
        store.close()


def first_window(simulator: Simulator, store: Store, account_id: int) -> list[str]:
    start = len(simulator.requests)
    asked: list[str] = []

    def look(values: dict[str, Any]) -> None:
        if values["windows_saved"] == 1 and not asked:
            asked.extend(unquote(target) for _, target in list(simulator.requests)[start:])

    assert synced(store, account_id, Clock(), report=look)["windows_saved"] == HISTORY_DAYS // WINDOW_DAYS
    return asked


@pytest.fixture
def store(linked: Linked) -> Store:
    """The store as it was before any sync. A new one for each test would compile each statement anew."""
    linked.simulator.faults.clear()
    assert linked.store.sqlite_path is not None
    with (
        closing(sqlite3.connect(linked.pristine)) as pristine,
        closing(sqlite3.connect(linked.store.sqlite_path)) as used,
    ):
        pristine.backup(used)
    return linked.store


def saved(store: Store) -> dict[tuple[Any, ...], tuple[int, int]]:
    """Billed and credited nano-dollars per day, workspace, key and model, of all accounts; zeros left out."""
    grain = (col(DailyCost.day), col(DailyCost.workspace_id), col(DailyCost.api_key_id), col(DailyCost.model))
    sums = (func.sum(DailyCost.billed_cost), func.sum(DailyCost.credits_applied))
    with store.read() as connection:
        found = connection.execute(select(*grain, *sums).group_by(*grain))
        totals = {tuple(place): (to_nanos(billed), to_nanos(credited)) for *place, billed, credited in found}
    return {place: total for place, total in totals.items() if any(total)}


def true(simulator: Simulator, provider: str, window: Window | None) -> dict[tuple[Any, ...], tuple[int, int]]:
    """Those of the world."""
    if window is None:
        return {}
    told = simulator.world.totals(provider, window.start, window.end, simulator.clock())
    return {grain: (total.nanos, total.credits) for grain, total in told.items() if total.nanos or total.credits}


def secrets(provider: str) -> list[str]:
    given = CREDENTIAL[provider]
    return [str(value) for name, value in given.items() if name in {"apiKey", "provisioningKey", "secretAccessKey"}] + [
        line for line in str(given.get("private_key", "")).splitlines() if len(line) == 64
    ]


def order(linked: Linked, provider: str, fault: Fault, moment: str) -> None:
    """The fault, in words that quote the secret, from the first fitting request on, or from the second window's."""
    usual = "/vertex/bigquery/" if provider == "vertex" else f"^/{provider}\\b"
    match = fault.match or usual
    before = sum(bool(re.search(match, asked)) for asked in linked.first_window[provider]) if moment == LATER else 0
    text = None if fault.text is None else fault.text.replace(SECRET, secrets(provider)[0])
    linked.simulator.faults.add(fault.model_copy(update={"match": match, "nth": before + 1, "text": text}))


def by_day(totals: dict[tuple[Any, ...], tuple[int, int]], window: Window) -> dict[Any, int]:
    days: Counter[Any] = Counter()
    for grain, (billed, _) in totals.items():
        days[grain[0]] += billed
    return {day: billed for day, billed in days.items() if billed and day in window}


def newest(windows: int) -> Window | None:
    """The days of so many windows of a first sync."""
    return Window(ALL_DAYS.end - timedelta(days=windows * WINDOW_DAYS), ALL_DAYS.end) if windows else None


def assert_explained(run: dict[str, Any], provider: str, log: str) -> None:
    told = " ".join(str(run[name] or "") for name in ("message", "likely_cause", "resolution", "notes")) + log
    assert run["message"]
    assert run["likely_cause"]
    assert run["resolution"]
    assert QUOTED not in told
    assert not [secret for secret in secrets(provider) if secret in told]


@pytest.mark.parametrize("provider", OWN)
def test_at_least_twenty_five_faults_are_ordered_of_each_provider(provider: str) -> None:
    assert len(troubles(provider)) >= 25


@pytest.mark.parametrize(("provider", "name"), CASES)
def test_a_fault_ends_in_a_logged_state_and_the_next_sync_is_whole(
    provider: str, name: str, linked: Linked, store: Store, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault that is there at once; then, in the next sync, with the second window; then no more."""
    trouble = troubles(provider)[name]
    for moment, kind in trouble.kinds.items():
        if kind == NOWHERE:
            continue
        order(linked, provider, trouble.fault, moment)
        run = synced(store, linked.ids[provider], clock)
        linked.simulator.faults.clear()
        if kind == OUTLIVED:
            assert (run["status"], run["message"]) == ("succeeded", None)
            break
        windows = 0 if moment == AT_ONCE else 1
        assert (run["error_kind"], run["windows_saved"]) == (kind, windows)
        assert run["status"] == ("partial" if windows else "failed")
        assert_explained(run, provider, caplog.text)
        assert saved(store) == true(linked.simulator, provider, newest(windows))
    else:
        assert synced(store, linked.ids[provider], clock)["status"] == "succeeded"
    assert saved(store) == true(linked.simulator, provider, ALL_DAYS)


@pytest.mark.parametrize("provider", OWN)
def test_a_fault_after_a_good_sync_loses_nothing(provider: str, linked: Linked, store: Store, clock: Clock) -> None:
    assert synced(store, linked.ids[provider], clock)["status"] == "succeeded"
    for name in ("half a body", "a list", "503"):
        order(linked, provider, troubles(provider)[name].fault, AT_ONCE)
        run = synced(store, linked.ids[provider], clock)
        linked.simulator.faults.clear()
        assert (run["status"], run["error_kind"]) == ("failed", troubles(provider)[name].kinds[AT_ONCE])
        assert saved(store) == true(linked.simulator, provider, ALL_DAYS)
    assert synced(store, linked.ids[provider], clock)["status"] == "succeeded"
    assert saved(store) == true(linked.simulator, provider, ALL_DAYS)


@pytest.mark.parametrize("provider", OWN)
def test_a_sync_that_lost_its_lease_saves_nothing_more(
    provider: str, linked: Linked, store: Store, clock: Clock
) -> None:
    other = new_holder()

    def take_over(values: dict[str, Any]) -> None:
        if values["windows_saved"] == 1:
            clock.move(minutes=2)
            assert take_lease(store, linked.ids[provider], other, clock())

    run = synced(store, linked.ids[provider], clock, report=take_over)
    assert (run["status"], run["error_kind"], run["windows_saved"]) == ("partial", LeaseLost.kind, 1)
    assert saved(store) == true(linked.simulator, provider, newest(1))
    clock.move(minutes=2)
    assert synced(store, linked.ids[provider], clock)["status"] == "succeeded"
    assert saved(store) == true(linked.simulator, provider, ALL_DAYS)


@pytest.mark.parametrize(("provider", "name"), [(provider, name) for provider in MINOR for name in MINOR[provider]])
def test_what_can_be_done_without_is_done_without_and_said(
    provider: str, name: str, linked: Linked, store: Store, clock: Clock
) -> None:
    minor = MINOR[provider][name]
    order(linked, provider, minor.fault, AT_ONCE)
    run = synced(store, linked.ids[provider], clock)
    linked.simulator.faults.clear()
    assert (run["status"], run["message"]) == ("succeeded", None)
    assert minor.note in run["notes"]
    told = Window(ALL_DAYS.start, TODAY) if minor.is_short_of_today else ALL_DAYS
    assert by_day(saved(store), told) == by_day(true(linked.simulator, provider, told), told)
