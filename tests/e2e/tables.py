"""Tables as pages draw them: rows of HTML, with the value that is exported beside the text that is read."""

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

READ = """async region => {
    let same = 0;
    for (let seen = ''; same < 12; same = region.innerHTML === seen ? same + 1 : 0) {
        seen = region.innerHTML;
        await new Promise(requestAnimationFrame);
    }
    const label = head => head.querySelector('a, span').textContent;
    return [
        [...region.querySelectorAll('thead th')].map(label),
        [...region.querySelectorAll('tbody tr')].map(row => [...row.children].map(cell => cell.dataset.value)),
        [...region.querySelectorAll('tbody tr')].map(row => [...row.children].map(cell => cell.innerText.trim())),
    ];
}"""
"""A table follows its data when the script has ended; a fifth of a second without change is longer than that takes."""


@dataclass(frozen=True)
class Cells:
    """A table read whole, in the order shown; `rows` hold values as the CSV does, `texts` what people read."""

    heads: list[str]
    rows: list[list[str]]
    texts: list[list[str]]

    def column(self, head: str) -> list[str]:
        position = self.heads.index(head)
        return [row[position] for row in self.rows]

    def without(self, *heads: str) -> "Cells":
        """The same without some columns, where there are any."""
        kept = [position for position, name in enumerate(self.heads) if name not in heads]
        rows, texts = ([[row[at] for at in kept] for row in cells] for cells in (self.rows, self.texts))
        return Cells([self.heads[at] for at in kept], rows, texts)


class Grid:
    """The table whose region is labelled with a name and its number of rows."""

    def __init__(self, page: Page, name: str) -> None:
        self.region = page.locator(f'.ledger[aria-label^="{name}: "]')
        self._page = page
        self._name = name

    def expect_rows(self, rows: int) -> None:
        """Wait until the table says to have that many rows."""
        expect(self._page.locator(f'.ledger[aria-label^="{self._name}: {rows:,} "]')).to_be_visible()

    def read(self) -> Cells:
        """All cells, those that have to be scrolled to as well."""
        return Cells(*self.region.evaluate(READ))

    def row(self, row: int) -> Locator:
        """A row, counted from 0."""
        return self.region.locator("tbody tr").nth(row)

    def link(self, row: int) -> Locator:
        """What a row leads to."""
        return self.row(row).get_by_role("link")

    def opener(self, row: int) -> Locator:
        """The button that opens a row on the page itself."""
        return self.row(row).get_by_role("button")

    def heading(self, label: str) -> Locator:
        """The link that sorts by a column."""
        return self.region.get_by_role("columnheader").get_by_role("link", name=label, exact=True)
