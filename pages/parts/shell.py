"""What stands around every page: title, freshness, Refresh Data, warnings, and what to show when nothing is linked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import streamlit as st

from pages.parts import numbers
from pages.parts.palette import name_of
from pages.parts.progress import follow, open_runs
from pages.parts.states import State, Tone, described
from pages.parts.text import escaped
from pages.parts.travel import go_on
from pages.parts.trouble import attempt
from settings import settings
from store import runs
from store.accounts import accounts
from store.db import Store

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
TROUBLED: tuple[Tone, ...] = ("bad", "amber")
MOST_OPEN_BOXES = 2


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts with their newest syncs and states, as one page run sees them."""

    rows: tuple[dict[str, Any], ...]
    latest: Mapping[int, dict[str, Any]]
    states: Mapping[int, State]

    @property
    def linked(self) -> list[dict[str, Any]]:
        return [row for row in self.rows if row["linked"]]

    @property
    def providers(self) -> list[str]:
        """Slugs with data or a link, by name."""
        return sorted({row["provider"] for row in self.rows}, key=name_of)

    def chosen(self, providers: tuple[str, ...]) -> list[dict[str, Any]]:
        return [row for row in self.rows if not providers or row["provider"] in providers]


def read_accounts(store: Store, now: datetime) -> Accounts:
    rows = tuple(accounts(store))
    latest = runs.latest_runs(store)
    return Accounts(rows, latest, {row["id"]: described(row, latest.get(row["id"]), now) for row in rows})


def frame(store: Store, title: str, now: datetime, *, has_logs_button: bool = False) -> Accounts:
    """Title, buttons, freshness and warnings; stops the page with its own words when nothing is linked."""
    found = read_accounts(store, now)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="page-head"):
        heading(title)
        if found.linked:
            st.caption(freshness(found, now), width="content")
            st.button(
                "Refresh Data", on_click=attempt, args=(_refresh, store, found, now), key="refresh", width="content",
                disabled=bool(open_runs(store)), help="Read the newest bills of all linked accounts now",
            )  # fmt: skip
        if has_logs_button and found.rows and st.button("View Sync Logs", key="view-sync-logs", width="content"):
            go_on("sync_logs")
    warnings()
    if not found.rows:
        _teach()
        st.stop()
    follow(store)
    _problems(found)
    return found


def heading(title: str) -> None:
    """The title, labelled when what follows is demo data; takes all free width of its row."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", width="stretch"):
        st.title(title, anchor=False, width="content")
        if settings().demo:
            st.badge("Demo data", color="gray", help="A made-up company's spend, read through the real connectors.")


def freshness(found: Accounts, now: datetime) -> str:
    """How old the oldest of the newest complete syncs is, paused accounts aside."""
    ends = [
        found.latest[row["id"]]["last_success"] if row["id"] in found.latest else None
        for row in found.linked
        if not row["paused"]
    ]
    if not ends:
        return "paused"
    known = [at for at in ends if at is not None]
    return f"synced {numbers.ago(min(known), now)}" if len(known) == len(ends) else "first sync not complete"


def _refresh(store: Store, found: Accounts, now: datetime) -> None:
    for row in found.linked:
        if not row["paused"]:
            runs.request_sync(store, row["id"], "manual", now)


def warnings() -> None:
    """A server that others can reach without a login."""
    if is_exposed():
        st.warning(
            "Anyone who can reach this machine can read these costs: the server listens on the network without a "
            "login. Let it listen on 127.0.0.1, or put a proxy with a login before it and set "
            "`SPENDGLASS_BEHIND_LOGIN=1`."
        )


def is_exposed() -> bool:
    return st.get_option("server.address") not in LOOPBACK and not settings().behind_login


def _teach() -> None:
    with st.container(key="teach", gap="small"):
        st.subheader("No account is linked yet", anchor=False)
        st.write("Link a provider with a key that may read its bill. The first numbers appear within seconds.")
        if st.button("Link a provider", type="primary", key="teach-link"):
            go_on("accounts")


def _problems(found: Accounts) -> None:
    """One box per account that needs a person or is not up to date, the worst first; many fold under one line."""
    troubled = [row for row in found.linked if found.states[row["id"]].tone in TROUBLED]
    troubled.sort(key=lambda row: TROUBLED.index(found.states[row["id"]].tone))
    if not troubled:
        return
    if len(troubled) <= MOST_OPEN_BOXES:
        place = st.container(key="troubles", gap="small")
    else:
        said = ", ".join(f"{escaped(row['name'], 40)} {found.states[row['id']].word}" for row in troubled)
        place = st.expander(f"**{len(troubled)} accounts are not up to date**: {said}", icon=":material/warning:")
    with place:
        for row in troubled:
            _problem(row, found.states[row["id"]], found.latest.get(row["id"]))


def _problem(row: Mapping[str, Any], state: State, run: Mapping[str, Any] | None) -> None:
    """What is the matter with an account, why, and the next step."""
    (st.error if state.tone == "bad" else st.warning)(problem_text(row, state, run))
    if state.word == "re-link" and st.button("Open AI Accounts to re-link", key=f"mend-{row['id']}"):
        go_on("accounts")


def problem_text(row: Mapping[str, Any], state: State, run: Mapping[str, Any] | None) -> str:
    """Markdown of one account's trouble; every provider string in it escaped."""
    name = f"{escaped(name_of(row['provider']))} · {escaped(row['name'])}"
    lines = [f"**{name}**: {state.word}. {state.sentence}"]
    if run is not None and run["message"]:
        lines.append(escaped(run["message"], 300))
        if run["likely_cause"]:
            lines.append(f"Likely cause: {escaped(run['likely_cause'], 300)}")
        if run["resolution"]:
            lines.append(f"Next step: {escaped(run['resolution'], 300)}")
    return "  \n".join(lines)
