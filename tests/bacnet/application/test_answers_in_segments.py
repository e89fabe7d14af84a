import asyncio

import pytest

from bacnet.application import virtual_time
from bacnet.application.device import (
    ECHO,
    LONG,
    NOTHING,
    OTHER,
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
    Ack,
)
from submeter.bacnet.application import limits


@pytest.mark.parametrize(
    ("code", "largest"), [(0, 50), (1, 128), (2, 206), (3, 480), (4, 1024), (6, 50), (15, 50)]
)
@pytest.mark.parametrize("window", [1, 4, 127])
def test_segments_fit_and_make_up_the_answer(code: int, largest: int, window: int) -> None:
    async def scenario() -> None:
        made, notes = application()
        body = LONG * 4
        receive(made, whole(body=body, code=code, segments=0))
        assert len(notes.sent) == 1  # until the client has named its window
        got: list[bytes] = []
        while notes.sent:
            assert all(each.reply_expected for each in notes.sent)
            assert len(notes.sent) <= min(window, limits.WINDOW)
            got += (segments := notes.take())
            receive(made, acknowledgement(segments[-1][2], window))
        assert [segment[2] for segment in got] == list(range(len(got)))
        assert [segment[0] for segment in got] == [0x3C] * (len(got) - 1) + [0x38]
        assert {len(segment) for segment in got[:-1]} == {largest}
        assert len(got[-1]) <= largest
        assert b"".join(segment[5:] for segment in got) == body
        assert left(made) == NOTHING

    virtual_time.run(scenario())


@pytest.mark.parametrize(("code", "largest"), [(0, 50), (5, 1476)])
async def test_an_answer_of_the_largest_size_is_whole(code: int, largest: int) -> None:
    made, notes = application()
    receive(made, whole(body=bytes(largest - 3), code=code))
    assert [len(each) for each in notes.take()] == [largest]
    receive(made, whole(body=bytes(largest - 2), code=code))
    assert notes.take() == [abort(AbortReason.SEGMENTATION_NOT_SUPPORTED)]
    assert left(made) == NOTHING


@pytest.mark.parametrize(("segments", "most"), [(1, 2), (2, 4), (3, 8), (6, 64)])
async def test_no_more_segments_than_the_client_takes(segments: int, most: int) -> None:
    made, notes = application()
    receive(made, whole(body=bytes(45 * most + 1), code=0, segments=segments))
    assert notes.take() == [abort(AbortReason.BUFFER_OVERFLOW)]
    receive(made, whole(body=bytes(45 * most), code=0, segments=segments))
    assert notes.take()[0][0] == 0x3C
    made.close()
    assert left(made) == NOTHING


@pytest.mark.parametrize("segments", [0, 7])
async def test_the_longest_answer(segments: int) -> None:
    made, notes = application()
    made.confirmed[ECHO] = lambda body, peer: Ack(bytes(limits.LARGEST_ANSWER + len(body)))
    receive(made, whole(segments=segments, body=b"x"))
    assert notes.take() == [abort(AbortReason.BUFFER_OVERFLOW)]
    receive(made, whole(segments=segments))
    assert notes.take()[0][0] == 0x3C
    made.close()


@pytest.mark.parametrize("window", [0, 128, 255])
async def test_a_window_that_there_is_not_ends_the_answer(window: int) -> None:
    made, notes = application()
    receive(made, whole(body=LONG, code=0, segments=0))
    notes.take()
    receive(made, acknowledgement(0, window))
    assert notes.take() == [abort(AbortReason.WINDOW_SIZE_OUT_OF_RANGE)]
    assert left(made) == NOTHING


def test_segments_are_sent_again_and_then_given_up() -> None:
    async def scenario() -> None:
        made, notes = application()
        receive(made, whole(body=LONG, code=0, segments=0))
        receive(made, acknowledgement(0, 3))
        [_, *window] = notes.take()
        for _ in range(limits.RETRIES):
            await asyncio.sleep(1.01)
            assert notes.take() == window
        assert len(made._transactions) == 1
        await asyncio.sleep(1.01)
        assert notes.take() == []
        assert left(made) == NOTHING

    virtual_time.run(scenario())


def test_the_first_segment_is_sent_twice_at_most_until_it_is_acknowledged() -> None:
    async def scenario() -> None:
        made, notes = application()
        request = whole(body=LONG, code=0, segments=0)
        receive(made, request)
        [first] = notes.take()
        await asyncio.sleep(1.1)
        assert notes.take() == [first]
        assert len(made._transactions) == 1
        await asyncio.sleep(1.0)
        assert (notes.take(), left(made)) == ([], NOTHING)
        receive(made, request)  # of one that missed both
        assert notes.take() == [first]
        await asyncio.sleep(10)
        assert (notes.take(), left(made)) == ([first], NOTHING)

    virtual_time.run(scenario())


def test_an_acknowledged_segment_gives_new_tries_but_a_repeated_one_does_not() -> None:
    async def scenario() -> None:
        made, notes = application()
        receive(made, whole(body=LONG, code=0, segments=0))
        assert len(notes.take()) == 1
        receive(made, acknowledgement(0, 1))
        for number in (1, 2):
            await asyncio.sleep(3.5)
            assert len(notes.take()) == 4
            receive(made, acknowledgement(number, 1))
        for _ in range(8):
            await asyncio.sleep(0.5)
            receive(made, acknowledgement(2, 1))
        assert left(made) == NOTHING

    virtual_time.run(scenario())


async def test_client_gives_up_its_answer() -> None:
    made, notes = application()
    receive(made, whole(body=LONG, code=0, segments=0))
    notes.take()
    receive(made, b"\x70\x01\x00", OTHER)
    assert len(made._transactions) == 1
    receive(made, b"\x70\x01\x00")
    assert notes.take() == []
    assert left(made) == NOTHING


async def test_the_request_once_more_does_not_disturb_its_answer() -> None:
    made, notes = application()
    request = whole(body=LONG, code=0, segments=0)
    receive(made, request)
    notes.take()
    receive(made, request)
    receive(made, piece(0, b"x"))
    assert notes.take() == []
    receive(made, acknowledgement(0, 1))
    assert [each[2] for each in notes.take()] == [1]
    made.close()


async def test_an_acknowledgement_without_a_transaction() -> None:
    made, notes = application()
    receive(made, acknowledgement(0, 1, invoke_id=8))
    assert notes.take() == [abort(AbortReason.INVALID_APDU_IN_THIS_STATE, 8)]
    assert left(made) == NOTHING
