import asyncio

import pytest

from bacnet.application import virtual_time
from bacnet.application.device import (
    LONG,
    NOTHING,
    abort,
    acknowledgement,
    application,
    left,
    piece,
    receive,
    whole,
)
from submeter.bacnet.answer import (
    AbortReason,
)
from submeter.bacnet.application import limits


@pytest.mark.parametrize("window", [1, 3, 16, 127])
async def test_a_request_in_segments(window: int) -> None:
    made, notes = application()
    bodies = [LONG[start : start + 40] for start in range(0, 400, 40)]
    acknowledged = []
    for number, body in enumerate(bodies):
        receive(made, piece(number, body, number < 9, window))
        acknowledged += [each for each in notes.take() if each[0] == 0x41]
    own = min(window, limits.WINDOW)
    expected = [0, *range(own, 9, own), 9]
    assert acknowledged == [bytes((0x41, 1, number, own)) for number in expected]
    assert len(made._transactions) == 1  # its answer has segments as well
    for number in range(9):
        receive(made, acknowledgement(number, 1))
    assert left(made) == NOTHING
    assert b"".join(each[5:] for each in notes.take()) == LONG[45:400]


async def test_a_single_segment_is_a_request() -> None:
    made, notes = application()
    receive(made, piece(0, b"body", more=False))
    assert notes.take() == [b"\x41\x01\x00\x04", b"\x30\x01\xc8body"]
    assert left(made) == NOTHING


async def test_a_lost_segment_is_asked_for() -> None:
    made, notes = application()
    receive(made, piece(0, b"a"))
    receive(made, piece(2, b"c"))
    assert notes.take() == [b"\x41\x01\x00\x04", b"\x43\x01\x00\x04"]
    receive(made, piece(1, b"b"))
    receive(made, piece(1, b"?"))
    receive(made, piece(2, b"c", more=False))
    assert notes.take() == [b"\x41\x01\x02\x04", b"\x30\x01\xc8abc"]
    assert left(made) == NOTHING


@pytest.mark.parametrize(
    ("apdu", "reason"),
    [
        (piece(1, b"x"), AbortReason.INVALID_APDU_IN_THIS_STATE),
        (piece(0, b"x", window=0), AbortReason.WINDOW_SIZE_OUT_OF_RANGE),
        (piece(0, b"x", window=128), AbortReason.WINDOW_SIZE_OUT_OF_RANGE),
        (piece(0, bytes(1477)), AbortReason.BUFFER_OVERFLOW),
    ],
)
async def test_a_wrong_first_segment(apdu: bytes, reason: AbortReason) -> None:
    made, notes = application()
    receive(made, apdu)
    assert notes.take() == [abort(reason)]
    assert left(made) == NOTHING


@pytest.mark.parametrize("apdu", [whole(), acknowledgement(0, 1)])
async def test_what_does_not_belong_among_segments_ends_them(apdu: bytes) -> None:
    made, notes = application()
    receive(made, piece(0, b"x"))
    receive(made, apdu)
    assert notes.take()[1:] == [abort(AbortReason.INVALID_APDU_IN_THIS_STATE)]
    assert left(made) == NOTHING


async def test_client_gives_up_its_request() -> None:
    made, notes = application()
    receive(made, piece(0, b"x"))
    receive(made, b"\x70\x01\x00")
    assert notes.take() == [b"\x41\x01\x00\x04"]
    assert left(made) == NOTHING


async def test_a_request_of_endless_segments() -> None:
    made, notes = application()
    for number in range(limits.MOST_SEGMENTS):
        receive(made, piece(number, bytes(1400)))
    notes.take()
    receive(made, piece(limits.MOST_SEGMENTS, b"x"))
    assert notes.take() == [abort(AbortReason.BUFFER_OVERFLOW)]
    assert left(made) == NOTHING


def test_a_request_that_stops_is_forgotten_without_a_word() -> None:
    async def scenario() -> None:
        made, notes = application()
        receive(made, piece(0, b"x"))
        await asyncio.sleep(3.9)
        receive(made, piece(1, b"x"))
        await asyncio.sleep(3.9)
        assert len(made._transactions) == 1
        receive(made, piece(1, b"x"))  # nothing new
        receive(made, piece(3, b"x"))
        await asyncio.sleep(0.2)
        assert left(made) == NOTHING
        assert [each[0] for each in notes.take()] == [0x41, 0x43]

    virtual_time.run(scenario())
