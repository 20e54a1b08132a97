from datetime import datetime, timedelta
from decimal import Decimal

from pages.parts.timeline import timeline
from store.db import Store
from store.metrics import CostFilter
from store.queries import sync_logs
from store.records import Window
from tests.pages.conftest import READ, OpenPage, finish, shown, turn_row
from tests.store.cast import begin, bill, cost, march

TROUBLE = {
    "status": "failed", "error_kind": "rate_limited", "message": "Asked too <b>often</b>.",
    "likely_cause": "Another tool.", "resolution": "Wait.",
}  # fmt: skip


def test_every_sync_has_a_line_newest_first(seeded: Store, open_page: OpenPage) -> None:
    table = shown(open_page("sync_logs.py"))
    assert table["id"].to_list() == [2, 1]
    assert table["status"].to_list() == ["succeeded", "succeeded"]


def test_logs_are_kept_by_status_and_provider(seeded: Store, open_page: OpenPage, now: datetime) -> None:
    finish(begin(seeded, now, organization="org-3"), bill(march(15, 20)), **TROUBLE)
    app = open_page("sync_logs.py")
    app.pills(key="status").set_value(["failed"]).run()
    assert shown(app)["id"].to_list() == [3]
    app.pills(key="status").set_value([]).run()
    app.multiselect(key="provider").select("anthropic").run()
    assert shown(app)["id"].to_list() == [2]


def test_a_row_opens_cause_and_next_step(seeded: Store, open_page: OpenPage, now: datetime) -> None:
    finish(begin(seeded, now, organization="org-3", name="Third"), bill(march(15, 20), cost(15, "1")), **TROUBLE)
    app = turn_row(open_page("sync_logs.py"), "sync_logs", "3")
    assert "Sync 3 of OpenAI · Third" in [heading.value for heading in app.subheader]
    said = app.error[-1].value
    assert r"\<b\>often" in said
    assert "Next step: Wait" in said


def test_a_row_opens_the_days_the_provider_changed(seeded: Store, open_page: OpenPage, now: datetime) -> None:
    third = begin(seeded, now, organization="org-3")
    third.save(bill(march(1, 20), cost(2, "10")))
    finish(third, bill(march(1, 20), cost(2, "12.5")), restated_days=1)
    app = turn_row(open_page("sync_logs.py"), "sync_logs", "3")
    restated = shown(app, 1)
    assert restated["difference"].to_list() == [Decimal("2.5")]


def test_no_sync_to_show_offers_a_way_out(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("sync_logs.py")
    app.pills(key="status").set_value(["failed"]).run()
    assert app.subheader[0].value == "No sync to show"
    app.button(key="empty-reset").click().run()
    assert shown(app).height == 2


def test_the_timeline_has_one_mark_per_sync_and_spans_a_day(seeded: Store, now: datetime) -> None:
    window = Window(READ.start, READ.end)
    drawn = timeline(sync_logs(seeded, CostFilter(window=window)), now)
    assert [(trace.name, len(trace.x)) for trace in drawn.data] == [("succeeded", 2)]
    first, last = drawn.layout.xaxis.range
    assert last - first >= timedelta(days=1)
