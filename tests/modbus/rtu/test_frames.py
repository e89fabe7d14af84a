import struct

import pytest

from submeter.modbus.rtu import frames
from tooling.serial_line import ask, sealed, words, write_many

REQUESTS = {
    1: ask(5, 1, 0, 9),
    2: ask(5, 2, 0, 9),
    3: ask(5, 3, 0, 2),
    4: ask(5, 4, 0, 2),
    5: ask(5, 5, 0, 0xFF00),
    6: ask(5, 6, 0, 7),
    7: sealed(b"\x05\x07"),
    8: sealed(b"\x05\x08\0\0\x12\x34"),
    11: sealed(b"\x05\x0b"),
    12: sealed(b"\x05\x0c"),
    15: sealed(b"\x05\x0f\0\0\0\x0a\x02\xff\x03"),
    16: write_many(5, 0, [1, 2, 3]),
    17: sealed(b"\x05\x11"),
    20: sealed(b"\x05\x14\x07\x06\0\x04\0\x01\0\x02"),
    21: sealed(b"\x05\x15\x09\x06\0\x04\0\x07\0\x01\x06\xaf"),
    22: sealed(b"\x05\x16\0\x04\0\xf2\0\x25"),
    23: sealed(b"\x05\x17" + struct.pack(">HHHHB2H", 3, 6, 14, 2, 4, 255, 255)),
    24: sealed(b"\x05\x18\x04\xde"),
    43: sealed(b"\x05\x2b\x0e\x01\0"),
}
ANSWERS = {
    1: sealed(b"\x05\x01\x02\xcd\x01"),
    2: sealed(b"\x05\x02\x02\xcd\x01"),
    3: words(5, 3, range(10)),
    4: words(5, 4, range(125)),
    5: REQUESTS[5],
    6: REQUESTS[6],
    7: sealed(b"\x05\x07\x6d"),
    8: REQUESTS[8],
    11: sealed(b"\x05\x0b\xff\xff\x01\x08"),
    12: sealed(b"\x05\x0c\x08\0\0\x01\x08\x01\x21\x20\0"),
    15: ask(5, 15, 0, 10),
    16: ask(5, 16, 0, 3),
    17: sealed(b"\x05\x11\x03\x53\xff\x41"),
    20: sealed(b"\x05\x14\x06\x05\x06\x0d\xfe\0\x20"),
    21: REQUESTS[21],
    22: REQUESTS[22],
    23: words(5, 23, range(6)),
    24: sealed(b"\x05\x18\0\x06\0\x02\x01\xb8\x12\x84"),
    43: sealed(b"\x05\x2b\x0e\x01\x83\0\0\x02\0\x03ABC\x01\x02DE"),
    0x83: sealed(b"\x05\x83\x02"),
}


@pytest.mark.parametrize("function", REQUESTS)
def test_the_length_of_a_request(function: int) -> None:
    frame = REQUESTS[function]
    assert frames.request_length(frame, 0) == len(frame)
    assert frames.request_length(b"xy" + frame + b"z", 2) == len(frame)


@pytest.mark.parametrize("function", ANSWERS)
def test_the_length_of_an_answer(function: int) -> None:
    frame = ANSWERS[function]
    assert frames.answer_length(frame, 0) == len(frame)
    assert frames.answer_length(b"xy" + frame + b"z", 2) == len(frame)


@pytest.mark.parametrize("frame", [*REQUESTS.values(), *ANSWERS.values()])
def test_a_whole_frame_is_known_and_a_part_is_unfinished(frame: bytes) -> None:
    assert frames.known(frame, 0) == len(frame)
    assert frames.chain(frame, 0) == ([frame], len(frame))
    for end in range(1, len(frame)):
        assert frames.unfinished(frame[:end], 0), end
        assert frames.chain(frame[:end], 0) == ([], 0)


@pytest.mark.parametrize("function", [1, 3, 4, 12, 17, 23, 43, 0x83])
def test_what_can_only_be_an_answer(function: int) -> None:
    assert frames.is_answer(ANSWERS[function])


@pytest.mark.parametrize("frame", [*REQUESTS.values(), ANSWERS[5], ANSWERS[6], ANSWERS[22]])
def test_what_may_be_a_request(frame: bytes) -> None:
    assert not frames.is_answer(frame)


def test_a_request_of_wrong_length_is_no_answer() -> None:
    assert not frames.is_answer(sealed(b"\x05\x03\0\0\x02"))


def test_a_chain_of_everything() -> None:
    parts = [*REQUESTS.values(), *ANSWERS.values()]
    assert frames.chain(b"".join(parts), 0) == (parts, sum(map(len, parts)))


def test_a_vendor_function_in_a_chain() -> None:
    vendor = sealed(b"\x09\x50" + bytes(range(20)))
    assert frames.chain(vendor, 0) == ([vendor], len(vendor))
    assert frames.chain(vendor + REQUESTS[3], 0)[0] == [vendor, REQUESTS[3]]


def test_a_frame_of_a_known_function_with_a_wrong_length_is_one_all_the_same() -> None:
    short = sealed(b"\x05\x10\0\0\0\x02\x04\0\x01")
    assert frames.chain(short, 0) == ([short], len(short))


@pytest.mark.parametrize(
    "begin",
    [
        b"\xff\x03",  # no unit has this id
        b"\x00\x10\x03\0\0\0\x02\xc4",  # a glitch before a request to unit 16
        b"\x05\x03\x05",  # five bytes are no registers
        b"\x05\x03\0",
        b"\x05\x18\x01",  # more than a queue can have
        b"\x05\x00",  # no function
    ],
)
def test_what_is_no_beginning(begin: bytes) -> None:
    known_request = begin[1] in (3, 24, 43) and begin[0] <= 247
    rest = bytes(8) if known_request else b""  # longer than a request of that function
    assert not frames.unfinished(begin + rest, 0)


@pytest.mark.parametrize("begin", [b"\x09\x50", b"\x09\x08\0\0\1\2\3\4", b"\x09\x2b\x0d\1\2\3\4\5"])
def test_a_frame_of_unknown_length_is_unfinished_until_it_is_sealed(begin: bytes) -> None:
    frame = sealed(begin + bytes(100))
    for end in range(len(begin), len(frame)):
        assert frames.unfinished(frame[:end], 0), end
        assert frames.chain(frame[:end], 0) == ([], 0)
    assert frames.chain(frame + REQUESTS[3], 0)[0] == [frame, REQUESTS[3]]
    assert not frames.unfinished(begin + bytes(frames.LARGEST), 0)


def test_what_is_over_although_it_is_damaged() -> None:
    for frame in (*REQUESTS.values(), *ANSWERS.values()):
        assert frames.over(frame, 0) is (frame[1] != 8)
        assert not frames.over(frame + bytes(30), 0)
    assert not frames.over(sealed(b"\x09\x50\1\2"), 0)
