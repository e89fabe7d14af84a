"""A meter's TIC output on a pseudo-terminal, for whole programs and for the source alone."""

import itertools
import os
import termios
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Protocol

from tooling.tic import Historique
from tooling.unplugged import unplug

SHORT_FRAMES = 20  # between two long ones, while there is an overload
_SPEEDS = {rate: getattr(termios, f"B{rate}") for rate in (1200, 2400, 4800, 9600, 19200)}


class Model(Protocol):
    """A meter that says one frame after the other: Linky, Historique, PmePmi."""

    def next_frame(self) -> bytes:
        """Return the next frame; the time that its sending takes then passes."""


class TicEmitter:
    """Sends the frames of `model` for as long as it is open, to whoever opens `node`.

    With `paced` they take the time that they take at `baudrate`; without, `pause` seconds pass
    between them. Who listens at another baud rate gets garbage of the same length. `link` is
    another name of the node, which stays when the emitter is plugged in anew.

    While it runs `model` and `baudrate` may be changed, `overload` set (the short frames of a
    three-phase meter), `noise` (share of bytes that are flipped), and `silent`.
    """

    def __init__(
        self,
        model: Model,
        baudrate: int = 9600,
        *,
        paced: bool = False,
        pause: float = 0.02,
        link: Path | None = None,
    ) -> None:
        self.model = model
        self.baudrate = baudrate
        self.overload = False
        self.noise = 0.0
        self.silent = False
        self.sent = 0
        self._paced = paced
        self._pause = pause
        self._link = link
        self._random = Random(baudrate)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._emit, daemon=True)

    def __enter__(self) -> "TicEmitter":
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.node = os.ttyname(self._slave)
        if self._link:
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(self.node)
            self.node = str(self._link)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(5)
        unplug(self._master, self._slave)
        if self._link:
            self._link.unlink(missing_ok=True)

    def _emit(self) -> None:
        for frame in self._frames():
            if self._over.is_set():
                return
            if not self.silent:
                self._send(self._damaged(frame))
                self.sent += 1
            self._over.wait(0.025 if self._paced else self._pause)

    def _frames(self) -> Iterator[bytes]:
        for number in itertools.count():
            model = self.model
            short = self.overload and number % (SHORT_FRAMES + 1)
            if short and isinstance(model, Historique):
                yield model.next_short_frame()
            else:
                yield model.next_frame()

    def _damaged(self, frame: bytes) -> bytes:
        if termios.tcgetattr(self._slave)[4] != _SPEEDS[self.baudrate]:
            return bytes(byte ^ 0x55 | 0x40 for byte in frame)
        if not self.noise:
            return frame
        flipped = bytearray(frame)
        for place in range(len(flipped)):
            if self._random.random() < self.noise:
                flipped[place] ^= 1 << self._random.randrange(7)
        return bytes(flipped)

    def _send(self, data: bytes) -> None:
        """Write at the pace of the line; what nobody reads is lost, as on a real one."""
        step = max(1, self.baudrate // 500) if self._paced else 512
        for start in range(0, len(data), step):
            with suppress(BlockingIOError):
                os.write(self._master, data[start : start + step])
            if self._paced:
                time.sleep(step * 10 / self.baudrate)
