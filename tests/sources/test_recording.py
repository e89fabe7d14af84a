"""The file of `submeter capture`, written and read."""

from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.errors import Condition, LinkError
from submeter.sources import recording
from submeter.sources.port import Replay
from submeter.sources.recording import Piece

HEADER = recording.header("/dev/ttyUSB0", "9600 7E1", "2026-03-01T10:00:00Z")

PIECES = st.lists(st.tuples(st.integers(0, 10**8), st.binary(min_size=1, max_size=40))).map(
    lambda rows: [Piece(at / 1000, data) for at, data in sorted(rows)]
)


def parse(content: bytes) -> list[Piece]:
    return list(recording.read(BytesIO(content)))


def written(pieces: list[Piece]) -> bytes:
    return HEADER + b"".join(piece.line() for piece in pieces)


@given(PIECES)
def test_what_is_written_is_read(pieces: list[Piece]) -> None:
    assert recording.is_one(BytesIO(written(pieces)))
    assert parse(written(pieces)) == pieces


@given(PIECES, st.integers(1, 30))
def test_a_file_that_was_cut_is_read_up_to_there(pieces: list[Piece], cut: int) -> None:
    whole = written(pieces)
    found = parse(whole[: max(len(HEADER), len(whole) - cut)])
    begun = b"".join(piece.data for piece in found)
    assert b"".join(piece.data for piece in pieces).startswith(begun)


def test_a_last_line_that_was_cut_is_left_out() -> None:
    assert parse(HEADER + b"0.1 00\n0.2 0011") == [Piece(0.1, b"\0")]


@pytest.mark.parametrize(
    "line", ["x", "0.1", "0.1 abc", "0.1 zz", "-1 00", "0.1 00 11", "0.1  00", "nan 00", "1e3 00"]
)
def test_a_damaged_line_is_named(line: str) -> None:
    with pytest.raises(ValueError, match=r"line 5: write 'seconds hex'"):
        parse(HEADER + line.encode() + b"\n1.0 00\n")


def test_time_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="line 6: its time is before the line above's"):
        parse(HEADER + b"2.0 00\n1.0 00\n")


def test_a_line_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "LONGEST_LINE", 100)
    with pytest.raises(ValueError, match="line 2: it has more than 100 characters"):
        parse(b"0.1 00\n" + b"0.1 " + b"00" * 1000)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xef\xbb\xbf" + HEADER, "byte-order mark"),
        (("\ufeff" + HEADER.decode()).encode("utf-16-le"), "byte-order mark"),
        (b"0.012 020a\n0.023 3431\n", "its first line must be '# submeter capture'"),
        (b"mit capture\r\n# port x\r\n0.012 020a\r\n", "its first line must be"),
    ],
)
def test_a_recording_that_was_spoiled_is_not_played_as_bytes(
    content: bytes, told: str, tmp_path: Path
) -> None:
    file = tmp_path / "a.rec"
    file.write_bytes(content)
    with pytest.raises(LinkError, match=told) as refused:
        Replay(file, 1).check()
    assert refused.value.condition is Condition.BAD_RECORDING


@pytest.mark.parametrize("content", [b"\x02\nADCO 041876097767 B\r", b"12.5 zz\n", b"\xff\xfe\0"])
def test_bytes_as_they_came_are_no_recording(content: bytes) -> None:
    assert not recording.is_one(BytesIO(content))


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
