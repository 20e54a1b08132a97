"""The entry of every page view: look, navigation, and the one place where a store that does not answer is explained."""

from pathlib import Path

import streamlit as st

from pages.parts.look import STYLE
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
page = st.navigation(
    {
        "Costs": [
            st.Page("providers.py", title="Providers", default=True),
            st.Page("models.py", title="Models"),
            st.Page("api_keys.py", title="API Keys"),
            st.Page("workspaces.py", title="Workspaces"),
            st.Page("coverage.py", title="Coverage"),
        ],
        "Data": [
            st.Page("sync_logs.py", title="Sync Logs"),
            st.Page("accounts.py", title="AI Accounts"),
            st.Page("metering_keys.py", title="Metering", url_path="metering"),
            st.Page("methodology.py", title="Methodology"),
        ],
    }
)
try:
    explain_last()
    page.run()
except StoreError as fault:
    explain(fault)
