"""pyMeterBus, an independent decoder, reads what our simulated meters send.

It has no encoder of answers; its requests, as a master, our decoder and simulated meters read.
"""

import json
import logging
from typing import Any

import pytest

from submeter.sources.mbus.address import Secondary
from submeter.sources.mbus.link import Decoder, Frame, Long, Short
from tooling import mbus_records as made
from tooling.mbus_bus import Bus, Slave

_root = logging.getLogger()
_before = (_root.level, _root.handlers[:])
meterbus = pytest.importorskip("meterbus")
_root.level, _root.handlers[:] = _before  # importing it sets the log of the whole process up

METER = Secondary("12345678", "KAM", 1, 2)


def heard(records: bytes, *more: bytes) -> list[dict[str, Any]]:
    """Return what pyMeterBus makes of the telegrams that a slave sends."""
    bus = Bus([Slave(5, METER, [records, *more])])
    said = []
    for number in range(1 + len(more)):
        answer = bus.take(Short(0x5B if number % 2 else 0x7B, 5).encode())
        frame = meterbus.load(answer)
        said.append(json.loads(frame.to_JSON()))
    return said


def records(said: dict[str, Any]) -> list[tuple[float, str]]:
    body = said["body"]["records"]
    return [(each["value"], each["unit"].split(".")[-1]) for each in body]


def test_the_header() -> None:
    (said,) = heard(made.energy(1))
    header = said["body"]["header"]
    assert header["manufacturer"] == "KAM"
    assert header["identification"] == "0x12, 0x34, 0x56, 0x78"
    assert said["head"]["a"] == "0x5"


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (made.energy(4408736), 4408736),
        (made.dib(made.INTEGERS[4]) + made.vib(0x06) + made.integer(12, 4), 12000),
        (made.dib(made.INTEGERS[4]) + made.vib(0x2B) + made.integer(-2893, 4), -2893),
        (made.dib(made.BCDS[8]) + made.vib(0x13) + made.bcd(12565, 8), 12.565),
        (made.dib(made.INTEGERS[2]) + made.vib(0x7D, 0x48) + made.integer(2301, 2), 230.1),
        (made.dib(made.INTEGERS[2]) + made.vib(0x7D, 0x59) + made.integer(1250, 2), 1.25),
        (made.dib(made.INTEGERS[2]) + made.vib(0x5A) + made.integer(195, 2), 19.5),
        (made.dib(5) + made.vib(0x3E) + made.real(1.5), 1.5),
    ],
)
def test_values(data: bytes, value: float) -> None:
    ((found, _),) = records(heard(data)[0])
    assert float(found) == pytest.approx(value)


def test_several_telegrams() -> None:
    first, second = heard(made.energy(1), made.energy(2))
    assert [float(value) for value, _ in records(first) if value] == [1]
    assert [float(value) for value, _ in records(second)] == [2]


class Serial:
    """A serial port for pyMeterBus, with a simulated line behind it."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.frames: list[Frame] = []
        self.answer = b""

    def write(self, data: bytes) -> None:
        self.frames += Decoder().feed(bytes(data))
        self.answer = self.bus.take(bytes(data))


def test_as_a_master_it_reads_our_simulated_meter() -> None:
    port = Serial(Bus([Slave(5, METER, [made.energy(4408736)])]))
    meterbus.send_ping_frame(port, 5)
    assert port.frames.pop() == Short(0x40, 5)
    assert isinstance(meterbus.load(port.answer), meterbus.TelegramACK)
    meterbus.send_select_frame(port, "12345678FFFFFFFF")
    assert port.frames.pop() == Long(0x73, 0xFD, 0x52, Secondary("12345678").encode())
    assert isinstance(meterbus.load(port.answer), meterbus.TelegramACK)
    meterbus.send_request_frame(port, 0xFD)
    assert port.frames.pop() == Short(0x5B, 0xFD)
    said = json.loads(meterbus.load(port.answer).to_JSON())
    assert [float(value) for value, _ in records(said)] == [4408736]
