"""The server and its counting process: frames between them, groups, deaths, and a clean end."""

import asyncio
import json
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from metering import counting
from metering import intake as intake_module
from metering.counting import settle
from metering.deliveries import Answer, Delivery, Frames, frame
from metering.intake import Full, Intake, Room
from settings import Settings
from store import metering
from store.db import Store, open_store
from store.errors import StoreError
from store.metering import Counted, save_events
from store.models import MeteredCost
from tests.metering.test_routes import body, export, span
from tests.store.cast import rows

Story = Callable[[Intake], Awaitable[None]]


def lived(intake: Intake, story: Story) -> None:
    """Run the intake until the story is told, then stop it cleanly."""

    async def live() -> None:
        running = asyncio.create_task(intake.run())
        await intake.counting.wait()
        await story(intake)
        await intake.stop()
        await running

    asyncio.run(live())


def answer_by_number(link: socket.socket) -> None:
    """Answers with the process's id; a delivery of `wait` only when the next one comes, one of `die` never."""
    link.sendall(frame(0, Answer(200, b"")))
    frames, held = Frames(Delivery), []
    while piece := link.recv(2**16):
        for number, delivery in frames.arrived(piece):
            held.append(number)
            if delivery.body == b"die":
                os.kill(os.getpid(), signal.SIGKILL)
            if delivery.body != b"wait":
                link.sendall(b"".join(frame(one, Answer(201, str(os.getpid()).encode())) for one in held))
                held.clear()


def test_frames_are_put_together_from_any_pieces() -> None:
    sent = [
        Delivery("image", bytes(range(256)), "application/json", "gzip", 7),
        Delivery("traces", b"", "x\ny", "é", 0),
    ]
    whole = b"".join(frame(number, delivery) for number, delivery in enumerate(sent))
    for size in (1, 2, 7, 50, len(whole)):
        frames = Frames(Delivery)
        pieces = [whole[start : start + size] for start in range(0, len(whole), size)]
        assert [found for piece in pieces for found in frames.arrived(piece)] == list(enumerate(sent))


def test_a_group_is_saved_at_once_and_each_delivery_gets_its_own_answer(store: Store, now: datetime) -> None:
    deliveries = [
        Delivery("completion", body(transactionId="a")),
        Delivery("completion", b"{"),
        Delivery("completion", body(transactionId="a")),
        Delivery("completion", body(transactionId="b", requestTime="2020-01-01T00:00:00Z")),
        Delivery("traces", str(export(span(1), span(2))).replace("'", '"').encode()),
        Delivery("image", body(transactionId="c")),
    ]
    told = settle(store, deliveries, now)
    assert [answer.status for answer in told] == [201, 400, 201, 400, 200, 201]
    assert b"requestTime" in told[3].body
    assert rows(store, MeteredCost, "operation", "source", "events") == [
        ("completion", "opentelemetry", 2),
        ("completion", "revenium", 1),
        ("image", "revenium", 1),
    ]


def test_very_many_events_are_saved_in_several_groups_and_answered_in_order(
    store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "MOST_AT_ONCE", 4)
    saved: list[int] = []

    def save(*given: Any) -> Counted:
        saved.append(len(given[1]))
        return save_events(*given)

    monkeypatch.setattr(counting, "save_events", save)
    exports = [json.dumps(export(*(span(3 * n + m) for m in range(1, 4)))).encode() for n in range(4)]
    deliveries = [Delivery("completion", b"{"), *(Delivery("traces", said) for said in exports)]
    deliveries.append(Delivery("completion", body()))
    assert [answer.status for answer in settle(store, deliveries, now)] == [400, 200, 200, 200, 200, 201]
    assert saved == [6, 6, 1]
    assert sum(rows(store, MeteredCost, "events")) == 13


def test_when_nothing_can_be_saved_nobody_is_told_that_it_was(
    store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise StoreError("The disk is full.", likely_cause="", resolution="")

    monkeypatch.setattr(metering, "note_use", refuse)
    told = settle(store, [Delivery("completion", body()), Delivery("completion", b"{")], now)
    assert [(answer.status, answer.retry_after) for answer in told] == [(503, 2), (400, 0)]
    assert rows(store, MeteredCost, "events") == []


def test_there_is_room_for_so_many_requests_and_bytes() -> None:
    room = Room(requests=2, size=10)
    with room.place() as one, room.place() as other:
        with pytest.raises(Full), room.place():
            pass
        one.grow(6)
        other.grow(4)
        with pytest.raises(Full):
            one.grow(1)
    with room.place() as again:
        again.grow(10)


def test_many_deliveries_at_once_are_each_answered() -> None:
    async def story(intake: Intake) -> None:
        told = await asyncio.gather(
            *[intake.deliver(Delivery("image", b"x" * size)) for size in range(0, 200_000, 997)]
        )
        assert {answer.status for answer in told} == {201}

    lived(Intake(answer_by_number), story)


def test_a_process_that_dies_is_replaced_and_what_waited_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_module, "SECONDS_TO_START_AGAIN", 0)

    async def story(intake: Intake) -> None:
        before = await intake.deliver(Delivery("image", b""))
        waiting = asyncio.gather(*[intake.deliver(Delivery("image", said)) for said in (b"wait", b"die")])
        assert [(answer.status, answer.retry_after) for answer in await waiting] == [(503, 2)] * 2
        await intake.counting.wait()
        after = await intake.deliver(Delivery("image", b""))
        assert (before.status, after.status) == (201, 201)
        assert before.body != after.body

    lived(Intake(answer_by_number), story)


def test_a_clean_stop_waits_for_what_is_under_way() -> None:
    async def story(intake: Intake) -> None:
        first = asyncio.create_task(intake.deliver(Delivery("image", b"wait")))
        await asyncio.sleep(0)
        stopping = asyncio.create_task(intake.stop())
        await asyncio.sleep(0)
        assert not first.done()
        assert (await intake.deliver(Delivery("image", b"go"))).status == 201
        await stopping
        assert (await first).status == 201
        assert (await intake.deliver(Delivery("image", b"too late"))).status == 503

    lived(Intake(answer_by_number), story)


def test_the_counting_process_saves_what_it_answers(
    tmp_path: Path, without_settings: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPENDGLASS_DATA_DIR", str(tmp_path))
    store = open_store(Settings(data_dir=tmp_path))
    now = datetime.now().astimezone().isoformat()

    async def story(intake: Intake) -> None:
        events = [body(transactionId=str(number % 40), requestTime=now) for number in range(60)]
        told = await asyncio.gather(*[intake.deliver(Delivery("completion", event)) for event in events])
        assert {answer.status for answer in told} == {201}
        assert sum(rows(store, MeteredCost, "events")) == 40

    lived(Intake(), story)
    assert sum(rows(store, MeteredCost, "cost")) == Decimal(10)
    store.close()
