"""AI Accounts: linking, linking again, pausing, unlinking."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from connectors import CONNECTORS
from connectors.base import AccountIdentity, Meter
from connectors.errors import CredentialLacksBilling
from store.accounts import accounts, credential_of
from store.db import Store
from store.runs import latest_runs
from tests.pages.conftest import READ, OpenPage, finish, shown
from tests.store.cast import begin, bill, cost

GOOD_KEY = "sk-admin-" + "g" * 40 + "EQAA"
POOR_KEY = "sk-admin-" + "p" * 40 + "EQAA"


class Answering:
    """A session that needs no network."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.meter = Meter()

    def close(self) -> None: ...


def check(session: Answering) -> AccountIdentity:
    if session.key != GOOD_KEY:
        raise CredentialLacksBilling("OpenAI refused the key: it may not read [costs].")
    return AccountIdentity(organization_id="org-9", name="Ninth *Company*")


@pytest.fixture(autouse=True)
def provider(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenAI's own form and key shapes, answered by this process."""
    fake = replace(
        CONNECTORS["openai"],
        connect=lambda credential: Answering(credential.api_key.get_secret_value()),
        check=check,
    )
    monkeypatch.setitem(CONNECTORS, "openai", fake)


def give(app: AppTest, key: str, verb: str) -> AppTest:
    field = next(widget for widget in app.text_input if widget.proto.type == widget.proto.PASSWORD)
    field.input(key)
    next(button for button in app.button if button.label == verb).click().run()
    assert not app.exception
    return app


def remembered(app: AppTest) -> str:
    """All that the session still holds, as text."""
    state = app.session_state._state._state
    return str(state.filtered_state) + str(state._old_state) + str(state._new_session_state)


def test_a_good_key_is_linked_and_its_first_sync_asked_for(empty_store: Store, open_page: OpenPage) -> None:
    app = give(open_page("accounts.py"), GOOD_KEY, "Check and link")
    assert app.success[0].value.replace("\\", "") == (
        "Ninth *Company* is linked. It reads the bill of Ninth *Company*. The first sync has been asked for."
    )
    assert [row["organization_id"] for row in accounts(empty_store)] == ["org-9"]
    assert latest_runs(empty_store)[1]["trigger"] == "link"
    assert GOOD_KEY not in remembered(app)


@pytest.mark.parametrize("key", [POOR_KEY, "sk-proj-" + "x" * 40, "hello"])
def test_a_wrong_key_is_refused_in_words_and_forgotten(empty_store: Store, open_page: OpenPage, key: str) -> None:
    app = give(open_page("accounts.py"), key, "Check and link")
    said = app.error[0].value
    assert "Likely cause:" in said
    assert "Next step:" in said
    assert key not in str(app.main)
    assert key not in remembered(app)
    assert accounts(empty_store) == []
    assert all(widget.value == "" for widget in app.text_input)


def test_a_second_try_after_a_refusal_is_not_lost(empty_store: Store, open_page: OpenPage) -> None:
    app = give(open_page("accounts.py"), POOR_KEY, "Check and link")
    app = give(app, GOOD_KEY, "Check and link")
    assert not app.error
    assert len(accounts(empty_store)) == 1


def test_the_form_has_the_fields_of_the_credential(empty_store: Store, open_page: OpenPage) -> None:
    app = open_page("accounts.py")
    fields = CONNECTORS["openai"].credential.model_fields
    secrets = [widget for widget in app.text_input if widget.proto.type == widget.proto.PASSWORD]
    assert [widget.label for widget in secrets] == [info.title for info in fields.values()]
    assert "?" not in str(app.query_params)


def test_the_same_bill_is_not_linked_twice(empty_store: Store, open_page: OpenPage) -> None:
    app = give(open_page("accounts.py"), GOOD_KEY, "Check and link")
    app.button(key="open-link-form").click().run()
    app = give(app, GOOD_KEY, "Check and link")
    assert "linked already" in app.error[0].value
    assert len(accounts(empty_store)) == 1


def test_pausing_and_resuming(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("accounts.py")
    app.button(key="pause-1").click().run()
    assert accounts(seeded)[0]["paused"]
    assert shown(app)["state"].to_list() == ["paused", "ok"]
    assert app.button(key="pause-1").label == "Resume"
    app.button(key="pause-1").click().run()
    assert not accounts(seeded)[0]["paused"]


def test_one_account_is_synced_at_once(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("accounts.py")
    app.button(key="sync-2").click().run()
    assert {number: run["status"] for number, run in latest_runs(seeded).items()} == {1: "succeeded", 2: "queued"}


def test_unlinking_keeps_the_data_unless_told(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("accounts.py")
    app.button(key="unlink-1").click().run()
    app.button(key="unlink-now-1").click().run()
    assert not accounts(seeded)[0]["linked"]
    app.switch_page("providers.py").run()
    assert shown(app)["state"].to_list() == ["unlinked", "ok"]


def test_unlinking_with_its_data_removes_all(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("accounts.py")
    app.button(key="unlink-1").click().run()
    app.radio(key="unlink-data-1").set_value("Delete its data").run()
    app.button(key="unlink-now-1").click().run()
    assert [row["id"] for row in accounts(seeded)] == [2]
    app.switch_page("providers.py").run()
    assert shown(app)["provider"].to_list() == ["anthropic"]


def test_unlinking_can_be_called_off(seeded: Store, open_page: OpenPage) -> None:
    app = open_page("accounts.py")
    app.button(key="unlink-1").click().run()
    app.button(key="cancel-1").click().run()
    assert "unlink-now-1" not in [button.key for button in app.button]
    assert all(row["linked"] for row in accounts(seeded))


def relink(app: AppTest, key: str) -> AppTest:
    app.button(key="relink-1").click().run()
    return give(app, key, "Check and re-link")


def test_linking_again_replaces_the_key(empty_store: Store, open_page: OpenPage, now: datetime) -> None:
    app = give(open_page("accounts.py"), GOOD_KEY, "Check and link")
    app = relink(app, GOOD_KEY)
    assert not app.error
    assert credential_of(empty_store, 1) == {"apiKey": GOOD_KEY}
    assert GOOD_KEY not in remembered(app)


def test_a_key_of_another_organization_does_not_replace_one(seeded: Store, open_page: OpenPage) -> None:
    before: Any = credential_of(seeded, 1)
    app = relink(open_page("accounts.py"), GOOD_KEY)
    assert "another organization" in app.error[0].value
    assert credential_of(seeded, 1) == before


def test_no_credential_is_in_the_table(seeded: Store, open_page: OpenPage) -> None:
    table = shown(open_page("accounts.py"))
    assert "sk-marker" not in str(table.to_dicts())
    assert table["hint"].to_list() == ["sk-…0c", "sk-…0c"]


def test_a_key_file_has_room_for_its_lines(empty_store: Store, open_page: OpenPage) -> None:
    app = open_page("accounts.py")
    assert not app.text_area
    app.selectbox(key="link-provider-choice").select("vertex").run()
    assert [area.label for area in app.text_area] == ["Service-account key"]
    app.text_area[0].input('{\n  "type": "authorized_user"\n}')
    next(button for button in app.button if button.label == "Check and link").click().run()
    assert "the login of a person" in app.error[0].value
    assert app.text_area[0].value == ""


EQUAL_BILL = tuple(cost(on, f"{on}.5") for on in range(1, 12))


@pytest.fixture
def nameless(empty_store: Store, monkeypatch: pytest.MonkeyPatch, now: datetime) -> Store:
    """A linked account of no told organization, and a provider where every key reads its very bill."""
    first = begin(empty_store, now - timedelta(hours=1), organization=None)
    finish(first, bill(READ, *EQUAL_BILL))
    fake = replace(
        CONNECTORS["openai"],
        check=lambda _: AccountIdentity(organization_id=None, name="Second"),
        fetch=lambda _, window: bill(window, *[line for line in EQUAL_BILL if line.day in window]),
        resume=None,
    )
    monkeypatch.setitem(CONNECTORS, "openai", fake)
    return empty_store


def test_an_equal_bill_can_be_linked_all_the_same_once_it_was_refused(nameless: Store, open_page: OpenPage) -> None:
    app = open_page("accounts.py")
    app.button(key="open-link-form").click().run()
    assert not app.checkbox
    app = give(app, GOOD_KEY, "Check and link")
    assert "linked already" in app.error[0].value
    assert len(accounts(nameless)) == 1
    app.checkbox(key="link-separate").check().run()
    app = give(app, GOOD_KEY, "Check and link")
    assert not app.error
    assert len(accounts(nameless)) == 2
    assert GOOD_KEY not in remembered(app)


def test_an_equal_bill_stays_refused_unless_the_box_is_ticked(nameless: Store, open_page: OpenPage) -> None:
    app = open_page("accounts.py")
    app.button(key="open-link-form").click().run()
    app = give(give(app, GOOD_KEY, "Check and link"), GOOD_KEY, "Check and link")
    assert "linked already" in app.error[0].value
    assert len(accounts(nameless)) == 1
    app.selectbox(key="link-provider-choice").select("runway").run()
    assert not app.checkbox
