"""Whether the rows add up to the providers' own totals, in one line."""

import streamlit as st

from pages.parts import numbers
from pages.parts.text import escaped

HELP = (
    "Days of each account whose rows add up to the provider's own total of that day. What a provider attributes to no "
    "workspace and no key stands in a row of its own."
)


def reconciled_note(found: dict[str, int]) -> None:
    """`found` is `metrics.reconciled`; nothing is said where no provider gives a total of its own."""
    if not found["days"]:
        return
    missing = found["days"] - found["equal_days"]
    lost = escaped(numbers.figure(found["unattributed"]))
    icon, said = (":material/check:", "equal") if not missing else (":material/warning:", "equal, the others do not")
    st.caption(
        f"{icon} Reconciled: {found['equal_days']} of {found['days']} account days {said} the provider's own total. "
        f"Unattributed: {lost}.",
        help=HELP,
    )
