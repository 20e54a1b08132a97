"""Going to another page from a button: as one step of the browser's history, so that Back leads to where one was.

`st.switch_page` writes a step for the page left and one for every control of the address, and Back walks through them.
"""

import streamlit as st

from pages.parts.addresses import CHIPS

SCRIPT = """export default ({data}) => {
  const kept = new URLSearchParams(data.drops ? location.search : '');
  for (const name of data.drops ?? []) kept.delete(name);
  history.pushState({}, '', data.address + (kept.size ? `?${kept}` : ''));
  dispatchEvent(new PopStateEvent('popstate'));
}"""


def go(address: str) -> None:
    """Leave for an address (see `addresses.relative`), which shows nothing but what it says."""
    _leave({"address": address})


def go_on(path: str) -> None:
    """Leave for another page by its path; the filters stay, those that rows set do not."""
    _leave({"address": f"./{path}", "drops": list(CHIPS)})


def _leave(data: dict[str, object]) -> None:
    st.components.v2.component("travel", js=SCRIPT)(key="travel", data=data)
