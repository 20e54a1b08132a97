"""The command line as other programs drive it: arguments in, exit code and output out."""

import csv
import io
import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import cli
from demo.faults import Fault
from demo.openai_api import ADMIN_KEY, EXPIRED_KEY, PROJECT_KEY
from demo.simulator import Simulator
from demo.world import World
from settings import settings
from store.metrics import FINDINGS
from store.queries import QUERIES

COST_COLUMNS = (
    "day,provider,account,workspace_id,workspace,api_key_id,api_key_hint,model,variant,upstream,billed_cost,"
    "credits_applied,net_cost,cost_basis,input_tokens,cached_input_tokens,cache_write_tokens,output_tokens,"
    "usage_quantity,usage_unit,requests"
)


class Ended(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    now = datetime.now(UTC)
    with Simulator(World(3, now.date(), history_days=45), clock=lambda: now, has_control=True) as running:
        monkeypatch.setenv("SPENDGLASS_ENDPOINT_OPENAI", running.endpoint("openai"))
        yield running


class Terminal:
    """Runs verbs in this process, as `python cli.py …` would."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
        self._monkeypatch = monkeypatch
        self._captured = capsysbinary

    def __call__(self, *arguments: object, given: object = None) -> Ended:
        settings.cache_clear()
        text = given if isinstance(given, str) else json.dumps(given)
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        try:
            code = cli.main([str(argument) for argument in arguments])
        except SystemExit as ended:
            code = int(str(ended.code))
        settings.cache_clear()
        captured = self._captured.readouterr()
        return Ended(code, captured.out.decode(), captured.err.decode())

    def json(self, *arguments: object) -> Any:
        ended = self(*arguments, "--json")
        assert ended.code == 0, ended.err
        return json.loads(ended.out)


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Terminal:
    for name in [name for name in os.environ if name.startswith("SPENDGLASS_") and "ENDPOINT" not in name]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SPENDGLASS_DATA_DIR", str(tmp_path / "data"))
    return Terminal(monkeypatch, capsysbinary)


@pytest.fixture
def synced(terminal: Terminal, simulator: Simulator) -> Terminal:
    assert terminal("link", "openai", "--name", "Team", given={"apiKey": ADMIN_KEY}) == Ended(0, "1\n", "")
    assert terminal("sync").code == 0
    return terminal


def window(simulator: Simulator) -> tuple[str, str]:
    today = simulator.clock().date()
    return str(today - timedelta(days=45)), str(today)


def test_the_costs_export_is_the_bill_to_the_last_digit(synced: Terminal, simulator: Simulator) -> None:
    first, last = window(simulator)
    ended = synced("export", "costs", "--from", first, "--to", last)
    assert ended.out.splitlines()[0] == COST_COLUMNS
    saved: dict[tuple[str, str, str, str], Decimal] = {}
    for row in csv.DictReader(io.StringIO(ended.out)):
        grain = (row["day"], row["workspace_id"], row["api_key_id"], row["model"])
        saved[grain] = saved.get(grain, Decimal(0)) + Decimal(row["billed_cost"])
    today = simulator.clock().date()
    truth = simulator.world.totals("openai", today - timedelta(days=45), today + timedelta(days=1), simulator.clock())
    assert {grain: amount for grain, amount in saved.items() if amount} == {
        (str(day), *ids): Decimal(total.nanos).scaleb(-9) for (day, *ids), total in truth.items() if total.nanos
    }


@pytest.mark.parametrize("table", [name for name in QUERIES if name != "sync_logs"])
def test_every_table_adds_up_to_the_same_total(table: str, synced: Terminal, simulator: Simulator) -> None:
    first, last = window(simulator)
    today = simulator.clock().date()
    days = simulator.world.day_totals(
        "openai", today - timedelta(days=45), today + timedelta(days=1), simulator.clock()
    )
    rows = synced.json("export", table, "--from", first, "--to", last)
    assert sum(Decimal(row["billed_cost"]) for row in rows) == Decimal(sum(days.values())).scaleb(-9)


def test_to_is_inclusive(synced: Terminal, simulator: Simulator) -> None:
    day = simulator.clock().date() - timedelta(days=3)
    rows = synced.json("export", "costs", "--from", day, "--to", day)
    assert {row["day"] for row in rows} == {str(day)}


def test_export_keeps_the_keys_that_have_a_finding(synced: Terminal, simulator: Simulator) -> None:
    first, last = window(simulator)
    every = synced.json("export", "api_keys", "--from", first, "--to", last)
    assert {"deleted but spending", "unattributed"} <= {row["findings"] for row in every}
    for finding, word in FINDINGS.items():
        found = synced.json("export", "api_keys", "--from", first, "--to", last, "--finding", finding)
        assert found == [row for row in every if word in row["findings"].split(", ")]


def test_export_filters_sorts_and_writes_a_file(synced: Terminal, simulator: Simulator, tmp_path: Path) -> None:
    first, last = window(simulator)
    every = synced.json("export", "models", "--from", first, "--to", last, "--sort", "billed_cost", "--ascending")
    amounts = [Decimal(row["billed_cost"]) for row in every]
    assert amounts == sorted(amounts)
    middle = amounts[len(amounts) // 2]
    cheap = synced.json("export", "models", "--from", first, "--to", last, "--max-cost", middle)
    dear = synced.json("export", "models", "--from", first, "--to", last, "--min-cost", middle)
    assert sorted(Decimal(row["billed_cost"]) for row in cheap) == [a for a in amounts if a <= middle]
    assert sorted(Decimal(row["billed_cost"]) for row in dear) == [a for a in amounts if a >= middle]
    found = synced.json("export", "models", "--from", first, "--to", last, "--search", "GPT-6")
    assert {row["model"] for row in found} == {row["model"] for row in every if "gpt-6" in row["model"]}
    target = tmp_path / "models.csv"
    assert synced("export", "models", "--from", first, "--to", last, "-o", target) == Ended(0, "", "")
    assert len(list(csv.DictReader(io.StringIO(target.read_text())))) == len(every)


def test_several_accounts_are_linked_at_once_and_a_refused_one_does_not_stop_the_others(
    terminal: Terminal, simulator: Simulator
) -> None:
    accounts = [
        {"provider": "openai", "name": "Wrong", "credential": {"apiKey": PROJECT_KEY}},
        {"provider": "openai", "name": "Team", "credential": {"apiKey": ADMIN_KEY}},
    ]
    ended = terminal("link-all", given=accounts)
    assert (ended.code, ended.out) == (3, "1 openai\n")
    assert "project key" in ended.err
    assert [row["name"] for row in terminal.json("accounts")] == ["Team"]
    for wrong in ({}, [1], [{"provider": "nobody"}], [{"provider": "openai"}]):
        assert terminal("link-all", given=wrong).code == 2


def test_a_second_sync_is_another_run_in_the_log(synced: Terminal) -> None:
    runs = json.loads(synced("sync", 1, "--json").out)
    assert [run["status"] for run in runs] == ["succeeded"]
    rows = synced.json("export", "sync_logs")
    assert [(row["trigger"], row["status"]) for row in rows] == [("cli", "succeeded"), ("link", "succeeded")]


def test_a_sync_that_fails_says_why_and_exits_1(synced: Terminal, simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="status", status=401, match="/costs", times=0))
    ended = synced("sync")
    assert ended.code == 1
    assert "failed" in ended.out
    assert "Next step: " in ended.out


@pytest.mark.parametrize("key", [PROJECT_KEY, EXPIRED_KEY, "sk-ant-admin01-" + "x" * 40])
def test_a_wrong_key_exits_3_with_cause_and_next_step(key: str, terminal: Terminal, simulator: Simulator) -> None:
    ended = terminal("link", "openai", given={"apiKey": key})
    assert (ended.code, ended.out) == (3, "")
    assert "Likely cause: " in ended.err
    assert "Next step: " in ended.err
    assert key not in ended.err
    assert terminal.json("accounts") == []


def test_an_unreachable_provider_exits_4(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPENDGLASS_ENDPOINT_OPENAI", "http://127.0.0.1:1")
    assert terminal("link", "openai", given={"apiKey": ADMIN_KEY}).code == 4


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (["link", "nobody"], {"apiKey": ADMIN_KEY}),
        (["link", "openai"], "no json"),
        (["link", "openai"], [1]),
        (["export", "nothing", "--from", "2026-01-01", "--to", "2026-01-02"], None),
        (["export", "costs", "--from", "yesterday", "--to", "2026-01-02"], None),
        (["export", "costs", "--from", "2026-01-03", "--to", "2026-01-02"], None),
        (["export", "costs", "--sort", "nothing"], None),
        (["export", "costs", "--finding", "idle"], None),
        (["export", "api_keys", "--finding", "nothing"], None),
        (["export", "costs", "--min-cost", "NaN"], None),
        (["export", "costs", "--provider", "nobody"], None),
        (["sync", "9"], None),
        (["sync", "--since", "2999-01-01"], None),
        (["unlink", "9"], None),
        (["rename", "proj_nothing", "x"], None),
        ([], None),
    ],
)
def test_wrong_use_exits_2_and_says_what_is_wrong(arguments: list[str], given: object, terminal: Terminal) -> None:
    ended = terminal(*arguments, given=given)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err


def test_a_wrong_setting_exits_2_and_is_named(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPENDGLASS_SYNC_MINUTES", "often")
    ended = terminal("accounts")
    assert ended.code == 2
    assert "SPENDGLASS_SYNC_MINUTES" in ended.err


def test_a_workspace_is_renamed_found_by_both_names_and_reverted(synced: Terminal) -> None:
    row = synced.json("export", "workspaces")[0]
    workspace, old = row["workspace_ids"], row["workspace"]
    assert synced("rename", workspace, "Nobody expects this").code == 0
    for name in ("nobody EXPECTS", old):
        found = synced.json("export", "workspaces", "--search", name)
        assert "Nobody expects this" in [line["workspace"] for line in found]
    assert [(line["number"], line["name"]) for line in synced.json("names", workspace)] == [
        (1, old),
        (2, "Nobody expects this"),
    ]
    assert synced("revert", workspace, 1) == Ended(0, f"{old}\n", "")
    assert synced.json("export", "workspaces")[0]["workspace"] == old


def test_pause_resume_and_unlink(synced: Terminal, simulator: Simulator) -> None:
    first, last = window(simulator)
    assert synced("pause", 1).code == 0
    assert synced.json("accounts")[0]["state"] == "paused"
    assert synced("resume", 1).code == 0
    assert synced("unlink", 1, "--keep-data").code == 0
    assert synced.json("accounts")[0]["state"] == "unlinked"
    assert synced.json("export", "costs", "--from", first, "--to", last)
    assert synced("link", "openai", given={"apiKey": ADMIN_KEY}).out == "1\n"
    assert synced("unlink", 1).code == 0
    assert synced.json("accounts") == []
    assert synced.json("export", "costs", "--from", first, "--to", last) == []


def test_a_new_key_takes_the_place_of_the_old_one(synced: Terminal) -> None:
    assert synced("relink", 1, given={"apiKey": PROJECT_KEY}).code == 3
    assert synced("relink", 1, given={"apiKey": ADMIN_KEY}).code == 0
    assert synced("rotate-key").code == 0
    assert synced("sync").code == 0


def test_a_backup_brings_everything_back(synced: Terminal, simulator: Simulator, tmp_path: Path) -> None:
    first, last = window(simulator)
    before = synced("export", "costs", "--from", first, "--to", last).out
    assert synced("backup", tmp_path / "backup.db").code == 0
    assert synced("unlink", 1).code == 0
    assert synced("restore", tmp_path / "backup.db").code == 0
    assert synced("export", "costs", "--from", first, "--to", last).out == before
    assert synced("sync").code == 0


def test_the_doctor_finds_a_lost_key(synced: Terminal, tmp_path: Path) -> None:
    assert synced("doctor").code == 0
    (tmp_path / "data" / "secret.key").unlink()
    ended = synced("doctor", "--json")
    assert ended.code == 1
    assert [row["what"] for row in json.loads(ended.out) if row["level"] == "error"] == ["credentials"]


def test_config_prints_every_setting_and_masks_secrets(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPENDGLASS_SECRET_KEY", "a passphrase that is planted")
    monkeypatch.setenv("SPENDGLASS_ENDPOINT_OPENAI", "http://127.0.0.1:9")
    told = terminal.json("config")
    assert set(told) == {f"SPENDGLASS_{name.upper()}" for name in type(settings()).model_fields} | {
        "SPENDGLASS_ENDPOINT_OPENAI"
    }
    assert told["SPENDGLASS_SECRET_KEY"] == "********"
    assert "planted" not in terminal("config").out


def test_a_planted_marker_is_found_nowhere(
    terminal: Terminal, simulator: Simulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    outputs = []

    def run(*arguments: object, given: object = None) -> None:
        ended = terminal(*arguments, given=given)
        outputs.extend((ended.out, ended.err))

    run("link", "openai", given={"apiKey": ADMIN_KEY})
    run("sync")
    simulator.faults.add(Fault(kind="truncate", match="/costs", times=0))
    run("sync")
    for key in (ADMIN_KEY + "x", PROJECT_KEY, f"{ADMIN_KEY} y"):
        run("link", "openai", given={"apiKey": key})
    run("relink", 1, given={"apiKey": ADMIN_KEY, ADMIN_KEY: 1})
    for verb in ("accounts", "config", "doctor"):
        run(verb)
        run(verb, "--json")
    for table in QUERIES:
        run("export", table)
    run("backup", tmp_path / "backup.db")
    run("rotate-key")
    marker = ADMIN_KEY[12:-4]
    assert marker not in "".join(outputs) + caplog.text
    assert [path for path in tmp_path.rglob("*") if path.is_file() and marker.encode() in path.read_bytes()] == []


def test_a_metering_key_is_shown_once_listed_and_revoked(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SPENDGLASS_METERING_KEYS", "hak_given0by0the0environment")
    made = terminal("metering-key", "Search")
    key = made.out.strip()
    assert (made.code, key.startswith("hak_")) == (0, True)
    assert key not in made.err
    listed = terminal.json("metering-keys")
    assert [(row["id"], row["name"]) for row in listed] == [(1, "Search"), (None, "from the environment")]
    assert terminal("revoke-metering-key", 1).code == 0
    assert terminal.json("metering-keys")[0]["revoked_at"] is not None
    printed = terminal("metering-keys").out
    assert key not in printed
    assert "given0by0the" not in printed
    assert terminal("revoke-metering-key", 9).code == 2
    assert terminal("metering-key", " ").code == 1
