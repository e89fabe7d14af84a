import asyncio

import pytest

from bacnet.application import virtual_time
from bacnet.application.device import (
    ECHO,
    LONG,
    NOTHING,
    OTHER,
    abort,
    application,
    left,
    piece,
    receive,
    whole,
)
from submeter.bacnet.answer import (
    DONE,
    Aborted,
    AbortReason,
    Ack,
    Answer,
    ErrorAnswer,
    Reason,
    RefusedError,
    Rejected,
)
from submeter.bacnet.application import limits
from submeter.bacnet.fault import UNKNOWN_OBJECT
from submeter.bacnet.peer import Peer


@pytest.mark.parametrize(
    ("answer", "apdu"),
    [
        (Ack(b"body"), b"\x30\x01\xc8body"),
        (DONE, b"\x20\x01\xc8"),
        (ErrorAnswer(b"why"), b"\x50\x01\xc8why"),
        (RefusedError(UNKNOWN_OBJECT), b"\x50\x01\xc8\x91\x01\x91\x1f"),
        (Rejected(Reason.MISSING_PARAMETER), b"\x60\x01\x05"),
        (Aborted(AbortReason.BUFFER_OVERFLOW), b"\x71\x01\x01"),
        (ZeroDivisionError(), b"\x50\x01\xc8\x91\x00\x91\x19"),
    ],
)
async def test_answers(answer: Answer | Exception, apdu: bytes) -> None:
    def service(body: bytes, peer: Peer) -> Answer:
        assert (body, peer) == (b"ask", OTHER)
        if isinstance(answer, Exception):
            raise answer
        return answer

    made, notes = application()
    made.confirmed[ECHO] = service
    receive(made, whole(body=b"ask"), OTHER)
    assert [(each.apdu, each.to) for each in notes.sent] == [(apdu, OTHER)]
    assert not notes.sent[0].reply_expected
    assert left(made) == NOTHING


async def test_unknown_service() -> None:
    made, notes = application()
    receive(made, whole(service=99))
    assert notes.take() == [bytes((0x60, 1, Reason.UNRECOGNIZED_SERVICE))]


async def test_a_fault_of_ours_is_logged_once_by_service_and_type(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def service(body: bytes, peer: Peer) -> Answer:
        raise (KeyError if body else TypeError)("x")

    made, notes = application()
    made.confirmed |= {ECHO: service, 201: service}
    for number in (ECHO, 201, ECHO, 201):
        for body in (b"", b"x"):
            receive(made, whole(service=number, body=body))
    assert len(notes.take()) == 8
    told = [record.getMessage() for record in caplog.records]
    assert told == [
        f"event=bacnet_failure doing=answer service={number} error={error}"
        for number in (ECHO, 201)
        for error in ("TypeError", "KeyError")
    ]
    assert all(record.exc_info for record in caplog.records)


async def test_one_client_cannot_take_what_all_need() -> None:
    made, notes = application()
    for number in range(limits.MOST_OF_ONE + 1):
        receive(made, piece(0, b"x", invoke_id=number))
    assert notes.take()[-1] == abort(AbortReason.OUT_OF_RESOURCES, limits.MOST_OF_ONE)
    receive(made, whole(body=LONG, code=0, segments=0, invoke_id=99))
    receive(made, whole(body=b"short", invoke_id=99))
    assert notes.take() == [abort(AbortReason.OUT_OF_RESOURCES, 99), b"\x30\x63\xc8short"]
    receive(made, piece(0, b"x"), OTHER)
    assert notes.take() == [b"\x41\x01\x00\x04"]
    made.close()
    assert left(made) == NOTHING


async def test_answers_that_wait_have_a_bound_in_octets() -> None:
    made, notes = application()
    made.confirmed[ECHO] = lambda body, peer: Ack(bytes(limits.LARGEST_ANSWER))
    fit = limits.MOST_ANSWERED // limits.LARGEST_ANSWER
    for number in range(fit + 1):
        receive(made, whole(segments=0), Peer((f"192.0.2.{number}", 47808)))
    sent = notes.take()
    assert sent[-1] == abort(AbortReason.OUT_OF_RESOURCES)
    assert {each[0] for each in sent[:-1]} == {0x3C}
    receive(made, b"\x70\x01\x00", Peer(("192.0.2.0", 47808)))
    receive(made, whole(segments=0), OTHER)
    assert notes.take()[0][0] == 0x3C
    made.close()
    assert left(made) == NOTHING


def test_half_open_requests_of_many_leave_nothing_behind() -> None:
    async def scenario() -> None:
        made, notes = application()
        most = 0
        for number in range(10_000):
            peer = Peer((f"192.0.{number >> 8}.{number & 0xFF}", 47808), number % 3)
            if number % 2:
                receive(made, piece(0, b"x" * 40), peer)
            else:
                receive(made, whole(body=LONG, code=0, segments=0), peer)
            most = max(most, len(made._transactions))
            if number % 100 == 0:
                await asyncio.sleep(0.1)
        assert most == limits.MOST_TRANSACTIONS
        await asyncio.sleep(5)
        assert left(made) == NOTHING
        assert not made.shares.clients._inside
        notes.take()
        receive(made, piece(0, b"body", more=False))
        assert notes.take()[-1] == b"\x30\x01\xc8body"
        # Their timers are gone as well.
        assert len(asyncio.get_running_loop()._scheduled) < 300  # type: ignore[attr-defined]

    virtual_time.run(scenario())


async def test_close_gives_up_everything() -> None:
    made, notes = application()
    receive(made, piece(0, b"x"))
    receive(made, whole(body=LONG, code=0, segments=0, invoke_id=2))
    notes.take()
    made.close()
    assert left(made) == NOTHING
    assert notes.take() == []
