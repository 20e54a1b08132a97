"""The figures of the Coverage page: what is metered, what is not, and who bypasses it."""

import plotly.graph_objects as go
import polars as pl
import streamlit as st

from pages.parts import numbers
from pages.parts.cards import Card
from pages.parts.charts import inked
from pages.parts.cost_page import CostView
from pages.parts.coverage import Coverage, bypassing_keys, bypassing_workspaces
from pages.parts.palette import INK, OTHER, PROVIDERS, name_of
from pages.parts.tables import Sheet, show, theme
from pages.parts.text import escaped, for_plotly
from store.events import OTHER as OTHER_NAME
from store.frames import NANOS
from store.metering_rows import ROWS
from store.metrics.coverage import COVERAGE_COLUMNS

RANKED_BY = ("unmetered", "coverage", "previous_coverage")
FIGURES = (*RANKED_BY, *(name for name in COVERAGE_COLUMNS if name not in RANKED_BY))
KEY_COLUMNS = ("api_key_hint", "api_key_name", "provider", "workspace", *FIGURES, "api_key_id")
WORKSPACE_COLUMNS = ("workspace", "provider", *FIGURES, "workspace_ids")
MOST_NAMED = 5
BAR_HEIGHT = 34
FAINT = 0.28


def figures(found: Coverage) -> list[Card]:
    """What stands beside the coverage itself."""
    before, now = found.ratio_before, found.ratio
    moved = None if before is None or now is None else round((now - before) * 100, 1)
    over = found.over_metered
    return [
        Card(
            "Before",
            numbers.UNKNOWN if before is None else numbers.percent(before),
            numbers.INCOMPARABLE if moved is None else f"{'+' if moved >= 0 else numbers.MINUS}{abs(moved):.1f} points",
            "off" if not moved else "green" if moved > 0 else "orange",
            "since then",
            help="Coverage of each model in the period of equal length just before, weighted by this period's bills.",
        ),
        Card(
            "Over-metered",
            numbers.figure(over),
            "beyond the bill" if over else "nothing",
            "orange" if over else "off",
            help=(
                "Metered cost beyond the bill of its model: clients that price wrongly or count twice, calls that "
                "another account pays, or a bill that comes later. It covers nothing."
            ),
        ),
        Card(
            "Metered calls",
            numbers.count(int(found.models["events"].sum())),
            f"{numbers.count(int(found.models['unpriced_events'].sum()))} unpriced",
            "off",
            help="Calls that clients and gateways told of. Unpriced ones are counted and cover nothing.",
        ),
    ]


def unpriced_note(unpriced: pl.DataFrame) -> None:
    """Which metered models have no price, so that nobody takes them for free ones."""
    if unpriced.is_empty():
        return
    named = [
        f"{escaped(row['model'], 40)} ({escaped(name_of(row['provider']))}, {row['unpriced_events']:,} calls)"
        for row in unpriced.head(MOST_NAMED).iter_rows(named=True)
    ]
    more = unpriced.height - MOST_NAMED
    st.caption(f":material/info: Metered without a price: {', '.join(named)}{f' and {more} more' if more > 0 else ''}.")


def names_note(calls: int) -> None:
    """How many calls are counted without a name that their client gave, and why."""
    if calls:
        st.caption(
            f":material/info: {calls:,} metered calls are counted under {OTHER_NAME}: their days had more than "
            f"{ROWS:,} different combinations of model, key, workspace and application. A client may send another name "
            "at every call."
        )


def rivals(found: Coverage) -> None:
    """A bar per provider: the metered part strong, the rest faint."""
    lines = found.providers.filter(pl.col("coverage").is_not_null())
    if lines.is_empty():
        return
    worst = lines.row(0, named=True)
    said = f"{name_of(worst['provider'])} has the largest unmetered bill: {numbers.figure(worst['unmetered'])}"
    if not worst["unmetered"]:
        said = "Everything billed is metered"
    with st.container(gap=None, key="chart-words"):
        st.subheader(escaped(said, 200), anchor=False)
        st.caption("Billed per provider, US\\$. Strong: metered. Faint: not metered.")
    drawn = inked(coverage_chart(lines, theme()), theme())
    st.plotly_chart(drawn, config={"displayModeBar": False}, key="chart-coverage", alt=said)


def coverage_chart(lines: pl.DataFrame, shade: str) -> go.Figure:
    """Two bars after one another per provider, largest unmetered bill on top; `lines` by provider."""
    names = [for_plotly(name_of(slug)) for slug in lines["provider"]]
    colours = [PROVIDERS.get(slug, OTHER) for slug in lines["provider"]]
    parts = {"covered": 1.0, "unmetered": FAINT}
    drawn = go.Figure()
    for part, strength in parts.items():
        said = [numbers.figure(nanos) for nanos in lines[part]]
        drawn.add_bar(
            y=names, x=[nanos / NANOS for nanos in lines[part]], orientation="h", showlegend=False, customdata=said,
            marker={"color": colours, "opacity": strength, "line": {"width": 0}},
            hovertemplate=f"%{{y}}: %{{customdata}} {'metered' if part == 'covered' else part}<extra></extra>",
        )  # fmt: skip
    shares = [f"  {numbers.percent(share)} metered" for share in lines["coverage"]]
    drawn.add_scatter(
        y=names, x=[(one + rest) / NANOS for one, rest in lines.select(*parts).iter_rows()], mode="text", text=shares,
        textposition="middle right", textfont={"color": INK[shade]["text"], "size": 12}, hoverinfo="skip",
        showlegend=False, cliponaxis=False,
    )  # fmt: skip
    drawn.update_layout(
        barmode="stack", bargap=0.35, height=BAR_HEIGHT * len(names) + 40, dragmode=False, font_size=13,
        margin={"l": 0, "r": 110, "t": 8, "b": 0},
    )  # fmt: skip
    drawn.update_xaxes(tickprefix="$", tickformat="~s", nticks=5, rangemode="tozero", fixedrange=True, title=None)
    drawn.update_yaxes(autorange="reversed", fixedrange=True, title=None, ticksuffix="  ")
    return drawn


def key_band(view: CostView) -> None:
    """Keys ranked by what of their bill nobody metered."""
    _band(view, bypassing_keys(view), Sheet("key_coverage", KEY_COLUMNS, noun="key"), "Keys")


def workspace_band(view: CostView) -> None:
    """Workspaces ranked likewise."""
    sheet = Sheet("workspace_coverage", WORKSPACE_COLUMNS, noun="workspace")
    _band(view, bypassing_workspaces(view), sheet, "Workspaces")


def _band(view: CostView, lines: pl.DataFrame, sheet: Sheet, title: str) -> None:
    if lines.is_empty():
        return
    with st.container(gap=None, key=f"{sheet.noun}-words"):
        st.subheader(f"{title} that bypass metering", anchor=False)
        st.caption(
            f"By the unmetered part of their bill. Without a coverage: no client names any {sheet.noun} of that "
            f"provider, so that nothing is known of its {sheet.noun}s."
        )
    show(
        lines,
        sheet,
        file_name=view.file_name(sheet.name.replace("_", "-")),
        summary=f"{numbers.figure(int(lines['unmetered'].sum()))} unmetered",
    )
