"""What is obeyed on a line, and when, in made-up time."""

import pytest

from modbus.rtu.meters import SETTING, Door, meter
from submeter.modbus.rtu import timing
from tooling.made_up_line import BAUDRATE, MadeUpLine, made_up_line
from tooling.serial_line import ask, sealed, words, write_many

READ = ask(5, 3, 0, 2)
VALUES = words(5, 3, [0, 1])
BROADCAST = ask(0, 6, SETTING, 7)
INNER = (BROADCAST, ask(5, 6, SETTING, 7), write_many(5, SETTING, [7]), READ)


def deliver(line: MadeUpLine, *pieces: bytes, gap: float) -> bytes:
    """Let `pieces` come, with `gap` seconds after each; return what was said."""
    said = b""
    for piece in pieces:
        line.deliver(piece)
        said += line.wait(gap)
    return said


def blocks(frame: bytes) -> list[bytes]:
    """Cut a frame as an adapter does."""
    return [frame[at : at + 32] for at in range(0, len(frame), 32)]


@pytest.mark.parametrize("gap", [0.006, 0.012, 0.03, 0.044])
@pytest.mark.parametrize("head", [b"\x09\x03\x60", b"\x09\x41\0", b"\x09\x2b\x0d", b"\x09\x14\x60"])
def test_frames_of_others_in_pieces_are_not_obeyed(head: bytes, gap: float) -> None:
    door = Door()
    with made_up_line({5: meter(door=door)}) as line:
        for inner in INNER:
            outer = sealed(head + bytes(29) + inner + bytes(67 - len(inner)))
            end = 32 + len(inner)
            for pieces in (blocks(outer), [outer[:32], outer[32:end], outer[end:]]):
                for last in (pieces[-1], pieces[-1][:-1] + b"\x55"):  # and damaged
                    assert deliver(line, *pieces[:-1], last, gap=gap) == b""
                    line.wait(0.1)
                    assert not door.written
        line.deliver(READ)
        assert line.silence() == VALUES


@pytest.mark.parametrize(
    "noise",
    [b"\x05", READ[:5], words(1, 3, range(20))[:11], b"\x09\x41\0", b"\x09\x03\x03\x03" * 9],
)
def test_a_request_counts_after_a_pause_only(noise: bytes) -> None:
    door = Door()
    with made_up_line({5: meter(door=door)}) as line:
        for request, answer in ((READ, VALUES), (BROADCAST, b"")):
            assert deliver(line, noise, gap=timing.PAUSE + 0.001) == b""
            assert deliver(line, request, gap=0.01) == answer
            line.wait(1)
        assert door.written == [7]
        if len(noise) > 2:
            assert deliver(line, noise, READ, BROADCAST, gap=timing.PAUSE - 0.001) == b""
            assert door.written == [7]


def test_a_busy_line_is_understood_again_once_the_longest_frame_is_over() -> None:
    with made_up_line({5: meter()}) as line:
        deliver(line, b"\x09\x41" + bytes(40), gap=0.01)
        passed = 0.01
        while not deliver(line, READ, gap=0.01):
            passed += 0.01
        assert timing.longest(BAUDRATE) < passed < timing.longest(BAUDRATE) + 0.03


def test_a_line_without_damage_is_followed_without_pauses() -> None:
    with made_up_line({5: meter()}) as line:
        for _ in range(100):
            for frame in (
                ask(1, 3, 0, 60),
                words(1, 3, range(60)),
                sealed(b"\x09\x41" + bytes(90)),
            ):
                assert deliver(line, *blocks(frame), gap=0.01) == b""
            assert deliver(line, READ, gap=0.01) == VALUES
