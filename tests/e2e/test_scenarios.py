"""What the dashboard is for, by clicks and keys alone: a cost spike found, a team's keys charged, a month reported."""

import re
from collections.abc import Iterable
from decimal import Decimal

from playwright.sync_api import Locator, expect

from tests.e2e.conftest import Serve, Visit
from tests.e2e.serving import Installation, Server
from tests.e2e.visiting import Visitor

THIRTY_DAYS = "25 Oct – 23 Nov 2026 (UTC), compared with 25 Sep – 24 Oct 2026"
OCTOBER = "1 Oct – 31 Oct 2026 (UTC)"
OLD, TEAM = "Marketing Studio", "Team Aurora"


def net(lines: Iterable[dict[str, str]]) -> Decimal:
    """The sum of an export, to the last digit."""
    return sum((Decimal(line["net_cost"]) for line in lines), Decimal())


def chip(visitor: Visitor, said: str) -> Locator:
    return visitor.page.locator(".st-key-chips").get_by_role("button", name=re.compile(f"^{re.escape(said)}"))


def search(visitor: Visitor, text: str) -> None:
    with visitor.redrawing():
        visitor.page.get_by_role("searchbox", name="Search").fill(text)


def test_a_cost_spike_is_followed_from_the_workspace_to_its_key_and_that_key_s_models(
    server: Server, visit: Visit
) -> None:
    visitor = visit(server)
    visitor.open("/")
    visitor.follow("Workspaces")
    expect(visitor.text(THIRTY_DAYS)).to_be_visible()
    visitor.choose("Sort by", "Change")
    workspaces = visitor.exported("workspaces")
    rises = [Decimal(line["change"]) for line in workspaces if line["change"]]
    assert rises == sorted(rises, reverse=True)
    assert rises[0] > Decimal("0.2")
    spiking = visitor.grid("workspaces").read().column("Workspace")[0]
    assert workspaces[0]["workspace"] == spiking

    visitor.grid("workspaces").link(0).click()
    visitor.arrive("API Keys")
    expect(visitor.text(THIRTY_DAYS)).to_be_visible()
    expect(chip(visitor, f"Workspace: {spiking}")).to_be_visible()
    expect(visitor.page).to_have_url(re.compile(rf"workspace={spiking.replace(' ', '(%20|[+])')}"))
    keys = visitor.exported("api_keys")
    assert len(keys) > 1
    assert net(keys) == Decimal(workspaces[0]["net_cost"])
    assert {line["workspace"] for line in keys} == {spiking}

    rises = [Decimal(line["change"] or 0) for line in keys]
    suspect = rises.index(max(rises))
    visitor.grid("api_keys").link(suspect).click()
    visitor.arrive("Models")
    expect(visitor.text(THIRTY_DAYS)).to_be_visible()
    expect(chip(visitor, f"Workspace: {spiking}")).to_be_visible()
    expect(chip(visitor, f"API key: {keys[suspect]['api_key_name']}")).to_be_visible()
    expect(visitor.page).to_have_url(re.compile(f"api_key={keys[suspect]['api_key_id']}"))
    models = visitor.exported("models")
    assert models
    assert net(models) == Decimal(keys[suspect]["net_cost"])


def test_a_team_s_keys_are_named_found_judged_and_charged(linked: Installation, serve: Serve, visit: Visit) -> None:
    visitor = visit(serve(linked))
    visitor.open("/workspaces")
    names = visitor.grid("workspaces").read().column("Workspace")
    with visitor.redrawing():
        visitor.grid("workspaces").opener(names.index(OLD)).click()
    panel = visitor.page.locator(".st-key-workspace-panel")
    panel.get_by_role("textbox", name="Name", exact=True).fill(TEAM)
    with visitor.redrawing():
        panel.get_by_role("button", name="Rename", exact=True).click()
    expect(panel.get_by_role("heading", name=TEAM, exact=True)).to_be_visible()
    cost = next(line for line in visitor.exported("workspaces") if line["workspace"] == TEAM)

    visitor.follow("API Keys")
    search(visitor, TEAM.lower())
    keys = visitor.exported("api_keys")
    search(visitor, OLD)
    assert visitor.exported("api_keys") == keys
    assert {line["workspace"] for line in keys} == {TEAM}
    assert net(keys) == Decimal(cost["net_cost"])

    visitor.page.get_by_role("button", name="Export cost rows").click()
    expect(visitor.page.get_by_text("Every cost row of these keys")).to_be_visible()
    rows = visitor.exported("chargeback")
    assert len({line["day"] for line in rows}) > 20
    assert net(rows) == net(keys)
    for key in keys:
        assert net(row for row in rows if row["api_key_id"] == key["api_key_id"]) == Decimal(key["net_cost"])
    visitor.page.keyboard.press("Escape")

    visitor.button("Reset").click()
    expect(visitor.page.get_by_role("searchbox", name="Search")).to_have_value("")
    with visitor.redrawing():
        visitor.page.get_by_role("radio", name=re.compile("^idle")).click()
    idle = visitor.exported("api_keys")
    assert idle
    assert net(idle) == 0
    assert all("idle" in line["findings"] for line in idle)


def test_last_month_is_reported_by_workspace_and_by_model_with_the_providers_total(
    server: Server, visit: Visit
) -> None:
    visitor = visit(server)
    visitor.open("/")
    visitor.choose("Period", "Last month")
    expect(visitor.text(OCTOBER)).to_be_visible()
    total = net(visitor.exported("providers"))
    assert total > 0
    for title, table in (("Workspaces", "workspaces"), ("Models", "models")):
        visitor.follow(title)
        expect(visitor.text(OCTOBER)).to_be_visible()
        lines = visitor.exported(table)
        assert len(lines) > 1
        assert net(lines) == total
