"""A board with clamps behind a terminal, for the loop that is current."""

import asyncio
import contextlib
import os
import tty
from pathlib import Path
from typing import Self

from submeter.sources.port import Device
from tooling.answering_board import AnsweringBoard
from tooling.clamp_records import IdealBoard
from tooling.unplugged import unplug


class PtyBoard(AnsweringBoard):
    """`board` at the other end of the terminal `port`."""

    def __init__(self, board: IdealBoard) -> None:
        super().__init__(board)
        self._near, self._far = os.openpty()
        tty.setraw(self._far)
        os.set_blocking(self._near, False)
        self.port = Device(Path(os.ttyname(self._far)))

    def __enter__(self) -> Self:
        asyncio.get_running_loop().add_reader(self._near, self._read)
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

    def unplug(self) -> None:
        """Be gone: the terminal is dead from now on."""
        if self._near >= 0:
            asyncio.get_running_loop().remove_reader(self._near)
            unplug(self._near, self._far)
            self._near = -1

    def say(self, data: bytes) -> None:
        """Send `data` as it is."""
        os.write(self._near, data)

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            self.hear(os.read(self._near, 4096))
