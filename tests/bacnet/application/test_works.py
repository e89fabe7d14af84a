import asyncio
import threading
from collections.abc import Callable

import pytest

from bacnet.application.device import (
    ECHO,
    LONG,
    NOTHING,
    abort,
    application,
    left,
    piece,
    receive,
    whole,
)
from submeter.bacnet.answer import (
    DONE,
    AbortReason,
    Ack,
    Answer,
    Pending,
    RefusedError,
)
from submeter.bacnet.application import limits
from submeter.bacnet.application.application import Application
from submeter.bacnet.fault import UNKNOWN_OBJECT
from submeter.bacnet.peer import Peer


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.002)


def pending(made: Application, work: Callable[[], object], finish: Callable[..., Answer]) -> None:
    made.confirmed[ECHO] = lambda body, peer: Pending(work, finish)


async def test_work_is_done_in_another_thread_and_finished_in_the_loop() -> None:
    made, notes = application()
    own = threading.get_ident()

    def finish(thread: int) -> Answer:
        assert thread != own == threading.get_ident()
        return Ack(b"done")

    pending(made, threading.get_ident, finish)
    receive(made, whole())
    receive(made, whole())  # once more: its answer is under way
    assert notes.sent == []
    await until(lambda: bool(notes.sent))
    assert notes.take() == [b"\x30\x01\xc8done"]
    assert left(made) == NOTHING
    assert len(made.shares.works) == 0


async def test_a_pending_answer_may_be_a_refusal_or_have_segments() -> None:
    made, notes = application()

    def refuse(result: object) -> Answer:
        raise RefusedError(UNKNOWN_OBJECT)

    pending(made, lambda: None, refuse)
    receive(made, whole())
    await until(lambda: bool(notes.sent))
    assert notes.take() == [b"\x50\x01\xc8\x91\x01\x91\x1f"]
    pending(made, lambda: LONG, Ack)
    receive(made, whole(code=0, segments=0))
    await until(lambda: bool(notes.sent))
    assert notes.take()[0][0] == 0x3C
    receive(made, b"\x70\x01\x00")
    assert left(made) == NOTHING


async def test_work_that_fails_aborts_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    made, notes = application()

    def fail() -> object:
        raise OSError("disk")

    pending(made, fail, lambda result: DONE)
    for _ in range(2):
        receive(made, whole())
        await until(lambda: bool(notes.sent))
        assert notes.take() == [abort(AbortReason.OTHER)]
    messages = [record.getMessage() for record in caplog.records]
    assert messages == [f"event=bacnet_failure doing=work service={ECHO} error=OSError"]
    assert left(made) == NOTHING


async def test_work_is_bounded_in_all_and_by_client() -> None:
    made, notes = application()
    gate = threading.Event()
    pending(made, lambda: gate.wait(5), lambda result: DONE)
    of_one = limits.MOST_WORKS_OF_ONE
    peers = [Peer((f"192.0.2.{number}", 47808)) for number in range(5)]
    assert 4 * of_one == limits.MOST_WORKS
    for peer in peers:
        for number in range(of_one + 1):
            receive(made, whole(invoke_id=number), peer)
    refused = [(each.to, each.apdu) for each in notes.sent]
    assert refused == [
        *((peer, abort(AbortReason.OUT_OF_RESOURCES, of_one)) for peer in peers[:4]),
        *((peers[4], abort(AbortReason.OUT_OF_RESOURCES, number)) for number in range(of_one + 1)),
    ]
    notes.take()
    gate.set()
    await until(lambda: len(made.shares.works) == 0)
    done = sorted(bytes((0x20, number, ECHO)) for number in range(of_one) for _ in range(4))
    assert sorted(notes.take()) == done
    assert left(made) == NOTHING


@pytest.mark.parametrize("service", [15, 16, 17, 20])
async def test_a_code_is_not_counted_without_a_place_to_work_it_out(service: int) -> None:
    made, notes = application()
    gate = threading.Event()
    counted: list[bytes] = []

    def attempt(body: bytes, peer: Peer) -> Answer:
        counted.append(body)
        return Pending(lambda: gate.wait(5), lambda result: DONE)

    made.confirmed[service] = attempt
    of_one = limits.MOST_WORKS_OF_ONE
    for number in range(of_one + 3):
        receive(made, whole(service, invoke_id=number))
    assert len(counted) == of_one
    late = range(of_one, of_one + 3)
    assert notes.take() == [abort(AbortReason.OUT_OF_RESOURCES, number) for number in late]
    gate.set()
    await until(lambda: len(made.shares.attempts) == 0)
    assert len(notes.take()) == of_one
    receive(made, whole(service))
    await until(lambda: left(made) == NOTHING)
    assert len(counted) == of_one + 1


async def test_nothing_else_takes_the_places_of_codes() -> None:
    made, notes = application()
    gate = threading.Event()
    peers = [Peer((f"192.0.2.{number}", 47808)) for number in range(8)]
    pending(made, lambda: gate.wait(5), lambda result: DONE)
    made.confirmed[15] = lambda body, peer: Pending(lambda: None, lambda result: DONE)
    for peer in peers:
        for number in range(limits.MOST_OF_ONE):
            receive(made, piece(0, b"", invoke_id=number), peer)
        receive(made, whole(invoke_id=200), peer)
    assert not made.shares.clients.free(Peer(("192.0.2.9", 47808)))
    assert len(made.shares.works) == len(peers)
    notes.take()
    receive(made, whole(15, invoke_id=201), peers[0])
    gate.set()
    await until(lambda: len(made.shares.attempts) == 0)
    assert b"\x20\xc9\x0f" in notes.take()
    made.close()
    assert left(made) == NOTHING


async def test_work_nobody_waits_for_is_finished_without_an_answer() -> None:
    made, notes = application()
    gate = threading.Event()
    finished: list[object] = []

    def finish(result: object) -> Answer:
        finished.append(result)
        return DONE

    pending(made, lambda: gate.wait(5), finish)
    receive(made, whole())
    receive(made, b"\x70\x01\x00")
    assert left(made) == NOTHING
    assert len(made.shares.works) == 1  # a thread cannot be stopped
    gate.set()
    await until(lambda: bool(finished))
    assert notes.take() == []


async def test_an_invoke_id_that_is_used_again_gets_its_own_answer() -> None:
    made, notes = application()
    gates = [threading.Event(), threading.Event()]
    pending(made, lambda: gates[0].wait(5), lambda result: Ack(b"old"))
    receive(made, whole())
    receive(made, b"\x70\x01\x00")
    pending(made, lambda: gates[1].wait(5), lambda result: Ack(b"new"))
    receive(made, whole())
    for gate, running in zip(gates, (1, 0), strict=True):
        assert notes.sent == []
        gate.set()
        await until(lambda running=running: len(made.shares.works) == running)  # type: ignore[misc]
    assert notes.take() == [b"\x30\x01\xc8new"]


async def test_work_that_takes_too_long_is_aborted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "APDU_TIMEOUT", 10)
    made, notes = application()
    gate = threading.Event()
    pending(made, lambda: gate.wait(5), lambda result: DONE)
    receive(made, whole())
    await until(lambda: bool(notes.sent))
    assert notes.take() == [abort(AbortReason.APPLICATION_EXCEEDED_REPLY_TIME)]
    gate.set()
    await until(lambda: len(made.shares.works) == 0)
    assert notes.take() == []
    assert left(made) == NOTHING


async def test_nothing_is_finished_after_close() -> None:
    made, notes = application()
    gate = threading.Event()
    finished: list[object] = []

    def finish(result: object) -> Answer:
        finished.append(result)
        return DONE

    pending(made, lambda: gate.wait(5), finish)
    receive(made, whole())
    made.close()
    gate.set()
    await until(lambda: len(made.shares.works) == 0)
    assert (notes.take(), finished) == ([], [])
    assert left(made) == NOTHING
