"""A PZEM-004T v3 energy module on a serial line, as its maker describes it.

It has unit id 1 to 247, ten input registers, two holding registers, and resets its energy with
function 0x42. The energy starts again from 0 at 10 MWh.
"""

import os
import select
import struct
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tooling.serial_line import sealed
from tooling.unplugged import unplug

DIAL = 10_000_000  # Wh


@dataclass
class Pzem:
    """What the module measures: V, A, W, Wh, Hz, and a power factor without sign."""

    volts: float = 230.1
    amperes: float = 71.234
    watts: float = 16_391.5
    energy: int = 123_456
    hertz: float = 49.9
    factor: float = 0.97
    alarm: bool = False
    threshold: int = 23_000
    unit: int = 1

    def words(self) -> list[int]:
        """Return the ten input registers."""
        milliamperes, deciwatts = round(self.amperes * 1000), round(self.watts * 10)
        energy = self.energy % DIAL
        return [
            round(self.volts * 10),
            *(milliamperes & 0xFFFF, milliamperes >> 16),
            *(deciwatts & 0xFFFF, deciwatts >> 16),
            *(energy & 0xFFFF, energy >> 16),
            round(self.hertz * 10),
            round(self.factor * 100),
            0xFFFF if self.alarm else 0,
        ]

    def answer(self, frame: bytes) -> bytes:
        """Answer a frame; nothing to one that is damaged or for another."""
        if len(frame) < 4 or sealed(frame[:-2]) != frame or frame[0] != self.unit:
            return b""
        function, body = frame[1], frame[2:-2]
        if function == 0x42:
            self.energy = 0
            return frame
        if function not in (3, 4) or len(body) != 4:
            return sealed(bytes([self.unit, function | 0x80, 1]))
        start, count = struct.unpack(">HH", body)
        table = self.words() if function == 4 else [0, self.threshold, self.unit]
        if not 0 < count <= len(table) - start:
            return sealed(bytes([self.unit, function | 0x80, 2]))
        data = struct.pack(f">{count}H", *table[start : start + count])
        return sealed(bytes([self.unit, function, len(data)]) + data)


@contextmanager
def on_a_pty(*modules: Pzem) -> Iterator[str]:
    """Give the device node of a line with `modules` on it."""
    master, slave = os.openpty()
    tty.setraw(slave)
    stop, stopper = os.pipe()
    thread = threading.Thread(target=_serve, args=(master, stop, modules))
    thread.start()
    try:
        yield os.ttyname(slave)
    finally:
        os.close(stopper)
        thread.join()
        os.close(stop)
        unplug(master, slave)


def _serve(master: int, stop: int, modules: tuple[Pzem, ...]) -> None:
    """Answer every frame, whose end is a short silence."""
    frame = b""
    while True:
        ready, _, _ = select.select([master, stop], [], [], 0.005 if frame else None)
        if stop in ready:
            return
        if ready:
            frame += os.read(master, 256)
            continue
        for answer in filter(None, (each.answer(frame) for each in modules)):
            os.write(master, answer)
        frame = b""
