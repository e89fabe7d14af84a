"""Records of a board that counts by itself, and the count that they come to."""

import zlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.count_file import Count
from submeter.sources.pulse.board import BoardDecoder, Record, advance
from tooling.board import line, record

STREAM = b"".join(
    (
        b"MicroPython v1.28\r\n>>> ",
        line("ID", {"uid": "e6", "boot": "a"}),
        record("a", 1, 2),
        line("W", {"v": "x" * 11_000}),
        record("a", 2, 2, t=123, s=[1] * 17),
        b'Traceback (most recent call last): $S {"b"',
        record("a", 3, 2),
    )
)


def counters(data: bytes) -> list[tuple[int, ...]]:
    return [each.counters for each in BoardDecoder().feed(data)]


def test_records_are_found_among_whatever_else_is_sent() -> None:
    decoder = BoardDecoder()
    found = decoder.feed(STREAM)
    assert [each.counters for each in found] == [(1, 2), (2, 2), (3, 2)]
    assert len({each.boot for each in found}) == 1
    assert (decoder.good, decoder.bad) == (3, 0)


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_the_split_makes_no_difference(cuts: list[int]) -> None:
    decoder = BoardDecoder()
    places = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[a:b] for a, b in pairwise(places)]
    found = [each for piece in pieces for each in decoder.feed(piece)]
    assert [each.counters for each in found] == counters(STREAM)


@pytest.mark.parametrize(
    "said",
    [{}, {"b": 1}, {"p": [1]}, {"b": 1, "p": 1}, {"b": 1, "p": [-1]}, {"b": 1, "p": [2**32]},
     {"b": 1, "p": [1.0]}, {"b": 1, "p": [True]}, {"b": True, "p": [1]}, {"b": [], "p": [1]},
     {"b": 1, "p": [0] * 65}],
)  # fmt: skip
def test_a_record_that_says_something_else_is_dropped(said: object) -> None:
    decoder = BoardDecoder()
    assert decoder.feed(line("S", said)) == []
    assert decoder.bad == 1


def test_a_record_nested_without_end_is_dropped() -> None:
    decoder = BoardDecoder()
    body = b'S {"b":' + b"[" * 3000 + b"}"
    assert decoder.feed(b"$%s*%08X\n" % (body, zlib.crc32(body))) == []
    assert decoder.bad == 1
    assert decoder.feed(record(1, 5))[0].counters == (5,)


def test_what_the_first_record_has_is_not_ours() -> None:
    assert advance(Count(0), Record(7, (500,)), 0) == Count(0, 7, 500)


def test_differences_count_and_roll_over() -> None:
    assert advance(Count(10, 7, 500), Record(7, (0, 503)), 1) == Count(13, 7, 503)
    assert advance(Count(10, 7, 2**32 - 2), Record(7, (3,)), 0) == Count(15, 7, 3)


def test_a_reset_board_counts_from_0() -> None:
    assert advance(Count(10, 7, 500), Record(8, (4,)), 0) == Count(14, 8, 4)


def test_an_old_record_counts_for_nothing() -> None:
    assert advance(Count(10, 7, 500), Record(7, (499,)), 0) == Count(10, 7, 500)


def test_an_input_that_the_board_does_not_have() -> None:
    with pytest.raises(IndexError):
        advance(Count(0), Record(7, (1, 2)), 2)


@given(st.lists(st.tuples(st.integers(0, 1000), st.booleans(), st.booleans()), max_size=40))
def test_no_pulse_that_was_sent_is_lost(steps: list[tuple[int, bool, bool]]) -> None:
    """Whatever records are lost on the way, and whenever the board is reset after one."""
    boot, raw, true, unsent = 1, 2**32 - 700, 0, 0
    count = advance(Count(0), Record(boot, (raw,)), 0)
    for pulses, heard, reset in steps:
        raw, true, unsent = (raw + pulses) % 2**32, true + pulses, unsent + pulses
        if heard:
            count, unsent = advance(count, Record(boot, (raw,)), 0), 0
            assert count.total == true
        if reset:
            boot, raw, true, unsent = boot + 1, 0, true - unsent, 0
