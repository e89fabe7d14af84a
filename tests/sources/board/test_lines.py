"""The lines of a board among whatever else it sends."""

import json
import zlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.sources.board.lines import LineDecoder
from tooling.board import line

STREAM = b"".join(
    (
        b"MicroPython v1.28\r\n>>> ",
        line("ID", {"uid": "e6"}),
        b"noise $S " + line("R", {"r": 1, "ok": 1}),
        line("E", {"k": "dip", "v": 5}).replace(b"dip", b"dap"),
        b"Traceback (most recent call last):\n  File $",
        line("W", {"d": "QUJD" * 800}),
        line("S", {"q": 1})[:-1],
        b"\n",
        line("X", {"q": 1}),
    )
)


def test_each_line_is_told_and_damage_is_counted() -> None:
    decoder = LineDecoder()
    found = decoder.feed(STREAM)
    assert [each.tag for each in found] == ["ID", "R", "W", "S"]
    assert found[0].content == {"uid": "e6"}
    assert (decoder.good, decoder.bad) == (4, 1)


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_the_split_of_the_lines_makes_no_difference(cuts: list[int]) -> None:
    decoder = LineDecoder()
    places = [0, *sorted(cuts), len(STREAM)]
    found = [each for a, b in pairwise(places) for each in decoder.feed(STREAM[a:b])]
    assert found == LineDecoder().feed(STREAM)
    assert decoder.bad == 1


@pytest.mark.parametrize(
    "body",
    [b"S []", b"S 5", b"S {", b'S {"a":', b"S {\xff}", b"S " + b'{"b":' + b"[" * 3000 + b"}"],
)
def test_what_is_no_object_is_damage(body: bytes) -> None:
    decoder = LineDecoder()
    assert decoder.feed(b"$%s*%08X\r\n" % (body, zlib.crc32(body))) == []
    assert decoder.bad == 1


def test_a_line_without_end_takes_no_memory_and_hides_none_that_follows() -> None:
    decoder = LineDecoder()
    for _ in range(300):
        assert decoder.feed(b"$S {" + b"x" * 4093) == []
    assert len(decoder._line) <= 4096
    assert decoder.feed(b"\n" + line("S", {"q": 2}))[0].content == {"q": 2}


@given(st.dictionaries(st.text(), st.integers() | st.text(), max_size=4))
def test_what_is_said_is_what_was_meant(content: dict[str, object]) -> None:
    (said,) = LineDecoder().feed(line("S", content))
    assert said.content == json.loads(json.dumps(content))
