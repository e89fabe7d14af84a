import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.bacnet.application import limits
from submeter.bacnet.application.segments import Assembly, Pieces, Taken

PIECES = [bytes((number,)) * 3 for number in range(limits.MOST_SEGMENTS)]


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (1, "GROUP GROUP GROUP GROUP WHOLE"),
        (2, "KEPT GROUP KEPT GROUP WHOLE"),
        (3, "KEPT KEPT GROUP KEPT WHOLE"),
        (127, "KEPT KEPT KEPT KEPT WHOLE"),
    ],
)
def test_a_group_ends_with_the_window_and_the_message(window: int, expected: str) -> None:
    assembly = Assembly(PIECES[0], window)
    taken = [assembly.take(number, number < 5, PIECES[number]) for number in range(1, 6)]
    assert " ".join(each.name for each in taken) == expected
    assert assembly.body == b"".join(PIECES[:6])
    assert assembly.last == 5


def test_no_larger_window_than_we_can_bear() -> None:
    assert Assembly(b"", 127).window == limits.WINDOW
    assert Assembly(b"", 3).window == 3


def test_a_lost_segment_is_asked_for_and_its_successors_are_dropped() -> None:
    assembly = Assembly(PIECES[0], 4)
    assert assembly.take(1, True, PIECES[1]) is Taken.KEPT
    assert assembly.take(3, True, PIECES[3]) is Taken.MISSING
    assert assembly.take(4, True, PIECES[4]) is Taken.MISSING
    assert assembly.last == 1
    # The client goes on behind segment 1, and the window begins there.
    assert [assembly.take(number, True, PIECES[number]) for number in (2, 3, 4, 5)] == [
        Taken.KEPT,
        Taken.KEPT,
        Taken.KEPT,
        Taken.GROUP,
    ]
    assert assembly.body == b"".join(PIECES[:6])


def test_repeated_segments_are_dropped_as_often_as_the_window_has_segments() -> None:
    assembly = Assembly(PIECES[0], 3)
    assembly.take(1, True, PIECES[1])
    taken = [assembly.take(1, True, b"other") for _ in range(4)]
    assert taken == [Taken.REPEATED, Taken.REPEATED, Taken.REPEATED, Taken.MISSING]
    assert assembly.body == PIECES[0] + PIECES[1]


def test_a_client_that_lost_our_acknowledgement_is_told_again() -> None:
    assembly = Assembly(PIECES[0], 2)
    assert assembly.take(0, True, PIECES[0]) is Taken.MISSING
    assembly.take(1, True, PIECES[1])
    assembly.take(2, True, PIECES[2])
    assert assembly.take(1, True, PIECES[1]) is Taken.MISSING
    assert assembly.last == 2


def test_a_request_of_too_many_or_too_long_segments() -> None:
    assembly = Assembly(PIECES[0], 16)
    for number in range(1, limits.MOST_SEGMENTS):
        assert assembly.take(number, True, PIECES[number]) in (Taken.KEPT, Taken.GROUP)
    assert assembly.take(limits.MOST_SEGMENTS, False, b"") is Taken.TOO_LONG
    assert Assembly(b"", 1).take(1, False, bytes(limits.LARGEST_APDU + 1)) is Taken.TOO_LONG


@given(st.lists(st.tuples(st.integers(0, 255), st.booleans()), max_size=60), st.integers(1, 127))
def test_whatever_comes_only_segments_in_order_are_kept(
    segments: list[tuple[int, bool]], window: int
) -> None:
    assembly = Assembly(b"\x00", window)
    for sequence, more in segments:
        before = assembly.last
        taken = assembly.take(sequence, more, bytes((sequence,)))
        assert (taken in (Taken.KEPT, Taken.GROUP, Taken.WHOLE)) == (assembly.last != before)
        assert assembly.body == bytes(range(assembly.last + 1))
        if taken in (Taken.WHOLE, Taken.TOO_LONG):
            break


@given(st.binary(min_size=1, max_size=3000), st.integers(1, 60), st.lists(st.integers(1, 127)))
def test_pieces_make_up_the_body_whatever_the_windows(
    body: bytes, size: int, windows: list[int]
) -> None:
    pieces = Pieces(body, size)
    got = b""
    number = 0
    first = True
    while not pieces.done:
        sent = list(pieces.in_window())
        assert len(sent) <= limits.WINDOW
        assert not first or len(sent) == 1
        first = False
        for sequence, more, piece in sent:
            assert sequence == number % 256
            number += 1
            assert more == (number < pieces.count)
            assert len(piece) == size or not more
            got += piece
        assert pieces.acknowledge(sent[-1][0], windows.pop() if windows else 16)
    assert got == body
    assert number == pieces.count
    assert list(pieces.in_window()) == []


def test_only_segments_that_were_sent_and_are_not_acknowledged_can_be() -> None:
    pieces = Pieces(bytes(1000), 10)
    assert not pieces.acknowledge(1, 4)  # the first window is one segment
    assert pieces.acknowledge(0, 4)
    assert not pieces.acknowledge(0, 4)
    assert not pieces.acknowledge(5, 4)
    assert pieces.acknowledge(2, 4)  # part of the window
    assert [sequence for sequence, _, _ in pieces.in_window()] == [3, 4, 5, 6]


def test_no_segment_behind_the_last_can_be_acknowledged() -> None:
    pieces = Pieces(bytes(30), 10)
    assert pieces.acknowledge(0, 16)
    assert not pieces.acknowledge(3, 16)
    assert pieces.acknowledge(2, 16)
    assert pieces.done


def test_numbers_begin_again_after_256_segments() -> None:
    pieces = Pieces(bytes(600), 1)
    numbers = []
    while not pieces.done:
        sent = [sequence for sequence, _, _ in pieces.in_window()]
        numbers += sent
        assert pieces.acknowledge(sent[-1], 16)
    assert numbers == [number % 256 for number in range(600)]
