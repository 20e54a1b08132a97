"""The entry of every page view: look, navigation, and the one place where a store that does not answer is explained."""

import runpy
from pathlib import Path

import streamlit as st

from pages.parts.look import STYLE
from pages.parts.menu import ADDRESSES, FILES
from pages.parts.trouble import explain, explain_last
from store.errors import StoreError

HERE = Path(__file__).parent
SIDEBAR_PIXELS = 200

st.set_page_config(
    page_title="Spendglass",
    page_icon=str(HERE / "static" / "icon.svg"),
    layout="wide",
    initial_sidebar_state=SIDEBAR_PIXELS,
)
st.html(STYLE)
st.logo(str(HERE / "static" / "logo.svg"), size="large")
menu = {
    section: {
        file: st.Page(file, title=title, default=not ADDRESSES.get(file, file), url_path=ADDRESSES.get(file))
        for file, title in files.items()
    }
    for section, files in FILES.items()
}
chosen = st.navigation({section: list(pages.values()) for section, pages in menu.items()})
file = next(file for pages in menu.values() for file, page in pages.items() if page is chosen)
try:
    explain_last()
    # Not by `chosen.run()`: controls that a page draws itself lose their part of the address when people go Back to it.
    runpy.run_path(str(HERE / file), run_name="__main__")
except StoreError as fault:
    explain(fault)
