"""Damaged answers: nothing raises, nothing wrong passes, the next good one is read."""

from fractions import Fraction
from random import Random

from submeter.errors import FrameError
from submeter.pointmap.mbus_record import QUANTITIES
from submeter.sources.mbus import telegram
from submeter.sources.mbus.address import Secondary
from submeter.sources.mbus.link import LONGEST, Decoder, Frame, Long, Short
from submeter.sources.mbus.telegram import Telegram
from tooling import mbus_records as made
from tooling.mutations import SEED, damaged, pieces

METER = Secondary("12345678", "ABB", 2, 2)
RICH = (
    made.energy(123456)
    + made.energy(99, tariff=2, storage=5, subunit=3)
    + made.dib(made.INTEGERS[2])
    + made.vib(0x7D, 0x48, 0x7C, 1)
    + made.integer(2301, 2)
    + made.FILLER
    + made.dib(5)
    + made.vib(0x2B)
    + made.real(1.5)
    + made.dib(made.INTEGERS[4])
    + made.vib(0x6D)
    + made.minute(2024, 5, 6, 7, 8)
    + made.dib(made.INTEGERS[2])
    + made.vib(0x7C, 0x74, unit_text="%RH")
    + made.integer(512, 2)
    + made.dib(0x0D)
    + made.vib(0x7D, 0x11)
    + made.text("a customer")
    + b"\x0f\xde\xad"
)
FRAMES = [
    made.answer(1, METER, RICH).encode(),
    made.answer(250, METER, made.energy(7) + made.MORE).encode(),
    made.fixed(3, "12345678", (0x85, 0x29), (6531, 69), binary=True).encode(),
    Long(0x08, 1, 0x70, b"\x08").encode(),
    Short(0x5B, 1).encode(),
    b"\xe5",
]
GOOD = made.answer(9, METER, made.energy(4242))


def stands(raw: bytes, stream: bytes) -> bool:
    """Tell whether `raw` is a frame by the letter, and is in what was sent."""
    if raw == b"\xe5":
        return raw in stream
    body = raw[1:-2] if raw[0] == 0x10 else raw[4:-2]
    if raw[0] == 0x68:
        length = len(raw) - 6
        if raw[:4] != bytes([0x68, length, length, 0x68]) or length < 3:
            return False
    elif raw[0] != 0x10 or len(raw) != 5:
        return False
    return raw[-1] == 0x16 and raw[-2] == sum(body) % 256 and raw in stream


def parsed(frame: Frame) -> Telegram | None:
    """Return what a frame says; only FrameError may come out of that."""
    if not isinstance(frame, Long):
        return None
    try:
        return telegram.read(frame)
    except FrameError:
        return None


def test_damaged_frames() -> None:
    random = Random(SEED)
    decoder, stream = Decoder(), b""
    for number, each in enumerate(damaged(FRAMES)):
        stream = stream[-3 * LONGEST :] + each
        for piece in pieces(each, random):
            for frame in decoder.feed(piece):
                assert stands(frame.encode(), stream)
                parsed(frame)
        assert len(decoder._rest) <= LONGEST
        if number % 10 == 0:
            # The line falls silent before the next answer, as it does after each request.
            list(decoder.silence())
            assert list(decoder.feed(GOOD.encode())) == [GOOD]
            stream = b""
        elif number % 10 == 5:
            # Without silence it takes a frame's length at most.
            assert GOOD in list(decoder.feed(GOOD.encode() * 12))
            stream = GOOD.encode() * 12


def test_damaged_records_behind_a_good_checksum() -> None:
    """What libraries are killed by: a checksum that is right over records that are not."""
    seen = 0
    for each in damaged([RICH, made.energy(1), made.header(METER) + RICH]):
        for ci in (0x72, 0x78):
            said = parsed(Long(0x08, 1, ci, each[:252]))
            if said is None:
                continue
            seen += 1
            for one in said.records:
                assert one.quantity in QUANTITIES
                assert one.number is None or type(one.number) in (int, Fraction)
                assert one.unit_text is not None or one.vif in each  # a text stands within it
                assert len(one.text) < 1000
            assert len(said.records) <= 252
    assert seen > 100


def test_noise() -> None:
    random = Random(SEED)
    decoder = Decoder()
    for _ in range(300):
        list(decoder.feed(random.randbytes(300)))
        assert len(decoder._rest) <= LONGEST
    list(decoder.silence())
    assert list(decoder.feed(GOOD.encode())) == [GOOD]
