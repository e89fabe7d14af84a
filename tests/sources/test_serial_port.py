"""A serial port, played by a pseudo-terminal."""

import asyncio
import errno
import os
import select
import termios
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from submeter.errors import Condition, LinkError
from submeter.sources import line_settings, serial_port
from submeter.sources.open_port import open_port
from submeter.sources.port import Device, Format, Line
from submeter.sources.serial_port import SerialPort

E = Line(9600, "7E1")
MASKED = Line(1200, "7E1", masked=True)


@dataclass
class Adapter:
    """The other end of the line."""

    master: int
    device: Device

    def unplug(self) -> None:
        if self.master >= 0:
            os.close(self.master)
        self.master = -1


@pytest.fixture
def adapter() -> Iterator[Adapter]:
    master, slave = os.openpty()
    adapter = Adapter(master, Device(Path(os.ttyname(slave))))
    os.close(slave)
    yield adapter
    adapter.unplug()


def even(byte: int) -> int:
    """Return the seven bits of `byte` with their even parity bit."""
    return byte & 0x7F | (byte & 0x7F).bit_count() % 2 << 7


async def read(port: SerialPort, count: int) -> bytes:
    received = b""
    async with asyncio.timeout(3):
        while len(received) < count:
            received += await port.read()
    return received


@pytest.mark.parametrize("form", ["7E1", "8N1"])
async def test_bytes_arrive(adapter: Adapter, form: str) -> None:
    port = SerialPort(adapter.device, E if form == "7E1" else MASKED)
    sent = bytes(byte for byte in range(128) if byte.bit_count() % 2 == 0)
    os.write(adapter.master, sent)
    assert await read(port, len(sent)) == sent
    port.close()


async def test_a_masked_line_strips_a_right_parity_and_blanks_a_wrong_one(adapter: Adapter) -> None:
    port = SerialPort(adapter.device, MASKED)
    text = b"EAST\t012345678\t(\r"
    sent = bytearray(map(even, text))
    sent[3] ^= 0x01
    sent[7] ^= 0x80
    os.write(adapter.master, bytes(sent))
    assert await read(port, len(text)) == text[:3] + b"\0" + text[4:7] + b"\0" + text[8:]
    port.close()


async def test_every_byte_that_a_masked_line_lets_through_has_even_parity(adapter: Adapter) -> None:
    port = SerialPort(adapter.device, MASKED)
    os.write(adapter.master, bytes(range(256)))
    received = await read(port, 256)
    good = [byte for byte in range(256) if byte.bit_count() % 2 == 0]
    assert [received[byte] for byte in good] == [byte & 0x7F for byte in good]
    assert sum(received[byte] for byte in range(256) if byte not in good) == 0
    port.close()


async def test_reading_waits(adapter: Adapter) -> None:
    port = SerialPort(adapter.device, E)
    reading = asyncio.create_task(read(port, 1))
    await asyncio.sleep(0.01)
    assert not reading.done()
    os.write(adapter.master, b"x")
    assert await reading == b"x"
    port.close()


async def test_a_wait_that_is_given_up_loses_nothing(adapter: Adapter) -> None:
    port = SerialPort(adapter.device, E)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await port.read()
    os.write(adapter.master, b"x")
    assert await read(port, 1) == b"x"
    port.close()


async def test_an_unplugged_adapter_is_a_lost_link(adapter: Adapter) -> None:
    port = SerialPort(adapter.device, E)
    reading = asyncio.create_task(port.read())
    await asyncio.sleep(0.01)
    adapter.unplug()
    with pytest.raises(LinkError, match=r"/dev/pts/.* is gone") as told:
        async with asyncio.timeout(3):
            await reading
    assert told.value.condition is Condition.NO_DEVICE
    port.close()


async def test_a_busy_port_is_told(adapter: Adapter) -> None:
    port = SerialPort(adapter.device, MASKED)
    with pytest.raises(
        LinkError, match=r"cannot open /dev/pts/.*: another program uses it"
    ) as told:
        SerialPort(adapter.device, MASKED)
    assert told.value.condition is Condition.BUSY
    port.close()
    SerialPort(adapter.device, MASKED).close()


async def test_a_port_that_has_no_parity_is_told(
    adapter: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a pseudo-terminal has none, only that it need not."""
    monkeypatch.setattr(line_settings, "_PSEUDO_TERMINALS", ())
    with pytest.raises(LinkError, match=r"has no parity, .* 7E1; try format 8N1") as told:
        SerialPort(adapter.device, E)
    assert told.value.condition is Condition.WRONG_SETTINGS
    assert told.value.port_lost
    port = SerialPort(adapter.device, MASKED)
    with pytest.raises(LinkError, match=r"cannot set /dev/pts/.*try format 8N1"):
        await port.retune(Line(9600, "8E1"))
    port.close()


async def test_a_speed_that_is_not_taken_is_named(
    adapter: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_settings, "_PSEUDO_TERMINALS", ())
    really = termios.tcsetattr

    def slow(descriptor: int, when: int, wanted: list[Any]) -> None:
        really(descriptor, when, [*wanted[:4], termios.B9600, termios.B9600, wanted[6]])

    monkeypatch.setattr(termios, "tcsetattr", slow)
    told = r"cannot set /dev/pts/\d+: it does not take 115200 baud; try another adapter$"
    with pytest.raises(LinkError, match=told) as refused:
        SerialPort(adapter.device, Line(115200))
    assert refused.value.condition is Condition.WRONG_SETTINGS


async def test_the_driver_is_told_data_bits_parity_and_stop_bits(
    adapter: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, asked = SerialPort(adapter.device, E), list[int]()
    monkeypatch.setattr(
        termios, "tcsetattr", lambda descriptor, when, wanted: asked.append(wanted[2])
    )
    forms: list[Format] = ["7E1", "7O1", "8N1", "8E1", "8N2"]
    for form in forms:
        await port.retune(Line(9600, form))
    await port.retune(MASKED)
    common = termios.CREAD | termios.CLOCAL
    even, odd = termios.PARENB, termios.PARENB | termios.PARODD
    seven, eight = termios.CS7, termios.CS8
    expected = [seven | even, seven | odd, eight, eight | even, eight | termios.CSTOPB, eight]
    assert asked == [common | each for each in expected]
    port.close()


def test_a_speed_that_there_is_none_of(adapter: Adapter) -> None:
    with pytest.raises(LinkError, match="there is no speed 12345; try 9600 or 19200"):
        SerialPort(adapter.device, Line(12345))


async def test_close_twice(adapter: Adapter) -> None:
    port = SerialPort(adapter.device, E)
    port.close()
    port.close()


async def test_retune_forgets_what_came_at_the_old_rate(adapter: Adapter) -> None:
    port = SerialPort(adapter.device, E)
    os.write(adapter.master, b"garbage")
    await port.retune(Line(1200))
    os.write(adapter.master, b"x")
    assert await read(port, 1) == b"x"
    port.close()


async def test_retune_of_a_lost_port_is_a_lost_link(adapter: Adapter) -> None:
    port = SerialPort(adapter.device, E)
    adapter.unplug()
    with pytest.raises(LinkError, match=r"/dev/pts/.* is gone"):
        await port.retune(Line(1200))
    port.close()


async def test_what_is_no_serial_port(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(LinkError, match=r"cannot open .*/file: "):
        await open_port(Device(file), E, lambda data: 960)


async def test_open_port_opens_a_device(adapter: Adapter) -> None:
    port = await open_port(adapter.device, MASKED, lambda data: 960)
    os.write(adapter.master, bytes([even(ord("a"))]))
    async with asyncio.timeout(3):
        assert await port.read() == b"a"
    port.close()


async def test_what_is_written_is_sent_whole_however_slowly_it_is_taken(adapter: Adapter) -> None:
    """More than the kernel's buffer holds."""
    port = SerialPort(adapter.device, Line(115200))
    text = bytes(range(256)) * 200
    writing = asyncio.create_task(port.write(text))
    await asyncio.sleep(0.02)
    assert not writing.done()
    received = b""
    while len(received) < len(text):
        await asyncio.sleep(0)
        if select.select([adapter.master], [], [], 0)[0]:
            received += os.read(adapter.master, 4096)
    await asyncio.wait_for(writing, 3)
    assert received == text
    port.close()


async def test_a_port_that_takes_nothing_is_given_up(
    adapter: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serial_port, "WRITE_SECONDS", 0.02)
    port = SerialPort(adapter.device, Line(115200 * 10))
    with pytest.raises(LinkError, match="is gone: it takes no bytes"):
        await port.write(bytes(100_000))
    port.close()


async def test_a_masked_line_sends_with_even_parity(adapter: Adapter) -> None:
    port = SerialPort(adapter.device, MASKED)
    await port.write(b"/?!\r\n")
    assert os.read(adapter.master, 100) == bytes(map(even, b"/?!\r\n"))
    port.close()


@pytest.mark.parametrize("form", ["7E1", "8N1", "8N2", "8O1"])
async def test_retune_sets_the_whole_line_once_everything_is_sent(
    adapter: Adapter, form: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Line] = []
    port = SerialPort(adapter.device, Line(2400, "7E1"))
    monkeypatch.setattr(line_settings, "apply", lambda descriptor, line: asked.append(line))
    start = asyncio.get_running_loop().time()
    await port.write(b"123456")
    await port.retune(Line(4800, form))
    assert asyncio.get_running_loop().time() - start >= 60 / 2400 - 0.001
    assert asked == [Line(4800, form)]
    port.close()


async def test_retune_is_seen_by_the_line(adapter: Adapter) -> None:
    port = SerialPort(adapter.device, Line(300, "7E1"))
    await port.retune(Line(9600, "8N2"))
    attributes = termios.tcgetattr(adapter.master)
    assert attributes[4] == termios.B9600
    assert attributes[2] & termios.CSTOPB
    await port.retune(Line(9600, "7E1", masked=True))
    os.write(adapter.master, bytes([even(ord("a"))]))
    assert await read(port, 1) == b"a"
    port.close()


async def test_discard_drops_what_came_before(adapter: Adapter) -> None:
    port = SerialPort(adapter.device, E)
    os.write(adapter.master, b"old")
    port.discard()
    os.write(adapter.master, b"new")
    assert await read(port, 3) == b"new"
    adapter.unplug()
    port.discard()
    port.close()
    port.discard()


async def test_a_link_is_followed_to_where_the_adapter_came_back(
    adapter: Adapter, tmp_path: Path
) -> None:
    """As udev does below /dev/serial/by-id/."""
    link = tmp_path / "usb-FTDI-if00"
    link.symlink_to(adapter.device.path)
    device = Device(link)
    port = SerialPort(device, E)
    adapter.unplug()
    link.unlink()
    with pytest.raises(LinkError):
        await read(port, 1)
    port.close()
    with pytest.raises(
        LinkError, match=r"there is no .*usb-FTDI-if00; plug the adapter in"
    ) as told:
        SerialPort(device, E)
    assert told.value.condition is Condition.NO_DEVICE
    master, slave = os.openpty()
    link.symlink_to(os.ttyname(slave))
    port = SerialPort(device, E)
    os.write(master, b"x")
    assert await read(port, 1) == b"x"
    port.close()
    os.close(master)
    os.close(slave)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM])
def test_a_port_that_is_not_ours(
    adapter: Adapter, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(LinkError, match=r"no right to use /dev/pts/.*'dialout'") as told:
        SerialPort(adapter.device, E)
    assert told.value.condition is Condition.NO_PERMISSION
