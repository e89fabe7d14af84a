import os
import random

import pytest

from submeter.modbus.rtu.splitter import MOST, Splitter
from tooling.serial_line import ask, crc, sealed, words, write_many

FUZZ = int(os.environ.get("SUBMETER_FUZZ", "20000"))
OURS = ask(5, 3, 0, 2)
FOREIGN = ask(1, 3, 0, 60)
ANSWER = words(1, 3, range(60))
BROADCAST = ask(0, 6, 200, 7)
VENDOR = sealed(b"\x09\x41" + bytes(30) + BROADCAST + bytes(20) + OURS + bytes(9))


def heard(*pieces: bytes) -> tuple[list[bytes], bytes | None, int]:
    """Return what the last silence told, of `pieces` with a silence after each."""
    splitter = Splitter()
    for piece in pieces[:-1]:
        splitter.feed(piece)
        splitter.silence()
    splitter.feed(pieces[-1])
    return tuple(splitter.silence())  # type: ignore[return-value]


def test_a_request_alone() -> None:
    assert heard(OURS) == ([OURS], OURS, 0)


def test_byte_by_byte() -> None:
    splitter = Splitter()
    for byte in OURS:
        splitter.feed(bytes((byte,)))
    assert splitter.silence() == ([OURS], OURS, 0)
    assert splitter.silence() == ([], None, 0)


def test_a_merged_read() -> None:
    assert heard(FOREIGN + ANSWER + OURS) == ([FOREIGN, ANSWER, OURS], OURS, 0)


def test_only_what_ends_the_buffer_waits_for_an_answer() -> None:
    assert heard(OURS + FOREIGN) == ([OURS, FOREIGN], FOREIGN, 0)
    assert heard(OURS + FOREIGN[:5]) == ([OURS], None, 0)


@pytest.mark.parametrize("cut", range(1, len(OURS)))
def test_an_adapter_that_cuts_a_request(cut: int) -> None:
    assert heard(OURS[:cut], OURS[cut:]) == ([OURS], OURS, 0)


@pytest.mark.parametrize("size", [1, 2, 7, 32])
def test_an_adapter_that_cuts_everything(size: int) -> None:
    data = FOREIGN + ANSWER + OURS
    splitter, frames, final = Splitter(), [], None
    for at in range(0, len(data), size):
        splitter.feed(data[at : at + size])
        told = splitter.silence()
        assert not told.broken
        frames += told.frames
        final = told.final
    assert frames == [FOREIGN, ANSWER, OURS]
    assert final == OURS


def after_a_pause(*pieces: bytes) -> tuple[list[bytes], bytes | None, int]:
    """Return what the last silence told, of `pieces` with a pause before the last one."""
    splitter = Splitter()
    for piece in pieces[:-1]:
        splitter.feed(piece)
        splitter.silence()
    splitter.begin()
    splitter.feed(pieces[-1])
    return tuple(splitter.silence())  # type: ignore[return-value]


@pytest.mark.parametrize("noise", [b"\0", b"\xff", b"\x7f\xff", b"\x05", b"\x10"])
def test_noise_right_before_a_request(noise: bytes) -> None:
    frames, final, broken = heard(noise + OURS)
    assert final == OURS
    assert broken == 1
    assert frames == [OURS]


@pytest.mark.parametrize("noise", [b"\0", b"\xff", b"\xf8", b"\0\0"])
def test_stray_characters_before_a_request_make_no_unit_deaf(noise: bytes) -> None:
    """But a 00 before the unit ids 22 and 23 begins a longer broadcast of that function."""
    for unit in range(1, 248):
        request = ask(unit, 3, 0, 2)
        final = None if noise == b"\0" and unit in (22, 23) else request
        assert heard(noise + request)[1] == final
        assert heard(noise, request)[1] == final
        assert after_a_pause(noise, request)[1] == request


def test_a_broadcast_of_unknown_length_is_followed_when_it_is_whole_only() -> None:
    inner = ask(5, 6, 200, 7)
    outer = sealed(b"\x00\x41" + bytes(30) + inner + bytes(9))
    assert heard(outer + OURS) == ([outer, OURS], OURS, 0)
    assert heard(outer[:32], inner) == ([], None, 0)
    assert heard(outer[:32], outer[32:], OURS) == ([], None, 0)
    assert after_a_pause(outer[:32], outer[32:], OURS)[1] == OURS


@pytest.mark.parametrize(
    "begin", [ANSWER[:10], OURS[:5], FOREIGN[:7], b"\x05\x10", OURS[:1], VENDOR[:9]]
)
def test_a_truncated_frame_then_a_pause_then_a_request(begin: bytes) -> None:
    assert after_a_pause(begin, OURS) == ([OURS], OURS, 1)


@pytest.mark.parametrize("noise", [bytes(9), b"\xff" * 300, b"\x09\x03\x03" * 9])
def test_noise_then_a_pause_then_a_request(noise: bytes) -> None:
    splitter = Splitter()
    splitter.feed(noise)
    assert splitter.silence() == ([], None, 1)
    assert (splitter.doubtful, splitter.waiting) == (True, False)
    splitter.feed(OURS)
    assert splitter.silence() == ([], None, 0), "this may be the middle of something"
    splitter.begin()
    assert (splitter.doubtful, splitter.waiting) == (False, False)
    splitter.feed(OURS)
    assert splitter.silence() == ([OURS], OURS, 0)


@pytest.mark.parametrize("begin", [ANSWER[:32], VENDOR[:32], VENDOR[:3]])
def test_what_looks_like_a_frame_in_the_middle_of_one_is_none(begin: bytes) -> None:
    for inner in (OURS, BROADCAST, OURS + BROADCAST, BROADCAST + b"\1\3\0\0"):
        assert heard(begin, inner) == ([], None, 0)
        frames, final, broken = heard(begin, inner, bytes(300))
        assert (frames, final, broken) == ([], None, 1)


def test_a_vendors_frame_in_pieces() -> None:
    pieces = [VENDOR[at : at + 32] for at in range(0, len(VENDOR), 32)]
    assert heard(*pieces) == ([VENDOR], VENDOR, 0)
    assert heard(*pieces, OURS) == ([OURS], OURS, 0)


def test_a_request_that_is_cut_after_a_truncated_frame_and_a_pause() -> None:
    splitter = Splitter()
    for piece in (ANSWER[:10], OURS[:3], OURS[3:]):
        if piece == OURS[:3]:
            splitter.begin()
        splitter.feed(piece)
        told = splitter.silence()
    assert told == ([OURS], OURS, 1)


def test_a_long_frame_may_go_on_after_a_pause() -> None:
    splitter = Splitter()
    for at in range(0, len(ANSWER), 8):
        splitter.feed(ANSWER[at : at + 8])
        told = splitter.silence()
        splitter.begin()
    assert told == ([ANSWER], ANSWER, 0)


def test_a_request_to_us_inside_a_frame_of_others_is_none() -> None:
    inner = write_many(5, 200, [7])
    outer = sealed(b"\x01\x10\0\0\0\x08\x10" + inner + bytes(16 - len(inner)))
    place = outer.index(inner) + len(inner)
    assert heard(outer) == ([outer], outer, 0)
    assert heard(outer[:place]) == ([], None, 0)
    assert heard(outer[:place], outer[place:]) == ([outer], outer, 0)


def test_a_bad_checksum_is_silent_and_counted() -> None:
    bad = OURS[:-1] + bytes((OURS[-1] ^ 1,))
    assert heard(bad) == ([], None, 1)
    assert heard(bad, OURS) == ([OURS], OURS, 0)


def test_patience_ends() -> None:
    splitter = Splitter()
    splitter.feed(ANSWER[:9])
    splitter.silence()
    assert splitter.waiting
    assert [splitter.give_up(), splitter.waiting, splitter.give_up()] == [True, False, False]


def test_a_line_that_is_never_silent_is_bounded_and_heard_after_a_pause() -> None:
    splitter = Splitter()
    for _ in range(2000):
        splitter.feed(bytes(31))
        assert len(splitter._buffer) <= MOST
    assert splitter.silence() == ([], None, 1)
    splitter.begin()
    splitter.feed(OURS)
    assert splitter.silence().final == OURS


def test_frames_of_a_line_that_is_never_silent_are_counted() -> None:
    splitter = Splitter()
    for _ in range(30):
        splitter.feed(FOREIGN + ANSWER)
    frames, final, broken = splitter.silence()
    assert (len(frames), final, broken) == (60, ANSWER, 0)


def test_one_huge_read_is_bounded() -> None:
    splitter = Splitter()
    splitter.feed(b"\x01\x03\xff" * 10_000 + OURS)
    assert len(splitter._buffer) <= MOST
    assert splitter.silence() == ([], None, 1)


def test_pauses_within_what_never_ends_are_bounded() -> None:
    splitter = Splitter()
    for _ in range(200):
        splitter.begin()
        splitter.feed(b"\x09\x41"[: 1 + len(splitter._buffer)])
        splitter.silence()
        assert len(splitter._starts) < 20


def test_mutated_frames_never_make_an_answer() -> None:
    """A frame that was altered, cut or mixed up is no request, whoever it was for.

    Sixteen bits let one in 65 536 through, whoever checks them.
    """
    dice = random.Random(4)
    good = [OURS, FOREIGN, ANSWER, write_many(5, 0, [1, 2]), words(9, 4, range(3)), ask(5, 6, 1, 2)]
    splitter = Splitter()
    asked, by_chance = 0, 0
    for _ in range(FUZZ):
        frame = bytearray(dice.choice(good))
        for _ in range(dice.randint(1, 3)):
            frame[dice.randrange(len(frame))] ^= 1 << dice.randrange(8)
        del frame[dice.choice([len(frame), dice.randrange(len(frame))]) :]
        splitter.feed(bytes(frame))
        if dice.random() < 0.8:
            told = splitter.silence()
            if told.final is not None and told.final not in good:
                assert crc(told.final) == 0
                by_chance += 1
        if dice.random() < 0.3:
            splitter.give_up()
            splitter.feed(OURS)
            assert splitter.silence().final == OURS
            asked += 1
    assert asked > FUZZ // 5
    assert by_chance <= 2 * FUZZ // 20_000


def test_what_others_write_is_never_asked_of_us() -> None:
    """Requests to others that carry one to us, whole, cut anywhere, cut short, or after others."""
    dice = random.Random(5)
    for _ in range(FUZZ // 4):
        before, after = (dice.randrange(40) for _ in range(2))
        data = dice.randbytes(before) + OURS + dice.randbytes(after + (before + after) % 2)
        outer = sealed(bytes((1, 16, 0, 0, 0, len(data) // 2, len(data))) + data)
        cut = dice.randrange(1, len(outer))
        for pieces in (
            (outer,),
            (outer[:cut], outer[cut:]),
            (outer[:cut],),
            (ANSWER + outer[:cut],),
        ):
            splitter = Splitter()
            for piece in pieces:
                splitter.feed(piece)
                final = splitter.silence().final
                assert final is None or final[0] == outer[0]
