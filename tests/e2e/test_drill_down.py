"""From a row to what it is made of, and back."""

import re

from playwright.sync_api import expect

from tests.e2e.conftest import Visit
from tests.e2e.serving import Server

QUERY = "?period=Last+7+days"
LAST_WEEK = "17 Nov – 23 Nov 2026 (UTC)"


def test_rows_lead_from_providers_to_models_to_keys_with_the_filters_kept(server: Server, visit: Visit) -> None:
    visitor = visit(server)
    visitor.open(f"/{QUERY}")
    visitor.grid("providers").link(0).click()
    visitor.arrive("Models")
    expect(visitor.text(LAST_WEEK)).to_be_visible()
    expect(visitor.page).to_have_url(re.compile("provider=OpenAI"))
    models = visitor.grid("models").read()

    visitor.grid("models").row(0).get_by_role("cell").last.click()
    visitor.arrive("API Keys")
    expect(visitor.text(LAST_WEEK)).to_be_visible()
    expect(visitor.page).to_have_url(re.compile(f"model={models.rows[0][0]}"))
    expect(visitor.page.get_by_role("button", name=re.compile(f"Model: {models.rows[0][0]}"))).to_be_visible()
    keys = visitor.grid("api_keys").read()
    spent = sum(float(cost) for cost in keys.column("Net cost, US$"))
    assert abs(spent - float(models.column("Net cost, US$")[0])) < 0.000001

    visitor.grid("api_keys").link(0).click()
    visitor.arrive("Models")
    expect(visitor.page.get_by_role("button", name=re.compile("API key:"))).to_be_visible()
    visitor.grid("models").expect_rows(1)


def test_ticks_alone_lead_from_a_workspace_to_its_keys_and_their_models(server: Server, visit: Visit) -> None:
    visitor = visit(server)
    visitor.open(f"/workspaces{QUERY}")
    workspace = visitor.grid("workspaces").read().rows[0][0]
    visitor.grid("workspaces").link(0).click()
    visitor.arrive("API Keys")
    assert set(visitor.grid("api_keys").read().column("Workspace")) == {workspace}
    visitor.grid("api_keys").link(0).click()
    visitor.arrive("Models")
    expect(visitor.text(LAST_WEEK)).to_be_visible()
    expect(visitor.page.get_by_role("button", name=re.compile(f"Workspace: {workspace}"))).to_be_visible()


def test_a_workspace_opens_and_drills_down_by_keyboard(server: Server, visit: Visit) -> None:
    visitor = visit(server)
    visitor.open(f"/workspaces{QUERY}")
    grid = visitor.grid("workspaces")
    names = grid.read().column("Workspace")
    grid.opener(0).focus()
    with visitor.redrawing():
        visitor.page.keyboard.press("Enter")
    expect(visitor.page.get_by_role("heading", name=names[0], exact=True)).to_be_visible()
    expect(grid.opener(0)).to_have_attribute("aria-expanded", "true")
    expect(grid.opener(0)).to_be_focused()
    for _ in range(2):
        visitor.page.keyboard.press("Tab")
    with visitor.redrawing():
        visitor.page.keyboard.press("Space")
    expect(visitor.page.get_by_role("heading", name=names[1], exact=True)).to_be_visible()
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.press("Enter")
    visitor.arrive("API Keys")
    assert set(visitor.grid("api_keys").read().column("Workspace")) == {names[1]}


def test_a_row_opens_and_closes_by_a_click_anywhere_in_it(server: Server, visit: Visit) -> None:
    visitor = visit(server)
    visitor.open("/workspaces")
    grid = visitor.grid("workspaces")
    panel = visitor.page.locator(".st-key-workspace-panel")
    with visitor.redrawing():
        grid.row(1).get_by_role("cell").nth(2).click()
    expect(panel.get_by_role("heading", name=grid.read().column("Workspace")[1], exact=True)).to_be_visible()
    with visitor.redrawing():
        grid.row(1).get_by_role("cell").nth(2).click()
    expect(panel).to_have_count(0)


def test_a_link_can_be_opened_beside(server: Server, visit: Visit) -> None:
    visitor = visit(server)
    visitor.open(f"/models{QUERY}")
    with visitor.page.context.expect_page() as opening:
        visitor.grid("models").link(0).click(modifiers=["Control"])
    beside = opening.value
    expect(beside.get_by_role("heading", level=1)).to_have_text("API Keys")
    expect(beside.get_by_test_id("stMain").get_by_text(LAST_WEEK).first).to_be_visible()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Models")


def test_a_finding_filters_keeps_its_place_in_the_address_and_survives_other_pages(
    server: Server, visit: Visit
) -> None:
    visitor = visit(server)
    visitor.open("/api_keys")
    chip = visitor.page.get_by_role("radio", name=re.compile("^idle"))
    with visitor.redrawing():
        chip.click()
    expect(visitor.page).to_have_url(re.compile("finding=idle"))
    idle = visitor.grid("api_keys").read()
    assert idle.rows
    assert set(idle.column("Net cost, US$")) <= {"0.00"}
    visitor.follow("Models")
    visitor.follow("API Keys")
    expect(chip).to_be_checked()
    assert visitor.grid("api_keys").read() == idle
    visitor.page.reload()
    visitor.arrive("API Keys")
    assert visitor.grid("api_keys").read() == idle


def test_back_and_forward_lead_to_the_pages_as_they_were(server: Server, visit: Visit) -> None:
    visitor = visit(server)
    visitor.open(f"/models{QUERY}&search=gpt")
    models = visitor.grid("models").read()
    visitor.grid("models").link(1).click()
    visitor.arrive("API Keys")
    keys = visitor.grid("api_keys").read()
    visitor.follow("Workspaces")
    with visitor.redrawing():
        visitor.page.get_by_role("searchbox", name="Search").fill("")
    expect(visitor.page).not_to_have_url(re.compile("search"))
    back, forward = visitor.page.go_back, visitor.page.go_forward
    for go, title, expected in ((back, "API Keys", keys), (back, "Models", models), (forward, "API Keys", keys)):
        go()
        visitor.arrive(title)
        expect(visitor.text(LAST_WEEK)).to_be_visible()
        expect(visitor.page.get_by_role("searchbox", name="Search")).to_have_value("gpt")
        expect(visitor.page.get_by_role("button", name=re.compile("Model: "))).to_have_count(int(title == "API Keys"))
        assert visitor.grid("api_keys" if title == "API Keys" else "models").read() == expected


def test_back_from_where_a_button_led_is_one_step(server: Server, visit: Visit) -> None:
    visitor = visit(server)
    visitor.open(f"/{QUERY}&search=gpt")
    before = visitor.grid("providers").read()
    visitor.button("View Sync Logs").click()
    visitor.arrive("Sync Logs")
    expect(visitor.page).to_have_url(f"{server.url}/sync_logs{QUERY}&search=gpt")
    expect(visitor.page.get_by_role("searchbox", name="Search")).to_have_value("gpt")
    visitor.page.go_back()
    visitor.arrive("Providers")
    assert visitor.grid("providers").read() == before


def test_back_undoes_a_finding(server: Server, visit: Visit) -> None:
    visitor = visit(server)
    visitor.open("/models")
    visitor.follow("API Keys")
    before = visitor.grid("api_keys").read()
    with visitor.redrawing():
        visitor.page.get_by_role("radio", name=re.compile("^idle")).click()
    visitor.page.go_back()
    visitor.settle()
    expect(visitor.page.get_by_role("radio", name=re.compile("^idle"))).not_to_be_checked()
    assert visitor.grid("api_keys").read() == before
    visitor.page.go_back()
    visitor.arrive("Models")


def test_a_dropped_filter_of_a_row_brings_back_all_rows(server: Server, visit: Visit) -> None:
    visitor = visit(server)
    visitor.open("/models?model=gpt-6-astra")
    visitor.grid("models").expect_rows(1)
    visitor.page.get_by_role("button", name=re.compile("Model: gpt-6-astra")).click()
    visitor.grid("models").expect_rows(16)
    expect(visitor.page).to_have_url(f"{server.url}/models")
