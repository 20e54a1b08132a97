"""What every connector promises, whatever its provider."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from pydantic import ValidationError

from connectors import CONNECTORS
from connectors.base import AnyConnector
from connectors.errors import (
    ConnectorError,
    CredentialLacksBilling,
    CredentialRejected,
    ProviderUnavailable,
    RateLimited,
    UnexpectedResponse,
)
from connectors.http import patience
from store.records import day_totals, to_nanos
from tests.connectors.contract import MARKER, Life, ProviderFake
from tests.connectors.local_server import Reply, Request, provider

Spoil = Callable[[Reply], Reply]


class Linked:
    """A connector linked to its fake, and the requests the fake has seen."""

    def __init__(self, connector: AnyConnector, fake: ProviderFake, stack: ExitStack) -> None:
        self.connector, self.fake, self._stack = connector, fake, stack
        self.life = Life.NORMAL
        self.spoil: Spoil = lambda reply: reply
        self.requests: list[Request] = []

    def answer(self, request: Request) -> Reply:
        self.requests.append(request)
        return self.spoil(self.fake.answer(self.life, request))

    @contextmanager
    def session(self) -> Iterator[Any]:
        session = self.connector.connect(self.connector.credential.model_validate(self.fake.credential))
        try:
            with patience(attempts=1, total_seconds=20):
                yield session
        finally:
            session.close()

    def fetch(self) -> Any:
        with self.session() as session:
            return self.connector.fetch(session, self.fake.window)

    def failure(self) -> ConnectorError:
        with self.session() as session, pytest.raises(ConnectorError) as caught:
            self.connector.fetch(session, self.fake.window)
        return caught.value


@pytest.fixture(params=CONNECTORS.values(), ids=CONNECTORS.keys())
def linked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Linked]:
    connector = request.param
    fake = import_module(f"tests.connectors.{connector.slug}.fake").FAKE
    with ExitStack() as stack:
        account = Linked(connector, fake, stack)
        url = stack.enter_context(provider(account.answer))
        monkeypatch.setenv(f"SPENDGLASS_ENDPOINT_{connector.slug.upper()}", url)
        yield account


def test_a_bill_of_two_pages_is_read_to_its_end(linked: Linked) -> None:
    statement = linked.fetch()
    assert any(linked.fake.is_second_page(request) for request in linked.requests)
    assert sum(cost.billed_cost for cost in statement.costs) == linked.fake.billed[Life.NORMAL]
    assert statement.window == linked.fake.window


def test_the_costs_of_every_day_add_up_to_the_providers_own_total(linked: Linked) -> None:
    if linked.connector.control is None:
        pytest.skip("the provider gives no total apart from its rows")
    statement = linked.fetch()
    with linked.session() as session:
        control = linked.connector.control(session, linked.fake.window)
    billed = day_totals(statement.costs)
    assert control == statement.control_totals
    for day in linked.fake.window.days():
        assert to_nanos(billed.get(day, Decimal(0))) == to_nanos(control.get(day, Decimal(0)))


def test_the_meter_counts_every_request(linked: Linked) -> None:
    with linked.session() as session:
        linked.connector.fetch(session, linked.fake.window)
        assert session.meter.requests == len(linked.requests)


def test_checking_a_good_key_succeeds(linked: Linked) -> None:
    with linked.session() as session:
        linked.connector.check(session)
    assert linked.requests


def test_reading_the_same_window_twice_gives_the_same_statement(linked: Linked) -> None:
    assert linked.fetch() == linked.fetch()


def test_a_restated_day_is_read_with_its_new_amount(linked: Linked) -> None:
    linked.fetch()
    linked.life = Life.RESTATED
    assert sum(cost.billed_cost for cost in linked.fetch().costs) == linked.fake.billed[Life.RESTATED]
    assert linked.fake.billed[Life.RESTATED] != linked.fake.billed[Life.NORMAL]


def test_an_empty_window_is_a_statement_without_costs(linked: Linked) -> None:
    linked.life = Life.EMPTY
    assert linked.fetch().costs == ()


@pytest.mark.parametrize(
    ("life", "error"), [(Life.WRONG_KEY, CredentialRejected), (Life.WRONG_KIND, CredentialLacksBilling)]
)
def test_a_bad_key_fails_when_it_is_linked(linked: Linked, life: Life, error: type[ConnectorError]) -> None:
    linked.life = life
    with linked.session() as session, pytest.raises(error) as caught:
        linked.connector.check(session)
    assert_keeps_secrets(caught.value)
    assert isinstance(linked.failure(), error)


def test_a_key_of_another_kind_is_recognised_by_its_shape(linked: Linked) -> None:
    for shape in linked.fake.wrong_shapes:
        with pytest.raises(ValidationError) as caught:
            linked.connector.credential.model_validate(shape)
        assert MARKER not in str(caught.value)
        assert MARKER not in repr(caught.value)
    assert linked.requests == []


def rate_limited(reply: Reply) -> Reply:
    return Reply(429, b'{"error": {"message": "slow down"}}')


def unavailable(reply: Reply) -> Reply:
    return Reply(503, b"<html>Service Unavailable</html>", {"Content-Type": "text/html"})


def cut_short(reply: Reply) -> Reply:
    return Reply(reply.status, reply.body, reply.headers, cut_at=len(reply.body) // 2)


def half_json(reply: Reply) -> Reply:
    return Reply(reply.status, reply.body[: len(reply.body) // 2], reply.headers)


def web_page(reply: Reply) -> Reply:
    return Reply(200, b"<html>Sign in to this network</html>", {"Content-Type": "text/html"})


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (rate_limited, RateLimited),
        (unavailable, ProviderUnavailable),
        (cut_short, ProviderUnavailable),
        (half_json, UnexpectedResponse),
        (web_page, UnexpectedResponse),
    ],
)
def test_a_provider_in_trouble_is_told_by_kind(linked: Linked, spoil: Spoil, error: type[ConnectorError]) -> None:
    linked.spoil = spoil
    caught = linked.failure()
    assert type(caught) is error
    assert caught.likely_cause
    assert caught.resolution
    assert_keeps_secrets(caught)


def test_trouble_in_the_middle_gives_no_half_statement(linked: Linked) -> None:
    linked.fetch()
    needed = len(linked.requests)
    for position in range(needed):
        linked.requests.clear()
        linked.spoil = lambda reply, at=position: unavailable(reply) if len(linked.requests) == at + 1 else reply
        assert isinstance(linked.failure(), ProviderUnavailable)


def test_a_repeated_cursor_ends_in_an_error_not_in_a_loop(linked: Linked) -> None:
    linked.life = Life.REPEATED_CURSOR
    assert isinstance(linked.failure(), UnexpectedResponse)


def test_no_secret_shows_in_credential_hint_or_session(linked: Linked) -> None:
    credential = linked.connector.credential.model_validate(linked.fake.credential)
    with linked.session() as session:
        shown = [repr(credential), str(credential), credential.hint, repr(session), str(session), str(vars(session))]
    assert not [text for text in shown if MARKER in text]


def assert_keeps_secrets(error: ConnectorError) -> None:
    """Neither the error nor anything it was raised from, nor a local variable on the way, shows the secret."""
    whole = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    texts = [whole, str(error.args), error.message, error.likely_cause, error.resolution, str(vars(error))]
    assert not [text for text in texts if MARKER in text]
    assert error.__cause__ is None
    assert error.__context__ is None


def test_the_connector_describes_itself(linked: Linked) -> None:
    connector = linked.connector
    assert CONNECTORS[connector.slug] is connector
    assert connector.steps
    assert connector.key_type
    assert connector.data_delay
    assert 0 < connector.restated_days <= connector.history_days
    assert connector.window_days > 0
