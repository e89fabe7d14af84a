"""Telnet: what a server may say, in any pieces."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from submeter.sources.telnet import (
    BINARY,
    COM_PORT,
    DO,
    DONT,
    GO_AHEAD,
    IAC,
    LONGEST,
    SB,
    SE,
    WILL,
    WONT,
    Telnet,
    command,
    escaped,
)


def feed(data: bytes, *cuts: int) -> tuple[bytes, bytes, list[tuple[int, bytes]]]:
    telnet = Telnet()
    text, back, answers = b"", b"", []
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    for start, end in itertools.pairwise(edges):
        piece, reply, told = telnet.feed(data[start:end])
        text, back = text + piece, back + reply
        answers += told
    return text, back, answers


PIECES = st.lists(
    st.one_of(
        st.binary(max_size=20).map(escaped),
        st.builds(command, st.integers(0, 255), st.binary(max_size=8)),
        st.builds(
            lambda verb, option: bytes([IAC, verb, option]),
            st.sampled_from([WILL, WONT, DO, DONT]),
            st.integers(0, 255),
        ),
        st.binary(max_size=8),
    )
).map(b"".join)


@given(PIECES, st.lists(st.integers(0, 100)))
def test_any_split_says_the_same(data: bytes, cuts: list[int]) -> None:
    assert feed(data, *cuts) == feed(data)


@given(st.binary(), st.integers(0, 255), st.binary(max_size=8))
def test_every_byte_gets_through_and_every_value(data: bytes, code: int, value: bytes) -> None:
    middle = len(data) // 2
    sent = escaped(data[:middle]) + command(code, value) + escaped(data[middle:])
    assert feed(sent) == (data, b"", [(code, value)])


def test_what_is_agreed_and_what_is_refused() -> None:
    assert feed(bytes([IAC, DO, COM_PORT, IAC, WILL, BINARY, IAC, DO, BINARY]))[1] == b""
    echo, window = 1, 31
    asked = bytes([IAC, WILL, echo, IAC, DO, window, IAC, WILL, COM_PORT])
    refused = bytes([IAC, DONT, echo, IAC, WONT, window, IAC, DO, COM_PORT])
    assert feed(asked)[1] == refused
    assert feed(asked + asked[-3:])[1] == refused, "an answer is not answered"
    assert feed(bytes([IAC, WILL, GO_AHEAD]))[1] == b""


def test_a_server_without_the_option() -> None:
    telnet = Telnet()
    telnet.feed(bytes([IAC, DONT, BINARY]))
    assert not telnet.refused
    telnet.feed(bytes([IAC, DONT, COM_PORT]))
    assert telnet.refused


def test_a_subnegotiation_without_end_keeps_nothing() -> None:
    telnet = Telnet()
    telnet.feed(bytes([IAC, SB, COM_PORT]))
    for _ in range(100):
        assert telnet.feed(bytes(1000)) == (b"", b"", [])
    assert len(telnet._inner) <= LONGEST + 1
    assert telnet.feed(bytes([IAC, SE]) + b"on") == (b"on", b"", [])
