"""A serial port, played by a pseudo-terminal."""

import asyncio
import errno
import os
import termios
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from submeter.errors import LinkError
from submeter.sources.open_port import open_port
from submeter.sources.port import Device
from submeter.sources.serial_port import SerialPort


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
    assert form in ("7E1", "8N1")
    port = SerialPort(adapter.device, 9600, "7E1" if form == "7E1" else "8N1")
    sent = bytes(byte for byte in range(128) if byte.bit_count() % 2 == 0)
    os.write(adapter.master, sent)
    assert await read(port, len(sent)) == sent
    port.close()


async def test_8n1_masks_a_right_parity_and_blanks_a_wrong_one(adapter: Adapter) -> None:
    port = SerialPort(adapter.device, 1200, "8N1")
    text = b"EAST\t012345678\t(\r"
    sent = bytearray(map(even, text))
    sent[3] ^= 0x01
    sent[7] ^= 0x80
    os.write(adapter.master, bytes(sent))
    assert await read(port, len(text)) == text[:3] + b"\0" + text[4:7] + b"\0" + text[8:]
    port.close()


async def test_every_byte_that_8n1_lets_through_has_even_parity(adapter: Adapter) -> None:
    port = SerialPort(adapter.device, 1200, "8N1")
    os.write(adapter.master, bytes(range(256)))
    received = await read(port, 256)
    good = [byte for byte in range(256) if byte.bit_count() % 2 == 0]
    assert [received[byte] for byte in good] == [byte & 0x7F for byte in good]
    assert sum(received[byte] for byte in range(256) if byte not in good) == 0
    port.close()


async def test_reading_waits(adapter: Adapter) -> None:
    port = SerialPort(adapter.device, 9600, "7E1")
    reading = asyncio.create_task(read(port, 1))
    await asyncio.sleep(0.01)
    assert not reading.done()
    os.write(adapter.master, b"x")
    assert await reading == b"x"
    port.close()


async def test_a_wait_that_is_given_up_loses_nothing(adapter: Adapter) -> None:
    port = SerialPort(adapter.device, 9600, "7E1")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await port.read()
    os.write(adapter.master, b"x")
    assert await read(port, 1) == b"x"
    port.close()


async def test_an_unplugged_adapter_is_a_lost_link(adapter: Adapter) -> None:
    port = SerialPort(adapter.device, 9600, "7E1")
    reading = asyncio.create_task(port.read())
    await asyncio.sleep(0.01)
    adapter.unplug()
    with pytest.raises(LinkError, match=r"/dev/pts/.* is gone"):
        async with asyncio.timeout(3):
            await reading
    port.close()


async def test_a_busy_port_is_told(adapter: Adapter) -> None:
    port = SerialPort(adapter.device, 9600, "8N1")
    with pytest.raises(LinkError, match=r"cannot open /dev/pts/.*: another program uses it"):
        SerialPort(adapter.device, 9600, "8N1")
    port.close()
    SerialPort(adapter.device, 9600, "8N1").close()


async def test_a_port_that_has_no_parity_is_told(
    adapter: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise termios.error(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr("serial.serialposix.termios.tcsetattr", refuse)
    with pytest.raises(LinkError, match="it has no such settings; try format 8N1"):
        SerialPort(adapter.device, 9600, "7E1")


async def test_close_twice(adapter: Adapter) -> None:
    port = SerialPort(adapter.device, 9600, "7E1")
    port.close()
    port.close()


async def test_retune_forgets_what_came_at_the_old_rate(adapter: Adapter) -> None:
    port = SerialPort(adapter.device, 9600, "7E1")
    os.write(adapter.master, b"garbage")
    port.retune(1200)
    os.write(adapter.master, b"x")
    assert await read(port, 1) == b"x"
    port.close()


async def test_retune_of_a_lost_port_is_a_lost_link(adapter: Adapter) -> None:
    port = SerialPort(adapter.device, 9600, "7E1")
    adapter.unplug()
    with pytest.raises(LinkError, match="cannot set /dev/pts/"):
        port.retune(1200)
    port.close()


async def test_what_is_no_serial_port(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(LinkError, match=r"cannot open .*/file: "):
        await open_port(Device(file), 9600, "7E1", lambda data: 960)


async def test_open_port_opens_a_device(adapter: Adapter) -> None:
    port = await open_port(adapter.device, 9600, "8N1", lambda data: 960)
    os.write(adapter.master, bytes([even(ord("a"))]))
    async with asyncio.timeout(3):
        assert await port.read() == b"a"
    port.close()
