"""What the doctor finds, and that it finds nothing where nothing is wrong."""

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import update

from settings import Settings
from store import metering_rows
from store.db import Store, open_store
from store.doctor import Finding, diagnose
from store.events import LATEST_DAYS
from store.leases import drop_lease, new_holder, take_lease
from store.metering import save_events
from store.models import Account, DailyCost
from store.runs import begin_run, update_run
from store.tables import table
from tests.metering.test_store import metered
from tests.store.cast import MARKER, Syncing, bill, cost, day, march

SOUND = {"database", "integrity", "writable", "disk space", "secret key", "credentials", "last sync", "leases"}


@pytest.fixture
def well(sync: Syncing) -> Syncing:
    """A synced account, the sync ended."""
    sync.save(bill(march(1, 2), cost(1, "1"), cost(2, "2"), control_totals={day(1): Decimal(1), day(2): Decimal(2)}))
    update_run(sync.store, sync.run_id, status="succeeded", ended_at=sync.now)
    drop_lease(sync.store, sync.account_id, sync.holder)
    return sync


def wrong(found: list[Finding]) -> list[tuple[str, str]]:
    """Level and subject of each finding that wants something, with a next step for every one."""
    assert all(finding.next_step for finding in found if finding.level != "ok")
    return [(finding.level, finding.what) for finding in found if finding.level != "ok"]


def test_a_store_that_is_well_has_only_good_findings(well: Syncing, chosen: Settings) -> None:
    found = diagnose(well.store, chosen, well.now)
    assert wrong(found) == []
    assert {finding.what for finding in found} == SOUND | {"day totals", "packed days", "metered labels", "settings"}
    assert "2 of 2 days equal" in next(finding.detail for finding in found if finding.what == "day totals")


def test_an_empty_store_says_to_link_an_account(store: Store, chosen: Settings, now: datetime) -> None:
    assert wrong(diagnose(store, chosen, now)) == [("warn", "credentials")]


def test_rows_that_miss_the_providers_total_are_found(well: Syncing, chosen: Settings) -> None:
    costs = table(DailyCost)
    with well.store.write() as connection:
        connection.execute(update(costs).where(costs.c.day == day(2)).values(billed_cost=Decimal("1.999999")))
    found = diagnose(well.store, chosen, well.now)
    assert wrong(found) == [("error", "day totals")] * 2
    assert "2026-03-02: rows miss the provider's own total by $0.000001" in "".join(line.detail for line in found)


def test_metered_calls_under_too_many_names_are_found_until_they_are_old(
    well: Syncing, chosen: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metering_rows, "ROWS", 2)
    monkeypatch.setattr(metering_rows, "MORE_ROWS", 0)
    save_events(
        well.store, [metered(str(n), workspace=f"customer {n}", occurred_at=well.now) for n in range(9)], well.now
    )
    found = diagnose(well.store, chosen, well.now)
    assert wrong(found) == [("warn", "metered labels")]
    [said] = [finding.detail for finding in found if finding.what == "metered labels"]
    assert said.startswith("7 metered calls are counted under (other), as 1 of the last days")
    later = well.now + timedelta(days=LATEST_DAYS + 1)
    assert ("warn", "metered labels") not in wrong(diagnose(well.store, chosen, later))


def test_a_day_whose_rows_are_all_gone_is_found(well: Syncing, chosen: Settings) -> None:
    with well.store.write() as connection:
        connection.execute(table(DailyCost).delete())
    assert wrong(diagnose(well.store, chosen, well.now)) == [("error", "day totals")] * 3


def test_a_credential_that_does_not_open_is_found_and_never_shown(well: Syncing, chosen: Settings) -> None:
    with well.store.write() as connection:
        connection.execute(update(table(Account)).values(sealed_credential="gAAAA-broken"))
    found = diagnose(well.store, chosen, well.now)
    assert wrong(found) == [("error", "credentials")]
    assert MARKER not in repr(found)


def test_a_key_file_that_others_can_read_is_found(well: Syncing, chosen: Settings) -> None:
    assert well.store.sealer.key_file is not None
    well.store.sealer.key_file.chmod(0o644)
    assert wrong(diagnose(well.store, chosen, well.now)) == [("warn", "secret key")]


def test_a_failed_sync_is_told_with_its_cause(well: Syncing, chosen: Settings) -> None:
    holder = new_holder()
    take_lease(well.store, well.account_id, holder, well.now)
    run_id = begin_run(well.store, well.account_id, "cli", well.now)
    drop_lease(well.store, well.account_id, holder)
    values = {"message": "No.", "likely_cause": "The key is gone.", "resolution": "Re-link.", "ended_at": well.now}
    update_run(well.store, run_id, status="failed", **values)
    found = [finding for finding in diagnose(well.store, chosen, well.now) if finding.what == "last sync"]
    assert [(finding.level, finding.next_step) for finding in found] == [("error", "Re-link.")]
    assert "The key is gone" in found[0].detail


def test_an_account_not_synced_for_a_day_is_stale(well: Syncing, chosen: Settings) -> None:
    assert wrong(diagnose(well.store, chosen, well.now + timedelta(hours=25))) == [("warn", "last sync")]


def test_what_a_dead_sync_left_behind_is_found(sync: Syncing, chosen: Settings) -> None:
    assert wrong(diagnose(sync.store, chosen, sync.now)) == []
    found = diagnose(sync.store, chosen, sync.now + timedelta(minutes=5))
    assert wrong(found) == [("warn", "leases")] * 2


def test_replaced_endpoints_are_told(well: Syncing, chosen: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPENDGLASS_ENDPOINT_OPENAI", "http://127.0.0.1:1")
    assert wrong(diagnose(well.store, chosen, well.now)) == [("warn", "settings")]


def test_rows_that_refer_to_nothing_are_found(sqlite_settings: Settings, now: datetime) -> None:
    store = open_store(sqlite_settings)
    with closing(sqlite3.connect(str(store.sqlite_path))) as file, file:
        file.execute("INSERT INTO control_total VALUES (99, '2026-03-01', 1)")
    assert ("error", "integrity") in wrong(diagnose(store, sqlite_settings, now))
    store.close()
