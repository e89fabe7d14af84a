"""Answers as a whole: headers, structures, and what is no answer."""

import pytest

from submeter.errors import FrameError
from submeter.sources.mbus import telegram
from submeter.sources.mbus.address import Secondary
from submeter.sources.mbus.link import Long
from submeter.sources.mbus.telegram import CipheredError, RefusedError, Telegram
from tooling import mbus_records as made

METER = Secondary("12345678", "ABB", 2, 2)
RECORDS = made.energy(1000)


def read(ci: int, data: bytes, control: int = 0x08) -> Telegram:
    return telegram.read(Long(control, 1, ci, data))


def test_the_three_headers() -> None:
    long = read(0x72, made.header(METER, access=9, status=4) + RECORDS)
    short = read(0x7A, bytes([9, 4, 0, 0]) + RECORDS)
    none = read(0x78, RECORDS)
    assert (long.header.meter, long.header.access, long.header.status) == (METER, 9, 4)
    assert (short.header.meter, short.header.access, short.header.status) == (None, 9, 4)
    assert none.header == (None, 0, None, 0)
    for each in (long, short, none):
        assert [one.number for one in each.records] == [1000]
        assert not each.more


def test_fillers_and_what_is_the_manufacturers() -> None:
    filled = made.FILLER * 2 + RECORDS + made.FILLER + RECORDS + made.FILLER * 3
    assert len(read(0x78, filled).records) == 2
    own = read(0x78, RECORDS + b"\x0f\x01\x02\x03")
    assert (len(own.records), own.manufacturer, own.more) == (1, b"\x01\x02\x03", False)
    more = read(0x78, RECORDS + made.MORE + b"\x09")
    assert (len(more.records), more.manufacturer, more.more) == (1, b"\x09", True)


@pytest.mark.parametrize("control", [0x08, 0x18, 0x28, 0x38])
def test_control_fields_of_answers(control: int) -> None:
    assert read(0x78, RECORDS, control).records


@pytest.mark.parametrize("control", [0x53, 0x73, 0x40, 0x00, 0x0B])
def test_requests_are_no_answers(control: int) -> None:
    with pytest.raises(FrameError, match="is no answer"):
        read(0x78, RECORDS, control)


@pytest.mark.parametrize(
    ("ci", "data", "why"),
    [
        (0x70, b"\x08", "the application is busy"),
        (0x70, b"", "an error that it does not name"),
        (0x70, b"\x63", "error 99"),
        (0x71, b"\x01", "an alarm: 01"),
    ],
)
def test_a_meter_that_refuses(ci: int, data: bytes, why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        read(ci, data)


@pytest.mark.parametrize(
    ("ci", "data", "why"),
    [
        (0x76, made.header(METER) + RECORDS, "mode 2, highest byte first"),
        (0x55, b"", "CI 55 is not supported"),
        (0x72, bytes(11), "within its header"),
        (0x7A, bytes(3), "within its header"),
        (0x73, bytes(15), "16 bytes, not 15"),
        (0x78, RECORDS + RECORDS[:-1], "within the data"),
    ],
)
def test_what_cannot_be_read_gives_nothing(ci: int, data: bytes, why: str) -> None:
    with pytest.raises(FrameError, match=why):
        read(ci, data)


def test_ciphered_records() -> None:
    head = made.header(METER, signature=0x0500)
    with pytest.raises(CipheredError, match="mode 5"):
        read(0x72, head + bytes(16))
    assert read(0x72, head + b"\x2f\x2f" + RECORDS).records  # deciphered already
    # An old meter with a number of its own there.
    assert read(0x72, made.header(METER, signature=0xB627) + RECORDS).records


def test_the_fixed_structure() -> None:
    units = (0x05 | 0x80, 0x29)  # kWh and litres; medium 2, electricity
    for binary in (False, True):
        frame = made.fixed(1, "12345678", units, (6531, 69), binary=binary)
        found = telegram.read(frame)
        assert found.header.meter is not None
        assert (found.header.meter.digits, found.header.meter.medium) == ("12345678", 2)
        one, two = found.records
        assert (one.quantity, one.number, one.storage) == ("energy", 6_531_000, 0)
        assert (two.quantity, two.number) == ("volume", made.exact(69, -3))


def test_the_fixed_structure_at_a_due_date_and_with_bad_digits() -> None:
    frame = made.fixed(1, "12345678", (0x02, 0x3E), (5, 4), binary=True)
    now, due = telegram.read(frame).records
    assert [(each.quantity, each.number, each.storage) for each in (now, due)] == [
        ("energy", 5, 0),
        ("energy", 4, 1),
    ]
    bad = frame.data[:5] + b"\x00" + frame.data[6:8] + b"\xff\xff\xff\xff" + frame.data[12:]
    assert telegram.read(Long(8, 1, 0x73, bad)).records[0].number is None
