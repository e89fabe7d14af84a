"""An instrument on a pseudo-terminal that is understood at its own speed only."""

import os
import random
import termios
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager

from tooling.unplugged import unplug

PAUSE = 0.01


@contextmanager
def speaking(text: bytes, speed: int | None, piece: int = 200) -> Iterator[str]:
    """Give the node of a line that says `text` over and over at `speed` (termios.B...).

    At another speed it is garbage; at None it always is.
    """
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    stop = threading.Event()
    thread = threading.Thread(target=_speak, args=(master, text, speed, piece, stop))
    thread.start()
    try:
        yield os.ttyname(slave)
    finally:
        stop.set()
        thread.join()
        unplug(master, slave)


def _speak(master: int, text: bytes, speed: int | None, piece: int, stop: threading.Event) -> None:
    garbage = random.Random(1)
    at = 0
    while not stop.wait(PAUSE):
        said = text[at : at + piece]
        at = (at + piece) % len(text) if at + piece < len(text) else 0
        if termios.tcgetattr(master)[4] != speed:
            said = garbage.randbytes(len(said))
        try:
            os.write(master, said)
        except BlockingIOError:
            continue  # nobody reads
