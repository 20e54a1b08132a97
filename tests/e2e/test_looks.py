"""Both themes can be read, every page fits every screen, and all of it can be reached by keyboard."""

from typing import Literal

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.e2e.colours import READABLE, contrasts
from tests.e2e.conftest import Visit
from tests.e2e.serving import Server
from tests.e2e.visiting import PAGES, Visitor

OVERFLOW = """() => [document.documentElement, document.querySelector('[data-testid=stMain]')]
    .map(element => element.scrollWidth - element.clientWidth)"""
FOCUSED = """() => {
    const at = document.activeElement;
    const name = at.getAttribute('aria-label') ?? at.innerText.trim().split('\\n')[0];
    return at.closest('[data-testid=stMain]') ? name : '';
}"""
PHONE = (
    "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 "
    "Mobile Safari/537.36"
)
GLOW = 6
"""Pixels around a control in which a focus ring may be drawn."""
CONTROLS = ("Refresh Data", "Providers", "Period", "Any cost", "Search", "Sort by", "Order")


def chart(visitor: Visitor) -> Locator:
    return visitor.page.get_by_test_id("stPlotlyChart").locator(".main-svg").first


def style(locator: Locator, name: str) -> str:
    return str(locator.evaluate("(element, name) => getComputedStyle(element)[name]", name))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_written_can_be_read(server: Server, visit: Visit, scheme: Literal["light", "dark"]) -> None:
    visitor = visit(server, color_scheme=scheme)
    unreadable = []
    for path in PAGES:
        visitor.open(path)
        kinds = {"text"}
        if path not in {"/metering", "/methodology", "/coverage"}:
            kinds |= {"table head", "table cell"}
        if path in {"/", "/workspaces", "/sync_logs"}:
            chart(visitor).wait_for()
            kinds.add("chart label")
        found = contrasts(visitor.page)
        assert kinds <= {kind for kind, _, _ in found}
        unreadable += [(path, kind, words, round(ratio, 2)) for kind, words, ratio in found if ratio < READABLE]
    assert unreadable == []


def test_the_page_and_its_chart_follow_the_theme_of_the_browser(server: Server, visit: Visit) -> None:
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    seen = []
    for scheme in schemes:
        visitor = visit(server, color_scheme=scheme)
        visitor.open("/")
        chart(visitor).wait_for()
        label = visitor.page.locator(".main-svg .xtick text").first
        seen.append((style(visitor.page.get_by_test_id("stApp"), "backgroundColor"), style(label, "fill")))
    (light_paper, light_ink), (dark_paper, dark_ink) = seen
    assert light_paper != dark_paper
    assert light_ink != dark_ink


@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_scrolls_sideways(server: Server, visit: Visit, width: int) -> None:
    visitor = visit(server, width=width, height=844)
    for path in PAGES:
        visitor.open(path)
        assert (path, visitor.page.evaluate(OVERFLOW)) == (path, [0, 0])


def test_a_phone_reaches_every_page_by_the_menu(server: Server, visit: Visit) -> None:
    visitor = visit(server, width=390, height=844, is_mobile=True, has_touch=True, user_agent=PHONE)
    visitor.open("/")
    expect(visitor.page.get_by_role("navigation")).not_to_be_in_viewport()
    for title in ("Models", "AI Accounts"):
        visitor.page.get_by_test_id("stExpandSidebarButton").tap()
        visitor.page.get_by_role("navigation").get_by_role("link", name=title).tap()
        visitor.arrive(title)
        expect(visitor.page.get_by_role("navigation")).not_to_be_in_viewport()


def test_the_keyboard_reaches_every_control_and_shows_where_it_is(server: Server, visit: Visit) -> None:
    visitor = visit(server)
    visitor.open("/")
    reached: dict[str, bool] = {}
    for _ in range(60):
        visitor.page.keyboard.press("Tab")
        name = visitor.page.evaluate(FOCUSED)
        if name in CONTROLS and name not in reached:
            reached[name] = looks_focused(visitor.page)
        if len(reached) == len(CONTROLS):
            break
    assert reached == dict.fromkeys(CONTROLS, True)


def looks_focused(page: Page) -> bool:
    """Whether the control that has the focus looks otherwise without it."""
    at = page.evaluate_handle("document.activeElement").as_element()
    assert at is not None
    box = at.bounding_box()
    assert box is not None
    clip: FloatRect = {
        "x": box["x"] - GLOW,
        "y": box["y"] - GLOW,
        "width": box["width"] + 2 * GLOW,
        "height": box["height"] + 2 * GLOW,
    }
    focused = page.screenshot(clip=clip, animations="disabled")
    at.evaluate("element => element.blur()")
    plain = page.screenshot(clip=clip, animations="disabled")
    at.focus()
    return focused != plain
