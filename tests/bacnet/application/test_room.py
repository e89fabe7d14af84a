"""Answers that are as long as their client takes."""

import asyncio

import pytest

from bacnet.application.device import (
    CLIENT,
    ECHO,
    NOTHING,
    abort,
    application,
    left,
    receive,
    whole,
)
from submeter.bacnet.answer import Aborted, AbortReason, Ack, Answer, Fitted, Pending
from submeter.bacnet.application.application import Application

SIZES = [(0, 50), (1, 128), (2, 206), (3, 480), (4, 1024), (5, 1476), (9, 50)]


def fitted(made: Application, in_parts: bool = True) -> list[int]:
    """Have ECHO answer with all the room that there is, and return what that was each time."""
    rooms: list[int] = []

    def make(room: int) -> Answer:
        rooms.append(room)
        return Ack(bytes(room))

    made.confirmed[ECHO] = lambda body, peer: Fitted(make, in_parts)
    return rooms


@pytest.mark.parametrize("in_parts", [False, True])
@pytest.mark.parametrize(("code", "size"), SIZES)
async def test_one_apdu_of_a_client_that_takes_no_segments(
    code: int, size: int, in_parts: bool
) -> None:
    made, notes = application()
    rooms = fitted(made, in_parts)
    receive(made, whole(code=code))
    assert rooms == [size - 3]
    (answer,) = notes.take()
    assert (answer[:3], len(answer)) == (b"\x30\x01\xc8", size)
    assert left(made) == NOTHING


@pytest.mark.parametrize(
    ("code", "segments", "part", "everything"),
    [
        (5, 0, 1400, 256 * 1476),  # does not say how many
        (5, 7, 1400, 256 * 1476),
        (5, 1, 1400, 2 * 1471),
        (3, 1, 950, 950),
        (0, 1, 90, 90),
        (0, 6, 1400, 64 * 45),
        (1, 0, 1400, 256 * 1476),
    ],
)
async def test_all_segments_that_a_client_takes(
    code: int, segments: int, part: int, everything: int
) -> None:
    made, notes = application()
    for in_parts, room in ((True, part), (False, everything)):
        rooms = fitted(made, in_parts)
        receive(made, whole(code=code, segments=segments))
        assert rooms == [room]
        assert notes.take()[0][0] & 0xF0 == 0x30
        receive(made, b"\x70\x01\x00")
    assert left(made) == NOTHING


async def test_a_client_of_few_segments_that_takes_more_in_one_piece() -> None:
    made, notes = application()
    made.confirmed[ECHO] = lambda body, peer: Ack(bytes(47))
    receive(made, whole(code=0, segments=1))
    assert len(notes.take()[0]) == 50


@pytest.mark.parametrize(
    ("segments", "reason"),
    [(-1, AbortReason.SEGMENTATION_NOT_SUPPORTED), (1, AbortReason.BUFFER_OVERFLOW)],
)
async def test_what_cannot_be_sent_is_aborted_for_the_client_s_reason(
    segments: int, reason: AbortReason
) -> None:
    made, notes = application()

    def too_little(room: int) -> Answer:
        raise Aborted(AbortReason.BUFFER_OVERFLOW)

    for make in (too_little, lambda room: Ack(bytes(room + 1))):
        made.confirmed[ECHO] = lambda body, peer, make=make: Fitted(make)  # type: ignore[misc]
        receive(made, whole(code=0, segments=segments))
        assert notes.take() == [abort(reason)]
    assert left(made) == NOTHING


async def test_other_aborts_of_it_stay_what_they_are() -> None:
    made, notes = application()

    def no(room: int) -> Answer:
        raise Aborted(AbortReason.OTHER)

    made.confirmed[ECHO] = lambda body, peer: Fitted(no)
    receive(made, whole())
    assert notes.take() == [abort(AbortReason.OTHER)]


async def test_finish_of_a_pending_answer_may_give_one() -> None:
    made, _ = application()
    rooms = fitted(made)
    inner = made.confirmed[ECHO](b"", CLIENT)
    answer = Pending(lambda: None, lambda result: inner)
    made.confirmed[ECHO] = lambda body, peer: answer
    receive(made, whole(code=3))
    while left(made) != NOTHING:
        await asyncio.sleep(0.002)
    assert rooms == [477]
