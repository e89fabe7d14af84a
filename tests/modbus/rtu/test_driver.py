"""What is asked of serial drivers, in the layout of <linux/serial.h>."""

import fcntl
import struct

import pytest

from submeter.modbus.rtu import driver
from submeter.modbus.settings import Rs485Settings


class Driver:
    """Answers requests by their number, and notes what it was given."""

    def __init__(self, answers: dict[int, bytes]) -> None:
        self.answers = answers
        self.given: dict[int, bytes] = {}

    def __call__(self, descriptor: int, request: int, data: bytearray | bytes) -> int:
        self.given[request] = bytes(data)
        answer = self.answers.get(request)
        if answer is not None and isinstance(data, bytearray):
            data[: len(answer)] = answer
        return 0


@pytest.mark.parametrize(
    ("settings", "flags"),
    [
        (Rs485Settings(), 0b011),
        (Rs485Settings(rts_on_send=False, rts_after_send=True), 0b101),
        (Rs485Settings(rts_after_send=True, delay_before=2, delay_after=3), 0b111),
    ],
)
def test_the_direction_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, settings: Rs485Settings, flags: int
) -> None:
    adapter = Driver({})
    monkeypatch.setattr(fcntl, "ioctl", adapter)
    driver.switch_direction(3, settings)
    delays = settings.delay_before, settings.delay_after
    assert adapter.given == {0x542F: struct.pack("=8I", flags, *delays, 0, 0, 0, 0, 0)}


def test_low_latency_leaves_the_other_flags(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = Driver({0x541E: struct.pack("iiIii", 4, 0, 0x3F8, 4, 0x1040)})
    monkeypatch.setattr(fcntl, "ioctl", adapter)
    assert driver.ask_low_latency(3)
    assert adapter.given[0x541F][:20] == struct.pack("iiIii", 4, 0, 0x3F8, 4, 0x3040)


def test_lost_characters_are_counted_in_the_chip_and_in_the_buffer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts = [0] * 20
    counts[7], counts[10] = 2, 5
    monkeypatch.setattr(fcntl, "ioctl", Driver({0x545D: struct.pack("20i", *counts)}))
    assert driver.overruns(3) == 7


def test_a_driver_that_knows_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(25, "Inappropriate ioctl for device")

    monkeypatch.setattr(fcntl, "ioctl", refuse)
    assert not driver.ask_low_latency(3)
    assert driver.overruns(3) == 0
