"""Records of a board that counts by itself."""

import zlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.sources.pulse.board import are_one, board_of
from tooling.board import PulseDecoder, line, record

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
    return [each.counters for each in PulseDecoder().feed(data)]


def test_records_are_found_among_whatever_else_is_sent() -> None:
    decoder = PulseDecoder()
    found = decoder.feed(STREAM)
    assert [each.counters for each in found] == [(1, 2), (2, 2), (3, 2)]
    assert len({each.boot for each in found}) == 1
    assert (decoder.good, decoder.bad) == (3, 0)


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_the_split_makes_no_difference(cuts: list[int]) -> None:
    decoder = PulseDecoder()
    places = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[a:b] for a, b in pairwise(places)]
    found = [each for piece in pieces for each in decoder.feed(piece)]
    assert [each.counters for each in found] == counters(STREAM)


@pytest.mark.parametrize(
    "said",
    [{}, {"b": 1}, {"p": [1]}, {"b": 1, "p": 1}, {"b": 1, "p": [-1]}, {"b": 1, "p": [2**32]},
     {"b": 1, "p": [1.0]}, {"b": 1, "p": [True]}, {"b": True, "p": [1]}, {"b": [], "p": [1]},
     {"b": 1, "p": [0] * 65}, {"b": "\ud800", "p": [1]}, {"b": "", "p": [1]}, {"b": -1, "p": [1]},
     {"b": "b" * 65, "p": [1]}, {"b": 2**64, "p": [1]}, {"b": "\u00e9", "p": [1]},
     {"b": "a\nb", "p": [1]}, {"b": 1, "p": [1], "uid": "\udfff"},
     {"b": 1, "p": [1], "uid": "e\n6"}, {"b": 1, "p": [1], "uid": None}],
)  # fmt: skip
def test_a_record_that_says_something_else_is_dropped(said: object) -> None:
    decoder = PulseDecoder()
    assert decoder.feed(line("S", said)) == []
    assert decoder.bad == 1


def test_a_record_nested_without_end_is_dropped() -> None:
    decoder = PulseDecoder()
    body = b'S {"b":' + b"[" * 3000 + b"}"
    assert decoder.feed(b"$%s*%08X\n" % (body, zlib.crc32(body))) == []
    assert decoder.bad == 1
    assert decoder.feed(record(1, 5))[0].counters == (5,)


def test_the_board_is_named_by_its_records_or_for_its_run() -> None:
    decoder = PulseDecoder()
    name = line("ID", {"uid": "e6", "boot": "a"})
    found = decoder.feed(
        record("a", 1) + name + record("a", 2) + record("b", 3) + record("b", 4, uid="e7")
    )
    assert [each.uid for each in found] == ["", "e6", "", "e7"]
    assert decoder.bad == 0
    before, named, *_ = found
    assert are_one(before.run, named.run)
    assert board_of(before.run) == 0
    assert not are_one(named.run, named._replace(uid="e7").run)
    assert not are_one(named.run, found[2].run)


@pytest.mark.parametrize(
    "said",
    [{"uid": 5, "boot": 1}, {"uid": "e6"}, {"boot": 1}, [], {"uid": "e6", "boot": "\ud800"},
     {"uid": "\ud800", "boot": 1}],
)  # fmt: skip
def test_a_name_that_is_none_is_dropped(said: object) -> None:
    decoder = PulseDecoder()
    (found,) = decoder.feed(line("ID", said) + record(1, 2))
    assert found.uid == ""
    assert decoder.bad == 1


def test_a_record_of_a_board_with_a_senseless_name_is_dropped() -> None:
    decoder = PulseDecoder()
    assert decoder.feed(record(1, 2, uid=["e6"]) + record(1, 2, uid="e" * 65)) == []
    assert decoder.bad == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
NAMES = JSON | st.text(st.characters(categories=["Cs", "Cc", "Ll"]), max_size=3)


@given(
    st.sampled_from(["S", "ID"]),
    st.fixed_dictionaries(
        {}, optional={"b": NAMES, "boot": NAMES, "uid": NAMES, "p": JSON | st.just([1])}
    ),
)
def test_whatever_it_says_nothing_raises_and_what_passes_makes_sense(
    kind: str, said: dict[str, object]
) -> None:
    decoder = PulseDecoder()
    for found in decoder.feed(line(kind, said)):
        assert isinstance(said["b"], int | str)
        assert 0 < found.run < 2**64
        assert found.uid.isascii()
        assert list(found.counters) == said["p"]
    assert decoder.feed(record("ok", 5))[-1].counters == (5,)
