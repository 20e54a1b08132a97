"""Tables as Streamlit draws them: a canvas, with the visible cells mirrored beneath it as a table of raw values."""

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from pages.parts.tables import ROW_HEIGHT

TICK_BOX = 16
"""Pixels from a table's left edge to the middle of the boxes that tick its rows."""
READ = """async region => {
    const pane = region.querySelector('.dvn-scroller');
    const table = () => region.querySelector('canvas table');
    const number = (cell, name) => Number(cell.closest(`[${name}]`).getAttribute(name));
    let same = 0;
    for (let seen = ''; same < 20; same = table().innerHTML === seen ? same + 1 : 0) {
        seen = table().innerHTML;
        await new Promise(requestAnimationFrame);
    }
    const width = number(table(), 'aria-colcount'), height = number(table(), 'aria-rowcount') - 1;
    const heads = {}, cells = {};
    const look = () => {
        for (const cell of table().querySelectorAll('th')) {
            heads[number(cell, 'aria-colindex')] = cell.textContent;
        }
        for (const cell of table().querySelectorAll('td')) {
            cells[[number(cell, 'aria-rowindex') - 1, number(cell, 'aria-colindex')]] = cell.textContent;
        }
    };
    const isWhole = () => Object.keys(cells).length === width * height;
    const moveTo = async (left, top) => {
        const mirrored = table().innerHTML, before = [pane.scrollLeft, pane.scrollTop].join();
        pane.scrollTo(left, top);
        const isMoved = [pane.scrollLeft, pane.scrollTop].join() !== before;
        for (let frames = 0; isMoved && frames < 60 && table().innerHTML === mirrored; frames += 1) {
            await new Promise(requestAnimationFrame);
        }
    };
    look();
    for (const top of [0, pane.scrollHeight]) {
        for (let left = 0; left < pane.scrollWidth && !isWhole(); left += pane.clientWidth / 2) {
            await moveTo(left, top);
            look();
        }
    }
    await moveTo(0, 0);
    return [width, height, heads, cells];
}"""
"""The mirror follows new data and scrolling only after a fifth of a second without either: 20 frames are longer."""
IS_SHOWN = "region => region.querySelector('canvas td')"


@dataclass(frozen=True)
class Cells:
    """A table read whole, in the order shown; cells hold values, not people's notation."""

    heads: list[str]
    rows: list[list[str]]

    def column(self, head: str) -> list[str]:
        position = self.heads.index(head)
        return [row[position] for row in self.rows]

    def without(self, head: str) -> "Cells":
        """The same without a column, where there is one."""
        kept = [position for position, name in enumerate(self.heads) if name != head]
        return Cells([self.heads[at] for at in kept], [[row[at] for at in kept] for row in self.rows])


class Grid:
    """The table whose region is labelled with a name and its number of rows."""

    def __init__(self, page: Page, name: str) -> None:
        self._page = page
        self._name = name

    @property
    def region(self) -> Locator:
        return self._page.locator(f'[data-testid=stDataFrameResizable][aria-label^="{self._name}: "]')

    def expect_rows(self, rows: int) -> None:
        """Wait until the table says to have that many rows."""
        expect(self._page.locator(f'[aria-label^="{self._name}: {rows:,} "][role=region]')).to_be_visible()

    def read(self) -> Cells:
        """All cells, wherever they have to be scrolled to."""
        self._show()
        width, height, heads, cells = self.region.evaluate(READ)
        columns = range(1, width + 1)
        return Cells(
            [heads[f"{column}"] for column in columns],
            [[cells[f"{row},{column}"] for column in columns] for row in range(1, height + 1)],
        )

    def tick(self, row: int) -> None:
        """Tick a row, counted from 0."""
        self._click(row, TICK_BOX)

    def click(self, row: int) -> None:
        """Click into the first cell of a row, counted from 0."""
        self._click(row, TICK_BOX + 60)

    def _click(self, row: int, across: int) -> None:
        self._show()
        box = self.region.bounding_box()
        assert box is not None
        self._page.mouse.click(box["x"] + across, box["y"] + ROW_HEIGHT * (row + 1.5))

    def _show(self) -> None:
        """Scroll to the table: what is out of sight has no cells."""
        self.region.scroll_into_view_if_needed()
        self._page.wait_for_function(IS_SHOWN, arg=self.region.element_handle())
