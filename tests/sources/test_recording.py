"""The file of `submeter capture`, written and read."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.errors import LinkError
from submeter.sources import recording
from submeter.sources.port import Replay
from submeter.sources.recording import Piece

HEADER = recording.header("/dev/ttyUSB0", "9600 7E1", "2026-03-01T10:00:00Z")

PIECES = st.lists(st.tuples(st.integers(0, 10**8), st.binary(min_size=1, max_size=40))).map(
    lambda rows: [Piece(at / 1000, data) for at, data in sorted(rows)]
)


def written(pieces: list[Piece]) -> bytes:
    return HEADER + b"".join(piece.line() for piece in pieces)


@given(PIECES)
def test_what_is_written_is_read(pieces: list[Piece]) -> None:
    assert recording.is_one(written(pieces))
    assert recording.parse(written(pieces)) == pieces


@given(PIECES, st.integers(1, 30))
def test_a_file_that_was_cut_is_read_up_to_there(pieces: list[Piece], cut: int) -> None:
    whole = written(pieces)
    found = recording.parse(whole[: max(len(HEADER), len(whole) - cut)])
    begun = b"".join(piece.data for piece in found)
    assert b"".join(piece.data for piece in pieces).startswith(begun)


@pytest.mark.parametrize(
    "line", ["x", "0.1", "0.1 abc", "0.1 zz", "-1 00", "0.1 00 11", "0.1  00", "nan 00", "1e3 00"]
)
def test_a_damaged_line_is_named(line: str) -> None:
    with pytest.raises(ValueError, match=r"line 5: write 'seconds hex'"):
        recording.parse(HEADER + line.encode() + b"\n1.0 00\n")


def test_time_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="line 6: its time is before the line above's"):
        recording.parse(HEADER + b"2.0 00\n1.0 00\n")


def test_speeches_are_parted_by_pauses() -> None:
    one, two, three = Piece(0, b"a"), Piece(0.029, b"b"), Piece(0.06, b"c")
    assert recording.speeches([one, two, three]) == [[one, two], [three]]
    assert recording.speeches([]) == []


def test_a_damaged_recording_stops_the_start(tmp_path: Path) -> None:
    file = tmp_path / "a.rec"
    file.write_bytes(HEADER + b"0.1 0\n0.2 00\n")
    with pytest.raises(LinkError, match=r"a\.rec is damaged: line 5: write 'seconds hex'$"):
        Replay(file, 1).check()
    file.write_bytes(HEADER)
    with pytest.raises(LinkError, match=r"a\.rec is empty"):
        Replay(file, 1).check()
    file.write_bytes(HEADER + b"0.1 00\n")
    Replay(file, 1).check()
