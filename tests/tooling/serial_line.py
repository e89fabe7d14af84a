"""A serial line on a pseudo-terminal: bytes at the pace of a baud rate, and frames to send on it.

The checksum is worked out here once more, bit by bit, so that it can disagree with ours.
"""

import os
import select
import struct
import time
import tty
from collections.abc import Iterable

from tooling.unplugged import unplug

CHARACTER = 11  # bits
BEATEN = 1.0  # s without an answer


def crc(data: bytes, state: int = 0xFFFF) -> int:
    """Return the CRC-16 of a frame (Modbus over Serial Line V1.02, appendix B).

    `state` is that of what stands before `data` in the frame.
    """
    for byte in data:
        state ^= byte
        for _ in range(8):
            state = (state >> 1) ^ 0xA001 if state & 1 else state >> 1
    return state


def sealed(body: bytes) -> bytes:
    """Return `body` and its CRC."""
    return body + struct.pack("<H", crc(body))


def ask(unit: int, function: int, address: int, number: int) -> bytes:
    """Return a request whose PDU has two numbers: address and count, or address and value."""
    return sealed(struct.pack(">BBHH", unit, function, address, number))


def write_many(unit: int, address: int, words: Iterable[int]) -> bytes:
    """Return a request of function 16."""
    data = b"".join(struct.pack(">H", word) for word in words)
    head = struct.pack(">BBHHB", unit, 16, address, len(data) // 2, len(data))
    return sealed(head + data)


def words(unit: int, function: int, numbers: Iterable[int]) -> bytes:
    """Return the answer of function 3 or 4 with these registers."""
    data = b"".join(struct.pack(">H", number) for number in numbers)
    return sealed(bytes((unit, function, len(data))) + data)


def silence(baudrate: int) -> float:
    """Return t3.5 in seconds."""
    return 3.5 * CHARACTER / baudrate if baudrate <= 19200 else 0.00175


class SerialLine:
    """The master's end of a line; `path` is the port of the other end."""

    def __init__(self, baudrate: int = 19200) -> None:
        self.baudrate = baudrate
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.path = os.ttyname(self.slave)

    def close(self) -> None:
        """Unplug the adapter."""
        if self.master >= 0:
            unplug(self.master, self.slave)
        self.master = self.slave = -1

    def put(self, data: bytes, chunk: int = 1) -> float:
        """Send at line speed, `chunk` bytes at a time; return when the last ones were handed over.

        A chunk arrives when its last byte would.
        """
        due = time.monotonic()
        last = due
        for at in range(0, len(data), chunk):
            piece = data[at : at + chunk]
            due += len(piece) * CHARACTER / self.baudrate
            time.sleep(max(0.0, due - time.monotonic()))
            last = time.monotonic()
            os.write(self.master, piece)
        return last

    def get(self, seconds: float = BEATEN) -> tuple[bytes, float]:
        """Return the first bytes that come within `seconds`, and when they came."""
        if not self._ready(seconds):
            return b"", 0.0
        at = time.monotonic()
        return os.read(self.master, 4096), at

    def drain(self, seconds: float = 0.0) -> bytes:
        """Return what comes within `seconds`."""
        received = b""
        end = time.monotonic() + seconds
        while self._ready(end - time.monotonic()):
            received += os.read(self.master, 4096)
        return received

    def pause(self, characters: float = 3.5) -> None:
        """Let the line be silent for t3.5 or more."""
        time.sleep(max(silence(self.baudrate), characters * CHARACTER / self.baudrate))

    def _ready(self, seconds: float) -> bool:
        return bool(select.select([self.master], [], [], max(0.0, seconds))[0])
