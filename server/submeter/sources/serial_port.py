"""A serial device node, read through the event loop."""

import asyncio
import errno
import os
import termios

import serial

from submeter.errors import LinkError
from submeter.sources.port import Device, Line, monotonic


def _without_parity() -> bytes:
    """Return the table that strips an even parity bit, and turns a wrong one into a NUL."""
    return bytes(byte & 0x7F if byte.bit_count() % 2 == 0 else 0 for byte in range(256))


_PARITY = _without_parity()


class SerialPort:
    """An open serial port at 7E1, or at 8N1 with the even parity checked and masked here.

    7E1 and 8N1 have the same frame on the wire, so an adapter without parity can read 7E1. Raises
    LinkError if the port is missing, busy or not ours.
    """

    tunable = True

    def __init__(self, device: Device, line: Line) -> None:
        self._device = device
        self._masked = line.masked
        data, parity, stop = "8N1" if line.masked else line.format
        try:
            self._serial = serial.Serial(
                str(device.path),
                baudrate=line.baudrate,
                bytesize=int(data),
                parity=parity,
                stopbits=int(stop),
                timeout=0,
                exclusive=True,
            )
            self._check_parity()
        except (OSError, ValueError, termios.error) as error:
            raise LinkError(f"cannot open {device.path}: {_reason(error)}") from None

    async def write(self, data: bytes) -> None:
        """Send `data`; raises LinkError."""
        try:
            os.write(self._serial.fileno(), data)
        except OSError as error:
            raise LinkError(f"{self._device.path} is gone: {_reason(error)}") from None

    def discard(self) -> None:
        """Drop what was received."""
        self._serial.reset_input_buffer()

    async def retune(self, line: Line) -> None:
        """Go on with other settings; raises LinkError."""
        try:
            self._serial.baudrate = line.baudrate
            self._check_parity()
            self._serial.reset_input_buffer()
        except (OSError, termios.error) as error:
            raise LinkError(f"cannot set {self._device.path}: {_reason(error)}") from None

    async def read(self) -> bytes:
        """Wait for bytes; raises LinkError when the adapter is unplugged."""
        while True:
            await self._readable()
            try:
                data = os.read(self._serial.fileno(), 4096)
            except BlockingIOError:
                continue
            except (OSError, serial.SerialException) as error:
                raise LinkError(f"{self._device.path} is gone: {_reason(error)}") from None
            if not data:
                raise LinkError(f"{self._device.path} is gone: it is ready but has no bytes")
            return data.translate(_PARITY) if self._masked else data

    def _check_parity(self) -> None:
        """Have the kernel read a character of wrong parity as NUL; pyserial turns that off."""
        attributes = termios.tcgetattr(self._serial.fileno())
        if not self._masked:
            attributes[0] |= termios.INPCK
            termios.tcsetattr(self._serial.fileno(), termios.TCSANOW, attributes)

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()
        descriptor = self._serial.fileno()
        loop.add_reader(descriptor, lambda: None if ready.done() else ready.set_result(None))
        try:
            await ready
        finally:
            loop.remove_reader(descriptor)

    def elapsed(self) -> float:
        """Return monotonic seconds."""
        return monotonic()

    def close(self) -> None:
        """Close the device node at once, so that the kernel can give the name out again."""
        self._serial.close()


def _reason(error: Exception) -> str:
    number = error.args[0] if isinstance(error, termios.error) else getattr(error, "errno", None)
    if number == errno.EINVAL:
        return "it has no such settings; try format 8N1"
    if number in (errno.EAGAIN, errno.EBUSY):
        return "another program uses it"
    return os.strerror(number) if number else str(error)
