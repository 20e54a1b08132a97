"""Takes the pictures of the pages: the demo's company at every provider, in both themes, at three widths.

    .venv/bin/python -m docs.pictures [PAGE…]       all pages unless some are named, as `providers`

writes docs/<page>-<theme>-<width>.png. It lives at the noon of the browser tests, so that the pictures of unchanged
pages stay the same. Needs Chromium, as those tests do.
"""

import io
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from secrets import token_hex
from typing import Literal, cast

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from demo.simulator import Simulator
from demo.world import World
from tests.e2e.provider import NOON, TODAY
from tests.e2e.serving import Installation, Server
from tests.e2e.visiting import Visitor, launched

FOLDER = Path(__file__).parent
WIDTHS = (1440, 1024, 390)
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
TALLEST = 2800
TALLEST_TEXT = 1200
"""Pixels; what a longer page has below is left out, of Methodology, which is text alone, the earlier."""
COLOURS = 256
HISTORY_DAYS = 200
CONTENT = "() => document.querySelector('[data-testid=stMainBlockContainer]').getBoundingClientRect().height"
UP = "() => { document.activeElement.blur(); document.querySelector('[data-testid=stMain]').scrollTo(0, 0); }"
DRAWN = "() => document.fonts.ready.then(() => !document.querySelector('.js-plotly-plot:not(:has(.main-svg))'))"


def _open_first_row(visitor: Visitor) -> None:
    with visitor.redrawing():
        visitor.grid("workspaces").opener(0).click()


PICTURES: dict[str, tuple[str, Callable[[Visitor], object]]] = {
    "providers": ("/", id),
    "models": ("/models", id),
    "api-keys": ("/api_keys", id),
    "workspaces": ("/workspaces", _open_first_row),
    "coverage": ("/coverage", id),
    "sync-logs": ("/sync_logs", id),
    "accounts": ("/accounts", id),
    "methodology": ("/methodology", id),
}
"""Per picture the page's address, and what is done there before."""


@contextmanager
def demo_server() -> Iterator[Server]:
    """A dashboard over all of the demo's accounts, read whole and metered."""
    settings = {"SPENDGLASS_DEMO": "1", "SPENDGLASS_METERING_KEYS": f"hak_{token_hex(20)}"}
    world = World(1, TODAY, history_days=HISTORY_DAYS)
    with tempfile.TemporaryDirectory() as folder, Simulator(world, clock=lambda: NOON) as simulator:
        installation = Installation(Path(folder) / "data", simulator, settings)
        installation.link_all()
        with Server(installation) as server:
            installation.run("-m", "demo.clients", server.url)
            yield server


def take(browser: Browser, server: Server, page: str, theme: Literal["light", "dark"], width: int) -> None:
    """Write one picture, the page as tall as it is."""
    path, prepare = PICTURES[page]
    context = browser.new_context(viewport={"width": width, "height": 1000}, color_scheme=theme)
    visitor = Visitor(context, server.url)
    visitor.open(path)
    prepare(visitor)
    tallest = TALLEST_TEXT if page == "methodology" else TALLEST
    visitor.page.set_viewport_size({"width": width, "height": min(int(visitor.page.evaluate(CONTENT)), tallest)})
    visitor.settle()
    visitor.page.wait_for_function(DRAWN)
    visitor.page.mouse.move(width - 1, 1)
    visitor.page.evaluate(UP)
    drawn = Image.open(io.BytesIO(visitor.page.screenshot(animations="disabled"))).convert("RGB")
    context.close()
    _painted(drawn).save(FOLDER / f"{page}-{theme}-{width}.png", optimize=True)


def _painted(drawn: Image.Image) -> Image.Image:
    """The picture with a palette: its commonest colours as they are, since surfaces differ by little, then a choice."""
    counted = Counter(cast("tuple[tuple[int, int, int], ...]", drawn.get_flattened_data()))
    common = [colour for colour, _ in counted.most_common(COLOURS // 2)]
    rest = drawn.quantize(COLOURS - len(common), Image.Quantize.MAXCOVERAGE).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*chain.from_iterable(common), *rest])
    return drawn.quantize(palette=palette, dither=Image.Dither.NONE)


def main(pages: list[str]) -> None:
    with demo_server() as server, sync_playwright() as playwright:
        browser = launched(playwright)
        for page in pages or PICTURES:
            for theme in THEMES:
                for width in WIDTHS:
                    take(browser, server, page, theme, width)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
