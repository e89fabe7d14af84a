"""A serial device node, read through the event loop."""

import asyncio
import fcntl
import os
import struct
import termios
from contextlib import suppress

from submeter.sources import line_settings, waiting
from submeter.sources.device import Device
from submeter.sources.port import Line, monotonic

WRITE_SECONDS = 10.0  # to send, besides the time that the bytes need
CLOSED = -1
_POLL = 0.002


def _without_parity() -> bytes:
    """Return the table that strips an even parity bit, and turns a wrong one into a NUL."""
    return bytes(byte & 0x7F if byte.bit_count() % 2 == 0 else 0 for byte in range(256))


def _with_parity() -> bytes:
    """Return the table that adds the even parity bit."""
    return bytes(byte & 0x7F | (byte & 0x7F).bit_count() % 2 << 7 for byte in range(256))


WITHOUT_PARITY, TO_PARITY = _without_parity(), _with_parity()
"""Tables that take the even parity bit off seven bits and put it on."""


class SerialPort:
    """An open serial port as `line` says; with `masked` the even parity is made and checked here.

    Raises LinkError if the port is missing, busy or not ours, or does not take the line.
    """

    tunable = True

    def __init__(self, device: Device, line: Line) -> None:
        self._device = device
        self._line = line
        self._sent = 0.0  # when the last bit of what was written is on the line
        try:
            self._descriptor = os.open(device.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError as error:
            raise device.refused(error) from None
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            line_settings.apply(self._descriptor, line)
            termios.tcflush(self._descriptor, termios.TCIFLUSH)
        except line_settings.NotTakenError as error:
            self.close()
            raise device.unsettable(str(error)) from None
        except (OSError, termios.error) as error:
            self.close()
            raise device.refused(error) from None

    async def read(self) -> bytes:
        """Wait for bytes; raises LinkError when the adapter is unplugged."""
        while True:
            try:
                await waiting.readable(self._descriptor)
                data = os.read(self._descriptor, 4096)
            except BlockingIOError:
                continue
            except (OSError, ValueError) as error:
                raise self._device.lost(error) from None
            if not data:
                raise self._device.lost("it is ready but has no bytes")
            return data.translate(WITHOUT_PARITY) if self._line.masked else data

    async def write(self, data: bytes) -> None:
        """Send `data` and wait until the kernel has handed it on; raises LinkError."""
        seconds = len(data) * self._line.bits / self._line.baudrate
        self._sent = max(self._sent, monotonic()) + seconds
        try:
            async with asyncio.timeout(WRITE_SECONDS + seconds):
                await self._send(data.translate(TO_PARITY) if self._line.masked else data)
                while self._waiting():
                    await asyncio.sleep(_POLL)
        except TimeoutError:
            raise self._device.lost("it takes no bytes") from None
        except (OSError, ValueError) as error:
            raise self._device.lost(error) from None

    async def retune(self, line: Line) -> None:
        """Go on with other settings, once everything is sent; raises LinkError."""
        # An adapter may hold bytes of which the kernel knows no more: the line needs its time.
        await asyncio.sleep(max(0.0, self._sent - monotonic()))
        try:
            line_settings.apply(self._descriptor, line)
            termios.tcflush(self._descriptor, termios.TCIFLUSH)
        except line_settings.NotTakenError as error:
            raise self._device.unsettable(str(error)) from None
        except (OSError, termios.error) as error:
            raise self._device.lost(error) from None
        self._line = line

    def discard(self) -> None:
        """Drop what was received; a port that is gone says so at the next read."""
        with suppress(OSError, ValueError, termios.error):
            termios.tcflush(self._descriptor, termios.TCIFLUSH)

    def elapsed(self) -> float:
        """Return monotonic seconds."""
        return monotonic()

    def close(self) -> None:
        """Close the device node at once, so that the kernel can give the name out again."""
        if self._descriptor == CLOSED:
            return
        # What could not be sent would hold the close up.
        with suppress(OSError, termios.error):
            termios.tcflush(self._descriptor, termios.TCOFLUSH)
        os.close(self._descriptor)
        self._descriptor = CLOSED

    async def _send(self, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:
                await waiting.writable(self._descriptor)

    def _waiting(self) -> int:
        """Return how many bytes the kernel has not handed on yet."""
        answer = fcntl.ioctl(self._descriptor, termios.TIOCOUTQ, struct.pack("i", 0))
        (count,) = struct.unpack("i", answer)
        return int(count)
