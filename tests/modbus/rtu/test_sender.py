"""Answers on their way out, through a port that takes as many bytes as it is told to."""

import asyncio
import logging
from collections.abc import Iterator

import pytest

from modbus.rtu.lines import eventually
from submeter.errors import LinkError
from submeter.modbus.rtu import sender as sending
from submeter.modbus.rtu.line_port import LinePort
from submeter.modbus.rtu.sender import Sender
from tooling.serial_line import SerialLine

FRAME = bytes(range(100))


class SlowPort(LinePort):
    """Takes `room` bytes at a time."""

    room = 7
    given_up = 0

    def write(self, data: bytes) -> int:
        return super().write(data[: self.room]) if self.room else 0

    def give_up_sending(self) -> None:
        super().give_up_sending()
        self.given_up += 1


@pytest.fixture
def line() -> Iterator[SerialLine]:
    line = SerialLine()
    yield line
    line.close()


@pytest.fixture
def port(line: SerialLine) -> Iterator[SlowPort]:
    port = SlowPort(line.path, 38400, "8E1")
    yield port
    port.close()


def lost(error: LinkError) -> None:
    raise AssertionError(error)


async def test_a_frame_that_the_driver_takes_in_parts(line: SerialLine, port: SlowPort) -> None:
    sender = Sender(port, 38400, lost)
    sender.send(FRAME)
    received = b""
    while len(received) < len(FRAME):
        await asyncio.sleep(0)
        received += line.drain()
    assert received == FRAME
    sender.close()


async def test_an_action_waits_until_the_answer_has_left(port: SlowPort) -> None:
    sender = Sender(port, 38400, lost)
    seen: list[float] = []
    loop = asyncio.get_running_loop()
    sender.when_left(lambda: seen.append(loop.time()))
    left = sender.send(FRAME)
    await eventually(lambda: bool(seen))
    assert seen[0] >= left
    assert left - loop.time() < len(FRAME) * 11 / 38400
    sender.close()


async def test_a_stuck_adapter_is_given_up_and_told_once(
    line: SerialLine,
    port: SlowPort,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sending, "STUCK", 0.02)
    sender = Sender(port, 38400, lost)
    port.room = 0
    acted: list[int] = []
    for _ in range(3):
        acted.clear()
        sender.send(FRAME)
        sender.when_left(lambda: acted.append(1))
        await eventually(lambda: bool(acted))
    assert caplog.messages == [f"event=rtu_stuck port={line.path}"]
    port.room = 100
    sender.send(b"free")
    assert line.drain(0.02) == b"free"
    sender.close()


async def test_a_new_answer_replaces_one_that_is_stuck(line: SerialLine, port: SlowPort) -> None:
    sender = Sender(port, 38400, lost)
    port.room = 0
    sender.send(FRAME)
    port.room = 100
    sender.send(b"new")
    assert port.given_up == 1, "what the driver has of the old one is not to leave"
    assert line.drain(0.02) == b"new"
    sender.send(b"next")
    assert port.given_up == 1
    sender.close()


async def test_a_master_that_hears_now_and_then_is_told_once(
    port: SlowPort, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    sender = Sender(port, 38400, lost)
    for _ in range(20):
        port.room = 0
        sender.send(FRAME)
        port.room = 100
        sender.send(b"new")
    assert [message.split()[0] for message in caplog.messages] == ["event=rtu_stuck"]
    sender.close()


async def test_an_action_that_raises_keeps_no_other_from_being_done(port: SlowPort) -> None:
    sender = Sender(port, 38400, lost)
    acted: list[int] = []
    sender.when_left(lambda: acted.append(1))
    sender.when_left(lambda: acted.remove(2))
    sender.when_left(lambda: acted.append(3))
    with pytest.raises(ValueError, match="not in list"):
        sender.close()
    assert acted == [1, 3]


async def test_a_port_that_goes_while_an_answer_leaves(line: SerialLine, port: SlowPort) -> None:
    told: list[LinkError] = []
    sender = Sender(port, 38400, told.append)
    port.room = 1
    sender.send(FRAME)
    line.close()
    await eventually(lambda: bool(told))
    sender.close()
    assert "is gone" in str(told[0])
