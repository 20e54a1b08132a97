"""Google Vertex AI and Gemini API: costs by project and model, from the BigQuery billing export.

Endpoints: one aggregate query over the export table, in days of UTC;
https://cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/standard-usage
Key: the JSON key of a service account with BigQuery Job User and, on the export's dataset, BigQuery Data Viewer.
Delay: hours to two days; Google promises none. Restated: at any age, by lines appended later; the days of all lines
that were exported since the last sync are read again, and always the last five.
History: from the day the export was enabled, with the month before it at most.
Not reported: requests, API keys, list prices. Tax and rounding belong to no model and stay out.

Other currencies are converted at the rate that the export gives with every line. Costs are those before credits;
credits of all types are applied but a reseller's margin, which is not the customer's.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import localcontext
from typing import TYPE_CHECKING

from pydantic import ValidationError

from connectors.base import AccountIdentity, Connector, Methodology, Remembered
from connectors.errors import UnexpectedResponse
from connectors.fields import Fields
from connectors.vertex_key import STEPS, VertexCredential
from connectors.vertex_refusals import PROVIDER
from connectors.vertex_rows import day_of, held_against_itself, projects, read_line, records, written_at
from connectors.vertex_skus import GENERAL
from store.records import Statement, Window

if TYPE_CHECKING:
    from connectors.vertex_session import BigQuerySession

SERVICES = ("C7E2-9256-1C43", "AEFD-7695-64FA", "E4EE-DF31-DCDA")
"""Vertex AI, Gemini API, Agentic Applications: by id, as Google renames services."""
PARTNERS = "(?i)^(claude|anthropic)"
"""Partner models are services of their own, with ids that differ by billing account."""
EXACT_DIGITS = 60
STOPPED_AFTER = timedelta(days=3)
MOST_UNREAD_NOTED = 20

CHOSEN = """
  WHERE b.usage_start_time >= @start_ts
    AND b.usage_start_time < @end_ts{pruned}
    AND b.cost_type IN ('regular', 'adjustment')
    AND (b.service.id IN UNNEST(@service_ids) OR REGEXP_CONTAINS(b.service.description, @partners))"""

BILL = """WITH lines AS (
  SELECT
    DATE(b.usage_start_time) AS usage_day,
    b.sku.id AS sku_id,
    b.sku.description AS sku_name,
    b.project.id AS project_id,
    b.project.name AS project_name,
    b.currency AS currency,
    CAST(b.currency_conversion_rate AS STRING) AS rate,
    b.usage.unit AS usage_unit,
    CAST(b.usage.amount AS BIGNUMERIC) AS usage_amount,
    CAST(b.cost AS BIGNUMERIC) AS cost,
    (SELECT SUM(CAST(c.amount AS BIGNUMERIC)) FROM UNNEST(b.credits) AS c
      WHERE c.type IS NULL OR c.type != 'RESELLER_MARGIN') AS credit,
    b.export_time AS export_time
  FROM `{table}` AS b{chosen}
)
SELECT
  usage_day,
  sku_id,
  sku_name,
  project_id,
  project_name,
  currency,
  rate,
  usage_unit,
  SUM(usage_amount) AS usage_amount,
  SUM(cost) AS cost,
  SUM(credit) AS credit,
  SUM(SUM(cost)) OVER (PARTITION BY usage_day, currency, rate) AS day_cost,
  SUM(SUM(credit)) OVER (PARTITION BY usage_day, currency, rate) AS day_credit,
  MAX(export_time) AS newest_export
FROM lines
GROUP BY usage_day, sku_id, sku_name, project_id, project_name, currency, rate, usage_unit
ORDER BY usage_day, sku_id, project_id"""
"""A sub-select over the credits, never a join: that would drop lines without credits and repeat those with several.

BIGNUMERIC keeps every digit of the FLOAT64 columns. The sums over a day hold what is read against the bill itself."""

CHANGED = """SELECT DISTINCT DATE(b.usage_start_time) AS usage_day
  FROM `{table}` AS b{chosen}
    AND b.export_time > @since
ORDER BY usage_day"""


def connect(credential: VertexCredential) -> "BigQuerySession":
    from connectors.vertex_session import BigQuerySession  # noqa: PLC0415 - Google's packages load slowly

    return BigQuerySession(credential)


def check(session: "BigQuerySession") -> AccountIdentity:
    """Finds the export and has the bill's query judged without running it, which is free."""
    table = session.table
    window = Window(date(2020, 1, 1), date(2020, 1, 2))
    session.estimated_bytes(_sql(BILL, session), _parameters(window))
    notes = ("The export has no rows yet: Google writes the first within hours to two days.",) if table.is_empty else ()
    return AccountIdentity(organization_id=table.billing_account or table.path, name=None, notes=notes)


def resume(session: "BigQuerySession", _remembered: Remembered) -> date | None:
    """The first day the export can hold: Google fills in the month before the one in which it was enabled."""
    if (created := session.table.created) is None:
        return None
    return (created.replace(day=1) - timedelta(days=1)).replace(day=1)


def changed(session: "BigQuerySession", window: Window, since: datetime) -> Sequence[date]:
    """The days of the window about which the export has got a line since then, however old the days are."""
    parameters = {**_parameters(window, pruned_from=since), "since": since}
    found = session.rows(_sql(CHANGED, session), parameters)
    days = sorted({day_of(row) for row in found})
    return [day for day in days if day in window]


def fetch(session: "BigQuerySession", window: Window) -> Statement:
    """The bill of the window, or a `ConnectorError`."""
    try:
        with localcontext(prec=EXACT_DIGITS):
            return _statement(session, window, session.rows(_sql(BILL, session), _parameters(window)))
    except ValidationError as error:
        flaws = ", ".join(sorted({".".join(map(str, flaw["loc"])) or "costs" for flaw in error.errors()}))
    except ValueError:
        flaws = "a sum of amounts"
    raise UnexpectedResponse(f"{PROVIDER} answered with values that make no bill ({flaws}).")


def _sql(template: str, session: "BigQuerySession") -> str:
    """Only names that were checked stand in the text; everything else is a parameter."""
    table = session.table
    pruned = f"\n    AND {table.partition} >= @partition_from" if table.partition else ""
    return template.format(table=table.path, chosen=CHOSEN.format(pruned=pruned))


def _parameters(window: Window, *, pruned_from: datetime | None = None) -> dict[str, datetime | str | Sequence[str]]:
    """A line is written after its use, however late: partitions are bounded below, never above."""
    start = _midnight(window.start)
    since = pruned_from or start - timedelta(days=1)
    return {
        "start_ts": start,
        "end_ts": _midnight(window.end),
        "partition_from": _midnight(since.astimezone(UTC).date()),
        "service_ids": SERVICES,
        "partners": PARTNERS,
    }


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _statement(session: "BigQuerySession", window: Window, rows: Sequence[Fields]) -> Statement:
    lines = [read_line(row, window) for row in rows]
    totals = held_against_itself(rows)
    unread = sorted({line.label for line in lines if line.place[2] == GENERAL})
    notes = [f"Unknown SKU on the bill, booked as {GENERAL}: {text[:100]}" for text in unread[:MOST_UNREAD_NOTED]]
    return Statement(
        window=window,
        costs=records(lines),
        workspaces=projects(rows),
        notes=(*_on_currencies(rows), *_on_delay(session, window, rows), *notes),
        control_totals=totals,
    )


def _on_currencies(rows: Iterable[Fields]) -> list[str]:
    foreign = sorted({row.text("currency") or "?" for row in rows} - {"USD"})
    return [f"Google bills in {name}; amounts are converted at the export's own rates." for name in foreign]


def _on_delay(session: "BigQuerySession", window: Window, rows: Sequence[Fields]) -> list[str]:
    """Whether the newest days are late as expected, or the export may have come to a halt."""
    now = session.answered_at
    if now is None or now.date() not in window:
        return []
    newest = max(map(written_at, rows), default=None)
    if newest is None or now - newest > STOPPED_AFTER:
        since = f"since {newest:%Y-%m-%d}" if newest else "in these days"
        return [f"The export has got no AI cost {since}: none was used, or it was switched off in the Google console."]
    return ["Expected: Google writes costs 24 to 48 hours late, so that the last two days still grow."]


VERTEX: "Connector[VertexCredential, BigQuerySession]" = Connector(
    slug="vertex",
    name="Google Vertex AI",
    credential=VertexCredential,
    connect=connect,
    check=check,
    fetch=fetch,
    resume=resume,
    changed=changed,
    history_days=1_096,
    restated_days=5,
    window_days=92,
    gaps=frozenset({"api_key_id", "list_cost", "requests"}),
    sync_minutes=360,
    methodology=Methodology(
        exact="Cost by day, project and SKU from the BigQuery billing export, credits of all types beside it.",
        missing="API keys and requests. Tax and rounding belong to no model. Days before the export was enabled.",
    ),
    key_type="service account key (JSON) that reads the BigQuery billing export",
    data_delay="24–48 hours; Google promises no limit",
    steps=STEPS,
)
