"""Methodology: how far each number can be believed, provider by provider. Made from the connectors themselves."""

import streamlit as st

from connectors import CONNECTORS
from metering.prices import price_table
from pages.parts import numbers, period
from pages.parts.clock import utc_now
from pages.parts.loading import costs, opened_store
from pages.parts.methodology import WORDS, provider_words, shares_of_basis
from pages.parts.palette import PROVIDERS, readable
from pages.parts.shell import heading, read_accounts, warnings
from pages.parts.tables import theme
from pages.parts.text import escaped

now, store = utc_now(), opened_store()
found = read_accounts(store, now)
heading("Methodology")
warnings()
st.write("Every total is the provider's own bill, to the last digit, or it says openly what is missing.")
st.subheader("What the words mean", anchor=False)
prices = price_table(now.date())
meanings = [f"- **{word}**: {meaning}" for word, meaning in WORDS.items()]
meanings.append(
    f"- **Metered prices**: calls whose client names no cost are priced by {escaped(prices.name)} "
    f"{escaped(prices.version)}, whose newest price is of {numbers.full_day(prices.newest)}. Metered cost never enters "
    "a total."
)
st.markdown("\n".join(meanings))
st.subheader("Provider by provider", anchor=False)
linked = {row["provider"] for row in found.linked}
window = period.window_of(period.DEFAULT, now.date())
lately = costs(store, window)[0].sums.filter("is_current")
basis = shares_of_basis(lately)
wall = st.grid(2, min_column_width=440, gap="small", key="methodology-wall")
for slug, connector in sorted(CONNECTORS.items(), key=lambda item: (item[0] not in linked, item[1].name.casefold())):
    with wall, st.container(border=True, gap="small", key=f"methodology-{slug}", height="stretch"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.html(f'<b style="color:{readable(PROVIDERS[slug], theme())}">● {connector.name}</b>', width="content")
            st.caption("linked" if slug in linked else "not linked", width="content")
        words = provider_words(connector, basis.get(slug))
        st.markdown("\n".join(f"- **{word}**: {escaped(said, 300)}" for word, said in words))
